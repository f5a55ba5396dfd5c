"""The table of arguments: everything that lists the arguments of a policy agrees with it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from corekit import CorsPolicy
from corekit._regexes import RegexReader
from corekit._validation import Reader
from corekit.arguments import ARGUMENTS, REGEXES, SETTINGS, Argument, Grants, find_argument
from corekit.compat import RegexCorsPolicy
from corekit.schema import policy_schema

ROOT = Path(__file__).parents[2]
ROWS = pytest.mark.parametrize("argument", ARGUMENTS.values(), ids=ARGUMENTS)


@pytest.mark.parametrize(
    ("name", "meant", "meant_with_regexes"),
    [
        ("allow_origin_regex", "allow_origins", REGEXES),
        ("origin-regexes", None, REGEXES),
        ("supports_credentials", "allow_credentials", "allow_credentials"),
        ("max_ag", "max_age", "max_age"),
        ("x", None, None),
    ],
)
def test_argument_that_is_meant(
    name: str, meant: str | None, meant_with_regexes: str | None
) -> None:
    assert find_argument(name) == meant
    assert find_argument(name, [*ARGUMENTS, REGEXES]) == meant_with_regexes


@pytest.mark.parametrize("alias", [each for row in ARGUMENTS.values() for each in row.aliases])
def test_only_a_known_argument_is_meant(alias: str) -> None:
    assert find_argument(alias, ["zzz"]) is None


def test_signature_has_the_arguments_in_order() -> None:
    assert list(inspect.signature(CorsPolicy).parameters) == list(ARGUMENTS)


def test_functions_that_take_the_arguments_have_the_types_of_the_signature() -> None:
    parameters = inspect.signature(CorsPolicy).parameters.values()
    declared = {each.name: each.annotation for each in parameters}
    taken = {name: each.__forward_arg__ for name, each in Grants.__annotations__.items()}
    assert taken == declared


@ROWS
def test_signature_has_the_default(argument: Argument) -> None:
    parameter = inspect.signature(CorsPolicy).parameters[argument.name]
    if argument.name == "allow_origins":
        assert parameter.default is inspect.Parameter.empty
    else:
        assert parameter.default == argument.default


def test_attributes_are_the_arguments() -> None:
    assert set(ARGUMENTS) <= set(CorsPolicy.__slots__)
    assert [name for name in CorsPolicy.__annotations__ if name in ARGUMENTS] == list(ARGUMENTS)


def test_docstring_describes_the_arguments_in_order() -> None:
    described = re.findall(r"^`(\w+)`$", inspect.getdoc(CorsPolicy) or "", re.MULTILINE)
    assert described == list(ARGUMENTS)


@ROWS
def test_each_argument_has_one_rule(argument: Argument) -> None:
    assert callable(getattr(Reader, argument.rule))
    assert Reader.arguments[argument.name] is argument


def test_regex_policy_has_one_more_argument() -> None:
    assert RegexReader.arguments == SETTINGS
    assert [name for name in SETTINGS if name != REGEXES] == list(ARGUMENTS)
    assert REGEXES in RegexCorsPolicy.__slots__


def test_documentation_lists_arguments_and_defaults() -> None:
    page = (ROOT / "docs" / "policy.md").read_text()
    table = page.partition("## Arguments")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", table, re.MULTILINE)
    defaults = {row.name: f"`{row.default!r}`" for row in ARGUMENTS.values()}
    assert rows == list({**defaults, "allow_origins": "required"}.items())


def test_schema_has_the_arguments_in_order() -> None:
    assert [name for name in policy_schema()["properties"] if name != "$schema"] == list(SETTINGS)


@ROWS
def test_aliases_find_the_argument(argument: Argument) -> None:
    for alias in argument.aliases:
        assert find_argument(alias) == argument.name
    assert not set(argument.aliases) & set(ARGUMENTS)
