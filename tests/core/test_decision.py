"""A decision and an answer as values, and when the verdict is worked out."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, Decision, Reason, RequestKind, _engine
from corekit._containers import AnyOrigin
from corekit._names import parse_field_names
from corekit.decision import Answer

APP = "https://app.example.com"
POLICY = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], allow_headers=["x-a"])


def preflight(method: str = "PUT", headers: str = "x-a", origin: str = APP) -> Decision:
    return POLICY.decide("OPTIONS", origin=origin, request_method=method, request_headers=headers)


def test_decisions_are_compared_by_value() -> None:
    assert preflight() == preflight()
    assert hash(preflight()) == hash(preflight())
    assert preflight() == preflight(headers="X-A , ")
    assert len({preflight(), preflight("POST"), preflight("DELETE"), preflight(headers="x")}) == 3
    assert preflight() != preflight(origin="https://evil.example")
    assert preflight() != POLICY.decide("GET", origin=APP)
    assert preflight() != "GRANTED"
    one, other = (
        CorsPolicy(allow_origins=[APP], preflight_status=status).decide(
            "OPTIONS", origin=APP, request_method="GET"
        )
        for status in (200, 204)
    )
    assert one != other
    assert POLICY.decide("GET") == CorsPolicy.deny_all().decide("POST")


def test_a_set_of_decisions_is_no_list_of_collisions() -> None:
    assert len({hash(preflight(headers=name)) for name in ("x-a", "x-b")}) > 1


def test_decisions_with_other_origins_are_other_decisions() -> None:
    policy = CorsPolicy(allow_origins=["http://localhost:*"])
    one, other = (policy.decide("GET", origin=f"http://localhost:{port}") for port in (1, 2))
    assert one != other


@pytest.mark.parametrize(
    "name", ["kind", "allowed", "reason", "status", "headers", "vary", "other"]
)
def test_a_decision_cannot_be_changed(name: str) -> None:
    decision = preflight()
    with pytest.raises(AttributeError):
        setattr(decision, name, None)
    assert decision == preflight()


def test_the_headers_of_a_decision_cannot_be_changed_for_others() -> None:
    decision = preflight()
    assert isinstance(decision.headers, tuple)
    assert all(isinstance(header, tuple) for header in decision.headers)
    assert isinstance(decision.vary, tuple)


def test_a_decision_reads_well() -> None:
    text = repr(POLICY.decide("GET", origin="x\r\ny"))
    assert text == (
        "<Decision kind=RequestKind.ACTUAL, allowed=False, reason=Reason.ORIGIN_MALFORMED,"
        " status=None, headers=(), vary=('Origin',)>"
    )
    assert "('Access-Control-Allow-Origin', 'https://app.example.com')" in repr(preflight())


def test_every_reason_is_a_sentence() -> None:
    assert {reason.name for reason in Reason} == {
        "NOT_CORS",
        "SAME_ORIGIN",
        "GRANTED",
        "ORIGIN_NOT_ALLOWED",
        "ORIGIN_MALFORMED",
        "ORIGIN_UNKNOWN",
        "METHOD_NOT_ALLOWED",
        "METHOD_MALFORMED",
        "HEADER_NOT_ALLOWED",
        "HEADERS_MALFORMED",
        "HEADERS_TOO_LONG",
    }
    for reason in Reason:
        assert reason.value.endswith(".")
        assert reason.value[0].isupper()


def test_verdict_is_computed_when_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[str] = []

    def parse(text: str) -> frozenset[str] | None:
        calls.append(text)
        return parse_field_names(text)

    monkeypatch.setattr(_engine, "parse_field_names", parse)
    decision = preflight(headers="x-a,x-b")
    assert decision.status == 204
    assert dict(decision.headers)["Access-Control-Allow-Headers"] == "x-a"
    assert decision.vary == ("Origin",)
    assert calls == []
    assert decision.reason is Reason.HEADER_NOT_ALLOWED
    assert not decision.allowed
    assert calls == ["x-a,x-b"]


@pytest.mark.parametrize(
    ("length", "reason"), [(64, Reason.GRANTED), (65, Reason.METHOD_MALFORMED)]
)
@pytest.mark.parametrize("credentials", [True, False])
def test_a_method_of_64_characters_is_read(length: int, reason: Reason, credentials: bool) -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["*"], allow_credentials=credentials)
    method = "M" * length
    decision = policy.decide("OPTIONS", origin=APP, request_method=method)
    assert decision.reason is reason
    named = dict(decision.headers)["Access-Control-Allow-Methods"].split(", ")
    assert (method in named) == (credentials and length == 64)


def test_a_long_method_that_is_granted_by_name_is_allowed() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["M" * 100])
    assert policy.decide("OPTIONS", origin=APP, request_method="M" * 100).allowed


@pytest.mark.parametrize(("length", "allowed"), [(4096, True), (4097, False)])
def test_4096_characters_of_requested_headers_are_read(length: int, allowed: bool) -> None:
    for credentials in (True, False):
        policy = CorsPolicy(allow_origins=[APP], allow_headers=["*"], allow_credentials=credentials)
        decision = policy.decide(
            "OPTIONS", origin=APP, request_method="GET", request_headers="a" * length
        )
        assert decision.allowed == allowed
        assert decision.reason is (Reason.GRANTED if allowed else Reason.HEADERS_TOO_LONG)
        named = dict(decision.headers).get("Access-Control-Allow-Headers", "")
        assert ("a" * length == named) == (credentials and allowed)


def test_bound_of_requested_headers_follows_the_grants() -> None:
    names = [f"x-{number:04}-{'a' * 20}" for number in range(200)]
    policy = CorsPolicy(allow_origins=[APP], allow_headers=names)
    for separator in (",", ", "):
        asked = separator.join(names)
        assert len(asked) > 4096
        decision = policy.decide("OPTIONS", origin=APP, request_method="GET", request_headers=asked)
        assert decision.reason is Reason.GRANTED


def test_an_answer_has_its_headers_as_asgi_wants_them() -> None:
    answer = POLICY.engine.preflight(APP, "PUT", None, None)
    assert answer.echoes_origin
    assert answer.raw_headers == (
        (b"access-control-allow-methods", b"GET, HEAD, POST, PUT"),
        (b"access-control-allow-headers", b"x-a"),
    )
    assert answer.headers == (
        ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT"),
        ("Access-Control-Allow-Headers", "x-a"),
    )


def test_vary_follows_the_headers_of_an_answer() -> None:
    answer = CorsPolicy(
        allow_origins=[APP], allow_credentials=True, allow_methods=["*"]
    ).engine.preflight(APP, "PUT", None, None)
    assert answer.lines == (
        *answer.headers,
        ("Vary", "Origin, Access-Control-Request-Method"),
    )
    assert answer.raw_lines == (
        *answer.raw_headers,
        (b"vary", b"Origin, Access-Control-Request-Method"),
    )
    assert answer.raw_headers[0] == (b"access-control-allow-credentials", b"true")


def test_an_answer_that_does_not_vary_has_no_empty_vary() -> None:
    answer = CorsPolicy(allow_origins=["*"]).engine.actual(APP)
    assert answer.lines == answer.headers == (("Access-Control-Allow-Origin", "*"),)
    assert answer.raw_lines == answer.raw_headers


def test_answer_is_shared_by_requests_of_one_kind() -> None:
    answer = POLICY.engine.actual(APP)
    assert answer is POLICY.engine.actual(APP)
    assert answer == Answer(RequestKind.ACTUAL, True, None, (), ("Origin",), echoes_origin=True)
    assert POLICY.engine.preflight(APP, "PUT", "x", None) is POLICY.engine.preflight(
        APP, "DELETE", "y" * 9999, "true"
    )
    with pytest.raises(AttributeError):
        answer.vary = ()  # type: ignore[misc]


def test_the_static_answer_names_no_origin_of_a_request() -> None:
    engine_of_all = CorsPolicy(allow_origins=["*"]).engine
    assert not engine_of_all.actual(APP).echoes_origin
    assert engine_of_all.actual(APP).origin_allowed
    assert not engine_of_all.actual(None).origin_allowed
    assert "x" in AnyOrigin()


def test_an_engine_takes_any_set_of_origins() -> None:
    custom = POLICY.engine_for({"https://tenant.example"})
    answer = custom.actual("https://tenant.example")
    assert answer.origin_allowed
    assert answer.echoes_origin
    assert not custom.actual(APP).origin_allowed
