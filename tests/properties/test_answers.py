"""Properties of every decision, for any policy and any request."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from corekit import CorsPolicy, Decision, RequestKind
from corekit._headers import merge_headers
from tests.properties import naive
from tests.properties.strategies import Preflight, Setup, near_misses, preflights, setups

MERGED_FIELDS = {
    "Origin": "origin",
    "Access-Control-Request-Method": "request_method",
    "Access-Control-Request-Headers": "request_headers",
    "Access-Control-Request-Private-Network": "request_private_network",
}


@st.composite
def calls(draw: st.DrawFn, setup: Setup) -> tuple[str, dict[str, Any]]:
    """Draw the arguments of a call of `decide`, with well-formed or hostile values."""
    preflight: dict[str, Any] = draw(preflights(setup))._asdict()
    if draw(st.integers(0, 5)) == 0:
        preflight[draw(st.sampled_from(list(preflight)))] = draw(st.none() | st.text(max_size=9))
    return draw(st.sampled_from(["OPTIONS", "OPTIONS", "GET", "options"])), preflight


def values(decision: Decision, name: str) -> list[str]:
    return [value for field, value in decision.headers if field == name]


def elements(decision: Decision, name: str) -> list[str]:
    return [element for value in values(decision, name) for element in value.split(", ")]


@given(st.data(), setups())
def test_response_headers_are_well_formed_and_never_unsafe(
    data: st.DataObject, setup: Setup
) -> None:
    method, request = data.draw(calls(setup))
    decision = setup.policy.decide(method, **request)
    origins = values(decision, "Access-Control-Allow-Origin")
    credentials = values(decision, "Access-Control-Allow-Credentials")
    assert len(origins) <= 1
    assert credentials in ([], ["true"])
    assert not credentials or (origins and "*" not in origins and "null" not in origins)
    names = [name for name, _ in decision.headers]
    assert len(set(names)) == len(names)
    for value in map(str, [value for _, value in decision.headers]):
        assert value
        assert value.isascii()
        assert value.isprintable()


@given(st.data(), setups())
def test_only_matching_origin_is_allowed(data: st.DataObject, setup: Setup) -> None:
    method, request = data.draw(calls(setup))
    decision = setup.policy.decide(method, **request)
    origin = request["origin"]
    matched = origin is not None and any(naive.matches(text, origin) for text in setup.origins)
    named = values(decision, "Access-Control-Allow-Origin")
    if setup.origins == ["*"]:
        assert named == (["*"] if matched or origin is None else [])
    else:
        assert named == ([origin] if matched else [])
    if not matched and origin is not None:
        assert decision.headers == ()
        assert decision.vary == ("Origin",)
        assert not decision.allowed


@given(st.data(), setups())
def test_preflight_lists_allowed_names_and_reflects_tokens(
    data: st.DataObject, setup: Setup
) -> None:
    request = data.draw(preflights(setup))._asdict()
    if data.draw(st.booleans()):
        request["request_headers"] = data.draw(st.text(max_size=20))
    decision = setup.policy.decide("OPTIONS", **request)
    assert decision.kind is RequestKind.PREFLIGHT
    assume(decision.headers)
    named = elements(decision, "Access-Control-Allow-Methods")
    assert {"GET", "HEAD", "POST"} <= set(named)
    grants = set(setup.arguments["allow_methods"])
    common = {"GET", "HEAD", "POST"} | (
        {"PUT", "PATCH", "DELETE", "OPTIONS"} if "*" in grants else set()
    )
    credentials = setup.policy.allow_credentials
    reflected = {request["request_method"]} - {"*"} if credentials and "*" in grants else set()
    literal = set() if credentials else {"*"}
    assert set(named) == (grants - {"*"}) | common | reflected | (grants & literal)
    assert len(named) == len(set(named))

    listed = elements(decision, "Access-Control-Allow-Headers")
    grants = {name.lower() for name in setup.arguments["allow_headers"]}
    allowed = grants - {"*"} if credentials else grants
    if credentials and "*" in grants and request["request_headers"] is not None:
        allowed |= (naive.read_field_names(request["request_headers"]) or set()) - {"*"}
    assert set(listed) == allowed
    assert len(listed) == len(set(listed))


@given(st.data(), setups())
def test_cache_that_honors_vary_never_serves_a_wrong_response(
    data: st.DataObject, setup: Setup
) -> None:
    earlier = data.draw(preflights(setup))._asdict()
    later = data.draw(preflights(setup))._asdict()
    if data.draw(st.booleans()):
        earlier["origin"], later["origin"] = later["origin"], earlier["origin"]
    method = data.draw(st.sampled_from(["OPTIONS", "GET"]))
    if method == "GET" and data.draw(st.booleans()):
        earlier["origin"] = None
    answer = setup.policy.decide(method, **earlier)
    for name, argument in MERGED_FIELDS.items():
        if name in answer.vary:
            later[argument] = earlier[argument]
    later_answer = setup.policy.decide(method, **later)
    if answer.vary == () and not naive.is_origin(later["origin"]):
        # The constant response for any origin, to a request that no browser sends.
        assert dict(answer.headers)["Access-Control-Allow-Origin"] == "*"
        return
    assert later_answer.headers == answer.headers
    assert later_answer.vary == answer.vary
    assert later_answer.status == answer.status


@given(st.data(), setups())
def test_vary_lists_only_what_the_response_depends_on(data: st.DataObject, setup: Setup) -> None:
    request = data.draw(preflights(setup))._asdict()
    decision = setup.policy.decide("OPTIONS", **request)
    assert set(decision.vary) <= set(MERGED_FIELDS)
    assert len(set(decision.vary)) == len(decision.vary)
    arguments = setup.arguments
    credentials = setup.policy.allow_credentials
    expected = {
        "Origin": setup.origins != ["*"],
        "Access-Control-Request-Method": credentials and "*" in arguments["allow_methods"],
        "Access-Control-Request-Headers": credentials and "*" in arguments["allow_headers"],
        "Access-Control-Request-Private-Network": arguments["allow_private_network"],
    }
    if decision.headers:
        assert set(decision.vary) == {name for name, varies in expected.items() if varies}


@given(st.data(), setups(), st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5))))
def test_adapter_writes_the_decided_headers(
    data: st.DataObject, setup: Setup, headers: list[tuple[str, str]]
) -> None:
    request = data.draw(preflights(setup))
    decision = setup.policy.decide("GET", origin=request.origin)
    answer = setup.policy.engine.actual(request.origin)
    headers += [("access-control-allow-origin", "*"), ("Access-Control-Allow-Credentials", "true")]
    merged = merge_headers(headers, answer, request.origin)
    written = [(k, v) for k, v in merged if k.lower().startswith("access-control-")]
    assert tuple(written) == decision.headers


@given(st.data(), setups(), st.permutations(range(4)))
def test_order_of_values_does_not_matter(
    data: st.DataObject, setup: Setup, order: list[int]
) -> None:
    arguments = dict(setup.arguments)
    for name in ("allow_origins", "allow_methods", "allow_headers", "expose_headers"):
        items = arguments[name]
        arguments[name] = [items[at] for at in order if at < len(items)] + items[4:]
    other = CorsPolicy(**arguments)
    assert other == setup.policy
    assert hash(other) == hash(setup.policy)
    request = data.draw(preflights(setup))._asdict()
    first, second = setup.policy.decide("OPTIONS", **request), other.decide("OPTIONS", **request)
    assert first.allowed == second.allowed
    assert first.reason is second.reason
    assert first.vary == second.vary
    assert [(k, sorted(v)) for k, v in first.headers] == [(k, sorted(v)) for k, v in second.headers]


def reformat(names: list[str], draw: st.DrawFn) -> str:
    """Return a list of names with other order, case, spaces and empty elements."""
    text = ""
    for name in draw(st.permutations(names)):
        spelling = draw(st.sampled_from([name, name.upper(), name.title()]))
        before = draw(st.sampled_from(["", " ", "\t", ",", " , ,"]))
        text += f"{before}{spelling}{draw(st.sampled_from(['', ' ', ',', ' ,  ,']))},"
    return text[: None if draw(st.booleans()) else -1]


reformatted = st.composite(lambda draw, names: reformat(names, draw))


@given(
    st.data(),
    setups(),
    st.lists(st.sampled_from(["x-a", "x-b", "authorization", "range"]), unique=True, min_size=1),
)
def test_format_of_requested_headers_does_not_matter(
    data: st.DataObject, setup: Setup, names: list[str]
) -> None:
    request = data.draw(preflights(setup))._asdict()
    decisions = [
        setup.policy.decide("OPTIONS", **{**request, "request_headers": text})
        for text in (",".join(names), data.draw(reformatted(names)), data.draw(reformatted(names)))
    ]
    for one, other in pairwise(decisions):
        assert one == other


@given(st.data(), setups())
def test_decision_is_the_same_for_bytes_and_text(data: st.DataObject, setup: Setup) -> None:
    method, request = data.draw(calls(setup))
    assume(all(value is None or value.isascii() for value in request.values()))
    raw = {name: value and value.encode() for name, value in request.items()}
    assert setup.policy.decide(method, **request) == setup.policy.decide(method, **raw)


@given(st.data(), setups())
def test_engine_agrees_with_decide(data: st.DataObject, setup: Setup) -> None:
    request: Preflight = data.draw(preflights(setup))
    engine = setup.policy.engine
    answer = engine.preflight(*request)
    decision = setup.policy.decide("OPTIONS", **request._asdict())
    assert (answer.status, answer.vary, answer.kind) == (
        decision.status,
        decision.vary,
        decision.kind,
    )
    headers = tuple(merge_headers([], answer, request.origin))
    assert headers[: len(decision.headers)] == decision.headers
    origin = data.draw(near_misses(setup.origins)) if setup.origins != ["*"] else request.origin
    assert engine.actual(origin).origin_allowed == setup.policy.decide("GET", origin=origin).allowed
