"""The origins that a service allows, by its documentation, are those of the policy, or refused."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit._automata import Automaton, intersection, union
from corekit._origin_kinds import automaton_of
from corekit._origins import is_serialized_origin
from corekit.export import Export, export_policy
from tests.export.services import SERVICES, Service, matcher_of
from tests.export.test_origins import ENTRIES, KINDS, SHORT_LABELS, find_outside, origins_of
from tests.properties.strategies import build, patterns

MORE: Final = [
    "https://a_b.example.com",
    "http://[::1]",
    "http://127.0.0.1:8000",
    "ftp://ftp.example.com",
    "https://*.example_1.com",
    "https://*.example.com.",
]

OPAQUE: Final = {"null", "app://", "file://"}

every_service = pytest.mark.parametrize("service", SERVICES, ids=str)


def policy_for(entries: list[str]) -> CorsPolicy:
    # Opaque origins can be allowed without credentials, and a bucket is exported with them.
    credentials = OPAQUE.isdisjoint(entries)
    return build({"allow_origins": entries, "allow_credentials": credentials}).policy


def refused(export: Export) -> set[object]:
    return {each.value for each in export.problems if each.code == "origin-not-exported"}


def matched(service: Service, export: Export) -> Automaton:
    """Return the origins that a service allows, of those that a browser sends."""
    found = union(automaton_of(matcher_of(each)) for each in service.read(export).origins)
    return intersection(found, KINDS)


def assert_equal(service: Service, export: Export, policy: CorsPolicy) -> None:
    one, other = matched(service, export), union(map(origins_of, policy.allow_origins))
    if any("//*" in entry for entry in policy.allow_origins):
        # The export names longer labels as a difference.
        assert any("63 characters" in each for each in export.differences)
        one, other = intersection(one, SHORT_LABELS), intersection(other, SHORT_LABELS)
    assert find_outside(one, other) is None
    assert find_outside(other, one) is None


@every_service
@pytest.mark.parametrize("entry", [*ENTRIES, *MORE])
def test_each_entry_is_equal_or_refused(entry: str, service: Service) -> None:
    policy = policy_for([entry])
    export = export_policy(policy, service.target)
    is_matchable = entry in service.matchable
    assert refused(export) == (set() if is_matchable else {entry})
    if is_matchable:
        assert export.problems == ()
        assert_equal(service, export, policy)


@every_service
@given(entries=st.lists(patterns, min_size=1, max_size=4, unique=True))
@settings(max_examples=50)
def test_all_entries_together_are_equal(entries: list[str], service: Service) -> None:
    policy = policy_for(entries)
    unmatched = refused(export_policy(policy, service.target))
    kept = [each for each in policy.allow_origins if each not in unmatched]
    if kept:
        policy = policy_for(kept)
        assert_equal(service, export_policy(policy, service.target), policy)


@pytest.mark.parametrize(
    ("entry", "origin"),
    [
        ("https://pr-*.example.com", "https://pr-1.evil.example.com"),
        ("http://192.168.1.*", "http://192.168.1.evil.example"),
        ("myapp://*", "myapp://a:1"),
        ("myapp://*.example.com", "myapp://a~b.example.com"),
    ],
)
def test_refused_pattern_would_match_other_origins(entry: str, origin: str) -> None:
    policy = policy_for([entry])
    assert not policy.decide("GET", origin=origin).allowed
    assert is_serialized_origin(origin)
    assert re.fullmatch(matcher_of(entry), origin)


@every_service
def test_any_origin_is_alone(service: Service) -> None:
    export = export_policy(CorsPolicy(allow_origins=["*"]), service.target)
    assert [*service.read(export).origins] == ["*"]


@every_service
def test_no_origins_are_refused(service: Service) -> None:
    export = export_policy(CorsPolicy.deny_all(), service.target)
    assert "no-origins-not-exported" in {each.code for each in export.problems}
