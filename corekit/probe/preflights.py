"""What is wrong with the responses to preflights, and whether current browsers reject them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from corekit._origins import ANY
from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, Quirks
from corekit.browser.checks import REFUSALS, CheckFailure, check_preflight
from corekit.browser.fields import get_header
from corekit.diagnostics import Diagnostic, show

from .finding_kinds import report
from .findings import describe_failure
from .requests import ProbeResponse, Responses

_BROWSERS: Final = (CHROMIUM, FIREFOX, WEBKIT)
_is_zero = re.compile("0+").fullmatch


def check_preflights(responses: Responses) -> Iterator[Diagnostic]:
    """Find what is wrong with the responses to the preflights of the pages."""
    for origin in responses.plan.origins:
        yield from _check(responses, origin)


def find_problem(
    preflight: ProbeResponse, *, include: bool, quirks: Quirks = STANDARD
) -> CheckFailure | None:
    """Return why a browser rejects a preflight response, or None if it does not."""
    return check_preflight(
        str(preflight.sent.origin),
        preflight.sent.method,
        preflight.sent.names,
        preflight.response,
        include=include,
        upload_listener=False,
        quirks=quirks,
    )


def _check(responses: Responses, origin: str) -> Iterator[Diagnostic]:
    plan, preflight = responses.plan, responses.get("preflight", origin)
    problem = find_problem(preflight, include=plan.include)
    if problem and not any(
        find_problem(preflight, include=plan.include, quirks=quirks) for quirks in _BROWSERS
    ):
        yield report("authorization-not-covered", origin, ANY)
        problem = None
    if problem is not None:
        finding = describe_failure("preflight-refused", problem, origin)
        safelisted = responses.find("safelisted", origin)
        if not preflight.sent.needs_preflight:
            hint = "No change is necessary: browsers send this request without a preflight."
            yield replace(finding, severity="info", hint=hint)
        elif safelisted and not find_problem(safelisted, include=plan.include):
            # Nobody said that pages make this call; it is only an example. The layer can allow
            # calls, so it may refuse this one as it likes.
            hint = f"No change is necessary, unless pages use {plan.fetch.method}: then allow it."
            yield replace(finding, severity="info", hint=hint)
            preflight, problem = safelisted, None
        else:
            yield finding
        if problem and problem[0] not in REFUSALS:
            return
    headers = preflight.response.headers
    if get_header(headers, "access-control-allow-methods") is None:
        yield report("no-methods", origin)
    yield from _max_age(get_header(headers, "access-control-max-age"), origin)


def _max_age(value: str | None, origin: str) -> Iterator[Diagnostic]:
    caps = {quirks.name: quirks.max_age_cap or 0 for quirks in _BROWSERS}
    maximum = max(caps.values())
    if value is None:
        max_age = "no Access-Control-Max-Age, so browsers cache it for only 5 seconds"
        hint = "Set max_age, for example to 600 seconds."
        yield report("no-max-age", origin, max_age=max_age, hint=hint)
    elif _is_zero(value):
        max_age = "Access-Control-Max-Age: 0, so browsers send a preflight before every request"
        hint = "Set max_age, for example to 600 seconds, unless the policy changes all the time."
        yield report("no-max-age", origin, value, max_age=max_age, hint=hint)
    elif not (value.isascii() and value.isdigit()):
        yield report("malformed-max-age", origin, value, shown=show(value))
    elif len(value) > 9 or int(value) > maximum:
        limits = ", ".join(f"{name}: {seconds}" for name, seconds in caps.items())
        shown = show(value)
        yield report("max-age", origin, value, shown=shown, limits=limits, maximum=maximum)
