"""A page whose origin is a typo of an allowed one, or only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._near import is_typo
from corekit.browser import Fetch
from corekit.explain import Explanation, explain

APP = "https://app.example.com"
FETCH = Fetch("https://api.example.org/", credentials="include")
POLICY = CorsPolicy(allow_origins=[APP], allow_credentials=True)


def explanation_of(page: str, policy: CorsPolicy = POLICY) -> Explanation:
    explanation = explain(policy, FETCH, page=page)
    assert not explanation.allowed
    return explanation


@pytest.mark.parametrize(
    "page",
    [
        "https://ap.example.com",
        "https://app.exampel.com",
        "https://app.examp1e.com",
        "https://app.example.co",
        "http://app.examp1e.com",
    ],
)
def test_only_the_allowed_origin_is_proposed(page: str) -> None:
    (fix,) = explanation_of(page).fixes
    assert fix.message == f"Open the page from '{APP}', which is allowed."
    assert not fix.changes
    assert page.partition("://")[2] not in fix.message.replace(APP, "")


@pytest.mark.parametrize("page", [APP.replace("https", "http"), f"{APP}:8443"])
def test_other_near_miss_may_be_added(page: str) -> None:
    messages = [fix.message for fix in explanation_of(page).fixes]
    assert len(messages) > 1
    assert messages[-1] == f"Or open the page from '{APP}', which is allowed."


def test_page_on_localhost_is_near_to_the_unspecified_address() -> None:
    policy = CorsPolicy(allow_origins=["http://0.0.0.0:3000"])
    (near, *_) = explanation_of("http://localhost:3000", policy).near_misses
    assert str(near) == (
        "'http://0.0.0.0:3000' is allowed: the page has localhost instead of 0.0.0.0."
    )


@given(st.integers(0, 14), st.sampled_from("abcxyz019-"), st.sampled_from(["http", "https"]))
def test_changed_letter_is_a_typo(at: int, letter: str, scheme: str) -> None:
    host = "app.example.com"
    changed = f"{scheme}://{host[:at]}{letter}{host[at + 1 :]}"
    is_same = changed.partition("://")[2] == host
    assert is_typo(changed, APP) is not is_same
    if not is_same:
        assert [fix.changes for fix in explanation_of(changed).fixes] == [{}]


def test_what_has_no_host_is_not_a_typo() -> None:
    assert not is_typo("null", APP)
    assert not is_typo(APP, "null")
