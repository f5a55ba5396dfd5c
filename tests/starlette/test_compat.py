"""`CORSMiddleware` compared with Starlette's: the same keywords, each intended difference."""

from __future__ import annotations

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware as Peer
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from corekit import CorsRoutes, PolicyError
from corekit.lint import lint_policy
from corekit_starlette.compat import CORSMiddleware, starlette_policy

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello", headers={"Vary": "Accept"})


async def fail(request: Request) -> Response:
    raise RuntimeError


def client_with(middleware: Any, **settings: Any) -> TestClient:
    app = Starlette(
        routes=[Route("/", hello, methods=["GET", "POST", "PUT"]), Route("/fail", fail)],
        middleware=[Middleware(middleware, **settings)],
    )
    return TestClient(app, raise_server_exceptions=False)


def may_read(client: TestClient, origin: str, *, credentials: bool = False) -> bool:
    headers = client.get("/", headers={"Origin": origin}).headers
    reported = headers.get("access-control-allow-origin")
    if credentials:
        return reported == origin and headers.get("access-control-allow-credentials") == "true"
    return reported in ("*", origin)


def may_send(client: TestClient, origin: str, method: str, header: str | None = None) -> bool:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if header is not None:
        asked["Access-Control-Request-Headers"] = header
    response = client.options("/", headers=asked)
    reported = response.headers
    methods = reported.get("access-control-allow-methods", "").split(", ")
    headers = reported.get("access-control-allow-headers", "").lower().split(", ")
    return (
        response.status_code == 200
        and reported.get("access-control-allow-origin") in ("*", origin)
        and (method in methods or method in ("GET", "HEAD", "POST") or "*" in methods)
        and (header is None or header in headers or ("*" in headers and header != "authorization"))
    )


