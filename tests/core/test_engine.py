"""The engine alone, as adapters use it: its answers, and what they vary by.

Each test compiles its own engine, so that it finds bugs of the compilation too.
"""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, RequestKind
from corekit._containers import AnyOrigin
from corekit._engine import Engine
from corekit._origins import OriginSet

PAGE = "https://app.example.com"


def engine(**changes: object) -> Engine:
    arguments: dict[str, object] = {
        "origins": OriginSet([PAGE]),
        "credentials": False,
        "methods": [],
        "headers": [],
        "exposed": [],
        "max_age": None,
        "private_network": False,
        "status": 204,
        **changes,
    }
    return Engine(**arguments)  # type: ignore[arg-type]


def test_a_denied_preflight_is_a_preflight_that_varies_by_origin() -> None:
    answer = engine().preflight("https://evil.example", "PUT", None, None)
    assert answer.kind is RequestKind.PREFLIGHT
    assert answer.vary == ("Origin",)
    assert answer.origin_allowed is False


def test_without_an_origin_none_is_allowed() -> None:
    assert engine().actual(None).origin_allowed is False
    assert engine(origins=AnyOrigin()).actual(None).origin_allowed is False


@pytest.mark.parametrize(
    ("changes", "vary"),
    [
        ({}, ("Origin",)),
        ({"methods": ["*"]}, ("Origin",)),
        ({"headers": ["*"]}, ("Origin",)),
        ({"credentials": True}, ("Origin",)),
        (
            {"credentials": True, "methods": ["*"]},
            ("Origin", "Access-Control-Request-Method"),
        ),
        (
            {"credentials": True, "headers": ["*"]},
            ("Origin", "Access-Control-Request-Headers"),
        ),
        (
            {"credentials": True, "headers": ["*"], "methods": ["*"], "private_network": True},
            (
                "Origin",
                "Access-Control-Request-Method",
                "Access-Control-Request-Headers",
                "Access-Control-Request-Private-Network",
            ),
        ),
    ],
)
def test_a_preflights_answer_varies_by_what_it_depends_on(
    changes: dict[str, object], vary: tuple[str, ...]
) -> None:
    assert engine(**changes).preflight(PAGE, "PUT", "x-a", None).vary == vary


def test_wildcard_names_the_common_methods_too() -> None:
    headers = dict(engine(methods=["*"]).preflight(PAGE, "FOO", None, None).headers)
    assert (
        headers["Access-Control-Allow-Methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, *"
    )


def test_header_named_star_is_not_reflected() -> None:
    answer = engine(credentials=True, headers=["*"]).preflight(PAGE, "GET", "*,x-a", None)
    assert dict(answer.headers)["Access-Control-Allow-Headers"] == "x-a"


def test_method_named_star_is_not_reflected() -> None:
    answer = engine(credentials=True, methods=["*"]).preflight(PAGE, "*", None, None)
    methods = dict(answer.headers)["Access-Control-Allow-Methods"]
    assert methods == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


def test_a_preflight_grants_credentials() -> None:
    answer = engine(credentials=True).preflight(PAGE, "PUT", None, None)
    assert dict(answer.headers)["Access-Control-Allow-Credentials"] == "true"


def test_private_network_is_granted_with_named_requests() -> None:
    for asked, granted in (("true", "true"), (None, None), ("false", None)):
        policy = engine(credentials=True, methods=["*"], private_network=True)
        headers = dict(policy.preflight(PAGE, "PUT", None, asked).headers)
        assert headers.get("Access-Control-Allow-Private-Network") == granted


def test_authorization_is_covered_by_a_wildcard_with_credentials_only() -> None:
    for credentials, allowed in ((True, True), (False, False)):
        policy = CorsPolicy(
            allow_origins=[PAGE], allow_headers=["*"], allow_credentials=credentials
        )
        decision = policy.decide(
            "OPTIONS", origin=PAGE, request_method="GET", request_headers="authorization"
        )
        assert decision.allowed is allowed


def test_bound_of_requested_headers_is_twice_the_grants() -> None:
    names = [f"x-{number:04}" for number in range(1000)]
    total = sum(map(len, names))
    for length, allowed in ((2 * total, True), (2 * total + 1, False)):
        asked = ",".join(names).ljust(length, ",")
        policy = CorsPolicy(allow_origins=[PAGE], allow_headers=names)
        decision = policy.decide(
            "OPTIONS", origin=PAGE, request_method="GET", request_headers=asked
        )
        assert decision.allowed is allowed


def test_a_granted_preflight_of_a_plain_policy_names_its_headers() -> None:
    headers = dict(engine(headers=["x-a", "x-b"]).preflight(PAGE, "GET", None, None).headers)
    assert headers["Access-Control-Allow-Headers"] == "x-a, x-b"


def test_any_origin_with_credentials_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"^Any origin cannot be combined with credentials: "):
        engine(origins=AnyOrigin(), credentials=True)


def test_engine_without_a_cache_is_another_one_and_made_once() -> None:
    made = engine(max_age=600)
    uncached = made.uncached
    assert made.uncached is uncached
    headers = uncached.preflight(PAGE, "GET", None, None).headers
    assert ("Access-Control-Max-Age", "0") in headers


def test_rule_is_the_origin_that_is_allowed() -> None:
    assert engine().find_rule(PAGE) == PAGE
    assert engine().find_rule("https://evil.example") is None


def test_no_other_method_is_granted_if_none_is_requested() -> None:
    reflecting = engine(credentials=True, methods=["*"])
    granted = reflecting.preflight(PAGE, "GET", None, None)
    assert reflecting.preflight(PAGE, "", None, None).headers == granted.headers
