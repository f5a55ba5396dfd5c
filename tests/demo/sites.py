"""Requests to a site of the demo, for its tests."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

from corekit_cli.demo.servers import Site


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    site: Site, method: str, target: str, body: bytes | None = None, **headers: str
) -> Response:
    """Send one request; in the names of `headers`, ``_`` means ``-``."""
    named = {"Host": f"localhost:{site.port}"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request(method, target, body, named)
        got = connection.getresponse()
        return Response(got.status, dict(got.getheaders()), got.read())


def ask_as_page(site: Site, target: str, form: object, **headers: str) -> Response:
    """Send a form as the page of the site does; `headers` override what it sends."""
    own = {"Origin": site.origin, "Content_Type": "application/json"}
    sent = {**own, "Sec_Fetch_Site": "same-origin", **headers}
    return ask(site, "POST", target, json.dumps(form).encode(), **sent)


def read(response: Response) -> Any:
    assert response.status == 200, response
    return json.loads(response.body)


def read_error(response: Response) -> str:
    """Return the message of an error that also has a hint."""
    error = json.loads(response.body)["error"]
    assert error["hint"]
    message: str = error["message"]
    return message
