"""The JSON Schema agrees with the code, as checked with jsonschema."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from corekit import CorsPolicy, PolicyError, PolicyWarning, schema
from corekit._names import SAFELISTED_METHODS
from corekit.arguments import SETTINGS
from corekit.compat import build_policy
from corekit.problems import RISKS
from corekit.schema import policy_schema
from corekit_config import load_policy
from tests.loading import load_again
from tests.properties.strategies import (
    Setup,
    exposable_names,
    header_names,
    methods,
    near_misses,
    patterns,
    setups,
)

APP = "https://app.example.com"
SCHEMA = policy_schema()
VALIDATOR: Validator = Draft202012Validator(SCHEMA)
ARGUMENTS = list(SETTINGS)


def is_accepted(document: Any) -> bool:
    try:
        build_policy(document)
    except (PolicyError, PolicyWarning, TypeError):
        return False
    return True


def test_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_schema_describes_every_argument_and_no_other() -> None:
    properties = {name: each for name, each in SCHEMA["properties"].items() if name != "$schema"}
    assert list(properties) == ARGUMENTS
    assert SCHEMA["additionalProperties"] is False
    for name, each in properties.items():
        assert re.fullmatch(r"[A-Z][^`]{20,}\S", each["description"]), name
        assert "timedelta" not in each["description"]
        if each["type"] == "array":
            assert each["items"]["description"]


def test_defaults_are_those_of_the_arguments() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    for name, each in SCHEMA["properties"].items():
        if name not in ("$schema", "allow_origins", "allow_origin_regexes"):
            stored = getattr(policy, name)
            assert each["default"] == (list(stored) if isinstance(stored, tuple) else stored)
    assert SCHEMA["properties"]["allow_origins"]["default"] == []
    assert SCHEMA["properties"]["allow_origin_regexes"]["default"] == []


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, False),
        ({"allow_origins": []}, False),
        ({"allow_origins": [], "allow_origin_regexes": []}, False),
        ({"allow_origin_regexes": [""]}, False),
        ({"allow_origin_regexes": r"https://a\.example"}, False),
        ({"allow_origin_regexes": [r"https://a\.example"]}, True),
        ({"allow_origin_regexes": [r"https://a\.example"], "allow_origins": []}, True),
        ({"allow_origin_regexes": [], "allow_origins": [APP]}, True),
    ],
)
def test_an_origin_or_a_regex_is_required(document: dict[str, Any], expected: bool) -> None:
    assert VALIDATOR.is_valid(document) == is_accepted(document) == expected


@pytest.mark.parametrize("name", [n for n, e in SCHEMA["properties"].items() if "examples" in e])
def test_examples_are_valid(name: str) -> None:
    for example in SCHEMA["properties"][name]["examples"]:
        document = {"allow_origins": [APP], name: example}
        assert is_accepted(document)
        assert VALIDATOR.is_valid(document)


def test_description_explains_origin_patterns() -> None:
    text = SCHEMA["properties"]["allow_origins"]["description"]
    for line in ('"https://*.example.com" ', '"http://localhost:*" ', '"*" '):
        assert line in text


def test_risks_are_those_of_the_core() -> None:
    assert SCHEMA["properties"]["accept_risks"]["items"]["enum"] == sorted(RISKS)


def test_schema_is_a_new_object_each_time() -> None:
    policy_schema()["properties"].clear()
    policy_schema()["properties"]["max_age"]["type"].clear()
    assert policy_schema() == SCHEMA


@given(setups())
def test_schema_accepts_what_the_core_accepts(setup: Setup) -> None:
    document = json.loads(json.dumps(setup.arguments))
    assert VALIDATOR.is_valid(document)
    assert VALIDATOR.is_valid({"$schema": "https://corekit.example/schema.json", **document})


scalars = st.none() | st.booleans() | st.integers(-1, 90_000) | st.floats(allow_nan=False)
texts = st.one_of(
    patterns,
    patterns.flatmap(lambda pattern: near_misses([pattern])),
    methods,
    header_names,
    exposable_names,
    st.sampled_from([r"https://.*\.example\.com", r"http://a\.example", "https://("]),
    st.sampled_from(["*", "null", "", "put", "Cookie", "vary", "TRACE", *RISKS]),
    st.text(max_size=5),
)
values = st.one_of(scalars, texts, st.lists(texts | scalars, max_size=3), st.just({}))
documents = st.one_of(
    st.dictionaries(st.sampled_from([*ARGUMENTS, "allow_origin", "$schema"]), values),
    st.builds(
        lambda setup, changes: {**setup.arguments, **changes},
        setups(),
        st.dictionaries(st.sampled_from(ARGUMENTS), values, max_size=2),
    ),
    values,
)


@given(documents)
def test_core_rejects_what_the_schema_rejects(document: Any) -> None:
    if not VALIDATOR.is_valid(document):
        assert not is_accepted(document)


@pytest.mark.parametrize(
    "changes",
    [
        {"allow_origin": [APP]},
        {"allow_origins": APP},
        {"allow_origins": []},
        {"allow_origins": ["app.example.com"]},
        {"allow_origins": [f"{APP}/"]},
        {"allow_origins": ["https://App.example.com"]},
        {"allow_origins": ["https://app.example.com/shop"]},
        {"allow_origins": [f"{APP}, {APP}"]},
        {"allow_origins": ["file:///x"]},
        {"allow_origins": ["wss://app.example.com"]},
        {"allow_origins": ["*", APP]},
        {"allow_origins": ["*"], "allow_credentials": True},
        {"allow_origins": ["null"]},
        {"allow_origins": ["null"], "accept_risks": ["opaque-origin"], "allow_credentials": True},
        {"allow_credentials": "true"},
        {"allow_credentials": 1},
        {"allow_methods": "PUT"},
        {"allow_methods": ["put"]},
        {"allow_methods": ["CONNECT"]},
        {"allow_methods": ["GET, PUT"]},
        {"allow_headers": ["x-a: 1"]},
        {"allow_headers": ["cookie"]},
        {"allow_headers": ["sec-fetch-mode"]},
        {"allow_headers": ["Proxy-Authorization"]},
        {"allow_headers": ["etag"]},
        {"expose_headers": ["set-cookie"]},
        {"expose_headers": ["user-agent"]},
        {"expose_headers": ["*"], "allow_credentials": True},
        {"max_age": "600"},
        {"max_age": -1},
        {"max_age": 86_401},
        {"max_age": 0.5},
        {"preflight_status": 302},
        {"preflight_status": None},
        {"accept_risks": ["everything"]},
        {"allow_private_network": None},
    ],
    ids=str,
)
def test_schema_rejects_common_mistakes(changes: dict[str, Any]) -> None:
    document = {"allow_origins": [APP], **changes}
    assert not VALIDATOR.is_valid(document)
    assert not is_accepted(document)


def test_safelisted_methods_are_valid() -> None:
    assert VALIDATOR.is_valid({"allow_origins": [APP], "allow_methods": list(SAFELISTED_METHODS)})


def test_file_may_reference_its_schema(tmp_path: Any) -> None:
    path = tmp_path / "cors.json"
    document = {"$schema": "corekit.schema.json", "allow_origins": [APP]}
    path.write_text(json.dumps(document))
    assert VALIDATOR.is_valid(document)
    assert load_policy(path) == CorsPolicy(allow_origins=[APP])
    path.write_text(json.dumps({"cors": document, "$schema": "of-the-application.json"}))
    assert load_policy(path) == CorsPolicy(allow_origins=[APP])


def test_conditions_are_as_published() -> None:
    def has(origin: str) -> dict[str, Any]:
        origins = {"type": "array", "contains": {"const": origin}}
        return {"required": ["allow_origins"], "properties": {"allow_origins": origins}}

    alone, credentials, opaque = SCHEMA["allOf"]
    assert alone["if"] == has("*")
    assert alone["then"] == {"properties": {"allow_origins": {"items": {"const": "*"}}}}
    assert credentials["if"]["required"] == ["allow_credentials"]
    assert opaque["if"] == has("null")
    assert opaque["then"]["required"] == ["accept_risks"]


def test_schema_is_the_same_each_time_it_is_built() -> None:
    assert load_again(schema).policy_schema() == SCHEMA
