"""The comparison of two policies agrees with what pages can do with each of them.

Pairs of policies are generated, mostly one with a changed copy of it. What a page can do is taken
from the headers of the responses and a browser's checks, which know neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.diff import (
    Comparison,
    Difference,
    DifferenceKind,
    Direction,
    Relation,
    Witness,
    compare,
)
from tests.properties import naive
from tests.properties.naive_browser import cors_check, preflight_check
from tests.properties.strategies import (
    exact_origins,
    exposable_names,
    header_names,
    methods,
    near_misses,
    patterns,
    setups,
)

MIRROR = {
    Direction.WIDER: Direction.NARROWER,
    Direction.NARROWER: Direction.WIDER,
}
GOVERNED = {
    DifferenceKind.NEWLY_GOVERNED: DifferenceKind.NO_LONGER_GOVERNED,
    DifferenceKind.NO_LONGER_GOVERNED: DifferenceKind.NEWLY_GOVERNED,
}

REGEXES = [
    r"https://(a|b|ab)\.example",
    r"https://[a-z]+\.com",
    r"https://(.*\.)?example\.com(:\d+)?",
    r"https://pr-\d+\.(a|b)\.com",
    r"http://localhost:\d+",
    r"https://(a|b)\.example|null",
    r"https://(?=a)[a-z]+\.example",
]
"""The last one is not read."""

REGEX_ORIGINS = [
    "https://a.example",
    "https://ab.example",
    "https://ac.example",
    "https://xy.com",
    "https://example.com",
    "https://a.b.example.com:3000",
    "https://pr-7.a.com",
    "http://localhost:3000",
    "http://localhost",
    "null",
    "file://",
]

Pair = tuple[CorsPolicy, CorsPolicy]

FEWER = settings(max_examples=max(50, settings().max_examples // 4))
"""The other property tries the same pairs."""


def build(arguments: dict[str, Any]) -> CorsPolicy:
    cls = RegexCorsPolicy if arguments.get("allow_origin_regexes") else CorsPolicy
    try:
        return cls(**arguments)
    except PolicyError as error:
        risks = sorted({problem.code for problem in error.problems})
        return cls(**{**arguments, "accept_risks": risks})


def entries(name: str, value: Any) -> st.SearchStrategy[Any]:
    some = {
        "allow_origins": patterns,
        "allow_methods": methods.filter(str.isupper) | st.just("*"),
        "allow_headers": header_names | st.just("*"),
        "expose_headers": exposable_names | st.just("*"),
    }
    if name not in some:
        return {
            "allow_credentials": st.booleans(),
            "allow_private_network": st.booleans(),
            "max_age": st.sampled_from([None, 0, 5, 600]),
            "preflight_status": st.sampled_from([200, 204]),
        }.get(name, st.just(value))
    subsets = st.lists(st.sampled_from(value), unique=True) if value else st.just([])
    return st.tuples(subsets, st.lists(some[name], max_size=2)).map(
        lambda both: [*both[0], *both[1]]
    )


@st.composite
def policies(draw: st.DrawFn, like: dict[str, Any] | None = None) -> dict[str, Any]:
    """Draw the arguments of a policy; `like` are those of one that it is a changed copy of."""
    arguments = {**(like or draw(setups()).arguments)}
    arguments.pop("accept_risks", None)
    if like is not None:
        for name in draw(st.sets(st.sampled_from(sorted(arguments)), min_size=1, max_size=3)):
            arguments[name] = draw(entries(name, arguments[name]))
    # They take long to validate, above all with credentials.
    if draw(st.integers(0, 7)) == 0:
        arguments["allow_credentials"] &= draw(st.integers(0, 3)) == 0
        arguments["allow_origin_regexes"] = draw(
            st.lists(st.sampled_from(REGEXES), min_size=1, max_size=2, unique=True)
        )
    if arguments["allow_credentials"]:
        arguments["allow_origins"] = [
            each for each in arguments["allow_origins"] if each not in ("*", "null")
        ]
        arguments["expose_headers"] = [each for each in arguments["expose_headers"] if each != "*"]
        regexes = arguments.get("allow_origin_regexes", [])
        arguments["allow_origin_regexes"] = [each for each in regexes if "null" not in each]
    if "*" in arguments["allow_origins"]:
        arguments["allow_origins"] = ["*"]
    if not arguments.get("allow_origin_regexes"):
        arguments.pop("allow_origin_regexes", None)
    if not arguments["allow_origins"] and not arguments.get("allow_origin_regexes"):
        arguments["allow_origins"] = [draw(patterns)]
    return arguments


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Pair, list[str]]:
    """Draw two policies, and origins that are near to what they allow."""
    old = draw(policies())
    new = draw(policies(old if draw(st.integers(0, 4)) else None))
    pool = [
        each for each in (*old["allow_origins"], *new["allow_origins"]) if each not in ("*", "null")
    ]
    some = st.sampled_from(REGEX_ORIGINS) | exact_origins
    origins = draw(st.lists(near_misses(pool) if pool else some, min_size=3, max_size=8))
    origins += draw(st.lists(some, max_size=5))
    return (build(old), build(new)), [each for each in origins if naive.is_origin(each)]


class Call(NamedTuple):
    origin: str
    method: str
    headers: tuple[str, ...]
    credentials: bool


def exposed_by(policy: CorsPolicy, call: Call) -> set[str] | None:
    """Return the headers that a page can read, in addition to the safelisted; None if nothing."""
    if call.method not in ("GET", "HEAD", "POST") or call.headers:
        decision = policy.decide(
            "OPTIONS",
            origin=call.origin,
            request_method=call.method,
            request_headers=",".join(call.headers) or None,
        )
        if not preflight_check(
            call.origin,
            call.method,
            call.headers,
            decision.status,
            decision.headers,
            credentials=call.credentials,
        ):
            return None
    headers = dict(policy.decide(call.method, origin=call.origin).headers)
    if not cors_check(call.origin, headers.items(), credentials=call.credentials):
        return None
    return {*headers.get("Access-Control-Expose-Headers", "").split(", ")} - {""}


def is_private_granted(policy: CorsPolicy, origin: str) -> bool:
    decision = policy.decide(
        "OPTIONS", origin=origin, request_method="GET", request_private_network="true"
    )
    return ("Access-Control-Allow-Private-Network", "true") in decision.headers


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND", "FOO"]
HEADERS = ["authorization", "content-type", "x-a", "x-b", "x-csrf", "x-other", "range", "accept"]


def calls(origins: list[str]) -> Iterator[Call]:
    for origin, credentials in product(origins, (False, True)):
        for method in METHODS:
            yield Call(origin, method, (), credentials)
        for name in HEADERS:
            yield Call(origin, "PUT" if name == "x-a" else "GET", (name,), credentials)


def gains(policy: CorsPolicy, other: CorsPolicy, origins: list[str]) -> Iterator[object]:
    """Yield what pages can do with one policy, and not with the other."""
    for call in calls(origins):
        exposed = exposed_by(policy, call)
        if exposed is None:
            continue
        known = exposed_by(other, call)
        if known is None:
            yield call
        elif "*" not in known and exposed - known:
            yield call, exposed - known
    for origin in origins:
        if is_private_granted(policy, origin) and not is_private_granted(other, origin):
            yield origin, "private network"


def can_do(policy: CorsPolicy | None, witness: Witness) -> bool:
    if policy is None:
        return False
    if witness.private_network:
        return is_private_granted(policy, witness.origin)
    exposed = exposed_by(
        policy,
        Call(witness.origin, witness.method, witness.request_headers, witness.credentials),
    )
    if exposed is None:
        return False
    return "*" in exposed or exposed.issuperset(witness.response_headers)


def check_witnesses(comparison: Comparison, old: Any, new: Any) -> None:
    for difference in comparison.differences:
        witness = difference.witness
        if witness is None:
            continue
        assert naive.is_origin(witness.origin)
        done = [can_do(each.policy_for(witness.path), witness) for each in (old, new)]
        assert done[0] != done[1], difference
        if difference.direction is not Direction.UNKNOWN:
            assert done[1] == (difference.direction is Direction.WIDER), difference


@given(pairs())
def test_relation_agrees_with_what_pages_can_do(given: tuple[Pair, list[str]]) -> None:
    (old, new), origins = given
    comparison = compare(old, new)
    event(comparison.relation.value)
    check_witnesses(comparison, old, new)
    found = {
        Direction.WIDER: [*gains(new, old, origins)],
        Direction.NARROWER: [*gains(old, new, origins)],
    }
    directions = {each.direction for each in comparison.differences}
    for direction, gained in found.items():
        assert not gained or {direction, Direction.UNKNOWN} & directions, gained
    for difference in comparison.differences:
        if difference.direction in found:
            assert difference.witness is not None or unread_regexes(old, new), difference
        elif difference.direction is Direction.UNKNOWN:
            assert unread_regexes(old, new), difference


def unread_regexes(*found: CorsPolicy) -> set[str]:
    return {
        regex.pattern
        for policy in found
        for regex in getattr(policy, "allow_origin_regexes", ())
        if "(?=" in regex.pattern
    }


def reflect(difference: Difference) -> Difference:
    """Return the difference the other way, as far as it is compared."""
    direction = MIRROR.get(difference.direction, difference.direction)
    if difference.kind is DifferenceKind.ORIGINS and difference.witness is None:
        # It cannot be determined: only what may widen is unknown.
        is_unknown = difference.direction is Direction.UNKNOWN
        direction = Direction.NARROWER if is_unknown else Direction.UNKNOWN
    kind = GOVERNED.get(difference.kind, difference.kind)
    values = mirror_ages(difference.kind, difference.values)
    return replace(difference, kind=kind, direction=direction, values=values)


def check_mirror(there: Comparison, back: Comparison) -> None:
    reflected = Comparison(tuple(map(reflect, there.differences)))
    assert reflected.relation is back.relation
    assert {
        (each.kind, each.direction, each.paths, each.values) for each in reflected.differences
    } == {(each.kind, each.direction, each.paths, each.values) for each in back.differences}


@FEWER
@given(pairs())
def test_comparisons_mirror_each_other(given: tuple[Pair, list[str]]) -> None:
    old, new = given[0]
    check_mirror(compare(old, new), compare(new, old))


def mirror_ages(kind: DifferenceKind, values: tuple[str, ...]) -> tuple[str, ...]:
    return values[::-1] if kind is DifferenceKind.MAX_AGE else values


@FEWER
@given(policies(), st.data())
def test_fewer_entries_never_widen(arguments: dict[str, Any], data: st.DataObject) -> None:
    regexes = data.draw(st.lists(st.sampled_from(REGEXES[-2:]), unique=True))
    if regexes and not arguments["allow_credentials"]:
        arguments["allow_origin_regexes"] = regexes
    fewer = {
        name: data.draw(st.lists(st.sampled_from(value), unique=True)) if value else value
        for name, value in arguments.items()
        if isinstance(value, list)
    }
    old = build(arguments)
    if not fewer.get("allow_origin_regexes"):
        fewer.pop("allow_origin_regexes", None)
        arguments.pop("allow_origin_regexes", None)
    has_origins = fewer["allow_origins"] or "allow_origin_regexes" in fewer
    new = build({**arguments, **fewer}) if has_origins else CorsPolicy.deny_all()
    comparison = compare(old, new)
    event(comparison.relation.value)
    assert comparison.relation in (Relation.SAME, Relation.NARROWER)
    assert Relation.SAME is compare(new, new).relation


@FEWER
@given(policies())
def test_same_arguments_are_the_same(arguments: dict[str, Any]) -> None:
    # An accepted risk, the order and the status change the text only.
    other = {
        name: value[::-1] if isinstance(value, list) else value for name, value in arguments.items()
    }
    assert compare(build(arguments), build({**other, "preflight_status": 201})) == Comparison()
    assert re.fullmatch("The new policy allows the same .*", str(Comparison()))
