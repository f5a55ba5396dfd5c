"""A request handler of the standard library's WSGI server that does not log."""

from __future__ import annotations

from wsgiref.simple_server import WSGIRequestHandler

__all__ = ["Quiet"]


class Quiet(WSGIRequestHandler):
    """A handler that does not log."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass
