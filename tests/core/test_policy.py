"""A policy is an immutable value that can be copied, pickled and compared."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError
from tests.core.rejections import APP

FULL: dict[str, Any] = {
    "allow_origins": [APP, "https://*.example.com", "http://localhost:*"],
    "allow_credentials": True,
    "allow_methods": ["PUT", "PATCH", "DELETE"],
    "allow_headers": ["authorization", "x-csrftoken"],
    "expose_headers": ["x-request-id", "etag"],
    "max_age": 600,
    "allow_private_network": True,
    "preflight_status": 200,
}
POLICIES = [
    CorsPolicy(allow_origins=[APP]),
    CorsPolicy(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"], expose_headers=["*"]),
    CorsPolicy(allow_origins=["null"], accept_risks=["opaque-origin"], max_age=0),
    CorsPolicy(**FULL),
    CorsPolicy.deny_all(),
]
each_policy = pytest.mark.parametrize("policy", POLICIES, ids=repr)


@each_policy
@pytest.mark.parametrize("name", [*FULL, "engine", "accept_risks", "other"])
def test_policy_is_immutable(policy: CorsPolicy, name: str) -> None:
    before = repr(policy)
    with pytest.raises(AttributeError, match="immutable"):
        setattr(policy, name, ("*",))
    with pytest.raises(AttributeError, match=r"^a policy is immutable$"):
        delattr(policy, name)
    assert repr(policy) == before
    assert not hasattr(policy, "__dict__")


def test_changed_arguments_do_not_change_the_policy() -> None:
    origins, headers = [APP], ["x-a"]
    policy = CorsPolicy(allow_origins=origins, allow_headers=headers)
    origins.append("https://evil.example")
    headers.append("x-b")
    assert not policy.decide("GET", origin="https://evil.example").allowed
    assert policy.allow_headers == ("x-a",)


@each_policy
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_policy_can_be_pickled(policy: CorsPolicy, protocol: int) -> None:
    other = pickle.loads(pickle.dumps(policy, protocol))
    assert other == policy
    assert hash(other) == hash(policy)
    for origin in (None, APP, "http://localhost:1", "null", "https://evil.test"):
        assert other.decide("GET", origin=origin) == policy.decide("GET", origin=origin)


@each_policy
def test_policy_can_be_copied_and_its_repr_evaluated(policy: CorsPolicy) -> None:
    for other in (copy.copy(policy), copy.deepcopy(policy), eval(repr(policy))):
        assert other == policy
        assert repr(other) == repr(policy)
        assert type(other) is CorsPolicy


def test_repr_has_only_the_arguments_that_were_set() -> None:
    assert repr(CorsPolicy(**FULL)) == (
        f"CorsPolicy(allow_origins=['{APP}', 'https://*.example.com', 'http://localhost:*'],"
        " allow_credentials=True, allow_methods=['PUT', 'PATCH', 'DELETE'],"
        " allow_headers=['authorization', 'x-csrftoken'], expose_headers=['x-request-id', 'etag'],"
        " max_age=600, allow_private_network=True, preflight_status=200)"
    )
    assert repr(POLICIES[2]) == (
        "CorsPolicy(allow_origins=['null'], max_age=0, accept_risks=['opaque-origin'])"
    )
    assert repr(CorsPolicy.deny_all()) == "CorsPolicy.deny_all()"


def test_order_case_and_duplicates_do_not_matter() -> None:
    policies = {
        CorsPolicy(
            **{**FULL, "allow_origins": list(order), "allow_headers": headers, "max_age": age}
        )
        for order in permutations(FULL["allow_origins"])
        for headers in (
            ["Authorization", "X-CSRFToken"],
            ["x-csrftoken", "authorization", "X-Csrftoken"],
        )
        for age in (600, timedelta(minutes=10))
    }
    assert policies == {CorsPolicy(**FULL)}


CHANGES: list[dict[str, Any]] = [
    {"allow_origins": [APP]},
    {"allow_credentials": False},
    {"allow_methods": ["PUT"]},
    {"allow_headers": []},
    {"expose_headers": ["etag"]},
    {"max_age": 601},
    {"max_age": None},
    {"allow_private_network": False},
    {"preflight_status": 204},
    {"allow_origins": ["http://a.example"], "accept_risks": ["insecure-origin"]},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_other_value_is_another_policy(change: dict[str, Any]) -> None:
    policy = CorsPolicy(**FULL)
    other = policy.replace(**change)
    assert other != policy
    assert other == CorsPolicy(**{**FULL, **change})
    assert policy == CorsPolicy(**FULL)


def test_hashes_differ() -> None:
    assert len({hash(CorsPolicy(**FULL).replace(**change)) for change in CHANGES}) > 1


def test_max_age_0_is_not_the_default() -> None:
    assert CorsPolicy(allow_origins=[APP], max_age=0) != CorsPolicy(allow_origins=[APP])


def test_replacement_is_validated() -> None:
    policy = CorsPolicy(allow_origins=["*"])
    with pytest.raises(PolicyError, match="any-origin-with-credentials"):
        policy.replace(allow_credentials=True)
    with pytest.raises(PolicyError, match="no-origins"):
        CorsPolicy.deny_all().replace(max_age=1)
    assert CorsPolicy.deny_all().replace(allow_origins=[APP]) == CorsPolicy(allow_origins=[APP])


class Subclass(CorsPolicy):
    """A subclass of a user."""

    __slots__ = ()


def test_subclass_is_preserved() -> None:
    policy = Subclass(allow_origins=[APP])
    assert type(policy.replace(max_age=1)) is Subclass
    assert type(Subclass.deny_all()) is Subclass
    assert repr(policy) == f"Subclass(allow_origins=['{APP}'])"
    assert type(pickle.loads(pickle.dumps(policy))) is Subclass
    assert type(copy.deepcopy(Subclass.deny_all())) is Subclass
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert policy != CorsPolicy(allow_origins=[APP])


def test_policy_does_not_equal_other_types() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    assert policy != repr(policy)
    assert policy != None  # noqa: E711 - the comparison itself is tested
    assert policy == policy.replace()


def test_policy_supports_weak_references() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    reference = weakref.ref(policy)
    assert reference() is policy
    del policy
    gc.collect()
    assert reference() is None


def test_policy_is_the_policy_for_every_path() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for path in ("", "/", "*", "/a/../b", "\ud800"):
        assert policy.policy_for(path) is policy


def test_deny_all_allows_nothing() -> None:
    policy = CorsPolicy.deny_all()
    assert policy.allow_origins == ()
    for origin in ("*", "null", "", APP):
        decision = policy.decide("GET", origin=origin)
        assert (decision.allowed, decision.headers, decision.vary) == (False, (), ("Origin",))
        preflight = policy.decide("OPTIONS", origin=origin, request_method="GET")
        assert (preflight.status, preflight.headers) == (403, ())
    assert policy.decide("GET").vary == ("Origin",)


def test_engine_can_be_built_for_other_origins() -> None:
    policy = CorsPolicy(**FULL)
    engine = policy.engine_for(frozenset({"https://tenant.example"}))
    answer = engine.preflight("https://tenant.example", "PUT", None, None)
    assert answer.headers == policy.engine.preflight(APP, "PUT", None, None).headers
    assert not engine.actual(APP).origin_allowed
