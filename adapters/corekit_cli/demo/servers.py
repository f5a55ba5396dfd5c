"""The servers of the demo: the standard library's, on loopback only, a thread for each request.

Each site is served as ``http://localhost:PORT``, on both loopback addresses, since a browser may
try either: were only one of them ours, the page could get another program's answer. A request for
any other host is refused: a site could have its name lead here, and its page read what is served.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from socket import AF_INET, AF_INET6
from socketserver import TCPServer, ThreadingMixIn
from threading import Thread
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Site", "open_site"]

_is_here = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?").fullmatch
_NOT_HERE: Final = b"This site is served as localhost only.\n"

_NO_IPV6: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})


class _Handler(WSGIRequestHandler):
    timeout = 30  # seconds: a browser opens connections ahead, and may never use them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Say nothing: the terminal has the demo's table."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # Elsewhere it only frees a port that was just left; on Windows it would share one in use.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: int, host: str, port: int) -> None:
        self.address_family = family
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the name service for the name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over browsers that hang up; tell of everything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Site:
    """A port that is taken, and after `start` an application that answers on it."""

    def __init__(self, port: int) -> None:
        """Take `port`, 0 for any free one, on the loopback addresses; raises OSError."""
        self._servers = [_Server(AF_INET, "127.0.0.1", port)]
        self.port = self._servers[0].server_port
        self._threads: list[Thread] = []
        try:
            self._servers.append(_Server(AF_INET6, "::1", self.port))
        except OSError as error:
            if error.errno not in _NO_IPV6:
                self.close()
                raise

    @property
    def origin(self) -> str:
        """The serialized origin of the site."""
        return f"http://localhost:{self.port}"

    def start(self, app: WSGIApplication) -> None:
        """Answer with `app` from now on."""
        guarded = _refuse_other_hosts(app)
        for server in self._servers:
            server.set_app(guarded)
            thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop answering and give the port back."""
        for server, thread in zip(self._servers, self._threads, strict=False):
            server.shutdown()
            thread.join()
        for server in self._servers:
            server.server_close()


def open_site(port: int | None, usual: int) -> Site:
    """Take `port`; where that is None, the `usual` one, or a free one where that is taken.

    Raises OSError, which names the port, where `port` is taken or may not be used.
    """
    if port is not None:
        try:
            return Site(port)
        except OSError as error:
            raise OSError(error.errno, f"port {port}: {error.strerror}") from error
    for candidate in (usual, 0, 0):
        with suppress(OSError):
            return Site(candidate)
    return Site(0)


def _refuse_other_hosts(app: WSGIApplication) -> WSGIApplication:
    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _is_here(environ.get("HTTP_HOST", "")):
            return app(environ, start_response)
        about = [("Content-Type", "text/plain"), ("Content-Length", str(len(_NOT_HERE)))]
        start_response("421 Misdirected Request", about)
        return [_NOT_HERE]

    return guarded
