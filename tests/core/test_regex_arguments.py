"""Regular expressions as arguments: of origins, and of paths."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from corekit import PolicyError, _regexes
from corekit.compat import RegexCorsPolicy, RegexError, compile_path_regex


class Site(StrEnum):
    APP = r"https://app\.example"


def test_regex_may_be_a_member_of_an_enum() -> None:
    (regex,) = RegexCorsPolicy(allow_origin_regexes=[Site.APP]).allow_origin_regexes
    assert (type(regex.pattern), regex.pattern) == (str, Site.APP.value)


def test_ordinary_paths_have_up_to_64_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_regexes, "longest_path", lambda _: 64)
    assert compile_path_regex("/api/").pattern == "/api/"
    monkeypatch.setattr(_regexes, "longest_path", lambda _: 63)
    with pytest.raises(RegexError, match="Paths of more than 63 characters"):
        compile_path_regex("/api/")


@pytest.mark.parametrize("value", [5, None, "https://a", b"https://a", {"https://a": 1}])
def test_what_is_not_a_list_of_regexes_is_a_problem(value: Any) -> None:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(allow_origin_regexes=value)
    (problem,) = caught.value.problems
    assert (problem.subject, problem.value) == ("allow_origin_regexes", value)
