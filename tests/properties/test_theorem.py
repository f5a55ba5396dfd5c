"""The theorem: a page can read a response exactly when the policy grants it, through every adapter.

Policies, applications and fetches are generated; the browser's model makes the fetches. What the
policy grants is said once more by `grants`, off its arguments and without a look at the engine.
Never more is read than that, never less, never other headers; and no preflight is made in vain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from corekit.browser import ENGINES, BrowserModel, Fetch, HttpRequest, HttpResponse, Outcome
from tests.properties import naive
from tests.properties.adapters import ADAPTERS, Application
from tests.properties.strategies import Setup, matching_origins, near_misses, setups

SERVER = "https://server.test"
SAFE_METHODS = ["GET", "HEAD", "POST"]
SAFE_TO_READ = """
    cache-control content-language content-length content-type expires last-modified pragma
""".split()
COMMON_METHODS = ["PUT", "PATCH", "DELETE", "OPTIONS"]


class Ask(NamedTuple):
    """What a page asks for: a fetch, with the names of the headers that are not safelisted."""

    page: str
    fetch: Fetch
    unsafe: list[str]

    @property
    def include(self) -> bool:
        return self.fetch.credentials == "include"

    @property
    def is_simple(self) -> bool:
        return self.fetch.method in SAFE_METHODS and not self.unsafe


def grants(arguments: dict[str, Any], ask: Ask, *, lenient: bool = False) -> bool:
    """Say whether a policy of these arguments grants it: the whole of what a policy means."""
    if not any(naive.matches(pattern, ask.page) for pattern in arguments["allow_origins"]):
        return False
    if ask.include and not arguments["allow_credentials"]:
        return False
    methods = [*SAFE_METHODS, *arguments["allow_methods"]]
    if ask.fetch.method not in methods and "*" not in methods:
        return False
    named = [name.lower() for name in arguments["allow_headers"]]
    missing = [name for name in ask.unsafe if name not in named]
    # Authorization is not covered by a wildcard, except where the engine names what was asked.
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
    """Make a page's origin that is, or is nearly, one of the policy's."""
    pool = [pattern for pattern in setup.origins if pattern not in ("*", "null")]
    if not pool or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["null", "https://a.com", "http://localhost:3000"]))
    exact = draw(st.sampled_from(pool).flatmap(matching_origins))
    page = draw(near_misses(pool)) if draw(st.booleans()) else exact
    return page if naive.is_origin(page) else exact


@st.composite
def asks(draw: st.DrawFn, setup: Setup, page: str | None = None) -> Ask:
    granted = [name.lower() for name in setup.arguments["allow_headers"]]
    likely = [each for each in HEADERS if not each[2] or each[0].lower() in granted]
    some = st.sampled_from(draw(st.sampled_from([HEADERS, likely])))
    headers = draw(st.lists(some, max_size=3, unique_by=lambda each: each[0]))
    # `*` is a token, but no policy that grants any method grants one of that name to a user.
    methods = [each for each in setup.arguments["allow_methods"] if each != "*"] + SAFE_METHODS
    fetch = Fetch(
        f"{SERVER}/{draw(st.sampled_from(['', 'items']))}",
        draw(st.sampled_from(METHODS) | st.sampled_from(methods)),
        tuple((name, value) for name, value, _ in headers),
        credentials=draw(st.sampled_from(["omit", "same-origin", "include"])),
    )
    unsafe = [name.lower() for name, _, is_unsafe in headers if is_unsafe]
    return Ask(page or draw(pages(setup)), fetch, unsafe)


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """Make an application, which may try to grant what it likes by itself."""
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


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


# A part of the examples that other properties have, since each is made for every adapter.
EXAMPLES = settings(max_examples=max(50, settings().max_examples // 4))


def through_every_adapter(test: Callable[..., None]) -> Callable[..., None]:
    parametrized: Callable[..., None] = pytest.mark.parametrize("adapter", ADAPTERS)(EXAMPLES(test))
    return parametrized


engines = st.sampled_from([*ENGINES, "standard", "standard", "standard"])


def browse(adapter: str, setup: Setup, app: Application, ask: Ask, engine: str) -> Outcome:
    model = BrowserModel(clock=Clock(), quirks=ENGINES[engine])
    return model.fetch(ADAPTERS[adapter](setup.policy, app), ask.page, ask.fetch)


@through_every_adapter
@given(st.data(), setups(), applications(), engines)
def test_a_page_reads_a_response_exactly_when_the_policy_grants_it(
    adapter: str, data: st.DataObject, setup: Setup, app: Application, engine: str
) -> None:
    ask = data.draw(asks(setup))
    granted = grants(setup.arguments, ask, lenient=engine != "standard")
    event(f"granted: {granted}, simple: {ask.is_simple}")
    outcome = browse(adapter, setup, app, ask, engine)
    assert (outcome.response is not None) == granted, outcome.failure
    if outcome.response is not None:
        assert outcome.response.status == app.status


@through_every_adapter
@given(st.data(), setups(), applications())
def test_a_denied_preflight_keeps_the_request_from_being_sent(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    ask = data.draw(asks(setup))
    browse(adapter, setup, app, ask, "standard")
    # A simple request is sent and not read; a preflight never reaches the application.
    is_sent = ask.is_simple or grants(setup.arguments, ask)
    # Some frameworks write every method in upper case.
    reached = [method.upper() for method in app.reached]
    assert reached == ([ask.fetch.method.upper()] if is_sent else [])


@through_every_adapter
@given(st.data(), setups(), applications())
def test_exactly_the_exposed_headers_are_readable(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    ask = data.draw(asks(setup))
    outcome = browse(adapter, setup, app, ask, "standard")
    if outcome.response is None:
        return
    exposed = [name.lower() for name in setup.arguments["expose_headers"]]
    # What went over the wire: frameworks have headers of their own, and leave some out.
    sent = {name.lower() for name, _ in outcome.exchanges[-1].response.headers} - {"set-cookie"}
    expected = {name for name in sent if name in SAFE_TO_READ or name in exposed or "*" in exposed}
    assert {name for name, _ in outcome.response.headers} == expected


@dataclass
class Kept:
    """A method or a header that was granted: ``"PUT"``, ``"x-a:"``; as long as that lasts."""

    name: str
    include: bool
    until: float

    def covers(self, name: str, ask: Ask, now: float) -> bool:
        wildcard = {"*": not name.endswith(":"), "*:": name.endswith(":")}.get(self.name, False)
        return (
            self.until > now
            and self.include >= ask.include
            and (self.name == name or (wildcard and name != "authorization:"))
        )


def count_needed(arguments: dict[str, Any], session: list[tuple[float, Ask]]) -> list[int]:
    """Count the preflights that no server with this policy could spare a browser."""
    max_age = 5 if arguments["max_age"] is None else arguments["max_age"]
    kept: dict[tuple[str, str], list[Kept]] = {}
    counts = []
    for now, ask in session:
        place = kept.setdefault((ask.page, ask.fetch.url), [])
        asked = [f"{name}:" for name in ask.unsafe]
        if ask.fetch.method not in SAFE_METHODS:
            asked.append(ask.fetch.method)
        needed = any(not any(each.covers(name, ask, now) for each in place) for name in asked)
        counts.append(int(needed))
        if needed and not grants(arguments, ask):
            place.clear()
        elif needed:
            for name in named_in_answer(arguments, ask):
                # What is there already, be it for requests with credentials, is renewed.
                found = [each for each in place if each.covers(name, ask, now)][:1]
                place += [] if found else [Kept(name, ask.include, 0)]
                (found or place[-1:])[0].until = now + max_age
    return counts


def named_in_answer(arguments: dict[str, Any], ask: Ask) -> list[str]:
    """List what the most generous answer to a preflight names."""
    methods = [*arguments["allow_methods"], *SAFE_METHODS]
    headers = [name.lower() for name in arguments["allow_headers"]]
    if arguments["allow_credentials"]:
        # A wildcard is worth nothing then; the usual and what was asked are named in its place.
        usual = COMMON_METHODS if "*" in methods else []
        methods = [each for each in methods if each != "*"] + [ask.fetch.method, *usual]
        headers = [each for each in headers if each != "*"] + ask.unsafe
    return [*methods, *(f"{name}:" for name in headers)]


@through_every_adapter
@given(st.data(), setups(), applications())
def test_no_more_preflights_are_made_than_any_server_needs(
    adapter: str, data: st.DataObject, setup: Setup, app: Application
) -> None:
    clock = Clock()
    model = BrowserModel(clock=clock)
    send = ADAPTERS[adapter](setup.policy, app)
    lasting = setup.arguments["max_age"] or 5
    some_pages = data.draw(st.lists(pages(setup), min_size=1, max_size=2))
    session: list[tuple[float, Ask]] = []
    counts = []
    for _ in range(data.draw(st.integers(2, 8))):
        clock.now += data.draw(st.sampled_from([0, 0, 1, 4.5, lasting - 1, lasting]))
        ask = data.draw(asks(setup, data.draw(st.sampled_from(some_pages))))
        session.append((clock.now, ask))
        counts.append(model.fetch(send, ask.page, ask.fetch).preflights)
    assert counts == count_needed(setup.arguments, session)


@through_every_adapter
@given(st.data(), setups(), setups(), st.sampled_from([307, 308]))
def test_after_a_redirect_to_another_server_only_null_is_granted(
    adapter: str, data: st.DataObject, first: Setup, second: Setup, status: int
) -> None:
    elsewhere = "https://elsewhere.test/"
    ask = data.draw(asks(first))
    redirecting = Application(status, [("Location", elsewhere)])
    answering = Application(200, [])
    to_first = ADAPTERS[adapter](first.policy, redirecting)
    to_second = ADAPTERS[adapter](second.policy, answering)

    def send(request: HttpRequest) -> HttpResponse:
        return to_first(request) if request.url.startswith(SERVER) else to_second(request)

    outcome = BrowserModel(clock=Clock()).fetch(send, ask.page, ask.fetch)
    # What was meant for the one server is not told to the other.
    unsafe = [name for name in ask.unsafe if name != "authorization"]
    then = Ask("null", ask.fetch, unsafe)
    granted = grants(first.arguments, ask) and grants(second.arguments, then)
    event(f"granted: {granted}")
    assert (outcome.response is not None) == granted, outcome.failure
