"""Which origins are looked up: the rules of a policy, and never more than it grants."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy, Reason
from corekit.adapter import preflight_response, use_looked_up
from corekit.extended import extend
from corekit.lookups import LOOKUP_RISKS, may_look_up
from corekit.snapshots import Rules, SnapshotReader

LISTED: Final = ["https://example.com"]
plain: Final = CorsPolicy(allow_origins=LISTED, allow_methods=["PUT"], max_age=60)
credentials: Final = plain.replace(allow_credentials=True)
INSECURE: Final = ["insecure-origin"]


@pytest.mark.parametrize(
    ("policy", "origin", "accepted", "asked"),
    [
        (plain, "https://a.example", (), True),
        (credentials, "https://a.example", (), True),
        (credentials, "chrome-extension://abcdefghijklmnop", (), True),
        (plain, "http://a.example", (), True),
        (credentials, "http://a.example", (), False),
        (credentials, "http://a.example:8080", (), False),
        (credentials, "http://a.example", INSECURE, True),
        (credentials, "http://192.168.1.20", (), False),
        (credentials, "http://localhost:3000", (), True),
        (credentials, "http://127.0.0.1", (), True),
        (plain, "null", (), False),
        (credentials, "null", INSECURE, False),
        (plain, "file://", (), False),
        (plain, "app://", (), False),
        (plain, "https://a.example/", (), False),
        (plain, "", (), False),
        (CorsPolicy(allow_origins=["*"]), "https://a.example", (), False),
        (CorsPolicy.deny_all(), "https://a.example", (), False),
        (
            credentials.replace(allow_origins=["http://a.example"], accept_risks=INSECURE),
            "http://b.example",
            (),
            False,
        ),
    ],
)
def test_origins_are_asked_by_the_rules_of_the_policy(
    policy: CorsPolicy, origin: str, accepted: list[str], asked: bool
) -> None:
    assert may_look_up(policy.engine, origin, accepted) is asked


def test_look_up_grants_what_the_policy_grants() -> None:
    engine = credentials.engine.looked_up("allowed", allowed=True)
    assert engine.actual("https://a.example") == credentials.engine.actual(*LISTED)
    arguments: tuple[Any, ...] = ("PUT", None, None)
    expected = credentials.engine.preflight(*LISTED, *arguments)
    assert engine.preflight("https://a.example", *arguments) == expected
    assert engine.judge(expected, "https://a.example", "PUT", None) is Reason.GRANTED


@pytest.mark.parametrize("policy", [plain, credentials])
@pytest.mark.parametrize("origin", ["null", "file://", "https://a.example/", "", "a\r\nb: c"])
def test_look_up_allows_only_origins_of_pages(policy: CorsPolicy, origin: str) -> None:
    assert not policy.engine.looked_up("allowed", allowed=True).allows(origin)


@pytest.mark.parametrize("policy", [plain, credentials])
def test_ignorance_is_not_a_denial(policy: CorsPolicy) -> None:
    engine = policy.engine.looked_up("failed", allowed=None)
    actual = engine.actual("https://a.example")
    assert actual.lines == (("Cache-Control", "no-store"), ("Vary", "Origin"))
    assert engine.judge(actual, "https://a.example", None, None) is Reason.ORIGIN_UNKNOWN
    preflight = engine.preflight("https://a.example", "PUT", None, None)
    assert preflight_response(preflight, "https://a.example") == (
        503,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", "53"),
            ("Cache-Control", "no-store"),
            ("Retry-After", "1"),
            ("Vary", "Origin"),
        ],
        b"CORS: it is not known whether the origin is allowed.\n",
    )
    assert engine.actual(*LISTED) == policy.engine.actual(*LISTED)


def test_denied_origin_gets_what_others_get() -> None:
    engine = plain.engine.looked_up("denied", allowed=False)
    answer = engine.actual("https://a.example")
    assert answer == plain.engine.actual("https://a.example")
    assert engine.judge(answer, "https://a.example", None, None) is Reason.ORIGIN_NOT_ALLOWED


def test_engine_is_made_once_for_each_outcome() -> None:
    engine, uncached = plain.engine, plain.uncached.engine
    made = engine.looked_up("allowed", allowed=True)
    assert engine.looked_up("allowed", allowed=True) is made
    assert engine.looked_up("stale_allowed", allowed=True) is not made
    assert (engine.lookup, made.lookup) == (None, "allowed")
    assert made.source is engine.source
    for each in (uncached.looked_up("allowed", allowed=True), made.uncached):
        answer = each.preflight("https://a.example", "PUT", None, None)
        assert ("Access-Control-Max-Age", "0") in answer.headers
        assert each.lookup == "allowed"


def test_engine_of_a_snapshot_is_of_the_extended_policy() -> None:
    policy = plain.replace(max_age=1)
    policy.engine.looked_up("cached_allowed", allowed=True)
    extended = extend(policy, SnapshotReader(Rules.of(policy)).finish())
    assert isinstance(extended, CorsPolicy)
    assert extended.engine.recalled is None
    made = extended.engine.looked_up("cached_allowed", allowed=True)
    assert made.source is extended.engine.source
    assert extended.engine.recalled is made


@pytest.mark.parametrize("is_snapshot", [False, True], ids=["policy", "snapshot"])
def test_policy_of_a_handler_is_not_looked_up(is_snapshot: bool) -> None:
    policy: Any = plain.replace(max_age=2)
    if is_snapshot:
        policy = extend(policy, SnapshotReader(Rules.of(policy)).finish())
    own = policy.of_handler
    assert own == policy
    assert own is policy.of_handler
    assert own.engine.source is policy.engine.source
    assert (own.fingerprint, own.allow_origins) == (policy.fingerprint, policy.allow_origins)
    looked_up = policy.engine.looked_up("allowed", allowed=True)
    for each in (own, own.uncached):
        assert not each.engine.may_look_up
        assert each.engine.actual(*LISTED) == policy.engine.actual(*LISTED)
        assert use_looked_up(looked_up, each.engine) is each.engine
    assert policy.engine.may_look_up
    assert use_looked_up(looked_up, policy.engine) is looked_up
    assert use_looked_up(looked_up, CorsPolicy.deny_all().engine).denies_all
    assert use_looked_up(None, policy.engine) is policy.engine


def test_what_was_recalled_is_for_origins_with_a_host() -> None:
    engine = plain.engine.looked_up("cached_allowed", allowed=True)
    assert engine.actual("https://a.example").origin_allowed
    long = f"https://{'a.' * 200}example"
    for origin in ("null", "file://", "https://a.example/", "https://a.example\r\nX: y", long):
        assert not engine.actual(origin).origin_allowed


def test_risks_are_those_of_an_exact_origin() -> None:
    assert frozenset(INSECURE) == LOOKUP_RISKS
