"""The small API behind a policy, as ASGI, as WSGI and on a port. Not a test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy
from tests.testing.applications import asgi_app, wsgi_app

PAGE = "https://app.example.com"
POLICY = CorsPolicy(
    allow_origins=[PAGE],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["content-type", "x-answer", "x-a"],
    expose_headers=["x-b"],
    max_age=600,
)
ANY = CorsPolicy(allow_origins=["*"], allow_headers=["*"])


def asgi(policy: CorsPolicy = POLICY) -> Any:
    return corekit_asgi.CorsMiddleware(asgi_app, policy)


def wsgi(policy: CorsPolicy = POLICY) -> Any:
    return corekit_wsgi.CorsMiddleware(wsgi_app, policy)


class Quiet(WSGIRequestHandler):
    """A handler that does not log into the test's output."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def served(policy: CorsPolicy = POLICY) -> Iterator[str]:
    with make_server("127.0.0.1", 0, wsgi(policy), handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def respond(**answer: Any) -> dict[str, str]:
    return {"X-Answer": json.dumps(answer)}
