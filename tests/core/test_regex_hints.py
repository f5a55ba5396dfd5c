"""Hints for regular expressions: a fix that is named can be applied and has no such problem."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corekit import PolicyError
from corekit.compat import RegexCorsPolicy
from corekit.problems import PYTHON, Problem
from tests.core.regexes import regexes

LOOKS = ["{}", "(?={})", "(?!{})", "https://{}"]


def problems_of(source: str, *, credentials: bool) -> list[Problem]:
    try:
        RegexCorsPolicy(allow_origin_regexes=[source], allow_credentials=credentials)
    except PolicyError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("source", "code", "fix"),
    [
        # Prefixes, which other libraries match.
        (r"^http://localhost:", "never-matches", r"^http://localhost:\d+"),
        (r"^http://localhost:$", "never-matches", r"^http://localhost:\d+"),
        (r"^http:\/\/localhost:$", "never-matches", r"^http:\/\/localhost:\d+"),
        (r"^https://pr-", "never-matches", None),
        (r"https://(pr|branch)-$", "never-matches", None),
        # Upper case; Browsers send lower case.
        (r"https://App\.Example\.com", "never-matches", r"https://app\.example\.com"),
        (r"https://\w+\.Example\.com", "never-matches", r"https://\w+\.example\.com"),
        # JavaScript.
        (r"/^https:\/\/app\.example\.com$/", "never-matches", r"^https:\/\/app\.example\.com$"),
        (r"/https:\/\/App\.example\.com\//i", "never-matches", r"https:\/\/app\.example\.com"),
        # URLs.
        (r"https://app\.example\.com/", "never-matches", r"https://app\.example\.com"),
        (r"https://app\.example\.com/.*", "never-matches", r"https://app\.example\.com"),
        (r"https://app\.example\.com:443", "never-matches", r"https://app\.example\.com"),
        (r"https://app.example.com/", "never-matches", r"https://app\.example\.com"),
        (r"localhost:\d+", "never-matches", r"http://localhost:\d+"),
        (r"127\.0\.0\.1:3000", "never-matches", r"http://127\.0\.0\.1:3000"),
        (r"localhost-app\.example\.com", "never-matches", r"https://localhost-app\.example\.com"),
        (r"app\.example\.com", "never-matches", r"https://app\.example\.com"),
        (r"^app\.example\.com$", "never-matches", r"https://app\.example\.com$"),
        (r"https://(?P<Host>a)\.b\.c/", "never-matches", r"https://(?P<Host>a)\.b\.c"),
        (r" https://app\.example\.com", "never-matches", r"https://app\.example\.com"),
        # Globs.
        (r"https://*.example.com", "never-matches", r"https://.*\.example\.com"),
        (r"http://localhost:*", "never-matches", r"http://localhost(:[1-9][0-9]*)?"),
        (r"https://*", "never-matches", None),
        # Text that cannot be an origin.
        (r"https://a\.\.b", "never-matches", None),
        # Other sites.
        (r"https?://app\.example\.com", "insecure-origin", r"https://app\.example\.com"),
        (r"(http|https)://app\.example\.com", "insecure-origin", r"https://app\.example\.com"),
        (r"http(s)?://app\.example\.com", "insecure-origin", r"https://app\.example\.com"),
        (r"^.*\.example\.com$", "insecure-origin", r"https://.*\.example\.com$"),
        (r"https://app.example\.com", "public-suffix", r"https://app\.example\.com"),
        (r"https://.*example\.com", "public-suffix", r"https://.*\.example\.com"),
        (r"https://pr-\d+.example\.com", "public-suffix", r"https://pr-\d+\.example\.com"),
        (r"https://.*\.vercel\.app", "public-suffix", None),
        (r"https://app\.example.com", "any-origin-with-credentials", r"https://app\.example\.com"),
        (
            r"https://.*\.example\.com.*",
            "any-origin-with-credentials",
            r"https://.*\.example\.com",
        ),
        (r"https://.*", "any-origin-with-credentials", None),
        (r"https?://.*", "any-origin-with-credentials", None),
        (
            r"https://a.\.example\.com.*",
            "any-origin-with-credentials",
            r"https://a.\.example\.com",
        ),
        (
            r"https://app.example\.com.*",
            "any-origin-with-credentials",
            r"https://app\.example\.com",
        ),
        # Time.
        (r"https://(.*\.)*example\.com", "slow-regex", r"https://(.*\.)?example\.com"),
        (r"https://.*\.a\..*\.example\.com", "slow-regex", r"https://.*\.a\.[^.]+\.example\.com"),
        (
            r"https://(.*)\.(.+)\.example\.com",
            "slow-regex",
            r"https://([^.]+)\.([^.]+)\.example\.com",
        ),
        (r"https://([a-z]+-?)+\.example\.com", "slow-regex", None),
        # Origins that are not those of sites.
        (r"app://.*", "opaque-origin", None),
        (r"null|https://a\.example\.com", "opaque-origin", None),
        (r"https://(?!x)a\.example\.com", "opaque-regex", None),
        (r"chrome-extension://[a-p]+", "any-extension", None),
    ],
)
def test_hint_fits_what_was_probably_meant(source: str, code: str, fix: str | None) -> None:
    (problem,) = [each for each in problems_of(source, credentials=True) if each.code == code]
    assert problem.fix == fix
    if fix is not None:
        assert PYTHON.show_regex(fix) in problem.hint
        assert ast.literal_eval(PYTHON.show_regex(fix)) == fix
        assert code not in [each.code for each in problems_of(fix, credentials=True)]
    else:
        assert problem.hint


@pytest.mark.parametrize(
    ("source", "credentials", "code", "origin", "fix"),
    [
        (r"app://.*", False, "opaque-origin", "app://", r"app://.+"),
        (r".*", False, "opaque-origin", "null", r"https://.*"),
        (r"^.+$", False, "opaque-origin", "null", r"https://.*$"),
        (r"null|https://a\.b\.c", True, "opaque-origin", "null", None),
        (r"https?://.*", True, "any-origin-with-credentials", "https://evil.example", None),
        (r"chrome-extension://[a-p]+", True, "any-extension", "chrome-extension://a", None),
        (
            r"^https://pr-",
            True,
            "never-matches",
            "https://pr-",
            None,
        ),
        (
            r"https://*.example.com",
            True,
            "never-matches",
            "https://x.example.com",
            r"https://.*\.example\.com",
        ),
    ],
)
def test_problem_is_proven_by_an_origin(
    source: str, credentials: bool, code: str, origin: str, fix: str | None
) -> None:
    (problem,) = problems_of(source, credentials=credentials)
    assert (problem.code, problem.fix) == (code, fix)
    assert repr(origin) in problem.message


@pytest.mark.parametrize(
    ("source", "credentials", "codes"),
    [
        (r"null|(?=h)https://a\.b", True, ["opaque-origin", "opaque-regex"]),
        (r"null|(?=h)https://a\.b", False, ["opaque-origin"]),
        (rf"https://({'(x?y?)*' * 99})*", True, ["opaque-regex"]),
        # It is not tried on "null".
        (rf"null|https://({'(x?y?)*' * 99})*", True, ["opaque-regex"]),
        (rf"null|https://({'(x?y?)*' * 99})*", False, ["opaque-regex"]),
        (rf"https://({'(x?y?)*' * 99})*", False, ["opaque-regex"]),
    ],
)
def test_regex_that_cannot_be_judged(source: str, credentials: bool, codes: list[str]) -> None:
    found = problems_of(source, credentials=credentials)
    assert [each.code for each in found] == codes
    if codes[0] == "opaque-origin":
        assert "'null'" in found[0].message
        assert ("cannot be accepted" in found[0].message) is credentials


@pytest.mark.parametrize("credentials", [False, True])
def test_slow_look_around_before_the_first_character(credentials: bool) -> None:
    (problem,) = problems_of(r"(?!(?:\w+\.?)+evil)\.example\.com", credentials=credentials)
    assert problem.code == "slow-regex"
    assert "'https://...'" in problem.message


@given(
    st.lists(st.tuples(st.sampled_from(LOOKS), regexes()), min_size=1, max_size=3), st.booleans()
)
@example([("(?!{})", r"(?:\w+\.?)+evil")], False)
def test_regex_is_a_policy_or_a_policy_error(
    parts: list[tuple[str, str]], credentials: bool
) -> None:
    problems_of("".join(look.format(part) for look, part in parts), credentials=credentials)


@given(st.text(), st.booleans())
def test_any_text_is_a_policy_or_a_policy_error(source: str, credentials: bool) -> None:
    problems_of(source, credentials=credentials)


def test_fix_may_have_an_accepted_risk() -> None:
    with pytest.raises(PolicyError) as caught:
        RegexCorsPolicy(
            allow_origin_regexes=[r"http://App\.example\.com"],
            allow_credentials=True,
            accept_risks=["insecure-origin"],
        )
    assert caught.value.problems[0].fix == r"http://app\.example\.com"


def test_slow_origin_is_shown_with_the_end_that_repeats() -> None:
    (problem,) = problems_of(r"https://(.+)\.(.+)\.(.+)\.example\.com", credentials=True)
    assert problem.parameters["origin"] == "https://x........................"


@pytest.mark.parametrize("source", [r"https://app-.*", r"https://a-|https://b\.example\.com"])
def test_regex_of_more_than_a_beginning_is_accepted(source: str) -> None:
    assert problems_of(source, credentials=False) == []


IDIOMS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "^", "/", " "]),
        st.sampled_from(
            ["https://", "https?://", "http://", "(http|https)://", "", ".*", r"\w+://"]
        ),
        st.sampled_from(["", ".*", r".*\.", r"(.*\.)*", r"[\w-]+.", "*.", "App.", r"pr-\d+"]),
        st.sampled_from(["example", "Example", "localhost", "vercel", r"\d+\.\d+\.\d+"]),
        st.sampled_from(["", ".com", r"\.com", r"\.app", r"\.", r"\.\d+"]),
        st.sampled_from(["", ":", r":\d+", ":*", ":443", "/", "/.*", ".*", r"(:\d+)?", "(.*)"]),
        st.sampled_from(["", "$", "/i"]),
    ),
)


@given(source=IDIOMS, credentials=st.booleans())
def test_a_fix_that_is_named_has_the_problem_no_more(source: str, credentials: bool) -> None:
    before = problems_of(source, credentials=credentials)
    codes = {each.code for each in before}
    for problem in before:
        if isinstance(problem.fix, str):
            after = {each.code for each in problems_of(problem.fix, credentials=credentials)}
            assert after <= codes - {problem.code}
        assert "{" not in problem.hint.replace("{1,", "")


@given(source=IDIOMS)
def test_every_origin_in_a_message_is_matched(source: str) -> None:
    for problem in problems_of(source, credentials=True):
        origin = problem.parameters.get("origin")
        if isinstance(origin, str) and problem.code not in ("slow-regex", "never-matches"):
            assert re.fullmatch(source, origin)
