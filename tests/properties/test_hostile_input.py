"""Any request gets a decision, and any configuration gets a policy or its problems."""

from __future__ import annotations

import copy
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, Decision, PolicyError
from corekit._headers import merge_headers, merge_raw_headers, merge_vary
from corekit.problems import CODES
from tests.properties.strategies import (
    Setup,
    exact_origins,
    header_names,
    methods,
    near_misses,
    patterns,
    preflights,
    setups,
)

POLICIES = [
    CorsPolicy(allow_origins=["*"], allow_methods=["*"], allow_headers=["*"]),
    CorsPolicy(
        allow_origins=["https://a.example", "https://*.a.example", "https://b-*.a.example:*"],
        allow_credentials=True,
        allow_methods=["*"],
        allow_headers=["*"],
        allow_private_network=True,
    ),
    CorsPolicy(allow_origins=["https://a.example", "http://localhost:*"], allow_headers=["x-a"]),
    CorsPolicy.deny_all(),
]

# Any text, including lone surrogates, and text that is long or begins like a valid value.
texts = st.one_of(
    st.text(st.characters(), max_size=30),
    st.sampled_from(["https://a.example", "http://localhost", "null", "*", "PUT", "x-a", ","]),
    st.tuples(
        st.sampled_from(["https://a.example", "https://", "x", "GET", "[::1]:", "."]),
        st.text(st.characters(), max_size=8),
        st.sampled_from([1, 1, 2, 100, 5000]),
    ).map(lambda parts: parts[0] + parts[1] * parts[2]),
)
raw = st.binary(max_size=30) | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
header_values = st.none() | texts | raw


requests = st.fixed_dictionaries(
    {
        "method": texts | st.just("OPTIONS"),
        "origin": header_values,
        "request_method": header_values,
        "request_headers": header_values,
        "request_private_network": header_values,
    }
)


@given(st.sampled_from(POLICIES), requests)
def test_any_request_gets_a_decision(policy: CorsPolicy, request: dict[str, Any]) -> None:
    decision = policy.decide(**request)
    assert isinstance(decision, Decision)
    assert decision.allowed in (True, False)
    assert decision == policy.decide(**request)
    assert repr(decision).isprintable()
    assert all(value.isprintable() and value.isascii() for _, value in decision.headers)


@given(
    st.sampled_from(POLICIES), texts, texts, st.sampled_from([None, "x-a", "\r\nSet-Cookie: a=b"])
)
def test_request_cannot_inject_response_headers(
    policy: CorsPolicy, request_method: str, request_headers: str, more: str | None
) -> None:
    decision = policy.decide(
        "OPTIONS",
        origin="https://a.example",
        request_method=request_method,
        request_headers=request_headers + (more or ""),
    )
    for _, value in decision.headers:
        assert value
        assert value == value.strip()
        assert value.isascii()
        assert value.isprintable()
        assert len(value) < 10_000


# Values from a configuration file, an environment variable or a misread manual.
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.timedeltas(),
    texts,
    raw,
    patterns,
    exact_origins,
    methods,
    header_names,
    st.sampled_from(["*", "null", "cookie", "sec-a", "TRACE", "put", "x: y", "file:///", "Vary"]),
    st.sampled_from(["insecure-origin", "opaque-origin", "public-suffix", "max-age"]),
    st.sampled_from([timedelta(seconds=600), timedelta(milliseconds=1), object()]),
)
garbage = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.lists(inner, max_size=3).map(iter)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
lists_of_garbage = st.lists(scalars, max_size=4)
near_origins = st.lists(patterns, min_size=1).flatmap(near_misses)
FIELDS = {
    "allow_origins": st.lists(near_origins | patterns, max_size=3) | lists_of_garbage | garbage,
    "allow_credentials": st.booleans() | garbage,
    "allow_methods": lists_of_garbage | garbage,
    "allow_headers": lists_of_garbage | garbage,
    "expose_headers": lists_of_garbage | garbage,
    "max_age": st.integers() | garbage,
    "allow_private_network": st.booleans() | garbage,
    "preflight_status": st.integers(190, 310) | garbage,
    "accept_risks": lists_of_garbage | garbage,
}


