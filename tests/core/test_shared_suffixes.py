"""Tunnels and workspaces that are not on the Public Suffix List, which browsers use."""

from __future__ import annotations

import re

import pytest

from corekit import CorsPolicy, PolicyError
from corekit._suffixes import (
    SHARED_SUFFIXES,
    find_open_suffix,
    is_listed_suffix,
    is_public_suffix,
    site_of,
    suffix_rules_below,
)
from corekit.compat import RegexCorsPolicy
from corekit.lint import lint_policy
from tests.core.rejections import codes_of

HOSTS = [rule.removeprefix("*.") for rule in SHARED_SUFFIXES]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("label", ["*", "pr-*"])
def test_pattern_below_is_open(host: str, label: str) -> None:
    pattern = f"https://{label}.{host}"
    assert codes_of(allow_origins=[pattern], allow_credentials=True) == ["public-suffix"]
    (advice,) = lint_policy(CorsPolicy(allow_origins=[pattern], max_age=600))
    assert (advice.severity, advice.code) == ("warning", "open-pattern")
    assert host in advice.message


@pytest.mark.parametrize("host", HOSTS)
def test_regex_below_is_open(host: str) -> None:
    regex = rf"https://.*\.{re.escape(host)}"
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=[regex], allow_credentials=True)
    assert [problem.code for problem in caught.value.problems] == ["public-suffix"]


@pytest.mark.parametrize("host", HOSTS)
def test_exact_origin_below_is_not_open(host: str) -> None:
    CorsPolicy(allow_origins=[f"https://mine.x.{host}"], allow_credentials=True)


def test_wildcard_rule_covers_the_regions() -> None:
    assert is_public_suffix("euw.devtunnels.ms")
    assert not is_public_suffix("mine.euw.devtunnels.ms")
    assert not is_public_suffix("mine.app.github.dev")
    assert suffix_rules_below("github.dev") == ("app.github.dev",)
    assert find_open_suffix("github.dev", below=True) == "app.github.dev"
    assert find_open_suffix("github.dev", below=False) is None


@pytest.mark.parametrize("rule", SHARED_SUFFIXES)
def test_rule_has_a_source_and_is_not_on_the_list(rule: str) -> None:
    assert SHARED_SUFFIXES[rule].startswith("https://")
    assert not is_listed_suffix(rule.replace("*", "x"))


def test_sites_follow_the_list_of_browsers() -> None:
    assert site_of("mine.app.github.dev") == "github.dev"
    assert site_of("mine.github.io") == "mine.github.io"
    assert site_of("192.168.1.*") == "192.168.1.*"


def test_suffix_below_a_wildcard_is_shown_without_it() -> None:
    assert find_open_suffix("cs.amazonlightsail.com", below=True) == (
        "ap-east-1.cs.amazonlightsail.com"
    )
