"""What the demo's policy says to the demo's calls."""

from __future__ import annotations

from typing import Final

import pytest

from corekit import Reason
from corekit_cli.demo.cases import CASES, Case, Origins, judge, make_policy

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
READ = "The page may read the answer."
KEPT = "The request is sent, but the page may not read the answer."
ASKED = "The browser asks first and does not send the request."

EXPECTED: Final = {
    # name: preflight, request headers asked for, reason, consequence
    "simple-get": (False, None, Reason.GRANTED, READ),
    "sign-in": (False, None, Reason.GRANTED, READ),
    "get-with-cookies": (False, None, Reason.GRANTED, READ),
    "put-json": (True, "content-type", Reason.GRANTED, READ),
    "delete": (True, None, Reason.GRANTED, READ),
    "custom-header": (True, "x-request-id", Reason.GRANTED, READ),
    "method-not-granted": (True, "content-type", Reason.METHOD_NOT_ALLOWED, ASKED),
    "header-not-granted": (True, "x-debug", Reason.HEADER_NOT_ALLOWED, ASKED),
    "foreign-get": (False, None, Reason.ORIGIN_NOT_ALLOWED, KEPT),
    "foreign-put": (True, "content-type", Reason.ORIGIN_NOT_ALLOWED, ASKED),
}


def test_every_case_has_an_expectation() -> None:
    assert [case.name for case in CASES] == list(EXPECTED)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_policy_says_what_the_title_of_the_case_promises(case: Case) -> None:
    preflight, asked, reason, consequence = EXPECTED[case.name]
    origin = ORIGINS.page if case.page == "page" else ORIGINS.foreign
    verdict = judge(make_policy(ORIGINS.page), case, origin)

    assert case.needs_preflight == preflight
    assert case.request_headers == asked
    assert (verdict.preflight is not None) == preflight
    assert verdict.reason is reason
    assert verdict.allowed == (reason is Reason.GRANTED)
    assert verdict.sent == (consequence != ASKED)
    assert verdict.consequence == consequence


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_foreign_page_is_refused_whatever_it_calls(case: Case) -> None:
    verdict = judge(make_policy(ORIGINS.page), case, ORIGINS.foreign)
    assert not verdict.allowed
    assert verdict.reason is Reason.ORIGIN_NOT_ALLOWED