def check_problems(error: PolicyError) -> None:
    """Check that an error can be shown, whatever its values are."""
    assert error.problems
    assert {problem.code for problem in error.problems} <= CODES
    assert len(str(error)) < 20_000
    assert all(line.isprintable() for line in str(error).split("\n"))


def check_round_trips(policy: CorsPolicy) -> None:
    """Check that `repr`, pickle and copies preserve a policy."""
    again = eval(repr(policy), {"CorsPolicy": CorsPolicy})
    assert again == policy
    assert repr(again) == repr(policy)
    for other in (pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy), copy.copy(policy)):
        assert other == policy
        assert hash(other) == hash(policy)
        assert repr(other) == repr(policy)
    assert policy.replace() == policy


@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
@given(st.fixed_dictionaries({}, optional=FIELDS))
@example({"allow_origins": ["https://a"], "max_age": 86_401})
@example({"allow_origins": ["https://-1.0.0.1"]})
@example({"allow_origins": ["https://0x-1.1"]})
@example({"max_age": 10**5000})
def test_any_arguments_give_a_policy_or_its_problems(
    arguments: dict[str, Any],
) -> None:
    try:
        policy = CorsPolicy(**arguments)
    except PolicyError as error:
        check_problems(error)
    else:
        check_round_trips(policy)


@given(setups())
def test_policy_survives_round_trips(setup: Setup) -> None:
    check_round_trips(setup.policy)
    assert setup.policy == CorsPolicy(**setup.arguments)


@given(st.data(), setups())
def test_pickled_policy_makes_the_same_decisions(data: st.DataObject, setup: Setup) -> None:
    other = pickle.loads(pickle.dumps(setup.policy))
    request = data.draw(preflights(setup))._asdict()
    assert other.decide("OPTIONS", **request) == setup.policy.decide("OPTIONS", **request)


paths = st.text(st.characters(), max_size=6).map(lambda text: f"/{text}") | texts
route_lists = st.lists(st.tuples(paths, st.sampled_from(POLICIES)) | garbage, max_size=4) | garbage


@given(route_lists, texts)
def test_any_routes_are_built_or_have_problems(routes: Any, path: str) -> None:
    try:
        made = CorsRoutes(routes)
    except PolicyError as error:
        check_problems(error)
    else:
        assert isinstance(made.policy_for(path), CorsPolicy | None)
        assert eval(repr(made), {"CorsPolicy": CorsPolicy, "CorsRoutes": CorsRoutes}) == made
        assert pickle.loads(pickle.dumps(made)) == made


fields = st.sampled_from(["Vary", "vary", "Access-Control-Allow-Origin", "A", "v", "", "X-Y"])


@given(st.lists(st.tuples(fields | st.text(max_size=5), st.text(max_size=9))), exact_origins)
def test_any_application_headers_are_merged(headers: list[tuple[str, str]], origin: str) -> None:
    before = list(headers)
    for policy in POLICIES:
        merged = merge_headers(headers, policy.engine.actual(origin), origin)
        untouched = [
            (name, value)
            for name, value in headers
            if name.lower() != "vary" and not name.lower().startswith("access-control-")
        ]
        assert merged[: len(untouched)] == untouched
    assert headers == before


@given(st.lists(st.tuples(st.binary(max_size=5), st.binary(max_size=9))), exact_origins)
def test_any_raw_application_headers_are_merged(
    headers: list[tuple[bytes, bytes]], origin: str
) -> None:
    before = list(headers)
    for policy in POLICIES:
        answer = policy.engine.actual(origin)
        text = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
        raw_merged = merge_raw_headers(headers, answer, origin.encode())
        merged = merge_headers(text, answer, origin)
        assert [(k.lower(), v) for k, v in raw_merged] == [
            (k.encode("latin-1").lower(), v.encode("latin-1")) for k, v in merged
        ]
    assert headers == before


@given(st.lists(st.text(max_size=9)), st.lists(st.sampled_from(["Origin", "Cookie", "X-A"])))
def test_merged_vary_keeps_all_names(lines: list[str], names: list[str]) -> None:
    def listed(values: list[str]) -> set[str]:
        return {name.strip().lower() for value in values for name in value.split(",")} - {""}

    merged = merge_vary(lines, names)
    if merged is None:
        assert "*" in listed(lines) or listed(names) <= listed(lines)
    else:
        assert listed([merged]) == listed(lines) | listed(names)
        assert merge_vary([merged], names) is None
