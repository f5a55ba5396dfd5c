"""What browsers block without CORS: ports, redirect modes, Cross-Origin-Resource-Policy."""

from __future__ import annotations

import pytest

from corekit.browser import Fetch, HttpResponse
from tests.browser_model.servers import (
    API,
    OPEN,
    PAGE,
    THIRD,
    blamed,
    browse,
    chain,
    failed,
)

# The table of https://fetch.spec.whatwg.org/#port-blocking, as of June 2026.
BAD_PORTS = """
0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115
117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563
587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667
6668 6669 6679 6697 10080
""".split()


def test_only_bad_ports_are_blocked() -> None:
    blocked = []
    for port in range(65536):
        (outcome,) = browse(OPEN, Fetch(f"https://api.example.com:{port}/"))
        if outcome.failure is not None:
            assert (outcome.failure.name, outcome.failure.value) == ("BadPort", str(port))
            assert outcome.exchanges == ()
            blocked.append(str(port))
    assert blocked == BAD_PORTS


@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin"])
@pytest.mark.parametrize("page", [PAGE, "http://api.example.com:6000"])
def test_bad_port_is_blocked_in_every_mode(page: str, mode: str) -> None:
    (outcome,) = browse(OPEN, Fetch("http://api.example.com:6000/", mode=mode), page=page)
    assert (failed(outcome), blamed(outcome)) == ("BadPort", "6000")


@pytest.mark.parametrize("redirect", ["manual", "error"])
def test_no_cors_request_to_another_origin_must_follow_redirects(redirect: str) -> None:
    fetch = Fetch(API, mode="no-cors", redirect=redirect)
    (outcome,) = browse(OPEN, fetch)
    assert failed(outcome) == "NoCorsRedirectModeNotFollow"
    assert blamed(outcome) == API
    assert outcome.exchanges == ()
    (outcome,) = browse(OPEN, fetch, page="https://api.example.com")
    assert outcome.response is not None
    assert outcome.response.kind == "basic"


@pytest.mark.parametrize(
    ("page", "url", "policy", "name"),
    [
        (PAGE, API, "same-origin", "CorpNotSameOrigin"),
        (PAGE, f"{PAGE}/x", "same-origin", None),
        ("https://app.example.com:8443", f"{PAGE}/x", "same-origin", "CorpNotSameOrigin"),
        ("null", API, "same-origin", "CorpNotSameOrigin"),
        (PAGE, API, "same-site", None),
        (PAGE, THIRD, "same-site", "CorpNotSameSite"),
        ("null", API, "same-site", "CorpNotSameSite"),
        ("null", "http://api.example.com/", "same-site", "CorpNotSameSite"),
        ("http://app.example.com", API, "same-site", "CorpNotSameSite"),
        ("http://app.example.com", "http://api.example.com/", "same-site", None),
        ("https://a.github.io", "https://b.github.io/", "same-site", "CorpNotSameSite"),
        (PAGE, "http://localhost:8000/", "same-site", "CorpNotSameSite"),
        ("https://localhost", "http://localhost:8000/", "same-site", None),
        (PAGE, THIRD, "cross-origin", None),
        (PAGE, THIRD, "Same-Origin", None),
        (PAGE, THIRD, "same-origin, same-origin", None),
        (PAGE, THIRD, "", None),
    ],
)
def test_resource_policy_applies_without_cors(
    page: str, url: str, policy: str, name: str | None
) -> None:
    response = HttpResponse(200, (*OPEN.headers, ("Cross-Origin-Resource-Policy", policy)))
    (outcome,) = browse(response, Fetch(url, mode="no-cors"), page=page)
    assert (outcome.failure.name if outcome.failure else None) == name
    assert len(outcome.exchanges) == 1
    (outcome,) = browse(response, Fetch(url), page=page)
    assert outcome.response is not None


def test_redirect_has_a_resource_policy_too() -> None:
    headers = (("Cross-Origin-Resource-Policy", "same-origin"), ("Location", THIRD))
    (outcome,) = browse(HttpResponse(302, headers), Fetch(API, mode="no-cors"))
    assert failed(outcome) == "CorpNotSameOrigin"
    assert len(outcome.exchanges) == 1
    response = HttpResponse(200, headers[:1])
    # From the page's server to another one, and back from there.
    page = "https://api.example.com"
    (outcome,) = browse(chain(THIRD, grant=response), Fetch(API, mode="no-cors"), page=page)
    assert failed(outcome) == "CorpNotSameOrigin"
    back = f"{page}/x"
    (outcome,) = browse(chain(THIRD, back, grant=response), Fetch(API, mode="no-cors"), page=page)
    assert outcome.response is not None
    assert outcome.response.kind == "opaque"
