"""What is wrong with the answers to preflights, and whether a browser of today minds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, HttpResponse, Quirks
from corekit.browser.checks import REFUSALS, Fault, check_preflight
from corekit.browser.fields import get_header
from corekit.diagnostics import show

from .findings import Finding, Severity, make_failure
from .questions import Answers, Plan

__all__ = ["find_preflight_faults"]

_MAX_AGE: Final = "access-control-max-age"
_BROWSERS: Final = (CHROMIUM, FIREFOX, WEBKIT)
_is_zero = re.compile("0+").fullmatch


def find_preflight_faults(answers: Answers) -> Iterator[Finding]:
    """Find what is wrong with the answers to the preflights of the given origins."""
    for origin in answers.plan.origins:
        yield from _faults_for(answers, origin)


def _faults_for(answers: Answers, origin: str) -> Iterator[Finding]:
    plan, response = answers.plan, answers.get("preflight", origin)
    fault = _check(plan, origin, response)
    if fault and not any(_check(plan, origin, response, quirks) for quirks in _BROWSERS):
        yield Finding(
            "authorization-not-covered",
            Severity.LOW,
            "The preflight's answer has '*' for headers without authorization, which by the"
            " standard it does not cover; today's browsers let it through.",
            "Name authorization beside '*'.",
            origin,
        )
        fault = None
    if fault is not None:
        finding = make_failure("preflight-refused", Severity.HIGH, "", fault, origin)
        safelisted = answers.find("safelisted", origin)
        if not plan.needs_preflight:
            mend = "Nothing has to be done: pages make this call without a preflight."
            yield replace(finding, severity=Severity.INFO, hint=mend)
        elif safelisted and not _check(plan.simplest, origin, safelisted):
            # Nobody said that pages make this very call; it is only what was tried. How a layer
            # says no to it is its own affair, since it knows how to say yes.
            method = plan.fetch.method
            mend = f"Nothing has to be done, unless pages call with {method}: then grant it."
            yield replace(finding, severity=Severity.INFO, hint=mend)
            response, fault = safelisted, None
        else:
            yield finding
        if fault and fault[0] not in REFUSALS:
            return
    yield from _methods(response, origin)
    yield from _max_age(response, origin)


def _check(
    plan: Plan, origin: str, response: HttpResponse, quirks: Quirks = STANDARD
) -> Fault | None:
    return check_preflight(
        origin,
        plan.fetch.method,
        plan.names,
        response,
        include=plan.include,
        upload_listener=False,
        quirks=quirks,
    )


def _methods(response: HttpResponse, origin: str) -> Iterator[Finding]:
    if get_header(response.headers, "access-control-allow-methods") is None:
        yield Finding(
            "no-methods",
            Severity.LOW,
            "The preflight's answer has no Access-Control-Allow-Methods: by the standard, with an"
            " upload listener, that grants any method.",
            "Send the methods that are granted with every answer to a preflight; corekit does.",
            origin,
        )


def _max_age(response: HttpResponse, origin: str) -> Iterator[Finding]:
    value = get_header(response.headers, _MAX_AGE)
    caps = {quirks.name: quirks.max_age_cap or 0 for quirks in _BROWSERS}
    if value is None:
        yield Finding(
            "no-max-age",
            Severity.INFO,
            "The preflight's answer has no Access-Control-Max-Age: browsers ask again after 5 s.",
            "Give max_age, such as 600 seconds.",
            origin,
        )
    elif _is_zero(value):
        yield Finding(
            "no-max-age",
            Severity.INFO,
            "The preflight's answer has Access-Control-Max-Age: 0: browsers ask before every call.",
            "Give max_age, such as 600 seconds, unless what is granted changes all the time.",
            origin,
        )
    elif not (value.isascii() and value.isdigit()):
        yield Finding(
            "malformed-max-age",
            Severity.LOW,
            f"The preflight's answer has Access-Control-Max-Age: {show(value)}, which is no number"
            " of seconds: browsers keep it for 5 s, or not at all.",
            "Send whole seconds.",
            origin,
        )
    elif len(value) > 9 or int(value) > max(caps.values()):
        limits = ", ".join(f"{seconds} s in {name}" for name, seconds in caps.items())
        yield Finding(
            "max-age",
            Severity.INFO,
            f"The preflight's answer may be kept for {show(value)} s, which is longer than any"
            f" browser keeps it ({limits}).",
            f"Nothing has to be done; {max(caps.values())} says as much.",
            origin,
        )
