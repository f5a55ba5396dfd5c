"""Engines for an adapter's own container of origins: it cannot circumvent any rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import CorsPolicy, Decision, Reason, RequestKind
from corekit._containers import AnyOrigin
from corekit._origins import OriginPattern, OriginSet
from corekit.decision import Answer

APP = "https://app.example.com"
OTHER = "https://other.example"
WITH_CREDENTIALS = CorsPolicy(allow_origins=[APP], allow_credentials=True)
WITHOUT = CorsPolicy(allow_origins=[APP])


class Everything:
    """Says yes to all that it is asked for."""

    def __contains__(self, origin: str) -> bool:
        return True


class Narrow(OriginSet):
    """A set that is stricter than what it was made of."""

    def __contains__(self, origin: str) -> bool:
        return False


def allows(policy: CorsPolicy, origins: object, origin: str) -> bool:
    engine = policy.engine_for(origins)  # type: ignore[arg-type]
    actual = engine.actual(origin).origin_allowed
    assert engine.preflight(origin, "GET", None, None).origin_allowed is actual
    return actual


class Subset(OriginSet):
    """A set of an adapter."""


PATTERNS = [OriginPattern("https", "*", "example.com", "")]
CONTAINERS: dict[str, Callable[[str], object]] = {
    "everything": lambda origin: Everything(),
    "set": lambda origin: {origin},
    "dict": lambda origin: {origin: 1},
    "OriginSet": lambda origin: OriginSet([origin, OTHER]),
    "OriginSet with patterns": lambda origin: OriginSet([origin, OTHER], PATTERNS),
    "subclass of OriginSet": lambda origin: Subset([origin, OTHER], PATTERNS),
}
"""What may contain an origin that a policy would not."""

everywhere = pytest.mark.parametrize("contain", CONTAINERS.values(), ids=CONTAINERS.keys())


@everywhere
@pytest.mark.parametrize(
    "origin",
    [
        "x\r\nSet-Cookie: a=b",
        "*",
        "",
        f"{APP}/",
        f"{APP},{APP}",
        "https://*.example.com",
        "https://",
    ],
)
def test_malformed_origin_is_not_reflected(contain: Callable[[str], object], origin: str) -> None:
    assert not allows(WITH_CREDENTIALS, contain(origin), origin)
    assert not allows(WITHOUT, contain(origin), origin)


@everywhere
def test_opaque_origin_is_never_allowed_with_credentials(contain: Callable[[str], object]) -> None:
    for origin in ("null", "file://", "app://"):
        assert not allows(WITH_CREDENTIALS, contain(origin), origin)
        assert allows(WITHOUT, contain(origin), origin)


@everywhere
@pytest.mark.parametrize("policy", [WITH_CREDENTIALS, WITHOUT])
def test_serialized_origin_is_allowed(contain: Callable[[str], object], policy: CorsPolicy) -> None:
    assert allows(policy, contain("https://app.example"), "https://app.example")


@pytest.mark.parametrize("other", ["null", None, 1, "x"])
def test_invalid_member_leaves_the_others(other: object) -> None:
    origins = OriginSet([APP, other], PATTERNS)  # type: ignore[list-item]
    assert allows(WITH_CREDENTIALS, origins, APP)
    assert allows(WITH_CREDENTIALS, origins, "https://www.example.com")
    assert not allows(WITH_CREDENTIALS, origins, "https://www.example.org")
    assert WITH_CREDENTIALS.engine_for(origins).find_rule(APP) == APP


@pytest.mark.parametrize("origins", [APP, APP.encode()])
def test_single_string_is_an_error(origins: Any) -> None:
    # A part of it would be "in" it: https://app.example.co.
    with pytest.raises(TypeError, match=r"^origins is a single string. Pass a collection of"):
        WITHOUT.engine_for(origins)


def test_stricter_set_is_used() -> None:
    assert not allows(WITHOUT, Narrow([APP]), APP)
    assert allows(WITHOUT, OriginSet([APP]), APP)


def test_any_origin_is_refused_with_credentials() -> None:
    with pytest.raises(ValueError, match="any website could make requests"):
        WITH_CREDENTIALS.engine_for(AnyOrigin())
    assert allows(WITHOUT, AnyOrigin(), "https://untrusted.example")


def test_set_of_a_single_string_is_an_error() -> None:
    with pytest.raises(
        TypeError, match=r"^exact is a single string. Pass a collection of origins.$"
    ):
        OriginSet(APP)


def test_two_threads_may_compute_the_same_verdict() -> None:
    class Racing:
        """An engine whose verdict another thread computes at the same time."""

        def judge(self, *request: object) -> Reason:
            decision._reason = Reason.GRANTED
            return Reason.GRANTED

    answer = Answer(RequestKind.PREFLIGHT, True, 204, (), ())
    decision = Decision(answer, Racing(), APP)  # type: ignore[arg-type]
    assert decision.reason is Reason.GRANTED


def test_engine_for_own_origins_names_the_same_settings() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    engine = policy.engine_for({"https://tenant.example"})
    assert engine.dialect is policy.engine.dialect


def test_own_origins_need_no_rules() -> None:
    engine = CorsPolicy(allow_origins=["https://app.example.com"]).engine_for({"https://b.example"})
    assert engine.actual("https://b.example").origin_allowed
    assert engine.find_rule("https://b.example") is None
