"""What a candidate would change: examples, and a property against the browser model."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, Decision, PolicyError
from corekit._names import CORS_RESPONSE_HEADERS
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.shadow import ObservedRequest, Shadow, ShadowEvent, ShadowReason
from tests.core.steps import steps_of

APP, ADMIN = "https://app.example.com", "https://admin.example.com"
NONE = CorsPolicy.deny_all()
ANY = CorsPolicy(allow_origins=["*"])
PLAIN = CorsPolicy(allow_origins=[APP])
COOKIES = CorsPolicy(allow_origins=[APP], allow_credentials=True)
BOTH = CorsPolicy(allow_origins=[APP, ADMIN])
PUT = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
ANY_METHOD = CorsPolicy(allow_origins=[APP], allow_methods=["*"])
NAMED = CorsPolicy(allow_origins=[APP], allow_headers=["x-a", "x-b"])
ONE_NAMED = CorsPolicy(allow_origins=[APP], allow_headers=["x-a"])
ANY_NAMED = CorsPolicy(allow_origins=[APP], allow_headers=["*"])
AUTHORIZATION = CorsPolicy(allow_origins=[APP], allow_headers=["authorization"])
PUT_NAMED = PUT.replace(allow_headers=["x-a"])
SHOWN = CorsPolicy(allow_origins=[APP], expose_headers=["x-total"])
ALL_SHOWN = CorsPolicy(allow_origins=[APP], expose_headers=["*"])
OTHER_SHOWN = CorsPolicy(allow_origins=[APP], expose_headers=["x-page"])
WILDCARD = HttpResponse(
    200, (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Headers", "*"))
)
ROUTES = CorsRoutes([("/api/", PLAIN), ("/public/", ANY)])

Asked = tuple[str, str | None, str | None]

GET: Asked = (APP, None, None)


def ask(origin: str = APP, method: str | None = None, names: str | None = None) -> Asked:
    return origin, method, names


def compare(
    enforced: CorsPolicy | HttpResponse,
    candidate: CorsPolicy | CorsRoutes,
    asked: Asked,
    path: str = "/api/x",
) -> ShadowEvent | None:
    method = "GET" if asked[1] is None else "OPTIONS"
    request = ObservedRequest("tests", method, path, *asked)
    decided = decide(enforced, asked) if isinstance(enforced, CorsPolicy) else enforced
    return Shadow(candidate).compare(request, decided)


def decide(policy: CorsPolicy, asked: Asked) -> Decision:
    origin, method, names = asked
    http_method = "GET" if method is None else "OPTIONS"
    return policy.decide(http_method, origin=origin, request_method=method, request_headers=names)


TABLE: list[tuple[str, CorsPolicy, CorsPolicy | CorsRoutes, Asked, str, str]] = [
    ("origin denied", PLAIN, NONE, GET, "would_deny", "ORIGIN_DENIED"),
    ("origin granted", NONE, PLAIN, GET, "would_grant", "ORIGIN_GRANTED"),
    ("any origin", PLAIN, ANY, ask(ADMIN), "would_grant", "ORIGIN_GRANTED"),
    ("one of two", BOTH, PLAIN, ask(ADMIN), "would_deny", "ORIGIN_DENIED"),
    ("preflight denied", PUT, NONE, ask(APP, "PUT"), "would_deny", "ORIGIN_DENIED"),
    ("preflight granted", NONE, PUT, ask(APP, "PUT"), "would_grant", "ORIGIN_GRANTED"),
    ("not covered", PLAIN, CorsRoutes([("/v2/", PLAIN)]), GET, "would_deny", "PATH_NOT_COVERED"),
    ("covered, denied", BOTH, ROUTES, ask(ADMIN), "would_deny", "ORIGIN_DENIED"),
    ("credentials denied", COOKIES, PLAIN, GET, "would_differ", "CREDENTIALS_DENIED"),
    ("credentials granted", ANY, COOKIES, GET, "would_differ", "CREDENTIALS_GRANTED"),
    ("method denied", PUT, PLAIN, ask(APP, "PUT"), "would_differ", "METHOD_DENIED"),
    ("method granted", PLAIN, PUT, ask(APP, "PUT"), "would_differ", "METHOD_GRANTED"),
    ("any method", PUT, ANY_METHOD, ask(APP, "PATCH"), "would_differ", "METHOD_GRANTED"),
    ("headers denied", NAMED, ONE_NAMED, ask(APP, "GET", "x-a,x-b"), "would_differ", "HEADERS_"),
    ("headers granted", PLAIN, NAMED, ask(APP, "GET", "x-b"), "would_differ", "HEADERS_GRANTED"),
    (
        "authorization is not any header",
        *(AUTHORIZATION, ANY_NAMED, ask(APP, "GET", "authorization")),
        *("would_differ", "HEADERS_DENIED"),
    ),
    ("exposed", PLAIN, SHOWN, GET, "would_differ", "READING_GRANTED"),
    ("no longer exposed", SHOWN, PLAIN, GET, "would_differ", "READING_DENIED"),
    ("all exposed", SHOWN, ALL_SHOWN, GET, "would_differ", "READING_GRANTED"),
    ("others exposed", SHOWN, OTHER_SHOWN, GET, "would_differ", "READING_DENIED READING_GRANTED"),
]

ALIKE: list[tuple[str, CorsPolicy, CorsPolicy | CorsRoutes, Asked]] = [
    ("both deny", PLAIN, BOTH, ask("https://evil.example")),
    ("any or listed", ANY, PLAIN, GET),
    ("listed with patterns", PLAIN, CorsPolicy(allow_origins=["https://*.example.com"]), GET),
    ("status", PLAIN, PLAIN.replace(preflight_status=200), ask(APP, "GET")),
    ("max age", PLAIN, PLAIN.replace(max_age=600), ask(APP, "GET")),
    ("another method", PUT, PLAIN, ask(APP, "DELETE")),
    ("safelisted method", PUT, PLAIN, ask(APP, "POST")),
    ("named or any method", PUT, ANY_METHOD, ask(APP, "PUT")),
    ("named or any header", NAMED, ANY_NAMED, ask(APP, "GET", "x-b")),
    ("method or header denied", PUT, ONE_NAMED, ask(APP, "PUT", "x-a")),
    ("exposed in a preflight", SHOWN, PLAIN, ask(APP, "GET")),
    ("safelisted response header", PLAIN, PLAIN.replace(expose_headers=["etag"]), ask(ADMIN)),
    ("not covered and denied", NONE, CorsRoutes([("/v2/", PLAIN)]), GET),
    ("not an origin", ANY, PLAIN, ask("nonsense")),
    ("no browser sends the method", ANY_METHOD, PLAIN, ask(APP, "TRACE")),
    ("not a method", ANY_METHOD, PLAIN, ask(APP, "no token")),
    ("not a list of names", NAMED, NONE, ask(APP, "GET", "x-a, (x)")),
]


@pytest.mark.parametrize(
    ("enforced", "candidate", "asked", "kind", "reasons"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_difference(
    enforced: CorsPolicy, candidate: CorsPolicy, asked: Asked, kind: str, reasons: str
) -> None:
    found = compare(enforced, candidate, asked)
    assert found is not None
    assert found.kind.value == kind
    assert " ".join(reason.name for reason in found.reasons).startswith(reasons)
    assert found.reason is found.reasons[0]


@pytest.mark.parametrize(
    ("enforced", "candidate", "asked"), [row[1:] for row in ALIKE], ids=[row[0] for row in ALIKE]
)
def test_no_difference(enforced: CorsPolicy, candidate: CorsPolicy, asked: Asked) -> None:
    assert compare(enforced, candidate, asked) is None


@pytest.mark.parametrize(
    ("enforced", "candidate", "asked", "denied", "granted"),
    [
        (PUT, PLAIN, ask(APP, "PUT"), ("PUT",), ()),
        (PLAIN, PUT, ask(APP, "PUT"), (), ("PUT",)),
        (NAMED, ONE_NAMED, ask(APP, "GET", "x-b,x-a"), ("x-b",), ()),
        (ONE_NAMED, NAMED, ask(APP, "GET", "x-b,x-a"), (), ("x-b",)),
        (PUT_NAMED, PLAIN, ask(APP, "PUT", "x-a"), ("PUT",), ()),
        (SHOWN, OTHER_SHOWN, GET, ("x-total",), ("x-page",)),
        (SHOWN, ALL_SHOWN, GET, (), ("*",)),
        (ALL_SHOWN, PLAIN, GET, ("*",), ()),
        (PLAIN, NONE, GET, (), ()),
    ],
)
def test_names_of_what_differs(
    enforced: CorsPolicy,
    candidate: CorsPolicy,
    asked: Asked,
    denied: tuple[str, ...],
    granted: tuple[str, ...],
) -> None:
    found = compare(enforced, candidate, asked)
    assert found is not None
    assert (found.denied, found.granted) == (denied, granted)


def test_several_differences_of_one_request() -> None:
    found = compare(COOKIES.replace(expose_headers=["x-total"]), PLAIN, GET)
    assert found is not None
    assert found.reasons == (ShadowReason.CREDENTIALS_DENIED, ShadowReason.READING_DENIED)


def test_text_of_an_event_is_its_log_line_with_the_hint() -> None:
    found = compare(BOTH, PLAIN, ask(ADMIN))
    assert found is not None
    assert found.hint.endswith(f"Add '{ADMIN}' to allow_origins.")
    assert str(found) == found.describe()
    assert f" only the policy in force allows this origin. {found.hint} {{" in str(found)
    assert repr(found) == f"<ShadowEvent {found}>"
    uncovered = compare(PLAIN, CorsRoutes([("/v2/", PLAIN)]), GET)
    assert uncovered is not None
    assert (uncovered.hint, uncovered.candidate) == ("", None)


def test_dict_of_an_event_is_json_with_bounded_values() -> None:
    found = compare(PLAIN, NONE, GET, "/\x1b" + "x" * 1_000)
    assert found is not None
    data = found.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["path"].startswith("/\\x1bxxx")
    assert len(data["path"]) < 250
    assert (data["request_method"], data["rule"], data["denied"]) == (None, None, [])


def test_route_of_the_candidate_is_that_of_the_path() -> None:
    assert compare(PLAIN, ROUTES, GET, "/api/x") is None
    assert compare(PLAIN, ROUTES, ask(ADMIN), "/api/x") is None
    assert compare(PLAIN, ROUTES, ask(ADMIN), "/public/x") is not None


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (HttpResponse(405), "ORIGIN_GRANTED"),
        (HttpResponse(405, (("Access-Control-Allow-Origin", APP),)), "PREFLIGHT_GRANTED"),
        (HttpResponse(301, (("Location", "/x"), ("access-control-allow-origin", APP))), "PREFL"),
        (HttpResponse(200, (("Access-Control-Allow-Origin", f"{APP}, {APP}"),)), "ORIGIN_GRANTED"),
        (HttpResponse(200, (("access-control-allow-origin", "*"),)), "METHOD_GRANTED"),
    ],
)
def test_preflight_responses_of_other_layers(response: HttpResponse, reason: str) -> None:
    found = compare(response, PUT, ask(APP, "PUT"))
    assert found is not None
    assert found.reason.name.startswith(reason)
    assert found.enforced is response


def test_only_headers_of_the_response_are_read() -> None:
    allowed = (("Access-Control-Allow-Origin", APP), ("Access-Control-Expose-Headers", "X-Total"))
    assert compare(HttpResponse(200, allowed), PLAIN, GET) is None
    assert compare(HttpResponse(200, (*allowed, ("x-page", "1"))), PLAIN, GET) is None
    found = compare(HttpResponse(200, (*allowed, ("X-Total", "1"))), PLAIN, GET)
    assert found is not None
    assert found.denied == ("x-total",)


def test_headers_of_cors_are_not_data() -> None:
    allowed = ("Access-Control-Allow-Origin", APP)
    exposed = ("Access-Control-Expose-Headers", "*")
    assert compare(HttpResponse(200, (allowed, exposed)), PLAIN, GET) is None
    assert compare(HttpResponse(200, (allowed, exposed, ("X-Total", "1"))), PLAIN, GET) is not None


def test_headers_of_redirects_and_of_preflight_responses_are_not_read() -> None:
    headers = (
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Expose-Headers", "X-Total"),
        ("X-Total", "1"),
    )
    assert compare(HttpResponse(302, headers), PLAIN, GET) is not None
    assert compare(HttpResponse(302, (*headers, ("Location", "/y"))), PLAIN, GET) is None
    assert compare(HttpResponse(200, headers), PLAIN, ask(APP, "GET")) is None


# The property. What a browser makes of each response is found by running fetches of a page.

NAMES = ["x-a", "x-b", "authorization", "content-type"]
EXPOSED = ["x-total", "x-page", "etag", "cache-control"]
UNNAMED = "x-unnamed"
URL = "https://api.example.org/"
origins = st.sampled_from([APP, ADMIN, "http://localhost:3000", "null"])
names_asked = st.sampled_from(NAMES)
listed = st.lists(st.sampled_from([*NAMES, "*"]), max_size=3, unique=True)


@st.composite
def policies(draw: st.DrawFn) -> CorsPolicy:
    arguments: dict[str, Any] = {
        "allow_origins": draw(
            st.just(["*"])
            | st.lists(
                st.sampled_from([APP, ADMIN, "https://*.example.com", "http://localhost:3000"]),
                min_size=1,
                unique=True,
            )
        ),
        "allow_credentials": draw(st.booleans()),
        "allow_methods": draw(st.lists(st.sampled_from(["PUT", "PATCH", "*"]), unique=True)),
        "allow_headers": draw(listed),
        "expose_headers": draw(st.lists(st.sampled_from([*EXPOSED, "*"]), unique=True)),
        "preflight_status": draw(st.sampled_from([200, 204])),
    }
    try:
        return CorsPolicy(**arguments, accept_risks=["insecure-origin"])
    except (PolicyError, Warning):
        return CorsPolicy(allow_origins=draw(st.sampled_from([["*"], [APP], [ADMIN]])))


@st.composite
def responses(draw: st.DrawFn) -> HttpResponse:
    """Draw what any other layer may send."""
    values = {
        "Access-Control-Allow-Origin": ["*", APP, ADMIN, "null", f"{APP},{APP}", "x"],
        "access-control-allow-credentials": ["true", "True", "false"],
        "Access-Control-Allow-Methods": ["PUT", "GET, PUT,PATCH", "*", "put", "(x)"],
        "Access-Control-Allow-Headers": ["X-A, x-b", "*", "*, Authorization", "content-type", "(x"],
        "Access-Control-Expose-Headers": ["X-Total", "*", "x-page, etag", "(x)"],
        "Location": ["/other"],
    }
    headers = tuple(
        (name, draw(st.sampled_from(each))) for name, each in values.items() if draw(st.booleans())
    )
    own = draw(st.lists(st.sampled_from([*EXPOSED, UNNAMED]), unique=True))
    status = draw(st.sampled_from([200, 204, 302, 404]))
    return HttpResponse(status, (*headers, *((name, "1") for name in own)))


preflights = st.one_of(
    st.tuples(origins, st.sampled_from(["PUT", "PATCH"]), st.lists(names_asked, max_size=3)),
    st.tuples(origins, st.sampled_from(["GET", "POST"]), st.lists(names_asked, min_size=1)),
).map(lambda drawn: (drawn[0], drawn[1], ",".join(sorted({*drawn[2]})) or None))
requests = st.tuples(origins, st.none(), st.none()) | preflights


def outcomes(asked: Asked, response: HttpResponse) -> list[object]:
    """Return what a page gets, without credentials and with them, if this is the response."""
    origin, method, names = asked
    granted = (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", method or ""),
        ("Access-Control-Allow-Headers", names or ""),
    )

    def send(request: HttpRequest) -> HttpResponse:
        is_asked = request.is_preflight is (method is not None) and request.url == URL
        return response if is_asked else HttpResponse(200, granted)

    headers = tuple((name, '"unsafe"') for name in (names or "").split(",") if name)
    found: list[object] = []
    for credentials in ("omit", "include"):
        fetch = Fetch(
            URL,
            method or "GET",
            headers,
            credentials=credentials,
        )
        outcome = BrowserModel(clock=float).fetch(send, origin, fetch)
        read = None
        if outcome.response is not None:
            read = {name for name, _ in outcome.response.headers} - CORS_RESPONSE_HEADERS
        found.append(read)
    return found


@given(policies(), policies(), requests)
def test_event_exactly_if_pages_notice(
    enforced: CorsPolicy, candidate: CorsPolicy, asked: Asked
) -> None:
    own = tuple((name, "1") for name in (*EXPOSED, UNNAMED))

    def respond(policy: CorsPolicy) -> HttpResponse:
        decision = decide(policy, asked)
        shown = own if asked[1] is None else ()
        return HttpResponse(decision.status or 200, (*decision.headers, *shown))

    alike = outcomes(asked, respond(enforced)) == outcomes(asked, respond(candidate))
    found = compare(enforced, candidate, asked)
    event("alike" if alike else "not alike")
    assert (found is None) is alike


@given(responses(), policies(), requests)
def test_other_layers_event_exactly_if_pages_notice(
    response: HttpResponse, candidate: CorsPolicy, asked: Asked
) -> None:
    decision = decide(candidate, asked)
    own = tuple(pair for pair in response.headers if pair[0].lower() not in CORS_RESPONSE_HEADERS)
    headers = (*decision.headers, *(own if asked[1] is None else ()))
    applied = HttpResponse(decision.status or response.status, headers)
    alike = outcomes(asked, response) == outcomes(asked, applied)
    found = compare(response, candidate, asked)
    event("alike" if alike else "not alike")
    assert (found is None) is alike


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [(NAMED, ShadowReason.HEADERS_DENIED), (ROUTES, ShadowReason.PATH_NOT_COVERED)],
)
def test_long_list_of_requested_headers_costs_no_more(
    candidate: CorsPolicy | CorsRoutes, reason: ShadowReason
) -> None:
    def ask_for(count: int) -> Asked:
        return ask(method="GET", names=",".join(f"x-{number:05}" for number in range(count)))

    few, many = (steps_of(compare, WILDCARD, candidate, ask_for(n), "/x") for n in (600, 20_000))
    assert many <= few
    event = compare(WILDCARD, candidate, ask_for(20_000), "/x")
    assert event is not None
    assert event.reasons == (reason,)
