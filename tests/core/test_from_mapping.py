"""Policies from a mapping, which is validated as strictly as arguments."""

from __future__ import annotations

from collections import ChainMap, OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given

from corekit import CorsPolicy, PolicyError, PolicyWarning
from corekit.compat import RegexCorsPolicy
from tests.core.problem_table import CASES
from tests.core.rejections import APP
from tests.properties.strategies import Setup, setups


def problems_of(mapping: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping(mapping)
    return [(problem.code, problem.subject, problem.hint) for problem in caught.value.problems]


@given(setups())
def test_mapping_builds_the_same_policy_as_arguments(setup: Setup) -> None:
    assert CorsPolicy.from_mapping(setup.arguments) == setup.policy


@pytest.mark.parametrize("kind", [dict, OrderedDict, MappingProxyType, ChainMap])
def test_any_mapping_type_is_accepted(kind: Any) -> None:
    made = CorsPolicy.from_mapping(kind({"allow_origins": [APP], "max_age": 5}))
    assert made == CorsPolicy(allow_origins=[APP], max_age=5)


@pytest.mark.parametrize("arguments", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_mapping_has_the_same_problems_as_arguments(arguments: dict[str, Any]) -> None:
    arguments = {"allow_origins": [APP], **arguments}
    with pytest.raises((PolicyError, PolicyWarning)) as of_arguments:
        CorsPolicy(**arguments)
    with pytest.raises((PolicyError, PolicyWarning)) as of_mapping:
        CorsPolicy.from_mapping(arguments)
    assert str(of_mapping.value) == str(of_arguments.value)
    assert type(of_mapping.value) is type(of_arguments.value)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("allow_origin", "allow_origins"),
        ("allowed_origins", "allow_origins"),
        ("allow-origins", "allow_origins"),
        ("allowOrigins", "allow_origins"),
        ("ALLOW_ORIGINS", "allow_origins"),
        ("origins", "allow_origins"),
        ("allow_origin_regex", "allow_origins with patterns such as 'https://*.example.com'."),
        ("credentials", "allow_credentials"),
        ("allowCredentials", "allow_credentials"),
        ("supports_credentials", "allow_credentials"),
        ("Supports-Credentials", "allow_credentials"),
        ("Allow-Origin-Regex", "allow_origins with patterns such as"),
        ("expose-headers", "expose_headers"),
        ("maxAge", "max_age"),
        ("preflight_state", "preflight_status"),
        ("accept-risk", "accept_risks"),
    ],
)
def test_misspelled_key_suggests_the_right_one(key: str, meant: str) -> None:
    ((code, field, hint),) = problems_of({"allow_origins": [APP], key: [APP]})
    assert code == "unknown-argument"
    assert field.strip("'") == key
    assert hint.startswith((f"Did you mean {meant}?", f"Use {meant}"))


def test_unknown_key_is_reported_with_its_value() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping({"allow_origins": [APP], "color": "red"})
    (problem,) = caught.value.problems
    assert problem.value == "red"
    assert problem.message == "A policy has no such argument."


def test_unknown_key_lists_the_arguments() -> None:
    ((_, _, hint),) = problems_of({"allow_origins": [APP], "zzz": 1})
    assert hint.startswith("The arguments are allow_origins, allow_credentials, ")
    assert hint.endswith(", accept_risks.")


def test_all_problems_are_reported_at_once() -> None:
    found = problems_of({"allow_origins": ["example.com"], "max_age": "1", "color": 1, "maxage": 2})
    assert [(code, field) for code, field, _ in found] == [
        ("malformed-origin", "allow_origins[0]"),
        ("wrong-type", "max_age"),
        ("unknown-argument", "color"),
        ("unknown-argument", "maxage"),
    ]


def test_misspelled_allow_origins_is_one_problem() -> None:
    assert [code for code, _, _ in problems_of({"origins": [APP]})] == ["unknown-argument"]
    codes = [code for code, _, _ in problems_of({"max-age": 1})]
    assert codes == ["no-origins", "unknown-argument"]


@pytest.mark.parametrize("key", [1, None, b"allow_origins", ("a",), "a\r\nb", "\u00e9"])
def test_any_key_is_shown_escaped(key: Any) -> None:
    ((code, field, _),) = problems_of({"allow_origins": [APP], key: 1})
    assert (code, field) == ("unknown-argument", ascii(key))


@pytest.mark.parametrize("given", [[], None, "allow_origins", [("allow_origins", [APP])], {APP}])
def test_non_mapping_is_a_type_error(given: Any) -> None:
    with pytest.raises(TypeError, match=f"not a {type(given).__name__}"):
        CorsPolicy.from_mapping(given)


def test_empty_mapping_has_no_origins() -> None:
    assert [code for code, _, _ in problems_of({})] == ["no-origins"]


def test_regex_policy_reads_its_own_argument() -> None:
    regexes = [r"https://.*\.example\.com"]
    made = RegexCorsPolicy.from_mapping({"allow_origin_regexes": regexes})
    assert made == RegexCorsPolicy(allow_origin_regexes=regexes)
    with pytest.raises(PolicyError, match="unknown-argument"):
        CorsPolicy.from_mapping({"allow_origins": [APP], "allow_origin_regexes": regexes})


def test_mapping_is_not_modified() -> None:
    mapping = {"allow_origins": [APP], "allow_headers": ["X-A"]}
    policy = CorsPolicy.from_mapping(mapping)
    mapping["allow_origins"].append("https://evil.example")
    assert policy.allow_origins == (APP,)
    assert mapping["allow_headers"] == ["X-A"]
