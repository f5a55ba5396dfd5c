"""The text of a `PolicyError`, and how programs use it."""

from __future__ import annotations

import pickle

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.diagnostics import show
from tests.core.rejections import APP, problem_of, problems_of


def test_policy_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="1 problem in the CORS policy") as caught:
        CorsPolicy(allow_origins=[])
    assert isinstance(caught.value, PolicyError)
    assert [problem.code for problem in caught.value.problems] == ["no-origins"]


def test_each_problem_is_one_line() -> None:
    error = PolicyError(problems_of(allow_origins=["example.com"], max_age=-1))
    assert str(error) == (
        "2 problems in the CORS policy:\n"
        "  - allow_origins[0] = 'example.com': The origin has no scheme and '://' before"
        " the host."
        " Did you mean 'https://example.com'? [malformed-origin]\n"
        "  - max_age = -1: The value is below 0. Use 0 (no caching) to 86400 seconds, or None for"
        " the browser's default. [max-age]"
    )


def test_policy_error_can_be_pickled() -> None:
    error = PolicyError(problems_of(allow_origins=["example.com"]))
    other = pickle.loads(pickle.dumps(error))
    assert isinstance(other, PolicyError)
    assert other.problems == error.problems
    assert str(other) == str(error)


def test_problem_is_immutable() -> None:
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
def test_control_characters_are_escaped(value: object) -> None:
    error = PolicyError(problems_of(allow_origins=[value], allow_methods=[value]))
    for text in (show(value), *str(error).split("\n")):
        assert text.isprintable()
        assert text.isascii()


def test_only_twenty_problems_are_shown() -> None:
    problems = problems_of(allow_origins=[f"{number}.example" for number in range(10_000)])
    assert len(problems) == 10_000
    lines = str(PolicyError(problems)).split("\n")
    assert lines[0] == "10000 problems in the CORS policy:"
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
def test_huge_value_is_shortened(value: object) -> None:
    problems = problems_of(
        allow_origins=[value], allow_methods=value, max_age=value, preflight_status=value
    )
    assert len(str(PolicyError(problems))) < 3000


def test_huge_path_is_shortened() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    path = "x" * 1_000_000
    with pytest.raises(PolicyError) as caught:
        CorsRoutes([(path, policy), (f"/{path}", policy), (f"/{path}", policy)])
    assert len(caught.value.problems) == 3
    assert len(str(caught.value)) < 3000


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_value_without_repr_is_shown_by_type() -> None:
    assert show(Unshowable()) == "<Unshowable>"
    assert show(10**5000) == "<int>"
    assert "= <Unshowable>: The value is of type Unshowable." in str(
        problem_of(max_age=Unshowable())
    )


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
def test_values_are_shown_as_python_writes_them(value: object, text: str) -> None:
    assert show(value) == text


def test_problems_are_compared_by_value() -> None:
    assert problem_of(max_age=-1) == problem_of(max_age=-1)
    assert problem_of(max_age=-1) != problem_of(max_age=-2)
    assert isinstance(hash(problem_of(max_age=-1)), int)
    assert isinstance(problem_of(max_age=-1), Problem)
