"""`observe` around applications with the CORS layers of other libraries, and with none.

What the application sends passes unchanged, and is compared as a browser reads it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any, Final

import flask_cors
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from flask import Flask
from flask import Response as FlaskResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

import corekit_asgi
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.shadow import ShadowEvent
from corekit_starlette import install
from tests.properties.adapters import django_applications
from tests.properties.application import Application

APP, ADMIN = "https://app.example.com", "https://admin.example.com"
HOST: Final = "api.example.org"
PUT: Final = {"Access-Control-Request-Method": "PUT"}

CANDIDATE: Final = CorsPolicy(
    allow_origins=[APP, "https://new.example.com"], allow_methods=["PUT"], allow_credentials=True
)

Sent = tuple[str, list[tuple[str, str]], bytes]
"""A status, headers in their order, and the body."""


@pytest.mark.parametrize("app", [None, "app.main:app"])
@pytest.mark.parametrize("observe", [corekit_asgi.observe, corekit_wsgi.observe])
def test_application_must_be_callable(observe: Any, app: object) -> None:
    with pytest.raises(
        TypeError, match=r"^app is of type .*\. Pass the application, which is call"
    ):
        observe(app, CANDIDATE)


def send_wsgi(app: Any, method: str, headers: dict[str, str], path: str = "/x") -> Sent:
    script_name, path_info = ("", path) if not path.startswith("/v1") else ("/v1", path[3:])
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "SERVER_NAME": HOST,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": HOST,
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(),
        "wsgi.errors": StringIO(),
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
    }
    started: list[Any] = []

    def start(status: str, fields: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [status, list(fields)]
        return lambda data: None

    body = app(environ, start)
    try:
        data = b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()
    return started[0], started[1], data


def send_asgi(app: Any, method: str, headers: dict[str, str], path: str = "/x") -> Sent:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "https",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "/v1" if path.startswith("/v1") else "",
        "query_string": b"",
        "server": (HOST, 443),
        "headers": [
            (b"host", HOST.encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ],
    }
    messages: list[Any] = []
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(requests, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(app(scope, receive, send))
    start, *bodies = messages
    fields = [(name.decode(), value.decode()) for name, value in start["headers"]]
    return str(start["status"]), fields, b"".join(each.get("body", b"") for each in bodies)


async def respond(request: Request) -> Response:
    return PlainTextResponse("hello", headers={"X-Total": "1"})


def make_starlette(**arguments: Any) -> Starlette:
    layers = [Middleware(CORSMiddleware, **arguments)] if arguments else []
    return Starlette(routes=[Route("/{path:path}", respond)], middleware=layers)


def make_flask(**arguments: Any) -> Any:
    app = Flask(__name__)
    app.add_url_rule("/<path:path>", view_func=lambda path: FlaskResponse("hello"))
    if arguments:
        flask_cors.CORS(app, **arguments)
    return app.wsgi_app


@pytest.fixture
def django_settings() -> Iterator[None]:
    django_applications.append(Application(200, [("X-Total", "1")]))
    settings = override_settings(
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["corsheaders.middleware.CorsMiddleware"],
        ROOT_URLCONF="tests.properties.adapters",
        CORS_ALLOWED_ORIGINS=[APP, ADMIN],
        CORS_ALLOW_CREDENTIALS=True,
    )
    with settings:
        yield
    django_applications.clear()


CASES: Final = [
    # Starlette's own layer.
    ("starlette", {"allow_origins": [APP], "allow_credentials": True}, "GET", APP, None),
    ("starlette", {"allow_origins": [APP, ADMIN]}, "GET", ADMIN, "ORIGIN_DENIED"),
    ("starlette", {"allow_origins": ["*"]}, "GET", ADMIN, "ORIGIN_DENIED"),
    ("starlette", {"allow_origins": ["*"]}, "GET", APP, "CREDENTIALS_GRANTED"),
    ("starlette", {"allow_origins": [APP]}, "OPTIONS", APP, "PREFLIGHT_GRANTED"),
    (
        "starlette",
        {"allow_origins": [APP], "allow_methods": ["PUT"], "allow_credentials": True},
        *("OPTIONS", APP, None),
    ),
    (
        "starlette",
        {"allow_origins": [APP], "allow_credentials": True, "expose_headers": ["X-Total"]},
        *("GET", APP, "READING_DENIED"),
    ),
    # Flask's.
    ("flask", {"origins": [APP], "supports_credentials": True}, "GET", APP, None),
    ("flask", {"origins": [ADMIN]}, "GET", ADMIN, "ORIGIN_DENIED"),
    ("flask", {"origins": "*"}, "GET", APP, "CREDENTIALS_GRANTED"),
    ("flask", {"origins": "*"}, "OPTIONS", ADMIN, "ORIGIN_DENIED"),
    ("flask", {"origins": r"https://.*\.example\.com"}, "GET", ADMIN, "ORIGIN_DENIED"),
    # Django's, in WSGI and in ASGI.
    ("django", {}, "GET", APP, None),
    ("django", {}, "GET", ADMIN, "ORIGIN_DENIED"),
    ("django", {}, "GET", "https://new.example.com", "ORIGIN_GRANTED"),
    ("django", {}, "OPTIONS", APP, None),
    ("django-asgi", {}, "OPTIONS", ADMIN, "ORIGIN_DENIED"),
    ("django-asgi", {}, "GET", APP, None),
    # None.
    ("starlette", {}, "GET", APP, "ORIGIN_GRANTED"),
    ("starlette", {}, "GET", ADMIN, None),
    ("flask", {}, "OPTIONS", APP, "ORIGIN_GRANTED"),
    # Not a request of another site.
    ("starlette", {"allow_origins": [ADMIN]}, "POST", f"https://{HOST}", None),
    ("flask", {"origins": "*"}, "POST", f"https://{HOST}", None),
    ("starlette", {"allow_origins": ["*"]}, "GET", None, None),
    ("flask", {"origins": "*"}, "GET", None, None),
]


def make(name: str, arguments: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return an application, what sends to it, and the function that observes it."""
    if name == "starlette":
        return make_starlette(**arguments), send_asgi, corekit_asgi.observe
    if name == "django-asgi":
        return ASGIHandler(), send_asgi, corekit_asgi.observe
    app = WSGIHandler() if name == "django" else make_flask(**arguments)
    return app, send_wsgi, corekit_wsgi.observe


