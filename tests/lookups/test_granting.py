"""Which origins are looked up: the rules of a policy, and never more than it grants."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.lookups import LOOKUP_RISKS, find_granting

LISTED: Final = ["https://example.com"]
plain: Final = CorsPolicy(allow_origins=LISTED, allow_methods=["PUT"], max_age=60)
credentials: Final = plain.replace(allow_credentials=True)
INSECURE: Final = ["insecure-origin"]


@pytest.mark.parametrize(
    ("policy", "origin", "accepted", "asked"),
    [
        (plain, "https://a.example", (), True),
        (credentials, "https://a.example", (), True),
        (credentials, "chrome-extension://abcdefghijklmnop", (), True),
        (plain, "http://a.example", (), True),
        (credentials, "http://a.example", (), False),
        (credentials, "http://a.example:8080", (), False),
        (credentials, "http://a.example", INSECURE, True),
        (credentials, "http://192.168.1.20", (), False),
        (credentials, "http://localhost:3000", (), True),
        (credentials, "http://127.0.0.1", (), True),
        (plain, "null", (), False),
        (credentials, "null", INSECURE, False),
        (plain, "file://", (), False),
        (plain, "app://", (), False),
        (plain, "https://a.example/", (), False),
        (plain, "", (), False),
        (CorsPolicy(allow_origins=["*"]), "https://a.example", (), False),
        (CorsPolicy.deny_all(), "https://a.example", (), False),
        (
            credentials.replace(allow_origins=["http://a.example"], accept_risks=INSECURE),
            "http://b.example",
            (),
            False,
        ),
    ],
)
def test_origins_are_asked_by_the_rules_of_the_policy(
    policy: CorsPolicy, origin: str, accepted: list[str], asked: bool
) -> None:
    assert (find_granting(policy, origin, accepted) is not None) is asked


def test_look_up_grants_what_the_policy_grants() -> None:
    engine = find_granting(credentials, "https://a.example")
    assert engine is not None
    assert engine.actual("https://a.example") == credentials.engine.actual(*LISTED)
    arguments: tuple[Any, ...] = ("PUT", None, None)
    expected = credentials.engine.preflight(*LISTED, *arguments)
    assert engine.preflight("https://a.example", *arguments) == expected


@pytest.mark.parametrize("policy", [plain, credentials])
def test_granting_allows_no_opaque_origin_with_credentials(policy: CorsPolicy) -> None:
    engine = policy.granting
    assert engine is not None
    assert engine.allows("null") is not policy.allow_credentials
    assert not engine.allows("https://a.example/")


def test_granting_is_compiled_once_for_each_policy() -> None:
    assert plain.granting is plain.granting is not credentials.granting
    uncached = plain.uncached.granting
    assert uncached is not None
    answer = uncached.preflight("https://a.example", "PUT", None, None)
    assert ("Access-Control-Max-Age", "0") in answer.headers


def test_risks_are_those_of_an_exact_origin() -> None:
    assert frozenset(INSECURE) == LOOKUP_RISKS
