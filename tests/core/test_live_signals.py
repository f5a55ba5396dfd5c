"""Live policies that a signal handler uses, in the middle of whatever it interrupts."""

from __future__ import annotations

import subprocess
import sys

import pytest

from corekit import CorsPolicy, LivePolicy, WideningError, live
from corekit.extended import extend_live
from corekit.snapshots import Rules, SnapshotReader
from tests.interrupting import ends, interrupt, raise_interrupt

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"])
CANDIDATE = CorsPolicy(allow_origins=["https://candidate.example.com"])
SHOP = "https://shop-1.example"


@pytest.fixture
def holder() -> LivePolicy:
    return LivePolicy(APP)


def test_policy_of_a_handler_stays(holder: LivePolicy, caplog: pytest.LogCaptureFixture) -> None:
    """A policy that was set in an emergency is not replaced by what it interrupted."""
    caplog.set_level("INFO", "corekit.live")
    nothing, found, generations = CorsPolicy.deny_all(), list[bool](), list[int]()

    def interrupt_calls() -> None:
        generation = holder.generation
        for _ in interrupt(
            live,
            function=lambda: holder.replace(ADMIN),
            handler=lambda: holder.replace(nothing),
        ):
            found.append(holder.policy is nothing)
            generations.append(holder.generation - generation)
            generation = holder.generation
            # A policy that another one was faster than is not logged.
            assert len(caplog.records) == generations[-1]
            caplog.clear()

    assert ends(interrupt_calls)
    # The first handlers run before the call has begun with anything.
    first = found.index(True)
    assert first < 10 < len(found) - first
    assert found == [False] * first + [True] * (len(found) - first)
    assert set(generations[:first]) == {2}
    assert 1 in generations[first:]
    assert generations[-1] == 2


def test_policy_that_is_refused_in_a_handler_changes_nothing() -> None:
    holder = LivePolicy(APP, on_widen="refuse")

    def refuse() -> None:
        with pytest.raises(WideningError):
            holder.replace(APP.replace(allow_methods=["PUT"]))

    def interrupt_calls() -> None:
        for _ in interrupt(live, function=lambda: holder.replace(nothing), handler=refuse):
            assert holder.policy is nothing

    nothing = CorsPolicy.deny_all()
    assert ends(interrupt_calls)


def test_other_changes_of_a_handler_are_kept(holder: LivePolicy) -> None:
    reader = SnapshotReader(Rules.of(APP))
    reader.read([SHOP])
    snapshot = reader.finish()

    def change() -> None:
        holder.candidate = CANDIDATE
        extend_live(holder, snapshot)

    def replace() -> None:
        nonlocal holder
        holder = LivePolicy(APP)
        holder.replace(ADMIN)

    def interrupt_calls() -> None:
        for _ in interrupt(live, function=replace, handler=change):
            if holder.generation == 3:  # not the holder before, at the first calls
                assert holder.policy.allow_origins == (*ADMIN.allow_origins, SHOP)  # type: ignore[union-attr]
                assert holder.candidate is CANDIDATE

    assert ends(interrupt_calls)


def test_handler_that_raises_leaves_nothing_locked(holder: LivePolicy) -> None:
    policies = [APP, ADMIN]

    def replace() -> None:
        policies.reverse()
        holder.replace(policies[0])

    for _ in interrupt(live, function=replace, handler=raise_interrupt):
        assert ends(replace, 5)


def test_handler_need_not_import() -> None:
    """It may have interrupted the import of the same module, which lacks names then."""
    code = (
        "import sys; from corekit import CorsPolicy, LivePolicy\n"
        "nothing = CorsPolicy.deny_all()\n"
        "live, before = LivePolicy(nothing), set(sys.modules)\n"
        "live.replace(nothing)\n"
        "print(*(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    assert not [each for each in done.stdout.split() if each.startswith("corekit")]
