"""Guards in policy files and environment variables, with their problems and their schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.arguments import find_argument
from corekit.guard import GUARD_ARGUMENTS, CrossOriginGuard
from corekit.guard.schema import guard_schema
from corekit_config import (
    ConfigError,
    ConfigPolicyError,
    find_policy,
    from_environ,
    guard_from_environ,
    load_guard,
    load_policy,
    parse_policy,
    policy_schema,
)
from corekit_config.files import parse_policy_file

APP: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(allow_origins=[APP])
GUARD: Final = CrossOriginGuard(POLICY, hosts=["api.example.com"], exempt=["/saml/acs"])
TABLE: Final = 'hosts = ["api.example.com"]\nexempt = ["/saml/acs"]\n'
OBJECT: Final = {"hosts": ["api.example.com"], "exempt": ["/saml/acs"]}
VALIDATOR: Validator = Draft202012Validator(policy_schema())

FILES: Final = [
    ("cors.toml", f'allow_origins = ["{APP}"]\n[guard]\n{TABLE}'),
    ("cors.json", json.dumps({"allow_origins": [APP], "guard": OBJECT})),
    ("app.toml", f'[cors]\nallow_origins = ["{APP}"]\n[cors.guard]\n{TABLE}'),
    ("app.json", json.dumps({"cors": {"allow_origins": [APP], "guard": OBJECT}})),
    (
        "pyproject.toml",
        f'[tool.corekit]\nallow_origins = ["{APP}"]\n[tool.corekit.guard]\n{TABLE}',
    ),
]

arguments = st.fixed_dictionaries(
    {},
    optional={
        "hosts": st.lists(
            st.sampled_from(["a.example", "*.a.example", "localhost:8000", "127.*.*.*", "[::1]"]),
            min_size=1,
            max_size=3,
        ),
        "own_origins": st.lists(
            st.sampled_from([APP, "http://localhost:8000", "http://[::1]"]), max_size=2
        ),
        "exempt": st.lists(st.sampled_from(["/saml/acs", "/webhooks/", "/\xe9"]), max_size=2),
        **{
            name: st.sampled_from(row.choices)
            for name, row in GUARD_ARGUMENTS.items()
            if row.kind == "choice"
        },
    },
)
values = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(["", "judge", "isolate", "a.example"]),
    st.lists(
        st.sampled_from(["*", "A.example", "a.example", "https://a.example", "/", "/a", "/a?b", 1]),
        max_size=2,
    ),
)


def problems_of(content: str, source: str = "cors.toml") -> list[tuple[str, str, int | None]]:
    problems = parse_policy_file(content, source).problems
    return [(each.code, each.subject, each.line) for each in problems]


@pytest.mark.parametrize(("name", "content"), FILES)
def test_guard_is_loaded_with_its_policy(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content)
    guard = load_guard(path)
    assert guard == GUARD
    assert guard.policy == POLICY


def test_guard_of_routes() -> None:
    routes = [{"path": "/api/", "allow_origins": [APP]}]
    file = parse_policy_file(json.dumps({"routes": routes, "guard": OBJECT}), "cors.json")
    guard = file.require_guard()
    assert guard.policy == CorsRoutes([("/api/", POLICY)])
    assert guard.judge("POST", "/api/x", origin=APP, host="api.example.com").allowed
    assert not guard.judge("POST", "/x", origin=APP, host="api.example.com").allowed


@pytest.mark.parametrize("extra", ["", 'accept = ["plain-http"]\n'])
def test_guard_alone_allows_no_origins(extra: str) -> None:
    file = parse_policy_file(f"{extra}[guard]\n{TABLE}", "cors.toml")
    assert file.require_guard().policy == CorsPolicy.deny_all()
    assert dict(file.accept) == ({None: ("plain-http",)} if extra else {})
    assert problems_of(f"max_age = 5\n[guard]\n{TABLE}") == [("no-origins", "allow_origins", None)]


@pytest.mark.parametrize(("name", "content"), FILES)
def test_guard_is_not_lost_silently(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    path.write_text(content)
    for load in (load_policy, find_policy, lambda name: parse_policy(path.read_bytes(), name)):
        with pytest.raises(ConfigError) as caught:
            load(name)
        assert str(caught.value) == (
            f"{name}: There is a guard, which would be ignored here. Use"
            " corekit_config.load_guard()."
        )


def test_guard_next_to_the_table_of_the_policy_is_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_policy_file(f'[cors]\nallow_origins = ["{APP}"]\n[guard]\n{TABLE}', "app.toml")
    assert str(caught.value) == (
        "app.toml: The table [guard] is not next to the policy, which is in [cors]. Name it"
        " [cors.guard]."
    )


@pytest.mark.parametrize("other", ["[guard]\nname = 'x'", "guard = 1\n"])
def test_guard_of_something_else_is_left_alone(other: str) -> None:
    content = f'{other}\n[cors]\nallow_origins = ["{APP}"]'
    assert parse_policy(content, "app.toml") == POLICY


@pytest.mark.parametrize(
    ("content", "name"),
    [(f'allow_origins = ["{APP}"]', "guard"), (f'[cors]\nallow_origins = ["{APP}"]', "cors.guard")],
)
def test_file_without_a_guard_has_none_to_load(content: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "app.toml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_guard(path)
    assert caught.value.message == f"There is no guard: the table [{name}] is missing."
    assert caught.value.hint == "Add it, or use corekit_config.load_policy()."


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ('[guard]\nhosts = ["a.example",\n"*"]', [("any-host", "guard.hosts[1]", 3)]),
        ('[guard]\nmode = "log"', [("unknown-choice", "guard.mode", 2)]),
        ('[guard]\nhost = ["a.example"]', [("unknown-argument", "guard.host", 2)]),
        ("guard = true", [("wrong-type", "guard", 1)]),
        (
            'max_age = "5"\nallow_origins = ["*"]\n[guard]\nexempt = "/"',
            [("wrong-type", "max_age", 1), ("string-not-collection", "guard.exempt", 4)],
        ),
        ('[cors.guard]\nhosts = ["A.example"]', [("malformed-host", "guard.hosts[0]", 2)]),
    ],
)
def test_problems_have_their_line(content: str, problems: list[Any], tmp_path: Path) -> None:
    assert problems_of(content) == problems
    path = tmp_path / "cors.toml"
    path.write_text(content)
    with pytest.raises(ConfigPolicyError) as caught:
        load_guard(path)
    assert [each.subject for each in caught.value.problems] == [each[1] for each in problems]


@pytest.mark.parametrize(
    ("content", "source", "hint"),
    [
        ("guard = 1", "c.toml", 'Use a table of its arguments, such as {hosts = ["api.'),
        ('{"guard": 1}', "c.json", 'Use an object of its arguments, such as {"hosts": ["api.'),
        ('[guard]\nallowed_hosts = ["a.example"]', "c.toml", "Did you mean hosts?"),
    ],
)
def test_hints_are_in_the_language_of_the_file(content: str, source: str, hint: str) -> None:
    (problem,) = parse_policy_file(content, source).problems
    assert problem.hint.startswith(hint)


@pytest.mark.parametrize("argument", GUARD_ARGUMENTS.values(), ids=lambda row: row.name)
def test_names_of_other_software_find_the_argument(argument: Any) -> None:
    for name in (argument.name[:-1], *argument.aliases):
        assert find_argument(name, GUARD_ARGUMENTS) == argument.name
    assert not set(argument.aliases) & set(GUARD_ARGUMENTS)


@given(arguments, st.booleans())
def test_guard_round_trips_through_files(given_arguments: dict[str, Any], is_alone: bool) -> None:
    document = {"guard": given_arguments} | ({} if is_alone else {"allow_origins": [APP]})
    policy = CorsPolicy.deny_all() if is_alone else POLICY
    file = parse_policy_file(json.dumps(document), "cors.json")
    assert file.require_guard() == CrossOriginGuard(policy, **given_arguments)
    VALIDATOR.validate(document)


@given(
    st.dictionaries(st.sampled_from([*GUARD_ARGUMENTS, "host"]), values, max_size=2)
    | st.sampled_from([None, [], "x"])
)
def test_reader_rejects_what_the_schema_rejects(guard: Any) -> None:
    for document in ({"guard": guard}, {"guard": guard, "allow_origins": [APP]}):
        if not VALIDATOR.is_valid(document):
            assert parse_policy_file(json.dumps(document), "cors.json").problems


@pytest.mark.parametrize(
    "document",
    [
        {"guard": {"hosts": ["a.example"]}, "max_age": 5},
        {"guard": {"hosts": []}},
        {"guard": {"hosts": ["https://a.example"]}},
        {"guard": {"hosts": ["*"]}},
        {"guard": {"own_origins": ["https://*.a.example"]}},
        {"guard": {"exempt": ["/"]}},
        {"guard": {"exempt": ["/a/*"]}},
        {"guard": {"mode": "log"}},
        {"guard": {"mode": None}},
        {"guard": {"host": ["a.example"]}},
        {"guard": True},
    ],
)
def test_both_reject(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
    assert parse_policy_file(json.dumps(document), "cors.json").problems


def test_schema_describes_every_argument() -> None:
    schema = guard_schema()
    assert list(schema["properties"]) == list(GUARD_ARGUMENTS)
    for name, each in schema["properties"].items():
        default = GUARD_ARGUMENTS[name].default
        assert each["default"] == (list(default) if isinstance(default, tuple) else default)
        assert each["description"] == GUARD_ARGUMENTS[name].description
        for example in each.get("examples", ()):
            assert getattr(CrossOriginGuard(POLICY, **{name: example}), name) == tuple(example)
    schema["properties"]["hosts"]["examples"][0].clear()
    assert guard_schema()["properties"]["hosts"]["examples"][0]


@given(arguments, st.booleans(), st.sampled_from(["CORS_", "SHOP_"]))
def test_guard_round_trips_through_variables(
    given_arguments: dict[str, Any], as_json: bool, prefix: str
) -> None:
    environ = {f"{prefix}ALLOW_ORIGINS": APP, "HOME": "/"}
    for name, value in given_arguments.items():
        if isinstance(value, list):
            text = json.dumps(value) if as_json else ", ".join(value)
        else:
            text = value
        environ[f"{prefix}GUARD_{name.upper()}"] = text
    assert guard_from_environ(prefix, environ) == CrossOriginGuard(POLICY, **given_arguments)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (
            {"CORS_GUARD_MODE": "log"},
            ("CORS_GUARD_MODE", "There is no such choice.", "Use 'enforce' or 'report'."),
        ),
        (
            {"CORS_GUARD_MODE": '"report"'},
            ("CORS_GUARD_MODE", "The quotes are part of the value.", "Remove the quotes."),
        ),
        (
            {"CORS_GUARD_HOSTS": "a.example, *"},
            (
                "CORS_GUARD_HOSTS[1]",
                "A name for every host protects from nothing.",
                "List the names that the server is called by, or leave CORS_GUARD_HOSTS out.",
            ),
        ),
        (
            {"CORS_GUARD_ALLOWED_HOSTS": "a.example"},
            (
                "CORS_GUARD_ALLOWED_HOSTS",
                "A guard does not read this variable.",
                "Did you mean CORS_GUARD_HOSTS?",
            ),
        ),
        (
            {"cors_guard_mode": "report"},
            (
                "cors_guard_mode",
                "A guard does not read this variable.",
                "Did you mean CORS_GUARD_MODE?",
            ),
        ),
        (
            {"CORS_MAX_AGE": "5m"},
            (
                "CORS_MAX_AGE",
                "The value is not a whole number.",
                "Write digits only, such as 600.",
            ),
        ),
    ],
)
def test_problems_of_variables(variables: dict[str, str], expected: tuple[str, str, str]) -> None:
    with pytest.raises(ConfigPolicyError) as caught:
        guard_from_environ(environ={"CORS_ALLOW_ORIGINS": APP, **variables})
    (problem,) = caught.value.problems
    assert (problem.subject, problem.message, problem.hint) == expected
    assert caught.value.source == "the environment"


def test_all_problems_of_policy_and_guard_are_reported() -> None:
    environ = {"CORS_MAX_AGE": "x", "CORS_GUARD_MODE": "x", "CORS_GUARD_SECRET": "x"}
    with pytest.raises(PolicyError) as caught:
        guard_from_environ(environ=environ)
    found = [(each.subject, each.value) for each in caught.value.problems]
    assert found == [
        ("CORS_ALLOW_ORIGINS", None),
        ("CORS_MAX_AGE", "x"),
        ("CORS_GUARD_MODE", "x"),
        ("CORS_GUARD_SECRET", "(not shown)"),
    ]


def test_variables_of_a_guard_are_not_lost_silently() -> None:
    environ = {"CORS_ALLOW_ORIGINS": APP, "CORS_GUARD_HOSTS": "a.example", "CORS_GUARD_MODE": ""}
    with pytest.raises(ConfigPolicyError) as caught:
        from_environ(environ=environ)
    (problem,) = caught.value.problems
    assert problem.subject == "CORS_GUARD_HOSTS"
    assert problem.hint == "Use guard_from_environ(), whose result has the policy too."


def test_prefix_of_a_guard_is_not_empty() -> None:
    with pytest.raises(ValueError, match="prefix is empty"):
        guard_from_environ("", {})
