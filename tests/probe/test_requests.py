"""The requests that a probe sends, in their order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.probe import Plan, TooManyRequestsError, make_requests, send_requests
from tests.probe.servers import PAGE, POLICY

URL = "https://api.example.com/v1/items?page=2"
MISSING = "https://api.example.com/v1/corekit-probe-missing"
OTHER = "https://b.example"
ACCEPT = ("Accept", "*/*")

Sent = tuple[str, str, str, tuple[tuple[str, str], ...]]


def actual(kind: str, origin: str | None, url: str = URL) -> Sent:
    return kind, "GET", url, (ACCEPT, *([("Origin", origin)] if origin else []))


def preflight(kind: str, origin: str, method: str = "PUT", names: str | None = "x-a,x-b") -> Sent:
    # In the order of browsers: https://fetch.spec.whatwg.org/#cors-preflight-fetch
    headers = [ACCEPT, ("Access-Control-Request-Method", method)]
    if names:
        headers.append(("Access-Control-Request-Headers", names))
    if kind == "private":
        headers.append(("Access-Control-Request-Private-Network", "true"))
    return kind, "OPTIONS", URL, (*headers, ("Origin", origin))


def for_policy(origin: str) -> Iterator[Sent]:
    yield from (preflight("policy", origin, each, None) for each in ("PUT", "PATCH", "DELETE"))
    yield preflight("policy", origin, "LOCK", None)
    for name in ("x-a", "authorization", "x-corekit-probe"):
        yield preflight("policy", origin, "GET", name)


def test_all_requests_of_a_plan() -> None:
    fetch = Fetch(URL, "PUT", (("X-B", "1"), ("X-A", "2"), ("Accept", "text/html")))
    policy = POLICY.replace(allow_methods=["PUT", "POST", "LOCK"])
    denied = ("https://denied.example",)
    plan = Plan((PAGE, OTHER), fetch, False, True, policy, denied)
    *requests, forged_write, forged_handshake = make_requests(plan)
    assert (forged_write.kind, forged_handshake.kind) == ("forged-write", "forged-handshake")
    sent = [
        (each.kind, each.request.method, each.request.url, each.request.headers)
        for each in requests
    ]
    of_pages: list[Sent] = []
    for origin in (PAGE, OTHER):
        of_pages += [
            actual("get", origin),
            preflight("preflight", origin),
            preflight("safelisted", origin, "GET", None),
            actual("error", origin, MISSING),
            ("unsafe", "PUT", URL, (ACCEPT, *fetch.headers, ("Origin", origin))),
            *for_policy(origin),
        ]
    start = [actual("get", None), *of_pages, preflight("private", PAGE)]
    assert sent[: len(start)] == start
    untrusted = requests[len(start) :]
    assert not [each for each in requests[: len(start)] if each.probe_origin]
    found = {
        each.probe_origin.code: each.probe_origin.origin for each in untrusted if each.probe_origin
    }
    expected: list[Sent] = []
    for code, untrusted_origin in found.items():
        expected += [
            actual("get", untrusted_origin),
            preflight("preflight", untrusted_origin),
        ]
        if code == "any-origin":
            expected.append(preflight("private", untrusted_origin))
    assert sent[len(start) :] == expected
    assert found["denied-origin"] == "https://denied.example"
    assert untrusted[-1].origin == "https://evil.app.example.com"
    for each in requests:
        asked = dict(each.request.headers)
        assert each.origin == asked.get("Origin")
        assert each.method == asked.get("Access-Control-Request-Method", "GET")
        assert ",".join(each.names) == asked.get("Access-Control-Request-Headers", "")


@pytest.mark.parametrize(
    ("method", "is_chosen", "send_unsafe", "kinds"),
    [
        ("PUT", True, False, ["get", "preflight", "error"]),
        ("PUT", True, True, ["get", "preflight", "error", "unsafe"]),
        ("PUT", False, False, ["get", "preflight", "safelisted", "error"]),
        # They were sent already.
        ("GET", True, True, ["get", "preflight", "error"]),
        ("OPTIONS", True, True, ["get", "preflight", "error"]),
    ],
)
def test_requests_for_a_page(
    method: str, is_chosen: bool, send_unsafe: bool, kinds: list[str]
) -> None:
    requests = make_requests(Plan((PAGE,), Fetch(URL, method), is_chosen, send_unsafe))
    of_page = [each.kind for each in requests if each.origin == PAGE]
    assert of_page == [*kinds, "private"]


def test_login_is_sent_with_every_request_but_preflights() -> None:
    login = (("Authorization", "Bearer 1"), ("X-A", "2"), ("Cookie", "a=1"))
    fetch = Fetch(URL, "PUT", (("x-a", "1"), ("x-b", "1")))
    plan = Plan((PAGE,), fetch, send_unsafe=True, policy=POLICY, headers=login)
    for each in make_requests(plan):
        origin = () if each.origin is None else (("Origin", each.origin),)
        sent = each.request.headers
        if each.kind == "unsafe":
            # The page's own value of a header is not sent a second time.
            assert sent == (ACCEPT, *fetch.headers, login[0], login[2], *origin)
        elif each.request.method == "OPTIONS":
            assert not {"authorization", "x-a", "cookie"} & {name.lower() for name, _ in sent}
        elif each.kind.startswith("forged"):
            assert sent[-len(login) - 1 :] == (*login, *origin)
        else:
            assert sent == (ACCEPT, *login, *origin)


def test_known_origins_are_skipped_one_by_one() -> None:
    page, own = "https://example.com", "http://example.com"
    made = [each for each in make_requests(Plan((page,), Fetch(f"{own}/"))) if each.probe_origin]
    codes = list(dict.fromkeys(each.probe_origin.code for each in made if each.probe_origin))
    assert own not in {each.origin for each in made}
    assert codes == [
        "any-origin",
        "opaque-origin",
        "prefix",
        "suffix",
        "cut-short",
        "any-port",
        "any-subdomain",
    ]


@pytest.mark.parametrize("status", [428, 430, 503])
def test_other_errors_are_responses(status: int) -> None:
    plan = Plan((PAGE,), Fetch(URL))
    requests = make_requests(plan)[:3]
    counted: list[None] = []
    responses = send_requests(
        plan, requests, lambda request: HttpResponse(status), lambda: counted.append(None)
    )
    assert (responses.plan, len(counted)) == (plan, 3)
    assert [each.sent for each in responses.all] == requests
    assert {each.response.status for each in responses.all} == {status}


def test_status_429_ends_the_probe() -> None:
    sent: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        sent.append(request)
        return HttpResponse(429 if len(sent) == 2 else 200)

    plan = Plan((PAGE,), Fetch(URL))
    with pytest.raises(TooManyRequestsError) as caught:
        send_requests(plan, make_requests(plan), send)
    assert (str(caught.value), len(sent)) == (URL, 2)
