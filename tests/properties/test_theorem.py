"""The theorem: a page can read a response if and only if the policy allows it, in every adapter.

Policies, applications and fetches are generated, and the browser model makes the fetches. `grants`
derives what a policy allows from its arguments, independently of the engine. Scripts read exactly
the responses and headers that it allows, and the browser sends no unnecessary preflight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from corekit.browser import ENGINES, BrowserModel, Fetch, HttpRequest, HttpResponse, Outcome
from tests.clock import Clock
from tests.properties import naive
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application
from tests.properties.strategies import Setup, matching_origins, near_misses, setups

SERVER = "https://server.test"
SAFE_METHODS = ["GET", "HEAD", "POST"]
SAFE_TO_READ = """
    cache-control content-language content-length content-type expires last-modified pragma
""".split()
COMMON_METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS"]


class Attempt(NamedTuple):
    """A fetch by a page, with the names of its headers that are not safelisted."""

    page: str
    fetch: Fetch
    unsafe: list[str]

    @property
    def include(self) -> bool:
        return self.fetch.credentials == "include"

    @property
    def is_simple(self) -> bool:
        return self.fetch.method in SAFE_METHODS and not self.unsafe


def grants(arguments: dict[str, Any], attempt: Attempt, *, lenient: bool = False) -> bool:
    """Return whether a policy with these arguments allows the attempt."""
    if not any(naive.matches(pattern, attempt.page) for pattern in arguments["allow_origins"]):
        return False
    if attempt.include and not arguments["allow_credentials"]:
        return False
    methods = [*SAFE_METHODS, *arguments["allow_methods"]]
    if attempt.fetch.method not in methods and "*" not in methods:
        return False
    named = [name.lower() for name in arguments["allow_headers"]]
    missing = [name for name in attempt.unsafe if name not in named]
    # A wildcard does not cover Authorization, unless the engine reflects the requested headers.
    wildcard = "*" in named and (
        lenient or arguments["allow_credentials"] or "authorization" not in missing
    )
    return not missing or wildcard


HEADERS = [
    ("accept", "text/html", False),
    ("accept", "(x)", True),
    ("content-type", "text/plain", False),
    ("content-type", "application/json", True),
    ("range", "bytes=0-", False),
    ("range", "bytes=-9", True),
    ("authorization", "Bearer x", True),
    ("X-A", "1", True),
    ("x-b", "2", True),
    ("x-c", "3", True),
    ("X-Csrf", "4", True),
    ("a!#$%&'+.^_`|~z", "5", True),
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "patch", "DELETE", "PROPFIND", "X-y", "FOO"]


@st.composite
def pages(draw: st.DrawFn, setup: Setup) -> str:
    """Draw the origin of a page: an allowed one or a near miss."""
    pool = [pattern for pattern in setup.origins if pattern not in ("*", "null")]
    if not pool or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["null", "https://a.com", "http://localhost:3000"]))
    exact = draw(st.sampled_from(pool).flatmap(matching_origins))
    page = draw(near_misses(pool)) if draw(st.booleans()) else exact
    return page if naive.is_origin(page) else exact


@st.composite
def attempts(draw: st.DrawFn, setup: Setup, page: str | None = None) -> Attempt:
    granted = [name.lower() for name in setup.arguments["allow_headers"]]
    likely = [each for each in HEADERS if not each[2] or each[0].lower() in granted]
    some = st.sampled_from(draw(st.sampled_from([HEADERS, likely])))
    headers = draw(st.lists(some, max_size=3, unique_by=lambda each: each[0]))
    # `*` is a valid method, but with credentials no policy allows a method of that name.
    methods = [each for each in setup.arguments["allow_methods"] if each != "*"] + SAFE_METHODS
    fetch = Fetch(
        f"{SERVER}/{draw(st.sampled_from(['', 'items']))}",
        draw(st.sampled_from(METHODS) | st.sampled_from(methods)),
        tuple((name, value) for name, value, _ in headers),
        credentials=draw(st.sampled_from(["omit", "same-origin", "include"])),
    )
    unsafe = [name.lower() for name, _, is_unsafe in headers if is_unsafe]
    return Attempt(page or draw(pages(setup)), fetch, unsafe)


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """Draw an application, which may send CORS headers itself."""
    own = [
        ("Access-Control-Allow-Origin", draw(st.sampled_from(["*", "null", "https://a.com"]))),
        ("access-control-allow-credentials", "true"),
        ("Access-Control-Allow-Methods", "*"),
        ("Access-Control-Expose-Headers", "X-Secret, *"),
        ("Vary", draw(st.sampled_from(["Accept", "*", "Origin"]))),
        ("Set-Cookie", "a=b"),
        ("X-Request-Id", "1"),
        ("X-Total", "2"),
        ("ETag", '"3"'),
        ("X-Secret", "4"),
        ("Content-Type", "text/plain"),
        ("Cache-Control", "no-store"),
        ("Pragma", "5"),
    ]
    headers = draw(st.lists(st.sampled_from(own), unique_by=lambda each: each[0]))
    return Application(draw(st.sampled_from([200, 201, 404, 500, 204, 304])), headers)


# Fewer examples than other properties, since each runs for every adapter.
EXAMPLES = settings(max_examples=max(50, settings().max_examples // 4))


def for_each_adapter(test: Callable[..., None]) -> Callable[..., None]:
    parametrized: Callable[..., None] = pytest.mark.parametrize("adapter", ADAPTERS)(EXAMPLES(test))
    return parametrized


engines = st.sampled_from([*ENGINES, "standard", "standard", "standard"])


def browse(adapter: str, setup: Setup, app: Application, attempt: Attempt, engine: str) -> Outcome:
    model = BrowserModel(clock=Clock(), quirks=ENGINES[engine])
    return model.fetch(ADAPTERS[adapter](setup.policy, app), attempt.page, attempt.fetch)


@for_each_adapter
@given(st.data(), setups(), applications(), engines)
def test_page_reads_response_only_if_policy_allows_it(
    adapter: str, data: st.DataObject, setup: Setup, app: Application, engine: str
) -> None:
    attempt = data.draw(attempts(setup))
    granted = grants(setup.arguments, attempt, lenient=engine != "standard")
    event(f"granted: {granted}, simple: {attempt.is_simple}")
    outcome = browse(adapter, setup, app, attempt, engine)
    assert (outcome.response is not None) == granted, outcome.failure
    if outcome.response is not None:
        assert outcome.response.status == app.status


@for_each_adapter
@given(st.data(), setups(), applications())
def test_request_is_not_sent_after_denied_preflight(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    attempt = data.draw(attempts(setup))
    browse(adapter, setup, app, attempt, "standard")
    # A simple request is sent even if denied; a preflight never reaches the application.
    is_sent = attempt.is_simple or grants(setup.arguments, attempt)
    # Some frameworks convert every method to upper case.
    reached = [method.upper() for method in app.reached]
    assert reached == ([attempt.fetch.method.upper()] if is_sent else [])


@for_each_adapter
@given(st.data(), setups(), applications())
def test_only_exposed_headers_are_readable(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    attempt = data.draw(attempts(setup))
    outcome = browse(adapter, setup, app, attempt, "standard")
    if outcome.response is None:
        return
    exposed = [name.lower() for name in setup.arguments["expose_headers"]]
    # The headers as sent, since frameworks add and remove some.
    sent = {name.lower() for name, _ in outcome.exchanges[-1].response.headers} - {"set-cookie"}
    expected = {name for name in sent if name in SAFE_TO_READ or name in exposed or "*" in exposed}
    assert {name for name, _ in outcome.response.headers} == expected


@dataclass
class CachedGrant:
    """A cached method (``"PUT"``) or header (``"x-a:"``), until it expires."""

    name: str
    include: bool
    until: float

    def covers(self, name: str, attempt: Attempt, now: float) -> bool:
        wildcard = {"*": not name.endswith(":"), "*:": name.endswith(":")}.get(self.name, False)
        return (
            self.until > now
            and self.include >= attempt.include
            and (self.name == name or (wildcard and name != "authorization:"))
        )


def count_needed(arguments: dict[str, Any], session: list[tuple[float, Attempt]]) -> list[int]:
    """Return the number of preflights that are unavoidable with this policy, for each attempt."""
    max_age = 5 if arguments["max_age"] is None else arguments["max_age"]
    cached: dict[tuple[str, str], list[CachedGrant]] = {}
    counts = []
    for now, attempt in session:
        place = cached.setdefault((attempt.page, attempt.fetch.url), [])
        asked = [f"{name}:" for name in attempt.unsafe]
        if attempt.fetch.method not in SAFE_METHODS:
            asked.append(attempt.fetch.method)
        needed = any(not any(each.covers(name, attempt, now) for each in place) for name in asked)
        counts.append(int(needed))
        if needed and not grants(arguments, attempt):
            place.clear()
        elif needed:
            for name in names_in_response(arguments, attempt):
                # An existing entry is renewed, even one for requests with credentials.
                found = [each for each in place if each.covers(name, attempt, now)][:1]
                place += [] if found else [CachedGrant(name, attempt.include, 0)]
                (found or place[-1:])[0].until = now + max_age
    return counts


def names_in_response(arguments: dict[str, Any], attempt: Attempt) -> list[str]:
    """Return the names that the most permissive preflight response lists."""
    methods = [*arguments["allow_methods"], *SAFE_METHODS]
    headers = [name.lower() for name in arguments["allow_headers"]]
    if arguments["allow_credentials"]:
        # A wildcard has no effect; common and requested names are listed in its place.
        common = COMMON_METHODS if "*" in methods else []
        methods = [each for each in methods if each != "*"] + [attempt.fetch.method, *common]
        headers = [each for each in headers if each != "*"] + attempt.unsafe
    return [*methods, *(f"{name}:" for name in headers)]


@for_each_adapter
@given(st.data(), setups(), applications())
def test_no_unnecessary_preflight_is_sent(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    clock = Clock()
    model = BrowserModel(clock=clock)
    send = ADAPTERS[adapter](setup.policy, app)
    max_age = setup.arguments["max_age"] or 5
    some_pages = data.draw(st.lists(pages(setup), min_size=1, max_size=2))
    session: list[tuple[float, Attempt]] = []
    counts = []
    for _ in range(data.draw(st.integers(2, 8))):
        clock.now += data.draw(st.sampled_from([0, 0, 1, 4.5, max_age - 1, max_age]))
        attempt = data.draw(attempts(setup, data.draw(st.sampled_from(some_pages))))
        session.append((clock.now, attempt))
        counts.append(model.fetch(send, attempt.page, attempt.fetch).preflights)
    assert counts == count_needed(setup.arguments, session)


@for_each_adapter
@given(st.data(), setups(), setups(), st.sampled_from([307, 308]))
def test_redirect_to_another_origin_requires_null_origin(
    adapter: str, data: st.DataObject, first: Setup, second: Setup, status: int
) -> None:
    elsewhere = "https://elsewhere.test/"
    attempt = data.draw(attempts(first))
    redirecting = Application(status, [("Location", elsewhere)])
    responding = Application(200, [])
    to_first = ADAPTERS[adapter](first.policy, redirecting)
    to_second = ADAPTERS[adapter](second.policy, responding)

    def send(request: HttpRequest) -> HttpResponse:
        return to_first(request) if request.url.startswith(SERVER) else to_second(request)

    outcome = BrowserModel(clock=Clock()).fetch(send, attempt.page, attempt.fetch)
    # The browser does not send Authorization to another origin.
    unsafe = [name for name in attempt.unsafe if name != "authorization"]
    second_attempt = Attempt("null", attempt.fetch, unsafe)
    granted = grants(first.arguments, attempt) and grants(second.arguments, second_attempt)
    event(f"granted: {granted}")
    assert (outcome.response is not None) == granted, outcome.failure
