"""The shape in which every part of corekit reports: as text and as JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError
from corekit.diagnostics import Diagnostic

FIELDS = [
    *("code", "severity", "message", "hint", "subject", "value", "fix", "route", "failure"),
    *("source", "line", "column"),
]


def make(**changes: Any) -> Diagnostic:
    given = {
        "code": "no-effect",
        "severity": "warning",
        "message": "It has no effect.",
        "hint": "Remove it.",
        "subject": "max_age",
    }
    return Diagnostic(**{**given, **changes})


def test_value_is_shown_if_it_is_set() -> None:
    assert str(make()) == "max_age: It has no effect. Remove it. [no-effect]"
    assert str(make(value=-1)) == "max_age = -1: It has no effect. Remove it. [no-effect]"
    assert str(make(value="")) == "max_age = '': It has no effect. Remove it. [no-effect]"


def test_dict_has_every_field() -> None:
    found = make(value=[1, "a"], fix="b", route="/api/", failure="MixedContent").to_dict()
    assert list(found) == FIELDS
    assert found["value"] == [1, "a"]
    assert (found["fix"], found["route"], found["failure"]) == ("b", "/api/", "MixedContent")


def test_dict_of_a_problem_has_the_same_fields() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[])
    assert list(caught.value.problems[0].to_dict()) == FIELDS


@pytest.mark.parametrize("value", [None, True, 600, 1.5, "a\r\n", ["a"], {"a": [1]}])
def test_json_values_are_kept(value: object) -> None:
    assert json.loads(json.dumps(make(value=value, fix=value).to_dict()))["value"] == value


def test_other_values_become_text() -> None:
    nested: list[Any] = []
    nested.append(nested)
    for value, text in [({1, 2}, "{1, 2}"), (math.nan, "nan"), (b"a", "b'a'"), (nested, "[[...]]")]:
        assert make(value=value).to_dict()["value"] == text
