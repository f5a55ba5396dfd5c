"""The fixes that problems of an origin suggest are valid."""

from __future__ import annotations

from difflib import get_close_matches

from hypothesis import assume, example, given
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError, Problem
from corekit._spelling import canonical_spelling, find_misspelling
from tests.properties import naive
from tests.properties.strategies import near_misses, patterns

near_origins = st.lists(patterns, min_size=1, max_size=2).flatmap(near_misses)
inputs = st.one_of(
    near_origins,
    near_origins.map(str.upper),
    near_origins.map(lambda text: text.partition("://")[2]),
    st.tuples(near_origins, st.sampled_from(["/", "/path", ":443", ":80", "?q", " "])).map("".join),
    st.tuples(near_origins, st.sampled_from([*"a0/?:@,. *é", "-", ".a"])).map(
        lambda parts: parts[0] + parts[1] * 1_500
    ),
    st.lists(st.sampled_from([*"0x1.-_+ab:[]/@é*", "://", "http", "255", "\ud800"])).map("".join),
    st.text(max_size=12),
    st.text(max_size=12).map("https://{}".format),
)


def problems_of(origin: str, *, credentials: bool) -> list[Problem]:
    try:
        CorsPolicy(allow_origins=[origin], allow_credentials=credentials)
    except PolicyError as error:
        return list(error.problems)
    return []


@given(inputs, st.booleans())
@example("https://-1.0.0.1", False)
@example("https://1_0.0.0.1", False)
@example("https://example.com:0", False)
@example("http://example.com:443", True)
@example("http://*.example.com:443", True)
def test_suggested_origin_is_accepted(text: str, credentials: bool) -> None:
    for problem in problems_of(text, credentials=credentials):
        if problem.fix is not None:
            assert isinstance(problem.fix, str)
            left = {other.code for other in problems_of(problem.fix, credentials=credentials)}
            assert problem.fix != text
            # Only risks that the operator has to judge may remain.
            assert left <= {"opaque-origin", "insecure-origin", "public-suffix"}
            assert problem.code not in left


HTTP = ["http", "https"]


@given(inputs)
@example("https://~")
@example("https://a.example;")
@example("app://~")
def test_problem_is_reported_only_for_invalid_patterns(text: str) -> None:
    codes = {problem.code for problem in problems_of(text, credentials=False)}
    scheme = text.partition("://")[0]
    is_misspelt = scheme not in HTTP and bool(get_close_matches(scheme, HTTP, cutoff=0.75))
    if not naive.is_pattern(text):
        assert codes == {find_misspelling(text).kind.code}
    elif is_misspelt or not naive.is_possible_website(text):
        assert codes == {"malformed-origin"}
    else:
        assert codes <= {"opaque-origin"}


@given(patterns)
def test_valid_pattern_is_unchanged(text: str) -> None:
    assert canonical_spelling(text) == text
    assert problems_of(text, credentials=False) == []


@given(patterns, st.sampled_from([str.upper, "{}/".format, " {}".format, "{}/a/b?c#d".format]))
def test_case_slashes_spaces_and_paths_are_fixed(text: str, change: object) -> None:
    assert callable(change)
    # Hosts of apps and extensions may have upper case.
    assume(change is not str.upper or text.startswith(("http", "null")))
    assert canonical_spelling(change(text)) == text


@given(inputs)
def test_canonical_spelling_is_idempotent(text: str) -> None:
    meant = canonical_spelling(text)
    assume(meant is not None)
    assert meant is not None
    assert naive.is_pattern(meant)
    assert canonical_spelling(meant) == meant
