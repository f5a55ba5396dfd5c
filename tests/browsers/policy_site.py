"""A server with a path for each policy, and the script of pages that report what they can read."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, Queue
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit_wsgi import CorsMiddleware

__all__ = ["PolicySite", "open_site"]

SCRIPT: Final = """
(async () => {
  const found = {};
  for (const name of NAMES)
    for (const method of ["GET", "PUT"])
      for (const credentials of ["omit", "include"])
        found[`${name} ${method} ${credentials}`] = await fetch(
          `${SERVER}/${name}`, {method, credentials}).then(
          (response) => response.text(), () => "blocked");
  fetch(`${SERVER}/report?found=` + encodeURIComponent(JSON.stringify(found)), {mode: "no-cors"});
})();
"""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class PolicySite:
    """A server on loopback. Each response is the Origin header of its request.

    `page` is the HTML at ``/``. `script` makes a request of each kind to each path, and reports
    what it could read.
    """

    def __init__(self, policies: Mapping[str, CorsPolicy]) -> None:
        self.names = [*policies]
        self.page = ""
        self._reports: Queue[dict[str, str]] = Queue()
        routes = CorsRoutes([(f"/{name}", policy) for name, policy in policies.items()])
        app = CorsMiddleware(self._respond, routes)
        self.server = make_server("127.0.0.1", 0, app, _Server, _Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        names = json.dumps(self.names)
        self.script = SCRIPT.replace("NAMES", names).replace("${SERVER}", self.url)

    def _respond(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "text/html")])
        if environ["PATH_INFO"] == "/report":
            self._reports.put(json.loads(parse_qs(environ["QUERY_STRING"])["found"][0]))
        body = self.page if environ["PATH_INFO"] == "/" else environ.get("HTTP_ORIGIN", "")
        return [body.encode()]

    def report(self) -> dict[str, str]:
        """Return the next report; fail the test after half a minute."""
        try:
            return self._reports.get(timeout=30)
        except Empty:
            pytest.fail("the page reported nothing")

    def expected(
        self, origin: str, allowed: Collection[str], with_credentials: Collection[str] = ()
    ) -> dict[str, str]:
        """Return the report of a page that sends `origin` and can read the named paths."""
        return {
            f"{name} {method} {credentials}": origin if name in readable else "blocked"
            for name in self.names
            for method in ("GET", "PUT")
            for credentials, readable in (("omit", allowed), ("include", with_credentials))
        }


@contextmanager
def open_site(policies: Mapping[str, CorsPolicy]) -> Iterator[PolicySite]:
    """Serve a PolicySite during the block."""
    site = PolicySite(policies)
    Thread(target=site.server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
