"""Advice that is accepted, and what is accepted in vain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.lint import CODES, accept_advice
from corekit.lint.advice import ADVICE, advise

ROUTES = (None, "/a", "/b")

codes = st.sampled_from(sorted(CODES)[:5])
advice = st.builds(
    lambda code, route, severity: Diagnostic(code, severity, "", "", "x", route=route),
    codes,
    st.sampled_from(ROUTES),
    st.sampled_from(["warning", "info"]),
)
accepted = st.dictionaries(st.sampled_from(ROUTES), st.lists(codes, max_size=3, unique=True))


@given(st.lists(advice, max_size=6), accepted)
def test_what_is_kept_and_what_is_unused(
    found: list[Diagnostic], accepted: dict[str | None, list[str]]
) -> None:
    result = accept_advice(found, accepted)
    ranks = [SEVERITIES.index(each.severity) for each in result]
    assert ranks == sorted(ranks)
    unused = {(each.route, each.value) for each in result if each.code == "unused-accept"}
    assert unused == {
        (route, code)
        for route, group in accepted.items()
        for code in group
        if not any(each.code == code and route in (None, each.route) for each in found)
    }
    kept = [each for each in result if each.code != "unused-accept"]
    assert sorted(map(id, kept)) == sorted(
        id(each)
        for each in found
        if each.code not in (*accepted.get(None, ()), *accepted.get(each.route, ()))
    )


def test_advice_on_acceptance_cannot_be_accepted() -> None:
    assert frozenset(ADVICE) - CODES == {"unused-accept"}


def test_what_is_left_out_can_be_accepted() -> None:
    assert CODES - frozenset(ADVICE) == {
        "any-origin-with-others",
        "forbidden-header",
        "forbidden-method",
        "max-age",
        "misplaced-header",
    }


@pytest.mark.parametrize("route", ROUTES)
def test_code_in_vain_is_reported(route: str | None) -> None:
    (found,) = accept_advice((), {route: ["plain-http"]})
    expected = advise("unused-accept", "accept", "plain-http")
    assert (found.code, found.subject, found.value) == ("unused-accept", "accept", "plain-http")
    assert found.severity == "warning"
    assert (found.message, found.hint, found.route) == (expected.message, expected.hint, route)
