"""The demo's API and its log, called as a WSGI server calls them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, Final
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from corekit_cli.demo.api import LOG_PATH, MAX_BODY, MAX_SEEN, Api, RequestLog, serve_api
from corekit_cli.demo.cases import make_policy

PAGE: Final = "http://localhost:3000"


class Client:
    """Calls one WSGI application, under the checks of wsgiref.validate."""

    def __init__(self) -> None:
        self.app = validator(serve_api(make_policy(PAGE)))

    def call(
        self, method: str, target: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        path, _, query = target.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        setup_testing_defaults(environ)
        started: list[Any] = []

        def start_response(*args: Any) -> Any:
            started.append(args)
            return lambda data: None

        result = self.app(environ, start_response)
        answer = b"".join(result)
        result.close()  # type: ignore[attr-defined]
        status, fields = started[0][:2]
        return int(status[:3]), dict(fields), answer


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "told"),
    [
        ("GET", "/items", b"", 200, [{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]),
        ("PUT", "/items/7", b'{"name": "lamp"}', 200, {"name": "lamp", "id": 7}),
        ("PATCH", "/items/7", b'{"id": 9}', 200, {"id": 7}),
        ("PUT", "/items/7", b"no JSON", 400, {"error": "the body is not a JSON object"}),
        ("PUT", "/items/7", b"\xff", 400, {"error": "the body is not a JSON object"}),
        ("PUT", "/items/7", b"7", 400, {"error": "the body is not a JSON object"}),
        ("PUT", "/items/", b"{}", 404, {"error": "no such thing here"}),
        ("DELETE", "/items", b"", 404, {"error": "no such thing here"}),
        ("GET", "/me", b"", 401, {"error": "sign in first"}),
        ("GET", "/elsewhere", b"", 404, {"error": "no such thing here"}),
    ],
)
def test_the_api_answers_in_json(
    method: str, path: str, body: bytes, status: int, told: object
) -> None:
    got, fields, answer = Client().call(method, path, body)
    assert (got, json.loads(answer)) == (status, told)
    assert fields["Content-Length"] == str(len(answer))


def test_a_deletion_has_no_body() -> None:
    status, fields, answer = Client().call("DELETE", "/items/2")
    assert (status, answer) == (204, b"")
    assert "Content-Type" not in fields


def test_the_cookie_that_was_set_signs_in_among_others() -> None:
    client = Client()
    _, fields, _ = client.call("POST", "/session")
    cookie = fields["Set-Cookie"].partition(";")[0]
    assert client.call("GET", "/me", cookie=f"a=b;odd[]=; {cookie}; c")[0] == 200
    assert client.call("GET", "/me", cookie=f"{cookie}x")[0] == 401


def test_the_cookie_of_another_demo_does_not_sign_in() -> None:
    cookie = dict(Api().reply("POST", "/session", {}, b"").headers)["Set-Cookie"].partition(";")[0]
    assert Client().call("GET", "/me", cookie=cookie)[0] == 401


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "-1", "many", "9" * 5000])
def test_a_body_that_is_too_long_is_refused_unread(length: str) -> None:
    environ: dict[str, Any] = {"CONTENT_LENGTH": length, "HTTP_ORIGIN": PAGE, "wsgi.input": None}
    setup_testing_defaults(environ)
    started: list[Any] = []

    def start_response(*args: Any) -> Any:
        started.append(args)

    serve_api(make_policy(PAGE))(environ, start_response)
    status, fields = started[0][:2]
    assert status.startswith("413 ")
    assert ("Access-Control-Allow-Origin", PAGE) in fields, "the page is told of the fault"


def test_the_log_has_the_preflights_that_never_reach_the_api() -> None:
    client = Client()
    client.call(
        "OPTIONS",
        "/items/1?run=r&case=put",
        origin=PAGE,
        access_control_request_method="PUT",
        access_control_request_headers="content-type",
    )
    client.call("PUT", "/items/1?run=r&case=put", b"{}", origin=PAGE, cookie="corekit-demo=x")
    client.call("GET", "/items?run=other")
    status, fields, answer = client.call("GET", f"{LOG_PATH}?run=r", origin=PAGE)

    assert status == 200
    assert not [name for name in fields if name.lower().startswith("access-control-")]
    shared = {"run": "r", "case": "put", "origin": PAGE}
    assert json.loads(answer) == [
        {
            **shared,
            "method": "OPTIONS",
            "request_method": "PUT",
            "request_headers": "content-type",
            "cookie": False,
            "status": 204,
        },
        {
            **shared,
            "method": "PUT",
            "request_method": None,
            "request_headers": None,
            "cookie": True,
            "status": 200,
        },
    ]


def test_the_log_forgets_the_oldest_requests() -> None:
    log = RequestLog()
    for number in range(1500):
        log.add("GET", f"run=r&case={number}", {}, 200)
    assert [seen.case for seen in log.of_run("r")] == [str(number) for number in range(500, 1500)]


def test_the_log_keeps_no_more_of_a_value_than_anybody_reads() -> None:
    long = "x" * 60_000
    names = ("origin", "access-control-request-method", "access-control-request-headers")
    log = RequestLog()
    log.add("M" + long, f"run=r&case={long}", dict.fromkeys(names, long), 200)
    log.add("GET", f"run={long}", {}, 200)
    (seen,) = log.of_run("r")
    texts = [value for value in seen if isinstance(value, str)]
    assert {len(text) for text in texts} == {1, MAX_SEEN}
    assert log.of_run(long) == []
