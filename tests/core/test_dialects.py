"""Problems in the words of the place where the setting is written."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, PolicyError, Problem
from corekit.arguments import ARGUMENTS, REGEXES, SETTINGS, find_argument, is_regex_argument
from corekit.compat import RegexCorsPolicy, build_policy
from corekit.problems import PYTHON, Dialect, SettingProblem

NAMES = {name: f"MY_{name.upper()}" for name in ARGUMENTS}
MINE = Dialect(
    names=NAMES,
    strings="a row of words",
    one_string="Write <{text}>.",
    unset="nothing",
    accept="Accept with {risks} := {code}.",
)
APP = "https://app.example.com"


def problems_of(**mapping: Any) -> list[Problem]:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping({"allow_origins": [APP], **mapping}, dialect=MINE)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("mapping", "subject", "hint"),
    [
        ({"allow_methods": ["PUT", "put"]}, "MY_ALLOW_METHODS[1]", "Did you mean 'PUT'?"),
        ({"allow_origins": ["a.example"]}, "MY_ALLOW_ORIGINS[0]", "Did you mean"),
        ({"expose_headers": 7}, "MY_EXPOSE_HEADERS", "Use a row of words."),
        ({"allow_headers": "x-a"}, "MY_ALLOW_HEADERS", "Write <x-a>."),
        (
            {"max_age": -1},
            "MY_MAX_AGE",
            "Use 0 (no caching) to 86400 seconds, or nothing for the browser's default.",
        ),
        (
            {"allow_origins": ["null"]},
            "MY_ALLOW_ORIGINS[0]",
            "Remove it. Accept with MY_ACCEPT_RISKS := opaque-origin.",
        ),
        ({"allow_method": ["PUT"]}, "allow_method", "Did you mean MY_ALLOW_METHODS?"),
        ({"allow_origin_regex": "x"}, "allow_origin_regex", "Use MY_ALLOW_ORIGINS with patterns"),
        ({"allow-origin-regex": "x"}, "'allow-origin-regex'", "Use MY_ALLOW_ORIGINS with"),
        ({"zzz": 1}, "zzz", f"The arguments are {', '.join(NAMES.values())}."),
    ],
)
def test_problem_names_the_users_setting(mapping: dict[str, Any], subject: str, hint: str) -> None:
    (problem,) = problems_of(**mapping)
    assert problem.subject == subject
    assert problem.hint.startswith(hint)
    value = next(iter(mapping.values()))
    assert problem.value in (value, *(value if isinstance(value, list) else ()))


def test_hint_of_a_fix_that_is_a_risk_names_the_users_setting() -> None:
    (problem,) = problems_of(allow_origins=["HTTP://Example.com"], allow_credentials=True)
    assert problem.hint == (
        "Use 'https://example.com'. Accept with MY_ACCEPT_RISKS := insecure-origin."
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"allow_origins": ["null"]}, ("MY_ALLOW_ORIGINS[0]", "opaque-origin", "Remove it.")),
        (
            {REGEXES: ["https://*.github.io"], "allow_credentials": True},
            (f"{REGEXES}[0]", "never-matches", "Write it in MY_ALLOW_ORIGINS."),
        ),
        ({}, ("MY_ALLOW_ORIGINS", "no-origins", "List the origins")),
        # It was meant, so nothing is missing.
        ({"allow_origin": [APP]}, ("allow_origin", "unknown-argument", "Did you mean MY_ALLOW")),
        ({f"{REGEXES}s": []}, (f"{REGEXES}s", "unknown-argument", f"Did you mean {REGEXES}?")),
    ],
)
def test_problem_of_settings_with_regexes(
    settings: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    with pytest.raises(PolicyError) as caught:
        build_policy(settings, dialect=MINE)
    (problem,) = caught.value.problems
    assert (problem.subject, problem.code) == expected[:2]
    assert problem.hint.startswith(expected[2])


@pytest.mark.parametrize("value", [5, None, object(), b"a.example"])
def test_value_that_is_not_a_url_is_not_taken_for_one(value: object) -> None:
    (problem,) = problems_of(allow_origins=[value])
    assert (problem.fix, problem.hint) == (None, "Use a string.")


@pytest.mark.parametrize(
    ("regex", "start", "shown"),
    [
        (r"https://a", "r'", "'https://a'"),
        (r"https://a\.b", "r'", r"r'https://a\.b'"),
        (r"https://a\.b", "'", r"'https://a\.b'"),
        (r"https://a", "'", "'https://a'"),
        (r"https://a\.b", '"', r'"https://a\\.b"'),
        (r'https://"a"', '"', r'"https://\"a\""'),
        ("it's", "'", '"it\'s"'),
        ("it's", '"', '"it\'s"'),
        ("a\n", '"', r"'a\n'"),
        ("a\n", "r'", r"'a\n'"),
    ],
)
def test_regex_is_shown_as_the_dialect_writes_it(regex: str, start: str, shown: str) -> None:
    assert Dialect(regex_start=start).show_regex(regex) == shown


def test_problem_keeps_argument_index_and_parameters() -> None:
    (problem,) = problems_of(allow_credentials=True, allow_origins=[APP, "https://*.github.io"])
    assert (problem.argument, problem.index) == ("allow_origins", 1)
    assert problem.parameters == {"suffix": "github.io"}


@pytest.mark.parametrize(
    ("mapping", "fix"),
    [
        ({"allow_methods": "PUT"}, ["PUT"]),
        ({"allow_methods": 7}, None),
        ({"allow_methods": "PUT, PATCH"}, None),
        ({"allow_origins": ["htps://a.example"]}, "https://a.example"),
        ({"allow_methods": ["put"]}, "PUT"),
        ({"maxage": 1}, "MY_MAX_AGE"),
        ({"allow_origin_regexes": []}, "MY_ALLOW_ORIGINS"),
        ({"zzz": 1}, None),
    ],
)
def test_fix_is_the_value_to_use_instead(mapping: dict[str, Any], fix: object) -> None:
    (problem,) = problems_of(**mapping)
    assert problem.fix == fix


@pytest.mark.parametrize(("length", "shown"), [(120, "a" * 120), (121, "a" * 120 + "...")])
def test_long_string_is_shortened_in_hint(length: int, shown: str) -> None:
    (problem,) = problems_of(allow_methods="a" * length)
    assert problem.hint == f"Write <{shown}>."


def test_long_parameter_is_shortened() -> None:
    for length in (300, 301):
        fix = "a" * length
        problem = Problem.of(SettingProblem.METHOD_CASE, "allow_methods", "x", fix=fix)
        shown = fix if length == 300 else f"{'a' * 300}..."
        assert problem.hint == f"Did you mean {shown!r}?"
        assert problem.fix == fix


def test_unnamed_argument_keeps_its_name() -> None:
    assert PYTHON.name("max_age") == "max_age"
    assert Dialect(names={"max_age": "MAX"}).subject("max_age", 3) == "MAX[3]"
    assert Dialect(names={"max_age": "MAX"}).origins == "allow_origins"


def test_regex_argument_is_known_to_regex_policies() -> None:
    for name in ("allow_origin_regex", "Allow-Origin-Regexes", "origins_regex", REGEXES):
        assert is_regex_argument(name)
        assert find_argument(name, SETTINGS) == REGEXES
    assert not is_regex_argument("allow_origins")
    with pytest.raises(PolicyError, match=rf"Did you mean {REGEXES}\?"):
        RegexCorsPolicy.from_mapping({"origins_regex": []})


def test_closest_argument_is_found() -> None:
    assert find_argument("allow_header") == "allow_headers"
    assert find_argument("zzz") is None


@pytest.mark.parametrize(
    ("position", "subject", "index"),
    [(0, "MY_ALLOW_ORIGINS[3]", 3), (1, "MY_ALLOW_ORIGINS", None), (2, "MY_ALLOW_ORIGINS[1]", 1)],
)
def test_problem_names_the_place_in_the_users_list(
    position: int, subject: str, index: int | None
) -> None:
    dialect = Dialect(names=NAMES, indexes={"allow_origins": [3, None, 1]})
    origins = ["https://a.example", "https://b.example", "https://c.example"]
    origins[position] += "/path"
    arguments = {"allow_origins": origins, "allow_methods": ["PUT", "put"]}
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping(arguments, dialect=dialect)
    first, second = caught.value.problems
    assert (first.subject, first.index) == (subject, index)
    assert (second.subject, second.index) == ("MY_ALLOW_METHODS[1]", 1)