@pytest.mark.usefixtures("django_settings")
@pytest.mark.parametrize(("name", "arguments", "method", "origin", "reason"), CASES)
def test_response_passes_and_is_compared(
    name: str, arguments: dict[str, Any], method: str, origin: str | None, reason: str | None
) -> None:
    events: list[ShadowEvent] = []
    app, send, observe = make(name, arguments)
    observed = observe(app, CANDIDATE, on_difference=events.append)
    headers = {} if origin is None else {"Origin": origin}
    headers |= PUT if method == "OPTIONS" else {}
    assert send(observed, method, headers) == send(app, method, headers)
    assert [event.reason.name for event in events] == ([] if reason is None else [reason])
    for event in events:
        kind = "asgi" if send is send_asgi else "wsgi"
        assert (event.adapter, event.method, event.path) == (kind, method, "/x")
        assert event.candidate is not None
        assert not hasattr(event.enforced, "reason")
        assert event.request is not None


@pytest.mark.parametrize("name", ["starlette", "flask"])
def test_observed_corekit_has_no_differences_with_its_policy(name: str) -> None:
    events: list[ShadowEvent] = []
    app, send, observe = make(name, {})
    if name == "starlette":
        install(app, CANDIDATE)
    else:
        app = corekit_wsgi.CorsMiddleware(app, CANDIDATE)
    observed = observe(app, CANDIDATE, on_difference=events.append)
    for origin in (APP, ADMIN, "null"):
        send(observed, "GET", {"Origin": origin})
        send(observed, "OPTIONS", {"Origin": origin, **PUT})
    assert events == []


