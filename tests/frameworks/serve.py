"""Serve one row of the matrix: ``python -m tests.frameworks.serve ROW PORT [PORT ...]``.

A row with `per_policy` takes one port for each policy.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final
from wsgiref.simple_server import make_server

from tests.frameworks.dispatch import dispatch_asgi, dispatch_wsgi
from tests.frameworks.matrix import ROWS, Row
from tests.frameworks.quiet import Quiet

__all__ = ["asgi_app", "main", "wsgi_app"]

_ROW: Final = "COREKIT_TESTED_ROW"


def row_named(name: str) -> Row:
    (row,) = (row for row in ROWS if row.name == name)
    return row


def asgi_app() -> Any:
    """Return the ASGI callable of the row that the environment names."""
    row = row_named(os.environ[_ROW])
    return dispatch_asgi(getattr(import_module(row.module), row.application))


def wsgi_app() -> Any:
    """Return the WSGI callable of the row that the environment names."""
    row = row_named(os.environ[_ROW])
    return dispatch_wsgi(getattr(import_module(row.module), row.application))


def serve_uvicorn(port: int, http: str) -> None:
    import uvicorn

    uvicorn.run(asgi_app(), port=port, http=http, log_level="critical")


def serve_hypercorn(port: int) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.h11_max_incomplete_size = 2**17
    asyncio.run(serve(asgi_app(), config))


def serve_granian(port: int, interface: str) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    target = f"tests.frameworks.serve:{interface}_app"
    server = Granian(
        target, port=port, interface=Interfaces(interface), factory=True, log_enabled=False
    )
    server.serve()


def serve_gunicorn(port: int) -> None:
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
    target = "tests.frameworks.serve:wsgi_app()"
    os.execv(sys.executable, [sys.executable, *command, "--worker-tmp-dir", "/dev/shm", target])


def serve_waitress(port: int) -> None:
    import waitress  # type: ignore[import-untyped]

    waitress.serve(wsgi_app(), host="127.0.0.1", port=port, threads=4)


def serve_wsgiref(port: int) -> None:
    with make_server("127.0.0.1", port, wsgi_app(), handler_class=Quiet) as server:
        server.serve_forever()


def serve_werkzeug(port: int) -> None:
    import logging

    from werkzeug.serving import run_simple

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    run_simple("127.0.0.1", port, wsgi_app(), threaded=True)


SERVERS: Final[dict[str, Callable[[int], None]]] = {
    "uvicorn (h11)": lambda port: serve_uvicorn(port, "h11"),
    "uvicorn (httptools)": lambda port: serve_uvicorn(port, "httptools"),
    "hypercorn": serve_hypercorn,
    "granian (ASGI)": lambda port: serve_granian(port, "asgi"),
    "granian (WSGI)": lambda port: serve_granian(port, "wsgi"),
    "gunicorn": serve_gunicorn,
    "waitress": serve_waitress,
    "wsgiref": serve_wsgiref,
    "Werkzeug's server": serve_werkzeug,
}


def main(arguments: Sequence[str]) -> None:
    """Serve a row until the process is terminated."""
    name, *ports = arguments
    os.environ[_ROW] = name
    row = row_named(name)
    if row.per_policy:
        getattr(import_module(row.module), row.application)([int(port) for port in ports])
    else:
        (port,) = ports
        SERVERS[row.server](int(port))


if __name__ == "__main__":
    main(sys.argv[1:])
