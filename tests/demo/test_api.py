"""The demo's API and its log, called as a WSGI server calls them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, Final
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from corekit.browser import HttpResponse
from corekit.guard import CrossOriginGuard
from corekit_cli.demo.api import (
    LOG_PATH,
    MAX_BODY,
    MAX_LOGGED,
    Api,
    RequestLog,
    Session,
    Sessions,
    serve_api,
)
from corekit_cli.demo.form import make_policy

PAGE: Final = "http://localhost:3000"
NO_OBJECT: Final = "The body is not a JSON object."


class Client:
    """Calls one WSGI application, under the checks of wsgiref.validate."""

    def __init__(self, api: Api | None = None, sessions: Sessions | None = None) -> None:
        self.app = validator(serve_api(make_policy(PAGE), api=api, sessions=sessions))

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
        content = b"".join(result)
        result.close()  # type: ignore[attr-defined]
        status, fields = started[0][:2]
        return int(status[:3]), dict(fields), content


@pytest.mark.parametrize(
    ("method", "path", "body", "value"),
    [
        ("GET", "/items", b"", [{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]),
        ("PUT", "/items/7", b'{"name": "lamp"}', {"name": "lamp", "id": 7}),
        ("PATCH", "/items/7", b'{"id": 9}', {"id": 7}),
    ],
)
def test_api_responds_in_json(method: str, path: str, body: bytes, value: object) -> None:
    status, fields, content = Client().call(method, path, body)
    assert (status, json.loads(content)) == (200, value)
    assert fields["Content-Length"] == str(len(content))


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("PUT", "/items/7", b"no JSON", 400, NO_OBJECT),
        ("PUT", "/items/7", b"\xff", 400, NO_OBJECT),
        ("PUT", "/items/7", b"7", 400, NO_OBJECT),
        ("PUT", "/items/1", b"[" * 12_000, 400, NO_OBJECT),
        ("PUT", "/items/", b"{}", 404, "Not found."),
        ("DELETE", "/items", b"", 404, "Not found."),
        ("GET", "/me", b"", 401, "You are not signed in."),
        ("GET", "/elsewhere", b"", 404, "Not found."),
    ],
)
def test_errors_have_a_message_and_a_hint(
    method: str, path: str, body: bytes, status: int, message: str
) -> None:
    got, fields, content = Client().call(method, path, body, origin=PAGE)
    error = json.loads(content)["error"]
    assert (got, error["message"]) == (status, message)
    assert error["hint"]
    assert fields["Access-Control-Allow-Origin"] == PAGE


@pytest.mark.parametrize(
    ("start", "end"), [(b"[", b"]"), (b'{"a":[', b"]}"), (b'{"a":{"b":', b"}}")]
)
def test_nested_body_is_stored_or_refused(start: bytes, end: bytes) -> None:
    # What the parser still reads, the encoder may not write.
    api = Api()
    for depth in (*range(1, 1050), 5_000):
        body = start * depth + b"[]" + end * depth
        assert api.reply("PUT", "/items/1", {}, b'{"name":' + body + b"}").status in (200, 400)
        assert api.reply("PUT", "/items/1", {}, body).status in (200, 400)


def test_delete_response_has_no_body() -> None:
    status, fields, content = Client().call("DELETE", "/items/2")
    assert (status, content) == (204, b"")
    assert "Content-Type" not in fields


def test_session_cookie_is_found_among_others() -> None:
    client = Client()
    _, fields, _ = client.call("POST", "/session")
    cookie = fields["Set-Cookie"].partition(";")[0]
    assert client.call("GET", "/me", cookie=f"a=b;odd[]=; {cookie}; c")[0] == 200
    assert client.call("GET", "/me", cookie=f"{cookie}x")[0] == 401


def test_cookie_of_another_demo_is_not_accepted() -> None:
    cookie = dict(Api().reply("POST", "/session", {}, b"").headers)["Set-Cookie"].partition(";")[0]
    assert Client().call("GET", "/me", cookie=cookie)[0] == 401


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "-1", "many", "9" * 5000])
def test_too_long_body_is_refused_unread(length: str) -> None:
    environ: dict[str, Any] = {"CONTENT_LENGTH": length, "HTTP_ORIGIN": PAGE, "wsgi.input": None}
    setup_testing_defaults(environ)
    started: list[Any] = []

    def start_response(*args: Any) -> Any:
        started.append(args)

    serve_api(make_policy(PAGE))(environ, start_response)
    status, fields = started[0][:2]
    assert status.startswith("413 ")
    assert ("Access-Control-Allow-Origin", PAGE) in fields, "the page can read the error"


def test_log_includes_preflights() -> None:
    client = Client()
    client.call(
        "OPTIONS",
        "/items/1?run=r",
        origin=PAGE,
        access_control_request_method="PUT",
        access_control_request_headers="content-type",
    )
    client.call("PUT", "/items/1?run=r", b"{}", origin=PAGE, cookie="corekit-demo=x")
    client.call("GET", "/items?run=other")
    status, fields, content = client.call("GET", f"{LOG_PATH}?run=r", origin=PAGE)

    assert status == 200
    assert not [name for name in fields if name.lower().startswith("access-control-")]
    assert json.loads(content) == [
        {
            "run": "r",
            "origin": PAGE,
            "method": "OPTIONS",
            "request_method": "PUT",
            "request_headers": "content-type",
            "cookie": False,
            "status": 204,
            "refused": None,
        },
        {
            "run": "r",
            "origin": PAGE,
            "method": "PUT",
            "request_method": None,
            "request_headers": None,
            "cookie": True,
            "status": 200,
            "refused": None,
        },
    ]


class CountingApi(Api):
    """Counts the requests that reach it."""

    count = 0

    def reply(self, *args: Any) -> HttpResponse:
        self.count += 1
        return super().reply(*args)


@pytest.mark.parametrize(
    ("method", "origin", "refused"),
    [
        ("POST", "http://localhost:4000", "SAME_SITE"),
        ("POST", PAGE, None),
        ("GET", "http://localhost:4000", None),
    ],
)
def test_guard_of_a_session_keeps_writes_from_the_api(
    method: str, origin: str, refused: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    api, sessions, policy = CountingApi(), Sessions(), make_policy(PAGE)
    client = Client(api, sessions)
    guarded, bare = (
        sessions.open(Session(policy, guard)) for guard in (CrossOriginGuard(policy), None)
    )
    sent = {"origin": origin, "sec_fetch_site": "same-site"}
    path = "/session" if method == "POST" else "/items"
    for run, reason in ((bare, None), (guarded, refused)):
        before = api.count
        status, fields, _ = client.call(method, f"{path}?run={run}", b"x", **sent)
        assert status == (200 if reason is None else 403)
        assert api.count == before + (reason is None)
        assert fields.get("Access-Control-Allow-Origin") == (PAGE if origin == PAGE else None)
        [logged] = json.loads(client.call("GET", f"{LOG_PATH}?run={run}")[2])
        assert (logged["status"], logged["refused"]) == (status, reason)
    assert caplog.records == [], "the page shows it"


def test_log_drops_the_oldest_requests() -> None:
    log = RequestLog()
    for number in range(1500):
        log.add(str(number), "run=r", {}, 200)
    kept = [request.method for request in log.of_run("r")]
    assert kept == [str(number) for number in range(500, 1500)]


def test_log_truncates_long_values() -> None:
    long = "x" * 60_000
    names = ("origin", "access-control-request-method", "access-control-request-headers")
    log = RequestLog()
    log.add("M" + long, "run=r", dict.fromkeys(names, long), 200)
    log.add("GET", f"run={long}", {}, 200)
    (request,) = log.of_run("r")
    texts = [value for value in request if isinstance(value, str)]
    assert {len(text) for text in texts} == {1, MAX_LOGGED}
    assert log.of_run(long) == []