SETTINGS: dict[str, dict[str, Any]] = {
    "the defaults": {},
    "one origin": {"allow_origins": [APP]},
    "one origin with credentials": {"allow_origins": [APP], "allow_credentials": True},
    "any origin": {"allow_origins": ["*"]},
    "any method": {"allow_origins": [APP], "allow_methods": ["*"]},
    "any header": {"allow_origins": [APP], "allow_headers": ["*"]},
    "named methods": {"allow_origins": [APP], "allow_methods": ["PUT", "DELETE"]},
    "named headers": {"allow_origins": [APP], "allow_headers": ["X-Token", "Authorization"]},
    "everything, with credentials": {
        "allow_origins": [APP],
        "allow_credentials": True,
        "allow_methods": ["*"],
        "allow_headers": ["*"],
    },
    "a regex": {"allow_origin_regex": r"https://.*\.example\.com"},
    "a regex and origins": {
        "allow_origins": [UNTRUSTED],
        "allow_origin_regex": r"https://app\.example\.com",
    },
    "exposed headers": {"allow_origins": [APP], "expose_headers": ["X-Request-Id"]},
    "a tuple and a set": {"allow_origins": (APP,), "allow_methods": {"PUT"}},
    "a private network": {"allow_origins": [APP], "allow_private_network": True},
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_same_keywords_allow_the_same_pages(settings: dict[str, Any]) -> None:
    ours, theirs = client_with(CORSMiddleware, **settings), client_with(Peer, **settings)

    for origin in (APP, UNTRUSTED, "https://www.example.com", "https://app.example.com.evil.test"):
        assert may_read(ours, origin) == may_read(theirs, origin)
        assert may_read(ours, origin, credentials=True) == may_read(
            theirs, origin, credentials=True
        )
        for method in ("PUT", "DELETE"):
            assert may_send(ours, origin, method) == may_send(theirs, origin, method)
            for header in ("content-type", "x-token", "accept", "authorization"):
                sent = may_send(ours, origin, method, header)
                assert sent == may_send(theirs, origin, method, header)


@pytest.mark.parametrize(
    "settings", [each for each in SETTINGS.values() if each.get("allow_origins") == [APP]]
)
def test_max_age_exposed_headers_and_status_are_the_same(settings: dict[str, Any]) -> None:
    ours, theirs = client_with(CORSMiddleware, **settings), client_with(Peer, **settings)
    method = "PUT" if "allow_methods" in settings else "GET"
    asked = {"Origin": APP, "Access-Control-Request-Method": method}

    mine, peers = (client.options("/", headers=asked) for client in (ours, theirs))
    assert mine.status_code == peers.status_code == 200
    assert mine.headers["access-control-max-age"] == peers.headers["access-control-max-age"]
    exposed = [
        client.get("/", headers={"Origin": APP})
        .headers.get("access-control-expose-headers", "")
        .lower()
        for client in (ours, theirs)
    ]
    assert exposed[0] == exposed[1]


def start(app: Starlette) -> list[MutableMapping[str, Any]]:
    """Start an application with an error as a server does, and return what it sent."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    with pytest.raises((PolicyError, TypeError)):
        asyncio.run(app({"type": "lifespan"}, receive, send))
    return sent


FAULTS: list[tuple[dict[str, Any], set[str]]] = [
    ({"allow_origins": APP}, {"string-not-collection"}),
    ({"allow_origins": "*"}, {"string-not-collection"}),
    ({"allow_origins": [APP], "allow_headers": "x-token"}, {"string-not-collection"}),
    ({"allow_origins": [APP], "allow_headers": b"x-token"}, {"string-not-collection"}),
    ({"allow_origins": [APP], "allow_headers": None}, {"wrong-type"}),
    (
        {"allow_origins": ["*"], "allow_credentials": True},
        {"any-origin-with-credentials"},
    ),
    ({"allow_origins": [f"{APP}/"]}, {"non-canonical-origin"}),
    ({"allow_origins": ["https://example.*"]}, {"malformed-origin"}),
    ({"allow_origins": ["null"]}, {"opaque-origin"}),
    ({"allow_origins": [APP], "allow_methods": ["put"]}, {"method-case"}),
    ({"allow_origins": [APP], "max_age": -1}, {"max-age"}),
    ({"allow_origins": [APP], "max_age": 0.5}, {"wrong-type"}),
    ({"allow_origin_regex": "("}, {"invalid-regex"}),
    (
        {"allow_origin_regex": ".*", "allow_credentials": True},
        {"any-origin-with-credentials", "opaque-origin"},
    ),
    (
        {"allow_origins": ["http://intranet.example"], "allow_credentials": True},
        {"insecure-origin"},
    ),
]

each_fault = pytest.mark.parametrize(("settings", "codes"), FAULTS)


@each_fault
def test_invalid_policy_raises_around_an_application(
    settings: dict[str, Any], codes: set[str]
) -> None:
    with pytest.raises(PolicyError) as caught:
        CORSMiddleware(Starlette(), **settings)

    assert {problem.code for problem in caught.value.problems} == codes


@each_fault
def test_invalid_policy_keeps_the_server_from_starting(
    settings: dict[str, Any], codes: set[str]
) -> None:
    (failed,) = start(Starlette(middleware=[Middleware(CORSMiddleware, **settings)]))

    assert failed["type"] == "lifespan.startup.failed"
    assert all(f"[{code}]" in failed["message"] for code in codes)


def test_server_without_lifespan_gets_the_error_per_request() -> None:
    app = Starlette(middleware=[Middleware(CORSMiddleware, allow_origins=APP)])

    for _ in range(2):
        with pytest.raises(PolicyError, match="string-not-collection"):
            TestClient(app).get("/")


UNKNOWN: list[tuple[dict[str, Any], str]] = [
    (
        {"allow_origin": [APP]},
        "allow_origin: CORSMiddleware has no such keyword. Did you mean allow_origins?",
    ),
    ({"allow_origin_regexes": ["x"]}, "Did you mean allow_origin_regex?"),
    ({"allow_origins": [APP], "on_decison": print}, "Did you mean on_decision?"),
    ({"policy": starlette_policy([APP])}, "To pass a policy, call install(app, policy)"),
    ({"zzz": 1}, "The keywords are allow_origins, allow_methods,"),
]


@pytest.mark.parametrize(("settings", "message"), UNKNOWN)
def test_unknown_keyword_is_an_error(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=re.escape(message)):
        CORSMiddleware(Starlette(), **settings)


@pytest.mark.parametrize(("settings", "message"), UNKNOWN)
def test_unknown_keyword_keeps_the_server_from_starting(
    settings: dict[str, Any], message: str
) -> None:
    (failed,) = start(Starlette(middleware=[Middleware(CORSMiddleware, **settings)]))

    assert failed["type"] == "lifespan.startup.failed"
    assert message in failed["message"]


def test_arguments_may_be_positional_as_in_starlette() -> None:
    arguments: tuple[Any, ...] = ([APP], ["PUT"], ["x-a"], True, "https://b", False, ["x-b"], 5)

    ours = CORSMiddleware(Starlette(), *arguments)
    theirs = Peer(Starlette(), *arguments)

    policy = starlette_policy(*arguments)
    assert ours.policy == policy
    assert list(policy.allow_methods) == list(theirs.allow_methods)
    assert policy.max_age == 5
    assert theirs.preflight_headers["Access-Control-Max-Age"] == "5"


def test_second_cors_middleware_inside_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(middleware=[Middleware(Peer, allow_origins=["*"])])

    CORSMiddleware(app, [APP])

    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "starlette.middleware.cors.CORSMiddleware has no effect" in caplog.text


def test_safelisted_methods_need_no_listing() -> None:
    settings = {"allow_origins": [APP], "allow_methods": ["PUT"]}

    assert may_send(client_with(CORSMiddleware, **settings), APP, "POST")
    assert not may_send(client_with(Peer, **settings), APP, "POST")


def test_risk_can_be_accepted_by_name() -> None:
    client = client_with(CORSMiddleware, allow_origins=["null"], accept_risks=["opaque-origin"])

    assert may_read(client, "null")


def test_compiled_regex_must_match_the_whole_origin() -> None:
    policy = starlette_policy(allow_origin_regex=re.compile(r"https://.*\.example\.com"))

    assert policy.decide("GET", origin=APP).allowed
    assert not policy.decide("GET", origin=f"{APP}.evil.test").allowed
    assert not policy.decide("GET", origin=f"{APP}\n").allowed


def test_origin_patterns_are_supported() -> None:
    client = client_with(CORSMiddleware, allow_origins=["https://*.example.com"])

    assert may_read(client, APP)
    assert not may_read(client, "https://example.com")


def test_denied_preflight_is_403_without_the_policy() -> None:
    client = client_with(CORSMiddleware, allow_origins=[APP], allow_credentials=True)
    asked = {"Origin": UNTRUSTED, "Access-Control-Request-Method": "GET"}

    response = client.options("/", headers=asked)

    assert response.status_code == 403
    assert not [name for name in response.headers if name.startswith("access-control-")]


def test_denied_method_gets_a_complete_preflight_response() -> None:
    client = client_with(CORSMiddleware, allow_origins=[APP])
    asked = {"Origin": APP, "Access-Control-Request-Method": "PATCH"}

    response = client.options("/", headers=asked)

    assert response.status_code == 200
    assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST"


def test_vary_of_the_application_is_kept_in_one_line() -> None:
    client = client_with(CORSMiddleware, allow_origins=[APP])

    assert client.get("/", headers={"Origin": APP}).headers["vary"] == "Accept, Origin"


def test_private_network_request_passes_if_not_enabled() -> None:
    client = client_with(CORSMiddleware, allow_origins=[APP])
    asked = {
        "Origin": APP,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }

    response = client.options("/", headers=asked)

    assert response.status_code == 200
    assert "access-control-allow-private-network" not in response.headers


@pytest.mark.parametrize("middleware", [CORSMiddleware, Peer])
def test_added_middleware_is_inside_the_error_layer(middleware: Any) -> None:
    client = client_with(middleware, allow_origins=[APP])

    response = client.get("/fail", headers={"Origin": APP})

    assert response.status_code == 500
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({}, set()),
        ({"allow_headers": ["x-a"]}, set()),
        ({"allow_headers": ["*"]}, set()),
        ({"allow_headers": ["Accept", "content-type"]}, {"accept"}),
        ({"allow_methods": ["GET", "PUT"]}, {"GET"}),
        ({"expose_headers": ["content-type"]}, {"content-type"}),
    ],
)
def test_advice_is_on_what_the_user_wrote(settings: dict[str, Any], warned: set[str]) -> None:
    policy = starlette_policy(allow_origins=[APP], **settings)
    for checked in (policy, policy.replace(max_age=60), CorsRoutes([("/", policy)])):
        advice = [each for each in lint_policy(checked) if each.severity == "warning"]
        assert {each.value for each in advice} == warned
