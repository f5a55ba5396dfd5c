"""Fingerprints: the same for equal policies, in every process."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from itertools import pairwise
from threading import Thread, get_ident
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.arguments import ARGUMENTS
from corekit.compat import RegexCorsPolicy
from corekit.events import DecisionEvent

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"], allow_methods=["PUT"], max_age=600)

origins = st.lists(
    st.sampled_from(["https://a.example", "https://*.b.example", "capacitor://c"]), min_size=1
)
policies = st.builds(
    lambda cls, **grants: cls(**grants),
    cls=st.sampled_from([CorsPolicy, RegexCorsPolicy]),
    allow_origins=origins,
    allow_credentials=st.booleans(),
    allow_methods=st.lists(st.sampled_from(["PUT", "PATCH", "DELETE"])),
    allow_headers=st.lists(st.sampled_from(["x-a", "x-b", "authorization"])),
    expose_headers=st.lists(st.sampled_from(["x-a", "x-b"])),
    max_age=st.sampled_from([None, 0, 1, 600]),
    allow_private_network=st.booleans(),
    preflight_status=st.sampled_from([200, 204]),
)
tables = st.lists(
    st.tuples(st.sampled_from(["/a", "/b/", "/c/"]), policies),
    min_size=1,
    max_size=3,
    unique_by=lambda route: route[0],
).map(CorsRoutes)
held = policies | tables


@given(held, held)
def test_fingerprints_are_equal_if_policies_are(one: CorsPolicy, other: CorsPolicy) -> None:
    assert (one.fingerprint == other.fingerprint) is (one == other)
    assert LivePolicy(one).fingerprint == one.fingerprint
    assert re.fullmatch("[0-9a-f]{12}", one.fingerprint)


@given(policies)
def test_order_of_collections_does_not_count(policy: CorsPolicy) -> None:
    values: dict[str, Any] = {name: getattr(policy, name) for name in ARGUMENTS}
    turned: dict[str, Any] = {
        name: value[::-1] if isinstance(value, tuple) else value for name, value in values.items()
    }
    assert type(policy)(**turned).fingerprint == policy.fingerprint


def test_flags_of_regexes_count() -> None:
    one, other = (
        RegexCorsPolicy(allow_origin_regexes=[re.compile(r"https://[a-z]+\.example\.com", flags)])
        for flags in (0, re.IGNORECASE)
    )
    assert one.fingerprint != other.fingerprint


def test_order_of_routes_counts() -> None:
    one, other = (
        CorsRoutes(routes)
        for routes in ([("/a/", APP), ("/b/", ADMIN)], [("/b/", ADMIN), ("/a/", APP)])
    )
    assert one.fingerprint != other.fingerprint


def test_fingerprint_is_the_same_in_every_process() -> None:
    code = (
        "from corekit import CorsPolicy; print(CorsPolicy(allow_origins={'https://a.example', "
        "'https://b.example'}, allow_methods={'PUT', 'DELETE'}).fingerprint)"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
            env={"PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_copies_for_adapters_have_the_same() -> None:
    assert ADMIN.uncached.fingerprint == ADMIN.fingerprint
    engine = ADMIN.engine_for({"https://tenant.example"})
    assert engine.source.fingerprint == ADMIN.fingerprint


def test_event_names_the_policy() -> None:
    decision = APP.decide("GET", origin="https://a.example")
    event = DecisionEvent(decision, "wsgi", "GET", "/", "https://a.example")
    assert event.fingerprint == APP.fingerprint


def test_log_line_names_a_policy_that_can_be_replaced() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    decision = policy.decide("GET", origin="https://a.example")
    event = DecisionEvent(decision, "wsgi", "GET", "/", "https://a.example")
    assert event.describe().endswith(" [ORIGIN_NOT_ALLOWED]")
    LivePolicy(CorsRoutes([("/", policy)]))
    assert event.describe().endswith(f" [ORIGIN_NOT_ALLOWED, policy {policy.fingerprint}]")


@pytest.mark.skipif(not hasattr(time, "pthread_getcpuclockid"), reason="no clock of a thread")
def test_fingerprint_of_many_origins_does_not_stop_other_threads() -> None:
    """Sorting these origins takes 90 ms, in which no other thread runs."""
    policy = CorsPolicy(
        allow_origins=[f"https://shop-{number}.example" for number in range(100_000)]
    )
    clock = time.pthread_getcpuclockid(get_ident())
    seen = [time.clock_gettime(clock)]
    is_done = False

    def look() -> None:
        while not is_done:
            time.sleep(0.0003)
            seen.append(time.clock_gettime(clock))

    thread = Thread(target=look)
    thread.start()
    assert policy.fingerprint
    is_done = True
    thread.join(10)
    assert max(after - before for before, after in pairwise(seen)) < 0.045
