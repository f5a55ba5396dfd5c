"""Common mistakes of new users, each with the hint that fixes it."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.compat import RegexCorsPolicy

APP = "https://app.example.com"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("origins", "Did you mean allow_origins?"),
        ("allow_origin", "Did you mean allow_origins?"),
        ("supports_credentials", "Did you mean allow_credentials?"),
        ("credentials", "Did you mean allow_credentials?"),
        ("methods", "Did you mean allow_methods?"),
        ("headers", "Did you mean allow_headers?"),
        ("expose_header", "Did you mean expose_headers?"),
        ("max_ag", "Did you mean max_age?"),
        (
            "allow_origin_regex",
            "A policy takes patterns, not regular expressions.",
        ),
        ("zzz", "The arguments are allow_origins, allow_credentials"),
    ],
)
def test_misspelled_argument_suggests_the_right_one(name: str, meant: str) -> None:
    arguments: dict[str, Any] = {"allow_origins": [APP], name: True}
    for make in (CorsPolicy, CorsPolicy(allow_origins=[APP]).replace):
        with pytest.raises(TypeError, match=f"^{name}: A policy ") as caught:
            make(**arguments)
        assert meant in str(caught.value)


def test_misspelled_argument_of_a_regex_policy() -> None:
    with pytest.raises(TypeError, match=r"Did you mean allow_origin_regexes\?"):
        RegexCorsPolicy(allow_origin_regexe=[])  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("htps://a.example", "Did you mean 'https://a.example'?"),
        ("htpp://localhost:*", "Did you mean 'http://localhost:*'?"),
        ("Hhttps://*.a.example/", "Did you mean 'https://*.a.example'?"),
        (r"^https://.*\.example\.com$", "'https://*.example.com'"),
        (r"https://\w+.example.com", "'https://*.example.com'"),
        ("https://.*example.com", "'https://*.example.com'"),
        ("", "Splitting an empty string"),
    ],
)
def test_origin_that_never_matches_has_a_hint(text: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[text])
    (problem,) = caught.value.problems
    assert hint in problem.hint


@pytest.mark.parametrize("path", ["/api/{id}", "/api/<int:id>", "/api/*", "/api/%20"])
def test_router_syntax_is_not_a_path(path: str) -> None:
    with pytest.raises(PolicyError, match="malformed-path"):
        CorsRoutes([(path, CorsPolicy.deny_all())])


def test_policy_cannot_be_reinitialized() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    with pytest.raises(AttributeError, match=r"^a policy is immutable$"):
        policy.__init__(allow_origins=["https://other.example"])  # type: ignore[misc]
    assert policy.allow_origins == (APP,)


def test_replace_without_changes_returns_the_policy() -> None:
    for policy in (CorsPolicy.deny_all(), CorsPolicy(allow_origins=[APP])):
        assert policy.replace() is policy


@pytest.mark.parametrize(
    ("origin", "suffix"),
    [
        ("https://*.amazonaws.com", ".amazonaws.com"),
        ("https://*.windows.net", ".windows.net"),
        ("https://*.platform.sh", ".platform.sh"),
        ("https://*.platform.sh.", ".platform.sh"),
        ("https://*.github.io", "github.io"),
        ("https://*.com", "com"),
        ("https://pr-*.vercel.app", "vercel.app"),
    ],
)
def test_wildcard_below_public_suffix_is_a_risk(origin: str, suffix: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[origin], allow_credentials=True)
    (problem,) = caught.value.problems
    assert problem.code == "public-suffix"
    assert suffix in problem.message
    CorsPolicy(allow_origins=[origin], allow_credentials=True, accept_risks=["public-suffix"])
    CorsPolicy(allow_origins=[origin])


@pytest.mark.parametrize(
    "origin", ["https://*.example.com", "https://*.example.co.uk", "https://pr-*.amazonaws.com"]
)
def test_wildcard_below_a_site_is_not_a_risk(origin: str) -> None:
    CorsPolicy(allow_origins=[origin], allow_credentials=True)
