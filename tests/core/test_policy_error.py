"""What a person reads of a `PolicyError`, and what a program does with it."""

from __future__ import annotations

import pickle

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.diagnostics import show
from tests.core.rejections import APP, problem_of, problems_of


def test_it_is_a_value_error_with_its_problems() -> None:
    with pytest.raises(ValueError, match="1 problem in this CORS configuration") as caught:
        CorsPolicy(allow_origins=[])
    assert isinstance(caught.value, PolicyError)
    assert [problem.code for problem in caught.value.problems] == ["no-origins"]


def test_it_reads_as_one_line_a_problem() -> None:
    error = PolicyError(problems_of(allow_origins=["example.com"], max_age=-1))
    assert str(error) == (
        "2 problems in this CORS configuration:\n"
        "  - allow_origins[0] = 'example.com': It has no scheme and '://' before the host."
        " Did you mean 'https://example.com'? [malformed-origin]\n"
        "  - max_age = -1: It is below 0. Give 0 (no caching) to 86400 seconds, or None for the"
        " browser's default. [max-age]"
    )


def test_it_can_be_sent_to_another_process() -> None:
    error = PolicyError(problems_of(allow_origins=["example.com"]))
    other = pickle.loads(pickle.dumps(error))
    assert isinstance(other, PolicyError)
    assert other.problems == error.problems
    assert str(other) == str(error)


def test_a_problem_cannot_be_changed() -> None:
    problem = problem_of(max_age=-1)
    with pytest.raises(AttributeError):
        problem.code = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example\r\n[2026] admin logged in",
        "\x1b[31mred\x1b[0m",
        "\u202egnp.elpmaxe",
        "\x00\x7f\x85\u2028",
        "\ud800",
        b"\r\n\xff",
        ["\r\n"],
    ],
)
def test_control_characters_never_reach_a_log(value: object) -> None:
    error = PolicyError(problems_of(allow_origins=[value], allow_methods=[value]))
    for text in (show(value), *str(error).split("\n")):
        assert text.isprintable()
        assert text.isascii()


def test_ten_thousand_problems_are_kept_and_twenty_are_shown() -> None:
    problems = problems_of(allow_origins=[f"{number}.example" for number in range(10_000)])
    assert len(problems) == 10_000
    lines = str(PolicyError(problems)).split("\n")
    assert lines[0] == "10000 problems in this CORS configuration:"
    assert len(lines) == 22
    assert lines[-1] == "  ... and 9980 more; see PolicyError.problems"
    assert "more" not in str(PolicyError(problems[:20]))


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        b"x" * 1_000_000,
        "https://" + "a" * 1_000_000,
        "https://*." + "a." * 100_000,
        list(range(100_000)),
        10**5000,
        -(10**5000),
    ],
    ids=["text", "bytes", "origin", "pattern", "list", "huge", "negative"],
)
def test_a_huge_value_makes_no_huge_message(value: object) -> None:
    problems = problems_of(
        allow_origins=[value], allow_methods=value, max_age=value, preflight_status=value
    )
    assert len(str(PolicyError(problems))) < 3000


def test_a_huge_path_makes_no_huge_message() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    path = "x" * 1_000_000
    with pytest.raises(PolicyError) as caught:
        CorsRoutes([(path, policy), (f"/{path}", policy), (f"/{path}", policy)])
    assert len(caught.value.problems) == 2
    assert len(str(caught.value)) < 3000


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no words for it")


def test_a_value_that_cannot_be_shown_is_named_by_its_type() -> None:
    assert show(Unshowable()) == "<Unshowable>"
    assert show(10**5000) == "<int>"
    assert "= <Unshowable>: It is of type Unshowable." in str(problem_of(max_age=Unshowable()))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a" * 120, repr("a" * 120)[:120] + "..."),
        ("a" * 118, repr("a" * 118)),
        ("a" * 119, repr("a" * 119)[:120] + "..."),
        ("a" * 121, repr("a" * 120) + "... (121 long)"),
        (b"a" * 121, repr(b"a" * 120) + "... (121 long)"),
        (["a" * 200], repr(["a" * 200])[:120] + "..."),
        ("é", "'\\xe9'"),
    ],
)
def test_a_value_is_shown_as_python_writes_it_up_to_a_length(value: object, text: str) -> None:
    assert show(value) == text


def test_problems_are_compared_by_value() -> None:
    assert problem_of(max_age=-1) == problem_of(max_age=-1)
    assert problem_of(max_age=-1) != problem_of(max_age=-2)
    assert isinstance(hash(problem_of(max_age=-1)), int)
    assert isinstance(problem_of(max_age=-1), Problem)
