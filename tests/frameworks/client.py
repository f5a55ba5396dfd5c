"""The client of the matrix: send the exact bytes of a case's request and return the response."""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException, HTTPResponse

from tests.conformance.case import Case
from tests.conformance.table import Observed, request_headers
from tests.frameworks.dispatch import RAN_PATH

__all__ = ["Client"]

_TIMEOUT = 10  # seconds


class Client:
    """A connection to one port, reused as long as the server keeps it open."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)

    def ask(self, case: Case) -> Observed:
        """Send the request of a case; a closed connection counts as a 400."""
        try:
            response, body = self._send(case)
        except (HTTPException, ConnectionError):
            # The server may have closed the connection after an earlier response.
            self._connection.close()
            try:
                response, body = self._send(case)
            except (HTTPException, ConnectionError):
                self._connection.close()
                return Observed(400, (), b"", ran=False)
        return Observed(response.status, tuple(response.getheaders()), body, ran=False)

    def ran(self) -> frozenset[str]:
        """Return the cases that reached the application."""
        self._connection.request("GET", RAN_PATH)
        return frozenset(json.loads(self._connection.getresponse().read()))

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, case: Case) -> tuple[HTTPResponse, bytes]:
        connection = self._connection
        connection.putrequest(case.request.method, case.request.path, skip_accept_encoding=True)
        for name, value in request_headers(case):
            connection.putheader(name, value.encode("latin-1"))
        if case.request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", "0")
        connection.endheaders()
        response = connection.getresponse()
        return response, response.read()
