"""Engines for an adapter's own container of origins: it cannot circumvent any rule."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, Decision, Reason, RequestKind
from corekit._engine import AnyOrigin
from corekit._origins import OriginSet
from corekit.decision import Answer

APP = "https://app.example.com"
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


@pytest.mark.parametrize("origin", ["x\r\nSet-Cookie: a=b", "*", "", f"{APP}/", f"{APP},{APP}"])
def test_malformed_origin_is_not_reflected(origin: str) -> None:
    assert not allows(WITH_CREDENTIALS, Everything(), origin)
    assert not allows(WITHOUT, Everything(), origin)


def test_null_is_never_allowed_with_credentials() -> None:
    assert not allows(WITH_CREDENTIALS, Everything(), "null")
    assert allows(WITHOUT, Everything(), "null")


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
