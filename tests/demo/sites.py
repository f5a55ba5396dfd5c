"""A site that is asked over HTTP, for the tests of what the demo's sites answer."""

from __future__ import annotations

import json
from contextlib import closing
from http.client import HTTPConnection
from typing import Any, NamedTuple

from corekit_cli.demo.servers import Site


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(site: Site, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send one request; in the names of `headers`, ``_`` is for ``-``."""
    named = {"Host": f"localhost:{site.port}"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request(method, target, body, named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())


def ask_as_page(site: Site, target: str, form: object, **headers: str) -> Answer:
    """Send a form as the page of the site does; `headers` replace some that it sends."""
    own = {"Origin": site.origin, "Content_Type": "application/json"}
    sent = {**own, "Sec_Fetch_Site": "same-origin", **headers}
    return ask(site, "POST", target, json.dumps(form).encode(), **sent)


def tell(answer: Answer) -> Any:
    assert answer.status == 200, answer
    return json.loads(answer.body)
