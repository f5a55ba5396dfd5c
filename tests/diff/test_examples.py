"""The examples: the relation and the messages, word by word; results as text and for JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.diff import (
    Comparison,
    Difference,
    DifferenceKind,
    Direction,
    Relation,
    Witness,
    compare,
    grants,
    is_allowed,
)
from tests.diff.examples import APP, BASE, EXAMPLES, OPEN, UNREADABLE_BASE


@pytest.mark.parametrize(
    ("old", "new", "relation", "messages"),
    [each[1:] for each in EXAMPLES],
    ids=[each[0] for each in EXAMPLES],
)
def test_messages(old: CorsPolicy, new: CorsPolicy, relation: str, messages: list[str]) -> None:
    comparison = compare(old, new)
    assert [each.message for each in comparison.differences] == messages
    assert comparison.relation.value == relation
    assert comparison.widens == (relation in ("wider", "both", "unknown"))


def test_every_kind_and_direction_has_an_example() -> None:
    found = [each for _, old, new, *_ in EXAMPLES for each in compare(old, new).differences]
    governed = {DifferenceKind.NEWLY_GOVERNED, DifferenceKind.NO_LONGER_GOVERNED}
    assert {each.kind for each in found} == set(DifferenceKind) - governed
    assert {each.direction for each in found} == set(Direction)


@pytest.mark.parametrize(
    ("relation", "widens"),
    [("same", False), ("narrower", False), ("wider", True), ("both", True), ("unknown", True)],
)
def test_what_is_unknown_widens(relation: str, widens: bool) -> None:
    assert Relation(relation).widens is widens


def difference(direction: Direction) -> Difference:
    return Difference(DifferenceKind.METHODS, direction, "A sentence.")


@pytest.mark.parametrize(
    ("directions", "relation"),
    [
        ("", "same"),
        ("neutral", "same"),
        ("wider neutral", "wider"),
        ("narrower narrower", "narrower"),
        ("wider narrower unknown", "both"),
        ("wider unknown", "wider"),
        ("wider unknown neutral", "wider"),
        ("narrower unknown", "unknown"),
        ("unknown", "unknown"),
    ],
)
def test_relation_of_differences(directions: str, relation: str) -> None:
    found = tuple(difference(Direction(each)) for each in directions.split())
    comparison = Comparison(found)
    assert comparison.relation is Relation(relation)
    assert comparison.widens is Relation(relation).widens
    assert comparison.to_dict()["relation"] == relation


@pytest.mark.parametrize(
    ("directions", "sentence"),
    [
        ("wider", "The new policy is wider than the old one."),
        (
            "wider unknown",
            "The new policy is wider than the old one, and the rest cannot be determined.",
        ),
        (
            "wider unknown narrower",
            "The new policy is wider than the old one in part, and narrower in part.",
        ),
        (
            "unknown narrower",
            "Whether the new policy is wider than the old one cannot be determined.",
        ),
        ("narrower", "The new policy is narrower than the old one."),
    ],
)
def test_text_begins_with_the_relation(directions: str, sentence: str) -> None:
    found = tuple(difference(Direction(each)) for each in directions.split())
    assert str(Comparison(found)).splitlines() == [
        sentence,
        *[f"- {each}: A sentence." for each in directions.split()],
    ]


def test_text_has_at_most_ten_differences() -> None:
    comparison = Comparison((difference(Direction.WIDER),) * 12)
    assert str(comparison).splitlines() == [
        "The new policy is wider than the old one.",
        *["- wider: A sentence."] * 10,
        "- and 2 more differences",
    ]


def test_text_of_few_differences() -> None:
    assert str(compare(BASE, BASE.replace(max_age=7))).splitlines() == [
        "The new policy allows the same as the old one.",
        (
            "- neutral: Browsers may cache preflight responses of any path longer: 7 instead of 5 "
            "seconds."
        ),
    ]


def test_json() -> None:
    comparison = compare(BASE, BASE.replace(allow_methods=["PUT", "DELETE"], max_age=60))
    assert json.loads(json.dumps(comparison.to_dict())) == {
        "relation": "wider",
        "widens": True,
        "differences": [
            {
                "kind": "methods",
                "direction": "wider",
                "path": None,
                "paths": [],
                "message": f"A page at {APP} may now DELETE any path with the user's cookies and "
                "read the response; before, it could not.",
                "values": ["DELETE"],
                "count": 1,
                "witness": {
                    "origin": APP,
                    "method": "DELETE",
                    "path": "/",
                    "request_headers": [],
                    "credentials": True,
                    "response_headers": [],
                    "private_network": False,
                },
                "risk": 50,
            },
            {
                "kind": "max-age",
                "direction": "neutral",
                "path": None,
                "paths": [],
                "message": "Browsers may cache preflight responses of any path longer: 60 "
                "instead of 5 seconds.",
                "values": ["5", "60"],
                "count": 0,
                "witness": None,
                "risk": 0,
            },
        ],
    }


@pytest.mark.parametrize("other", [None, {"allow_origins": ["*"]}, "cors.toml"])
def test_only_policies_are_compared(other: Any) -> None:
    kind = type(other).__name__
    for name, pair in [("new", (OPEN, other)), ("old", (other, OPEN))]:
        with pytest.raises(
            TypeError, match=f"^{name} is of type {kind}. Pass a CorsPolicy or a CorsR"
        ):
            compare(*pair)
        with pytest.raises(TypeError, match=f"^{name} is the class CorsPolicy. Pass an instance"):
            compare(*(CorsPolicy if each is other else each for each in pair))  # type: ignore[arg-type]


def test_policy_of_a_live_policy_is_passed() -> None:
    live: Any = LivePolicy(OPEN)
    with pytest.raises(
        TypeError, match=r"^new is of type LivePolicy\. Pass its .* live\.policy\.$"
    ):
        compare(OPEN, live)
    assert compare(BASE, live.policy) == compare(BASE, OPEN)


@pytest.mark.parametrize("paths", [None, ["/api/"]])
def test_replacement_that_denies_all_is_never_refused(paths: list[str] | None) -> None:
    for name, old, *_ in EXAMPLES:
        held = old if paths is None else CorsRoutes([(path, old) for path in paths])
        comparison = compare(held, CorsPolicy.deny_all())
        assert not comparison.widens, name
    live = LivePolicy(UNREADABLE_BASE, on_widen="refuse")
    live.replace(CorsPolicy.deny_all())
    assert live.policy == CorsPolicy.deny_all()


@pytest.mark.parametrize(
    "origin",
    ["https://server.invalid", "https://app.example.com", "http://[::1]", "null", "app://"],
)
def test_witness_is_run_for_every_kind_of_origin(origin: str) -> None:
    arguments = {"allow_origins": [origin]}
    if not origin.startswith("http"):
        arguments["accept_risks"] = ["opaque-origin"]
    policy = CorsPolicy.from_mapping(arguments)
    assert is_allowed(policy, Witness(origin))
    assert not is_allowed(policy, Witness("https://other.example"))
    assert not is_allowed(CorsPolicy(allow_origins=[APP]), Witness(origin)) or origin == APP
    assert not is_allowed(CorsRoutes([("/api", policy)]), Witness(origin, path="/a b/é"))
    assert is_allowed(CorsRoutes([("/a b/", policy)]), Witness(origin, path="/a b/é"))


@pytest.mark.parametrize("is_allowed", [True, False])
def test_no_witness_is_shown_without_being_run(
    monkeypatch: pytest.MonkeyPatch,
    is_allowed: bool,
) -> None:
    monkeypatch.setattr(grants, "is_allowed", lambda *_: is_allowed)
    for name, old, new, *_ in EXAMPLES:
        witnesses = [each.witness for each in compare(old, new).differences]
        assert witnesses == [None] * len(witnesses), name
