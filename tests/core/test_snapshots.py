"""Origins that are loaded from outside: by which rules they are read, and what they allow."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit._suffixes import _public_suffixes, _suffix_rules
from corekit.compat import RegexCorsPolicy
from corekit.diff import compare
from corekit.extended import extend
from corekit.snapshots import Rules, Snapshot, SnapshotReader, _is_plain
from tests.package.test_imports import ROOT

APP: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
OTHER: Final = "https://shop-2.example"

PLAIN: Final = CorsPolicy(
    allow_origins=[APP, "https://*.example.com"], allow_methods=["PUT"], max_age=600
)
LOGGED_IN: Final = PLAIN.replace(allow_credentials=True, expose_headers=["x-id"])


def load(
    rows: Any, policy: CorsPolicy = LOGGED_IN, previous: Snapshot | None = None, **rules: Any
) -> Snapshot:
    reader = SnapshotReader(Rules.of(policy, **rules), previous)
    reader.read(rows)
    return reader.finish()


ROWS: Final = (
    SHOP,
    "https://xn--mnchen-3ya.example",
    "https://xn--a.example",
    "https://a_b.example:8443",
    "https://192.0.2.1",
    "http://shop-1.example",
    "http://localhost:3000",
    "moz-extension://0a1b",
    "moz-extension://*",
    "capacitor://localhost",
    "null",
    "file://",
    "*",
    "https://*.example.org",
    "https://*.co.uk",
    "http://*.example.org",
    "https://exa*mple.*",
    "https://example.com/",
    "HTTPS://EXAMPLE.COM",
    "example.com",
    f"{SHOP}, {OTHER}",
    f" {SHOP}",
    f"{SHOP}\n",
    "https://(a|b).example",
    "wss://shop.example",
    "",
    None,
    17,
    SHOP.encode(),
    (SHOP,),
)
RISKS: Final = ("insecure-origin", "opaque-origin", "public-suffix", "any-extension")


def problem_codes(row: Any, **settings: Any) -> set[str]:
    """Return the problems of an origin of a policy."""
    try:
        CorsPolicy(allow_origins=[row], **settings)
    except PolicyError as error:
        return {problem.code for problem in error.problems if problem.argument == "allow_origins"}
    return set()


@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("accepted", [(), ("insecure-origin",), RISKS])
@pytest.mark.parametrize("patterns", [False, True])
def test_rows_have_the_problems_of_origins(
    credentials: bool, accepted: tuple[str, ...], patterns: bool
) -> None:
    policy = PLAIN.replace(allow_credentials=credentials)
    rules = Rules.of(policy, accepted, allow_patterns=patterns)
    for row in ROWS:
        reader = SnapshotReader(rules)
        reader.read([SHOP, row])
        expected = problem_codes(row, allow_credentials=credentials, accept_risks=accepted)
        is_pattern = isinstance(row, str) and row.endswith((".org", ".uk", "//*", "-*"))
        if row == "*" or ("*" in str(row) and is_pattern and not patterns):
            expected = {"pattern-in-rows"}
        assert {problem.code for problem in reader.problems} == expected, row
        for problem in reader.problems:
            assert (problem.subject, problem.index) == ("rows[1]", 1)
            assert (problem.argument, problem.value) == ("rows", row)
        assert set(reader.finish()) == {SHOP, *(() if expected else (row,))}


NAMES: Final = st.from_regex(
    r"https://([a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\.){1,4}[a-z]{2,8}", fullmatch=True
).filter(_is_plain)


@given(NAMES, st.booleans())
def test_plain_rows_have_no_problem(row: str, credentials: bool) -> None:
    assert problem_codes(row, allow_credentials=credentials) == set()


def test_risks_that_the_policy_accepts_are_accepted_for_rows() -> None:
    policy = CorsPolicy(
        allow_origins=["http://app.example.com"],
        allow_credentials=True,
        accept_risks=["insecure-origin"],
    )
    assert "http://shop-1.example" in load(["http://shop-1.example"], policy)
    assert "http://shop-1.example" not in load(["http://shop-1.example"], LOGGED_IN)


def test_unknown_risk_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^accept_risks has 'http'\. Pass some of 'any-ext"):
        Rules.of(PLAIN, ["http"])


def test_no_row_allows_any_origin() -> None:
    for patterns in (False, True):
        snapshot = load(["*", SHOP], PLAIN, allow_patterns=patterns)
        extended = extend(PLAIN, snapshot)
        assert isinstance(extended, CorsPolicy)
        assert not extended.engine.allows("https://evil.example")
        assert snapshot.size == 1


def test_public_suffixes_are_read_before_the_first_row() -> None:
    """That takes long, so it is not done while requests are answered."""
    lists = (_public_suffixes, _suffix_rules)
    for each in lists:
        each.cache_clear()
    SnapshotReader(Rules.of(LOGGED_IN))
    assert [each.cache_info().currsize for each in lists] == [0, 0]
    reader = SnapshotReader(Rules.of(LOGGED_IN, allow_patterns=True))
    found = [each.cache_info() for each in lists]
    assert [each.currsize for each in found] == [1, 1]
    reader.read(["https://*.shop.example"])
    assert [each.cache_info().misses for each in lists] == [each.misses for each in found]


def test_problems_are_counted_and_few_are_kept() -> None:
    reader = SnapshotReader(Rules.of(PLAIN))
    for _ in range(3):
        reader.read(["nonsense"] * 50)
    assert (reader.problem_count, len(reader.problems), reader.count) == (150, 100, 150)
    assert [problem.index for problem in reader.problems] == list(range(100))
    assert not reader.finish()


PROBES: Final = (
    "https://*.example.org",
    APP,
    SHOP,
    OTHER,
    "https://x.example.com",
    "https://tenant.example.org",
    "https://deep.tenant.example.org",
    "https://example.org",
    f"{SHOP}.evil.example",
    f"{SHOP}:8443",
    SHOP.upper(),
    "null",
    "",
    "nonsense",
)


@pytest.mark.parametrize("static", [PLAIN, LOGGED_IN])
def test_rows_are_allowed_like_entries_of_the_policy(static: CorsPolicy) -> None:
    rows = [SHOP, "https://*.example.org"]
    extended = extend(static, load(rows, static, allow_patterns=True))
    assert isinstance(extended, CorsPolicy)
    listed = static.replace(allow_origins=[*static.allow_origins, *rows])
    for origin in PROBES:
        for method, requested in (("GET", None), ("OPTIONS", "PUT"), ("OPTIONS", "DELETE")):
            ours, theirs = (
                each.decide(method, origin=origin, request_method=requested)
                for each in (extended, listed)
            )
            assert ours.headers == theirs.headers
            assert (ours.vary, ours.status, ours.reason) == (
                theirs.vary,
                theirs.status,
                theirs.reason,
            )
            assert ours.rule == theirs.rule
    for extended_engine, engine in (
        (extended.engine, listed.engine),
        (extended.uncached.engine, listed.uncached.engine),
    ):
        for origin in PROBES:
            answers = [
                each.preflight(origin, "PUT", None, None) for each in (extended_engine, engine)
            ]
            assert answers[0].headers == answers[1].headers
    assert sorted(extended.allow_origins) == sorted(listed.allow_origins)
    assert compare(extended, listed).relation.value == "same"
    assert compare(static, extended).widens


def test_regexes_of_the_policy_stay() -> None:
    static = RegexCorsPolicy(allow_origin_regexes=[r"https://pr-\d+\.example\.com"])
    extended = extend(static, load([SHOP], static))
    assert isinstance(extended, RegexCorsPolicy)
    assert extended.allow_origin_regexes == static.allow_origin_regexes
    rules = {
        origin: extended.engine.find_rule(origin)
        for origin in (SHOP, "https://pr-1.example.com", OTHER)
    }
    assert rules == {
        SHOP: SHOP,
        "https://pr-1.example.com": r"https://pr-\d+\.example\.com",
        OTHER: None,
    }


def test_policy_of_exact_origins_has_no_other_rule() -> None:
    static = CorsPolicy(allow_origins=[APP])
    extended = extend(static, load([SHOP], static))
    assert isinstance(extended, CorsPolicy)
    assert [extended.engine.find_rule(each) for each in (APP, SHOP, OTHER)] == [APP, SHOP, None]


@pytest.mark.parametrize(
    "policy",
    [CorsPolicy(allow_origins=["*"]), CorsPolicy.deny_all(), RegexCorsPolicy.deny_all()],
)
def test_policy_for_any_or_for_none_stays_as_it_is(policy: CorsPolicy) -> None:
    assert extend(policy, load([SHOP])) is policy


def extended_policy() -> CorsPolicy:
    policy = extend(LOGGED_IN, load([SHOP]))
    assert isinstance(policy, CorsPolicy)
    return policy


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))]
)
def test_copies_are_equal(make: Any) -> None:
    policy = extended_policy()
    other = make(policy)
    assert other == policy
    assert hash(other) == hash(policy)
    assert other.fingerprint == policy.fingerprint
    assert other.decide("GET", origin=SHOP).allowed


def test_equality_depends_on_the_rows_and_on_the_policy() -> None:
    policy = extended_policy()
    assert policy != LOGGED_IN
    assert policy != extend(LOGGED_IN, load([SHOP, OTHER]))
    assert policy != extend(PLAIN, load([SHOP], PLAIN))
    assert load([SHOP]) != load([OTHER])
    assert load([SHOP]) != SHOP
    assert load([SHOP, OTHER, SHOP]) == load([OTHER, SHOP])
    assert len({load([SHOP]), load([SHOP])}) == 1


def test_other_arguments_are_those_of_the_policy() -> None:
    assert LOGGED_IN.uncached.max_age == 0
    policy = extended_policy()
    assert policy.max_age == 600
    assert policy.uncached.engine.allows(SHOP)
    assert policy.allow_methods == LOGGED_IN.allow_methods
    assert policy.engine.may_look_up
    assert policy.engine_for([OTHER]).allows(OTHER)
    assert repr(policy) == f"<{LOGGED_IN!r} with 1 rows>"
    assert repr(load([SHOP])) == "<Snapshot of 1 rows>"
    changed = policy.replace(max_age=0)
    assert (changed.max_age, changed.engine.allows(SHOP)) == (0, True)
    assert changed.uncached is changed
    assert policy.uncached.max_age == 0


def test_rows_and_policy_have_one_fingerprint_each() -> None:
    prints = {
        extended_policy().fingerprint,
        LOGGED_IN.fingerprint,
        extend(LOGGED_IN, load([OTHER])).fingerprint,
        extend(PLAIN, load([SHOP], PLAIN)).fingerprint,
    }
    assert len(prints) == 4


def test_fingerprint_is_the_same_in_every_process() -> None:
    script = (
        "from corekit import CorsPolicy\n"
        "from corekit.extended import extend\n"
        "from corekit.snapshots import Rules, SnapshotReader\n"
        "policy = CorsPolicy(allow_origins=['https://app.example.com'])\n"
        "reader = SnapshotReader(Rules.of(policy))\n"
        "reader.read([f'https://shop-{number}.example' for number in range(50)])\n"
        "print(extend(policy, reader.finish()).fingerprint)\n"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1
    assert len(prints.pop()) == 13


SHOPS: Final = st.sets(st.integers(0, 40).map(lambda number: f"https://shop-{number}.example"))


@given(SHOPS, SHOPS)
def test_next_snapshot_shares_what_is_equal(before: set[str], after: set[str]) -> None:
    old = load(before)
    reader = SnapshotReader(Rules.of(LOGGED_IN), old)
    reader.read(after)
    new = reader.finish()
    changes = [*new.changes_since(old)]
    assert {row for added, _ in changes for row in added} == after - before
    assert {row for _, removed in changes for row in removed} == before - after
    assert (new == old) is (before == after)
    assert new == load(after)
    assert set(new) == after
    assert len(new) == len(after)
    if before == after:
        assert old.tables_not_in(new) == []
        assert {row for table in reader.unused for row in table} == after
    for row in before | after:
        assert (row in new) is new.has_row(row) is (row in after)


ROUTES: Final = CorsRoutes([("/api/", LOGGED_IN), ("/", PLAIN)])


def test_rows_are_read_again_for_a_policy_with_other_rules() -> None:
    snapshot = load(
        ["http://shop-1.example", SHOP, "https://*.example.org"], PLAIN, allow_patterns=True
    )
    assert len(snapshot) == 3
    extended = extend(LOGGED_IN, snapshot)
    assert isinstance(extended, CorsPolicy)
    assert not extended.engine.allows("http://shop-1.example")
    assert extended.engine.allows(SHOP)
    assert extended.engine.allows("https://a.example.org")


def test_rows_are_read_again_in_steps_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"https://shop-{number}.example" for number in range(100)]
    snapshot = load([*rows, "http://shop.example"], PLAIN)
    assert len(list(snapshot.read_again(Rules.of(LOGGED_IN)))) > 100
    monkeypatch.delattr(SnapshotReader, "read")
    assert list(snapshot.read_again(Rules.of(LOGGED_IN))) == []
    assert list(snapshot.read_again(snapshot.rules)) == []
    found = [extend(policy, snapshot).engine for policy in (PLAIN, LOGGED_IN)]
    assert all(engine is not None and engine.allows(rows[0]) for engine in found)
    assert [engine is not None and engine.allows("http://shop.example") for engine in found] == [
        True,
        False,
    ]
