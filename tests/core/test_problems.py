"""Every problem that a policy can have: its code, where it is, what it says, and the mend."""

from __future__ import annotations

import pytest

from corekit.problems import CODES, RISKS
from tests.core.problem_table import CASES, Case
from tests.core.rejections import codes_of, problem_of, problems_of

# Of other arguments than a policy's; see test_routes.py and test_peers.py.
ELSEWHERE = {"unknown-argument", "malformed-path", "unreachable-path", "no-routes", "invalid-regex"}


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{case[0]}-{case[2]}-{case[3]!a:.20}" for case in CASES],
)
def test_a_problem_says_what_is_wrong_where_and_how_to_mend_it(
    case: Case,
) -> None:
    code, arguments, field, value, message, hint = case
    problem = problem_of(**arguments)
    assert (problem.code, problem.field, problem.value) == (code, field, value)
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)
    for sentence in (problem.message, problem.hint):
        assert sentence[-1] in ".?"
        assert sentence[0].isupper()
    line = str(problem)
    assert line.startswith(f"{field} = ")
    assert line.endswith(f"{problem.message} {problem.hint} [{code}]")


def test_the_table_has_every_code() -> None:
    assert {case[0] for case in CASES} | ELSEWHERE == CODES
    assert not ELSEWHERE & {case[0] for case in CASES}


def test_the_risks_are_the_documented_ones() -> None:
    assert sorted(RISKS) == ["insecure-origin", "opaque-origin", "public-suffix"]


def test_every_problem_is_reported_at_once_in_the_order_of_the_arguments() -> None:
    found = problems_of(
        accept_risks=["nonsense"],
        preflight_status=404,
        allow_private_network="yes",
        max_age=-5,
        expose_headers=["*", "set-cookie"],
        allow_headers=["cookie", "a b"],
        allow_methods=["put", "TRACE", 7],
        allow_credentials=True,
        allow_origins=["*", "null", "http://a.example.com", "https://*.co.uk", "example.com"],
    )
    fields = [problem.field.partition("[")[0] for problem in found]
    assert list(dict.fromkeys(fields)) == [
        "allow_origins",
        "allow_methods",
        "allow_headers",
        "expose_headers",
        "max_age",
        "allow_private_network",
        "preflight_status",
        "accept_risks",
    ]
    assert sorted(problem.code for problem in found) == [
        "any-exposed-header-with-credentials",
        "any-origin-with-credentials",
        "any-origin-with-others",
        "forbidden-header",
        "forbidden-header",
        "forbidden-method",
        "insecure-origin",
        "invalid-header",
        "malformed-origin",
        "max-age",
        "method-case",
        "opaque-origin",
        "preflight-status",
        "public-suffix",
        "unknown-risk",
        "wrong-type",
        "wrong-type",
    ]


def test_a_list_of_wrong_types_only_is_not_called_empty_too() -> None:
    assert codes_of(allow_origins=[1, None]) == ["wrong-type", "wrong-type"]
    assert codes_of(allow_origins="") == ["string-not-collection"]


def test_any_origin_twice_is_any_origin_once() -> None:
    assert codes_of(allow_origins=["*", "*"], allow_credentials=True) == [
        "any-origin-with-credentials",
        "any-origin-with-credentials",
    ]


@pytest.mark.parametrize("truthy", ["true", 1, [True], "false", 0, None])
def test_credentials_that_are_merely_truthy_are_never_granted(truthy: object) -> None:
    problem = problem_of(allow_credentials=truthy)
    assert (problem.code, problem.field) == ("wrong-type", "allow_credentials")
