"""The servers of the demo: the standard library's, on loopback only, with a thread per request.

Each site is ``http://localhost:PORT`` on both loopback addresses: browsers may try either, and on
only one of them, the page could reach another program. Requests for other hosts are refused, since
any website could point its name at this machine and read what is served (DNS rebinding).
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

from .wire import respond_error, start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_is_local = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?").fullmatch

_NO_IPV6: Final = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL})


class _Handler(WSGIRequestHandler):
    timeout = 30  # seconds: browsers open connections in advance, and may never use them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as inherited
        """Log nothing: the terminal shows the results."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    # On Windows this would share a port in use; elsewhere it frees one that was just closed.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: int, host: str, port: int) -> None:
        self.address_family = family
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect; report everything else."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Site:
    """A port that is reserved, and after `start` an application that is served on it."""

    def __init__(self, port: int) -> None:
        """Reserve `port`, or any free one if it is 0, on the loopback addresses."""
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
        """Serve `app` from now on."""
        guarded = _refuse_other_hosts(app, self.origin)
        for server in self._servers:
            server.set_app(guarded)
            thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Stop serving and release the port."""
        for server, thread in zip(self._servers, self._threads, strict=False):
            server.shutdown()
            thread.join()
        for server in self._servers:
            server.server_close()


def open_site(port: int | None, default: int) -> Site:
    """Reserve `port`, or if it is None `default`, or if that is taken a free port.

    Raise OSError with the port in its message if `port` is taken or not permitted.
    """
    if port is not None:
        try:
            return Site(port)
        except OSError as error:
            raise OSError(error.errno, f"port {port}: {error.strerror}") from error
    for candidate in (default, 0, 0):
        with suppress(OSError):
            return Site(candidate)
    return Site(0)


def _refuse_other_hosts(app: WSGIApplication, origin: str) -> WSGIApplication:
    def guarded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _is_local(environ.get("HTTP_HOST", "")):
            return app(environ, start_response)
        refusal = respond_error(421, "This site is served on localhost only.", f"Open {origin}/.")
        return start(start_response, refusal)

    return guarded
