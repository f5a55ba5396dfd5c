"""What is proposed for a live server: corekit around it, another call, or what nobody can mend."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import ENTRIES, Explanation, explain_outcome
from tests.explain.calls import ITEMS, PAGE

ANY = ("Access-Control-Allow-Origin", "*")
Answer = tuple[int, tuple[tuple[str, str], ...]]


def explain_live(
    fetch: Fetch, *answers: Answer, policy: CorsPolicy | None = None, page: str = PAGE
) -> Explanation:
    queue = [HttpResponse(status, headers) for status, headers in answers]

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0) if len(queue) > 1 else queue[0]

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, page, fetch)
    return explain_outcome(outcome, fetch, page=page, policy=policy)


def location(url: str, status: int = 302) -> Answer:
    return status, (ANY, ("Location", url))


def test_a_fetch_that_passes_has_nothing_to_mend() -> None:
    explanation = explain_live(Fetch(ITEMS), (200, (ANY,)))
    assert explanation.allowed
    assert explanation.mends == ()


def test_corekit_around_the_application_is_what_a_server_without_cors_needs() -> None:
    fetch = Fetch(ITEMS, "PUT", headers=(("X-A", "1"),), credentials="include")
    explanation = explain_live(fetch, (404, ()))
    (mend,) = explanation.mends
    assert mend.sentence.startswith("Put corekit's middleware around the whole application")
    assert mend.apply(CorsPolicy.nothing()) == CorsPolicy(
        allow_origins=[PAGE],
        allow_methods=["PUT"],
        allow_headers=["x-a"],
        allow_credentials=True,
    )


def test_corekit_around_the_application_comes_before_another_call() -> None:
    explanation = explain_live(Fetch(ITEMS, "PUT"), location("/items/", 308))
    around, instead = explanation.mends
    assert dict(around.changes) == {"allow_origins": (PAGE,), "allow_methods": ("PUT",)}
    assert instead.fetch == Fetch(f"{ITEMS}/", "PUT")


def test_what_corekit_would_refuse_is_said() -> None:
    explanation = explain_live(Fetch(ITEMS), (200, ()), page="null")
    (mend,) = explanation.mends
    assert "such a policy is refused" in mend.sentence
    assert not mend.changes


def test_where_the_policy_grants_it_the_answer_came_from_elsewhere() -> None:
    policy = CorsPolicy(allow_origins=[PAGE])
    explanation = explain_live(Fetch(ITEMS), (500, ()), policy=policy)
    (mend,) = explanation.mends
    assert mend.sentence == (
        "The policy grants this, so the answer is not the policy's. "
        + ENTRIES["MissingAllowOriginHeader"].mend
    )
    assert not mend.changes


def test_where_the_policy_does_not_grant_it_the_policy_is_to_be_changed() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.org"])
    explanation = explain_live(Fetch(ITEMS), (200, ()), policy=policy)
    assert explanation.mends[0].apply(policy) == policy.replace(
        allow_origins=["https://app.example.org", PAGE]
    )
    assert [near.nearest for near in explanation.near_misses] == ["https://app.example.org"]


@pytest.mark.parametrize("origins", [[PAGE], ["https://other.example.com"]])
def test_where_no_policy_could_mend_it_the_policy_is_left_alone(origins: list[str]) -> None:
    policy = CorsPolicy(allow_origins=origins)
    explanation = explain_live(Fetch(ITEMS), location("/there"), policy=policy)
    assert [mend.sentence for mend in explanation.mends] == [ENTRIES["TooManyRedirects"].mend]


OTHER_CALLS: dict[str, tuple[dict[str, Any], list[Answer], list[Fetch]]] = {
    "without credentials where the server grants any origin": (
        {"credentials": "include"},
        [(200, (ANY,))],
        [Fetch(ITEMS, credentials="omit")],
    ),
    "not without credentials where that would not do": (
        {"credentials": "include"},
        [(200, ())],
        [],
    ),
    "upper case where the server lists it": (
        {"method": "patch"},
        [(200, (ANY, ("Access-Control-Allow-Methods", "PATCH")))],
        [Fetch(ITEMS, "PATCH")],
    ),
    "not upper case where the server lists nothing": ({"method": "patch"}, [(200, (ANY,))], []),
    "where a preflight was redirected to": (
        {"method": "PUT"},
        [location("/items/", 308)],
        [Fetch(f"{ITEMS}/", "PUT")],
    ),
    "where a redirect with a password leads to": (
        {},
        [location("https://user:word@api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "where a redirect to another scheme leads to": (
        {},
        [location("ftp://api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "where a redirect to http leads to": (
        {},
        [location("http://api.example.com/there")],
        [Fetch("https://api.example.com/there")],
    ),
    "nowhere where a redirect leads to no host": ({}, [location("mailto:a@example.com")], []),
    "nowhere where a redirect leads nowhere": ({}, [location("https://[")], []),
    "nowhere where a redirected preflight says not where": (
        {"method": "PUT"},
        [(302, (ANY,))],
        [],
    ),
    "nowhere where a redirected preflight leads nowhere": (
        {"method": "PUT"},
        [location("https://[")],
        [],
    ),
    "not where a redirect without a grant leads to": (
        {},
        [(302, (("Location", "https://api.example.com/there"),))],
        [],
    ),
    "not what an answer names that is no redirect": (
        {"method": "PUT"},
        [(201, (("Location", "https://api.example.com/there"),))],
        [],
    ),
    "follow redirects": (
        {"redirect": "error"},
        [location("/there")],
        [Fetch("https://api.example.com/there", redirect="error"), Fetch(ITEMS)],
    ),
    "mode cors": (
        {"mode": "no-cors"},
        [(200, (ANY,))],
        [Fetch(ITEMS)],
    ),
    "not mode cors where the server grants nothing": ({"mode": "no-cors"}, [(200, ())], []),
}


@pytest.mark.parametrize("name", OTHER_CALLS)
def test_another_call_is_proposed_where_it_would_pass(name: str) -> None:
    asked, answers, fetches = OTHER_CALLS[name]
    explanation = explain_live(Fetch(ITEMS, **asked), *answers)
    assert not explanation.allowed
    assert [mend.fetch for mend in explanation.mends if mend.fetch] == fetches


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("TooManyRedirects", [location("/there")]),
        ("InvalidRedirect", [location("https://[")]),
        ("CorsDisabledScheme", [location("mailto:a@example.com")]),
        ("RedirectContainsCredentials", [location("https://user@api.example.com/there")]),
    ],
)
def test_what_no_layer_for_cors_can_mend_is_told_from_the_catalogue(
    name: str, answers: list[Answer]
) -> None:
    explanation = explain_live(Fetch(ITEMS), *answers)
    assert explanation.failure is not None
    assert explanation.failure.name == name
    assert explanation.mends[-1].sentence == ENTRIES[name].mend
    assert not any(mend.changes for mend in explanation.mends)
