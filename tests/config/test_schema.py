"""The JSON Schema of a policy file agrees with what is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from corekit import PolicyError
from corekit.lint import CODES
from corekit.schema import policy_schema as policy_alone
from corekit_config import ConfigError, parse_policy, policy_schema
from tests.properties.strategies import Setup, setups

APP = "https://app.example.com"
SCHEMA = policy_schema()
VALIDATOR: Validator = Draft202012Validator(SCHEMA)

routes = st.lists(
    st.builds(
        lambda setup, changes: {**setup.arguments, **changes},
        setups(),
        st.dictionaries(
            st.sampled_from(["path", "accept", "max_age", "allow_origins", "zzz"]),
            st.sampled_from(["/a/", "/b", "a", 1, [], ["plain-http"], ["x"], None, "*"]),
            max_size=3,
        ),
    ),
    max_size=3,
)
files = st.builds(
    lambda routes, others: {"$schema": "cors.schema.json", "routes": routes, **others},
    routes | st.sampled_from([1, "", {}, [1]]),
    st.dictionaries(
        st.sampled_from(["accept", "allow_origins", "x"]),
        st.sampled_from([["plain-http"], "", ["*"]]),
        max_size=2,
    ),
)


def is_accepted(document: Any) -> bool:
    try:
        parse_policy(json.dumps(document), "cors.json")
    except (PolicyError, ConfigError):
        return False
    return True


def test_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA == policy_schema()
    policy_schema()["properties"]["routes"]["items"].clear()
    assert policy_schema() == SCHEMA


def test_a_policy_is_described_by_the_schema_of_policies() -> None:
    for name, each in policy_alone()["properties"].items():
        assert SCHEMA["properties"][name] == each
        if name != "$schema":
            assert SCHEMA["properties"]["routes"]["items"]["properties"][name] == each


@given(files)
def test_reader_rejects_what_the_schema_rejects(document: Any) -> None:
    if not VALIDATOR.is_valid(document):
        assert not is_accepted(document)


@given(setups(), st.lists(st.sampled_from(sorted(CODES)), max_size=2))
def test_schema_accepts_what_is_read(setup: Setup, accept: list[str]) -> None:
    document = {**setup.arguments, "accept": accept}
    with_routes = {"routes": [{"path": "/a/", **document}], "accept": accept}
    for each in (document, with_routes):
        assert is_accepted(each)
        VALIDATOR.validate(each)


@pytest.mark.parametrize(
    "document",
    [
        {"routes": []},
        {"routes": [{"allow_origins": [APP]}]},
        {"routes": [{"path": "a", "allow_origins": [APP]}]},
        {"routes": [{"path": "/"}]},
        {"routes": [{"path": "/", "allow_origins": ["*"], "allow_credentials": True}]},
        {"routes": [{"path": "/", "allow_origins": [APP], "allow_method": []}]},
        {"routes": [{"path": "/", "allow_origins": [APP]}], "allow_origins": [APP]},
        {"accept": ["x"], "allow_origins": [APP]},
        {"accept": "plain-http", "allow_origins": [APP]},
        {"accept": ["plain-http"]},
    ],
)
def test_both_reject(document: Any) -> None:
    assert not VALIDATOR.is_valid(document)
    assert not is_accepted(document)
