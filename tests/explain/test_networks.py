"""What is explained about sites, whose cookies differ, and about servers on the local network."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.browser import ENGINES, BrowserModel, Fetch, HttpResponse
from corekit.browser.sites import is_same_site
from corekit.explain import Explanation, explain, explain_outcome
from corekit_testing.cookies import COOKIE_QUIRKS

SAME: Final = "With the cookies that it has for the site."
OTHER: Final = "only cookies with SameSite=None; Secure are sent, and many browsers block those."
POLICY: Final = CorsPolicy(
    allow_origins=[
        "https://app.example.com",
        "https://pr-12.example.app",
        "http://localhost:5173",
        "http://127.0.0.1:5173",
        "http://app.localhost:3000",
        "http://[::1]:5173",
    ],
    allow_credentials=True,
)


def explained(page: str, url: str, credentials: str = "include") -> Explanation:
    return explain(POLICY, Fetch(url, credentials=credentials), page=page)


def cookies_of(page: str, url: str) -> str:
    explanation = explained(page, url)
    assert explanation.allowed, explanation.summary
    (request,) = [step for step in explanation.steps if step.kind == "request"]
    return request.details[-1]


COOKIES: Final = {
    "another port": ("http://localhost:5173", "http://localhost:8000/", SAME),
    "a subdomain": ("https://app.example.com", "https://api.example.com/me", SAME),
    "another site": (
        "https://pr-12.example.app",
        "https://api.example.com/me",
        f"api.example.com is another site than the page's: {OTHER}",
    ),
    "address and name of this machine": (
        "http://localhost:5173",
        "http://127.0.0.1:8000/me",
        (f"127.0.0.1 is another site than the page's: {OTHER} Call http://localhost:8000 instead."),
    ),
    "the other way round": (
        "http://127.0.0.1:5173",
        "http://localhost:8000/me",
        (f"localhost is another site than the page's: {OTHER} Call http://127.0.0.1:8000 instead."),
    ),
    "two names of this machine": (
        "http://app.localhost:3000",
        "http://api.localhost/",
        (
            f"api.localhost is another site than the page's: {OTHER} Call http://app.localhost"
            " instead."
        ),
    ),
    "IPv6": (
        "http://[::1]:5173",
        "http://127.0.0.1:8000/",
        f"127.0.0.1 is another site than the page's: {OTHER} Call http://[::1]:8000 instead.",
    ),
    "another scheme": (
        "http://localhost:5173",
        "https://localhost:8000/",
        f"The scheme differs from the page's, which makes it another site: {OTHER}",
    ),
    "another scheme and host of this machine": (
        "http://localhost:5173",
        "https://127.0.0.1:8000/",
        f"127.0.0.1 is another site than the page's: {OTHER}",
    ),
}


@pytest.mark.parametrize("name", COOKIES)
def test_cookies_depend_on_the_site(name: str) -> None:
    page, url, message = COOKIES[name]
    assert cookies_of(page, url) == message


def test_opaque_page_has_no_site() -> None:
    url = "https://a.example/"
    response = HttpResponse(
        200,
        (
            ("Access-Control-Allow-Origin", "null"),
            ("Access-Control-Allow-Credentials", "true"),
        ),
    )
    fetch = Fetch(url, credentials="include")
    outcome = BrowserModel(clock=lambda: 0.0).fetch(lambda _: response, "null", fetch)
    explanation = explain_outcome(outcome, fetch, page="null")
    (request,) = [step for step in explanation.steps if step.kind == "request"]
    assert request.details[-1] == f"a.example is another site than the page's: {OTHER}"


@given(st.sampled_from(sorted(POLICY.allow_origins)), st.sampled_from(sorted(POLICY.allow_origins)))
def test_following_the_advice_keeps_the_cookies(page: str, api: str) -> None:
    if page.startswith("https:") and api.startswith("http:"):
        return
    advised = cookies_of(page, f"{api}/").rpartition(" Call ")[2].removesuffix(" instead.")
    if advised.startswith("http"):
        assert not is_same_site(page, api)
        assert is_same_site(page, advised)


LOCAL: Final = {
    "https to loopback": ("https://app.example.com", "http://localhost:8080/", "asks the user"),
    "https to a local network": ("https://app.example.com", "https://10.0.0.7/", "asks the user"),
    "http to a local network": (
        "http://app.example.com",
        "http://192.168.1.5:8000/",
        "does not send the request, since the page was not loaded over HTTPS.",
    ),
    "a local name": ("https://app.example.com", "https://printer.local/", "asks the user"),
    "loopback to loopback": ("http://localhost:5173", "http://127.0.0.1:8000/", None),
    "network to loopback": ("http://192.168.1.5", "http://localhost:8000/", None),
    "public": ("https://app.example.com", "https://api.example.com/", None),
    "local to public": ("http://localhost:5173", "https://api.example.com/", None),
    "opaque": ("null", "http://localhost/", None),
    "an app": ("capacitor://localhost", "http://localhost/", None),
    "not http": ("https://app.example.com", "ftp://localhost/", None),
}


@pytest.mark.parametrize("name", LOCAL)
def test_page_that_calls_a_local_server_needs_a_permission(name: str) -> None:
    page, url, message = LOCAL[name]
    details = explained(page, url, "omit").steps[0].details
    found = [detail for detail in details if "Chrome" in detail]
    assert bool(found) == (message is not None)
    assert all(message in detail and "local address" in detail for detail in found if message)


@pytest.mark.parametrize(
    ("page", "act"),
    [
        ("https://app.example.com", "asks the user before it sends the request"),
        (
            "http://app.example.com",
            "does not send the request, since the page was not loaded over HTTPS",
        ),
    ],
)
def test_no_header_permits_a_call_of_a_local_server(page: str, act: str) -> None:
    assert explained(page, "http://192.168.1.5/", "omit").steps[0].details[1] == (
        "192.168.1.5 is a local address. If the page is on the public internet, Chrome"
        f" {act}. No header of the server changes that."
    )


@pytest.mark.parametrize(
    ("engine", "url", "is_without"),
    [
        ("webkit", "http://localhost:8000/", True),
        ("webkit", "https://localhost:8000/", False),
        ("chromium", "http://localhost:8000/", False),
        ("firefox", "http://localhost:8000/", False),
        ("standard", "http://localhost:8000/", False),
    ],
)
def test_secure_cookies_need_https_in_webkit(engine: str, url: str, is_without: bool) -> None:
    assert COOKIE_QUIRKS[engine].secure_needs_https == (engine == "webkit")
    page = "https://localhost:5173" if url.startswith("https") else "http://localhost:5173"
    policy = CorsPolicy(allow_origins=[page], allow_credentials=True)
    fetch = Fetch(url, credentials="include")
    explanation = explain(policy, fetch, page=page, quirks=ENGINES[engine])
    (request,) = [step for step in explanation.steps if step.kind == "request"]
    assert ("not those with Secure" in request.details[-1]) == is_without
    assert request.details[-1].startswith(SAME[:-1])
