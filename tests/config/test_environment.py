"""Policies from environment variables, whose strings are parsed strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError
from corekit.compat import RegexCorsPolicy
from corekit_config import ConfigPolicyError, from_environ
from tests.properties.strategies import Setup, setups

APP = "https://app.example.com"
OTHER = "https://other.example.com"


def policy_from(**variables: str) -> CorsPolicy:
    return from_environ(environ={"CORS_ALLOW_ORIGINS": APP, **variables})


def problems_of(environ: dict[str, str], prefix: str = "CORS_") -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as caught:
        from_environ(prefix, environ)
    assert isinstance(caught.value, ConfigPolicyError)
    assert caught.value.source == "the environment"
    return [(each.code, each.subject, each.hint) for each in caught.value.problems]


@given(setups(), st.booleans(), st.sampled_from(["CORS_", "SHOP_CORS_", "x"]))
def test_policy_round_trips_through_variables(setup: Setup, as_json: bool, prefix: str) -> None:
    def write(value: Any) -> str:
        if isinstance(value, list) and not as_json:
            return ",".join(value)
        return json.dumps(value)

    environ = {
        f"{prefix}{name.upper()}": write(value)
        for name, value in setup.arguments.items()
        if value is not None
    }
    assert from_environ(prefix, {"HOME": "/", "PATH": "x", **environ}) == setup.policy


@pytest.mark.parametrize(
    "text",
    [
        f"{APP},{OTHER}",
        f" {APP} , {OTHER} ",
        f"{APP},,{OTHER},",
        f"\n{APP},\n{OTHER}\n",
        f'["{APP}", "{OTHER}"]',
        f' [\n"{APP}",\n"{OTHER}"\n] ',
    ],
)
def test_list_is_json_or_comma_separated(text: str) -> None:
    assert policy_from(CORS_ALLOW_ORIGINS=text).allow_origins == (APP, OTHER)


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "1", "yes", "on", " On "])
def test_true_values(text: str) -> None:
    assert policy_from(CORS_ALLOW_CREDENTIALS=text).allow_credentials is True


@pytest.mark.parametrize("text", ["false", "False", "0", "no", "off", "", " "])
def test_false_values(text: str) -> None:
    assert policy_from(CORS_ALLOW_CREDENTIALS=text).allow_credentials is False


def test_empty_variable_counts_as_unset() -> None:
    names = ["ALLOW_METHODS", "MAX_AGE", "PREFLIGHT_STATUS", "ACCEPT_RISKS", "EXPOSE_HEADERS"]
    policy = policy_from(**{f"CORS_{name}": "" for name in names})
    assert policy == CorsPolicy(allow_origins=[APP])


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("ALLOW_CREDENTIALS", "ture", "Write true or false."),
        ("ALLOW_CREDENTIALS", "2", "Write true or false."),
        ("ALLOW_CREDENTIALS", '"true"', "Remove the quotes."),
        ("ALLOW_PRIVATE_NETWORK", "y", "Write true or false."),
        ("MAX_AGE", "600s", "Write digits only, such as 600."),
        ("MAX_AGE", "6e2", "Write digits only, such as 600."),
        ("MAX_AGE", "600.0", "Write digits only, such as 600."),
        ("MAX_AGE", "\u0666", "Write digits only, such as 600."),
        ("MAX_AGE", "1" * 5000, "Write digits only, such as 600."),
        ("MAX_AGE", "'600'", "Remove the quotes."),
        ("PREFLIGHT_STATUS", "ok", "Write digits only, such as 600."),
        ("ALLOW_METHODS", "'PUT'", "Remove the quotes."),
        ("ALLOW_METHODS", "['PUT']", "Write https://a.example,https://b.example or ["),
        ("ALLOW_METHODS", '["PUT"', "Write https://a.example,https://b.example or ["),
        ("ALLOW_METHODS", "[" * 100_000, "Write https://a.example,https://b.example or ["),
        ("ALLOW_METHODS", '{"PUT": 1}', "Write https://a.example,https://b.example or ["),
    ],
)
def test_unreadable_value_has_a_hint(name: str, text: str, hint: str) -> None:
    ((code, field, found),) = problems_of({"CORS_ALLOW_ORIGINS": APP, f"CORS_{name}": text})
    assert (code, field) == ("wrong-type", f"CORS_{name}")
    assert found.startswith(hint)


@pytest.mark.parametrize(
    ("name", "text", "code", "field"),
    [
        ("MAX_AGE", "-1", "max-age", "CORS_MAX_AGE"),
        ("PREFLIGHT_STATUS", "302", "preflight-status", "CORS_PREFLIGHT_STATUS"),
        ("ALLOW_ORIGINS", f"{APP},a.example", "malformed-origin", "CORS_ALLOW_ORIGINS[1]"),
        ("ALLOW_ORIGINS", f"{APP} {OTHER}", "malformed-origin", "CORS_ALLOW_ORIGINS[0]"),
        ("ALLOW_METHODS", "PUT,patch", "method-case", "CORS_ALLOW_METHODS[1]"),
        ("ALLOW_HEADERS", "[1]", "wrong-type", "CORS_ALLOW_HEADERS[0]"),
        ("ACCEPT_RISKS", "all", "unknown-risk", "CORS_ACCEPT_RISKS"),
    ],
)
def test_problems_name_the_variable(name: str, text: str, code: str, field: str) -> None:
    ((found, where, _),) = problems_of({"CORS_ALLOW_ORIGINS": APP, f"CORS_{name}": text})
    assert (found, where) == (code, field)


def test_hint_shows_how_to_accept_a_risk() -> None:
    environ = {"CORS_ALLOW_ORIGINS": "http://app.example.com", "CORS_ALLOW_CREDENTIALS": "yes"}
    ((_, _, hint),) = problems_of(environ)
    assert hint.endswith("To accept the risk: CORS_ACCEPT_RISKS=insecure-origin.")
    accepted = from_environ(environ={**environ, "CORS_ACCEPT_RISKS": "insecure-origin"})
    assert accepted.accept_risks == ("insecure-origin",)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CORS_ALLOWED_METHODS", "CORS_ALLOW_METHODS"),
        ("CORS_METHODS", "CORS_ALLOW_METHODS"),
        ("CORS_CREDENTIALS", "CORS_ALLOW_CREDENTIALS"),
        ("CORS_MAXAGE", "CORS_MAX_AGE"),
        ("CORS_max_age", "CORS_MAX_AGE"),
        ("cors_max_age", "CORS_MAX_AGE"),
    ],
)
def test_misspelled_variable_suggests_the_right_one(name: str, meant: str) -> None:
    environ = {"CORS_ALLOW_ORIGINS": APP, name: "1"}
    assert problems_of(environ) == [("unknown-argument", name, f"Did you mean {meant}?")]


def test_unknown_variable_lists_the_variables() -> None:
    ((_, _, hint),) = problems_of({"CORS_ALLOW_ORIGINS": APP, "CORS_ZZZ": ""})
    assert hint.startswith("The variables are CORS_ACCEPT_RISKS, ")


def test_value_of_unknown_variable_is_hidden() -> None:
    environ = {"SHOP_SETTINGS_ALLOW_ORIGINS": APP, "SHOP_SETTINGS_API_TOKEN": "hunter2"}
    with pytest.raises(PolicyError) as caught:
        from_environ("SHOP_SETTINGS_", environ)
    (problem,) = caught.value.problems
    assert problem.subject == "SHOP_SETTINGS_API_TOKEN"
    assert problem.hint.startswith("The variables are ")  # a shared prefix does not count
    assert "hunter2" not in str(caught.value) + repr(problem)


def test_unknown_variable_does_not_hide_no_origins() -> None:
    assert [code for code, _, _ in problems_of({"CORS_ZZZ": APP})] == [
        "no-origins",
        "unknown-argument",
    ]


def test_misspelled_origins_are_one_problem() -> None:
    ((code, _, hint),) = problems_of({"CORS_ALLOWED_ORIGINS": APP})
    assert (code, hint) == ("unknown-argument", "Did you mean CORS_ALLOW_ORIGINS?")


def test_unreadable_origins_are_one_problem() -> None:
    assert [code for code, _, _ in problems_of({"CORS_ALLOW_ORIGINS": "{}"})] == ["wrong-type"]


def test_problems_are_in_the_order_of_the_arguments() -> None:
    found = problems_of(
        {
            "CORS_ACCEPT_RISKS": "opaque-origin",
            "CORS_ORIGIN": "x",
            "CORS_MAX_AGE": "long",
            "CORS_ALLOW_METHODS": "put",
            "CORS_ALLOW_ORIGINS": "a.example",
        }
    )
    assert [field for _, field, _ in found] == [
        "CORS_ALLOW_ORIGINS[0]",
        "CORS_ALLOW_METHODS[0]",
        "CORS_MAX_AGE",
        "CORS_ACCEPT_RISKS",
        "CORS_ORIGIN",
    ]


def test_without_variables_no_origins_is_reported() -> None:
    with pytest.raises(PolicyError) as caught:
        from_environ(environ={})
    assert str(caught.value) == (
        "1 problem in the environment:\n"
        "  - CORS_ALLOW_ORIGINS: No origins are allowed. List the origins whose pages may call, or"
        " * for any origin. [no-origins]"
    )


def test_default_is_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_ALLOW_ORIGINS", APP)
    assert from_environ("SHOP_") == CorsPolicy(allow_origins=[APP])


@pytest.mark.parametrize("prefix", ["", None])
def test_empty_prefix_is_an_error(prefix: Any) -> None:
    with pytest.raises(ValueError, match="prefix"):
        from_environ(prefix, {})


def test_misspelled_variable_does_not_hide_other_problems() -> None:
    environ = {"CORS_ALLOW_ORIGINS": APP, "CORS_MAX_AGE": "-1", "CORS_MAX_AG": "600"}
    assert [(code, subject) for code, subject, _ in problems_of(environ)] == [
        ("max-age", "CORS_MAX_AGE"),
        ("unknown-argument", "CORS_MAX_AG"),
    ]


@pytest.mark.parametrize("name", ["CORS_ORIGIN_REGEX", "CORS_ALLOW_ORIGIN_REGEX"])
def test_other_name_of_the_regexes_is_one_problem(name: str) -> None:
    ((code, subject, hint),) = problems_of({name: r"https://a\.example"})
    assert (code, subject) == ("unknown-argument", name)
    assert hint == "Did you mean CORS_ALLOW_ORIGIN_REGEXES?"


@pytest.mark.parametrize(
    ("text", "regexes"),
    [
        (r"https://pr-\d{1,4}\.example\.com", [r"https://pr-\d{1,4}\.example\.com"]),
        (r" https://(a|b),?\.example\.com ", [r"https://(a|b),?\.example\.com"]),
        (r'["https://(a|b)\\.example"]', [r"https://(a|b)\.example"]),
        (r'["https://a\\.example", "app://x{1,2}"]', [r"https://a\.example", "app://x{1,2}"]),
        ('["[a-z]+://a[.]example"]', ["[a-z]+://a[.]example"]),
    ],
)
def test_regexes_are_one_regex_or_a_json_list(text: str, regexes: list[str]) -> None:
    policy = from_environ(environ={"CORS_ALLOW_ORIGIN_REGEXES": text})
    assert policy == RegexCorsPolicy(allow_origin_regexes=regexes)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (r"https://a\.example,https://b\.example", "Write one regular expression, or a JSON list"),
        (r"^https://a\.example$, ^https://b\.example$", "Write one regular expression, or a JSON"),
        (r'["https://a\.example"]', "Write one regular expression, or a JSON list"),
        ("[a-z]+://a[.]example", "Write one regular expression, or a JSON list"),
        (r"'https://a\.example'", "Remove the quotes."),
    ],
)
def test_unreadable_regexes_have_a_hint(text: str, hint: str) -> None:
    ((code, subject, found),) = problems_of({"CORS_ALLOW_ORIGIN_REGEXES": text})
    assert (code, subject) == ("wrong-type", "CORS_ALLOW_ORIGIN_REGEXES")
    assert found.startswith(hint)


def test_problem_of_a_regex_names_its_place() -> None:
    found = problems_of({"CORS_ALLOW_ORIGIN_REGEXES": r'["https://a\\.example", "https://*"]'})
    assert [(code, subject) for code, subject, _ in found] == [
        ("never-matches", "CORS_ALLOW_ORIGIN_REGEXES[1]")
    ]
