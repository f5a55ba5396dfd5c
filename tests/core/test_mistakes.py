"""Mistakes that people make on the first day, each with the word that fixes it."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.compat import RegexCorsPolicy

APP = "https://app.example.com"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("origins", "did you mean allow_origins?"),
        ("allow_origin", "did you mean allow_origins?"),
        ("supports_credentials", "did you mean allow_credentials?"),
        ("credentials", "did you mean allow_credentials?"),
        ("methods", "did you mean allow_methods?"),
        ("headers", "did you mean allow_headers?"),
        ("expose_header", "did you mean expose_headers?"),
        ("max_ag", "did you mean max_age?"),
        ("allow_origin_regex", "which has patterns"),
        ("zzz", "it has allow_origins, allow_credentials"),
    ],
)
def test_a_misspelt_argument_is_refused_with_the_one_that_is_meant(name: str, meant: str) -> None:
    arguments: dict[str, Any] = {"allow_origins": [APP], name: True}
    for make in (CorsPolicy, CorsPolicy(allow_origins=[APP]).replace):
        with pytest.raises(TypeError, match=f"no argument '{name}'") as caught:
            make(**arguments)
        assert meant in str(caught.value)


def test_a_misspelt_argument_of_a_peers_policy_is_refused_too() -> None:
    with pytest.raises(TypeError, match=r"did you mean allow_origin_regexes\?"):
        RegexCorsPolicy(allow_origin_regexe=[])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("htps://a.example", "Did you mean 'https://a.example'?"),
        ("htpp://localhost:*", "Did you mean 'http://localhost:*'?"),
        ("Hhttps://*.a.example/", "Did you mean 'https://*.a.example'?"),
        (r"^https://.*\.example\.com$", "'https://*.example.com'"),
        (r"https://\w+.example.com", "'https://*.example.com'"),
        ("https://.*example.com", "'https://*.example.com'"),
        ("", "''.split(',')"),
    ],
)
def test_what_would_never_match_is_refused_with_the_mend(text: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[text])
    (problem,) = caught.value.problems
    assert hint in problem.hint


@pytest.mark.parametrize("path", ["/api/{id}", "/api/<int:id>", "/api/*", "/api/%20"])
def test_a_path_of_a_router_is_no_path(path: str) -> None:
    with pytest.raises(PolicyError, match="malformed-path"):
        CorsRoutes([(path, CorsPolicy.deny_all())])


def test_a_policy_cannot_be_made_into_another() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    with pytest.raises(AttributeError, match=r"^a policy is immutable$"):
        policy.__init__(allow_origins=["https://other.example"])  # type: ignore[misc]
    assert policy.allow_origins == (APP,)


def test_replacing_nothing_leaves_a_policy_as_it_is() -> None:
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
def test_a_wildcard_never_reaches_below_a_public_suffix(origin: str, suffix: str) -> None:
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
def test_names_of_ones_own_need_no_acceptance(origin: str) -> None:
    CorsPolicy(allow_origins=[origin], allow_credentials=True)
