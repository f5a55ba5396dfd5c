"""The advice on a look-up: reported where browsers cache a preflight response for too long."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.lint import lint_lookup
from corekit.problems import Dialect
from corekit_lookups import OriginLookup

POLICY: Final = CorsPolicy(allow_origins=["https://app.example.com"])
PUBLIC: Final = CorsPolicy(allow_origins=["*"], max_age=600)


def look_up(**arguments: Any) -> OriginLookup:
    return OriginLookup(lambda origin: False, **arguments)


@pytest.mark.parametrize(
    ("max_age", "ttl", "is_reported"),
    [
        (600, 60, True),
        (61, 60, True),
        (60, 60, False),
        (59, 60, False),
        (0, 0, False),
        (1, 0.5, True),
        (None, 60, False),
        (None, 5, False),
        (None, 4.5, True),
    ],
)
def test_max_age_is_compared_with_ttl(max_age: int | None, ttl: float, is_reported: bool) -> None:
    found = lint_lookup(look_up(ttl=ttl), POLICY.replace(max_age=max_age))
    expected = [("info", "max-age-over-ttl", "max_age", max_age)] * is_reported
    assert [(each.severity, each.code, each.subject, each.value) for each in found] == expected


def test_texts_name_both_times() -> None:
    (found,) = lint_lookup(look_up(), POLICY.replace(max_age=600))
    assert found.message == (
        "Browsers may send requests of an origin that was removed for 600 seconds, without a"
        " preflight. The look-up remembers an origin for only 60 seconds (ttl)."
    )
    assert found.hint == (
        "Set it to at most 60. Or keep it, if removed origins may send, though not read, that long."
    )
    (found,) = lint_lookup(look_up(ttl=0.5), POLICY)
    assert "for 5 seconds" in found.message
    assert "for only 0.5 seconds (ttl)" in found.message


@pytest.mark.parametrize("policy", [PUBLIC, CorsPolicy.deny_all()])
def test_policy_whose_origins_are_not_looked_up(policy: CorsPolicy) -> None:
    assert lint_lookup(look_up(), policy) == ()


def test_each_route_is_named() -> None:
    long = POLICY.replace(max_age=600)
    routes = CorsRoutes([("/a/", long), ("/b/", POLICY), ("/c/", PUBLIC), ("/", long)])
    found = lint_lookup(look_up(), routes)
    assert [(each.code, each.route) for each in found] == [
        ("max-age-over-ttl", "/a/"),
        ("max-age-over-ttl", "/"),
    ]


def test_live_policy_is_what_it_is_now() -> None:
    live = LivePolicy(POLICY)
    assert lint_lookup(look_up(), live) == ()
    live.replace(POLICY.replace(max_age=600))
    assert len(lint_lookup(look_up(), live)) == 1


class Other:
    """A look-up of another package, which does not say how long it remembers."""

    is_async = False

    def is_asked(self, engine: object, origin: str) -> bool:
        raise NotImplementedError

    def ask_sync(self, origin: str, request: object) -> Any:
        raise NotImplementedError

    async def ask_async(self, origin: str, request: object) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("lookup", [None, Other()])
def test_time_that_is_not_known(lookup: Any) -> None:
    assert lint_lookup(lookup, POLICY.replace(max_age=600)) == ()


def test_subject_is_the_users_own_setting() -> None:
    dialect = Dialect(names={"max_age": "CORS_PREFLIGHT_MAX_AGE"})
    given = {"allow_origins": ["https://app.example.com"], "max_age": 600}
    policy = CorsPolicy.from_mapping(given, dialect=dialect)
    (found,) = lint_lookup(look_up(), policy)
    assert found.subject == "CORS_PREFLIGHT_MAX_AGE"