@pytest.mark.parametrize("name", ["starlette", "flask"])
class TestArguments:
    def test_difference_is_logged(self, name: str, caplog: pytest.LogCaptureFixture) -> None:
        app, send, observe = make(name, {})
        send(observe(app, CANDIDATE), "GET", {"Origin": APP})
        (record,) = [each for each in caplog.records if each.name.startswith("corekit.")]
        assert record.name == ("corekit.asgi" if name == "starlette" else "corekit.wsgi")
        assert record.levelname == "WARNING"
        assert record.getMessage().startswith(
            f"CORS shadow: GET '/x' from '{APP}' would be granted: only the candidate allows"
        )

    def test_candidate_may_be_a_live_policy(self, name: str) -> None:
        events: list[ShadowEvent] = []
        app, send, observe = make(name, {})
        live = LivePolicy(CorsPolicy.deny_all())
        observed = observe(app, live, on_difference=events.append)
        send(observed, "GET", {"Origin": APP})
        live.replace(CANDIDATE)
        send(observed, "GET", {"Origin": APP})
        assert len(events) == 1

    def test_routes_are_asked_for_the_path_that_is_routed(self, name: str) -> None:
        events: list[ShadowEvent] = []
        app, send, observe = make(name, {})
        if name == "starlette":
            app = Starlette(routes=[Mount("/", app)])
        routes = CorsRoutes([("/public/", CorsPolicy(allow_origins=["*"]))])
        observed = observe(app, routes, on_difference=events.append)
        for path in ("/public/x", "/v1/public/x", "/x"):
            send(observed, "GET", {"Origin": APP}, path)
        assert [event.path for event in events] == ["/public/x", "/v1/public/x"]

    def test_exception_is_logged_and_the_response_passes(
        self, name: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(event: ShadowEvent) -> None:
            raise LookupError("a bug of the function")

        app, send, observe = make(name, {})
        caplog.set_level(logging.ERROR, "corekit")
        observed = observe(app, CANDIDATE, on_difference=fail)
        asked = ("GET", {"Origin": APP})
        assert send(observed, *asked) == send(app, *asked)
        assert [record.levelname for record in caplog.records] == ["ERROR"]

    @pytest.mark.parametrize(
        ("candidate", "arguments", "problem"),
        [
            ("*", {}, "candidate is of type str"),
            (CANDIDATE, {"sample": 2}, "sample is 2"),
            (CANDIDATE, {"on_difference": "print"}, "on_difference is of type str"),
        ],
    )
    def test_wrong_arguments_are_errors(
        self, name: str, candidate: Any, arguments: dict[str, Any], problem: str
    ) -> None:
        app, _, observe = make(name, {})
        with pytest.raises((TypeError, ValueError), match=f"^{problem}"):
            observe(app, candidate, **arguments)


def test_messages_of_asgi_pass_as_they_are() -> None:
    headers = ((bytearray(b"X-A"), memoryview(b"1")) for _ in range(1))
    sent = [{"type": "http.response.start", "status": 200, "headers": headers}, {"type": "x"}]
    passed: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)
        for message in sent:
            await send(message)

    async def keep(message: Any) -> None:
        passed.append(message)

    observed: Any = corekit_asgi.observe(app, CANDIDATE)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": iter([(b"Origin", b"x")])}
    asyncio.run(observed(scope, None, keep))
    assert passed[0]["headers"] == [(b"Origin", b"x")]
    assert [bytes(name) for name, _ in passed[1]["headers"]] == [b"X-A"]
    assert passed[2] is sent[1]
    lifespan = {"type": "lifespan"}
    asyncio.run(observed(lifespan, None, keep))
    assert passed[3] is lifespan


def test_routes_are_asked_for_the_path_before_mounts() -> None:
    events: list[ShadowEvent] = []
    allowing = {"allow_origins": [APP], "allow_methods": ["*"]}
    app = Starlette(routes=[Mount("/api", make_starlette(**allowing))])
    routes = CorsRoutes([("/api/", CorsPolicy(allow_origins=[APP]))])
    observed = corekit_asgi.observe(app, routes, on_difference=events.append)
    send_asgi(observed, "GET", {"Origin": APP}, "/api/x")
    assert events == []


def test_headers_are_those_before_the_application() -> None:
    events: list[ShadowEvent] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["headers"].clear()
        await send({"type": "http.response.start", "status": 204, "headers": []})

    observed = corekit_asgi.observe(app, CANDIDATE, on_difference=events.append)
    send_asgi(observed, "OPTIONS", {"Origin": APP, **PUT})
    assert [event.request_method for event in events] == ["PUT"]


@pytest.mark.parametrize("status", ["abc", ""])
def test_unreadable_status_of_wsgi_passes(status: str, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, [("X-A", "1")])
        return [b"hello"]

    observed: Any = corekit_wsgi.observe(app, CANDIDATE)
    assert send_wsgi(observed, "GET", {"Origin": APP}) == (status, [("X-A", "1")], b"hello")
    (record,) = caplog.records
    assert record.getMessage().startswith("CORS: comparing with the candidate raised an exception;")
