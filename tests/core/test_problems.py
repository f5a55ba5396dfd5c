"""Every problem that a policy can have: code, subject, value, message and hint."""

from __future__ import annotations

from typing import get_args

import pytest

from corekit.arguments import Risk
from corekit.problems import CODES, KINDS, RISKS, ProblemKind
from tests.core.origin_problems import Case
from tests.core.problem_table import CASES
from tests.core.rejections import codes_of, problem_of, problems_of

# Not about the arguments of a policy; see test_routes.py, test_compat.py, test_snapshots.py and
# tests/django.
ELSEWHERE = {
    "any-host",
    "conflicting-settings",
    "invalid-regex",
    "malformed-host",
    "malformed-path",
    "never-matches",
    "no-hosts",
    "no-routes",
    "on-decision",
    "lookup",
    "on-verdict",
    "opaque-regex",
    "own-origins",
    "pattern-in-rows",
    "slow-regex",
    "unknown-advice",
    "unknown-argument",
    "unknown-choice",
    "unreachable-path",
    "wide-exemption",
}


@pytest.mark.parametrize(
    "case",
    CASES,
    ids=[f"{case[0]}-{case[2]}-{case[3]!a:.20}" for case in CASES],
)
def test_problem_has_subject_message_and_hint(
    case: Case,
) -> None:
    code, arguments, subject, value, message, hint = case
    problem = problem_of(**arguments)
    assert (problem.code, problem.subject, problem.value) == (code, subject, value)
    assert (problem.message, problem.hint) == (message, hint)
    line = str(problem)
    assert line.startswith(subject)
    assert line.endswith(f": {message} {hint} [{code}]")


@pytest.mark.parametrize("kind", KINDS)
def test_texts_are_sentences(kind: ProblemKind) -> None:
    assert kind.message[-1] in ".}"
    assert kind.hint[-1] in ".?}"
    for text in (kind.message, kind.hint):
        assert text[0] in "{'" or text[0].isupper()


def test_table_has_every_code() -> None:
    assert {case[0] for case in CASES} | ELSEWHERE == CODES
    assert not ELSEWHERE & {case[0] for case in CASES}


def test_risks_are_those_of_the_type() -> None:
    assert sorted(RISKS) == sorted(get_args(Risk))


def test_problems_are_in_the_order_of_the_arguments() -> None:
    found = problems_of(
        accept_risks=["nonsense"],
        preflight_status=404,
        allow_private_network="yes",
        max_age=-5,
        expose_headers=["*"],
        allow_headers=["a b"],
        allow_methods=["put", 7],
        allow_credentials=True,
        allow_origins=["*", "null", "http://a.example.com", "https://*.co.uk", "example.com"],
    )
    fields = [problem.argument for problem in found]
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


def test_list_of_wrong_types_is_not_also_empty() -> None:
    assert codes_of(allow_origins=[1, None]) == ["wrong-type", "wrong-type"]
    assert codes_of(allow_origins="") == ["string-not-collection"]


def test_any_origin_twice_is_reported_twice() -> None:
    assert codes_of(allow_origins=["*", "*"], allow_credentials=True) == [
        "any-origin-with-credentials",
        "any-origin-with-credentials",
    ]


@pytest.mark.parametrize("truthy", ["true", 1, [True], "false", 0, None])
def test_truthy_credentials_are_an_error(truthy: object) -> None:
    problem = problem_of(allow_credentials=truthy)
    assert (problem.code, problem.subject) == ("wrong-type", "allow_credentials")
