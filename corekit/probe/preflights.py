"""What is wrong with the responses to preflights, and whether current browsers reject them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, HttpResponse, Quirks
from corekit.browser.checks import REFUSALS, CheckFailure, check_preflight
from corekit.browser.fields import get_header
from corekit.diagnostics import Diagnostic, show

from .findings import describe_failure
from .requests import ProbeResponse, Responses

_MAX_AGE: Final = "access-control-max-age"
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
        yield Diagnostic(
            "authorization-not-covered",
            "info",
            "The preflight response allows the headers '*', which by the Fetch standard does not"
            " cover Authorization; browsers allow it for now.",
            "Name authorization in addition to '*'.",
            origin,
            value="*",
        )
        problem = None
    if problem is not None:
        finding = describe_failure("preflight-refused", "error", problem, origin)
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
    yield from _methods(preflight.response, origin)
    yield from _max_age(preflight.response, origin)


def _methods(response: HttpResponse, origin: str) -> Iterator[Diagnostic]:
    if get_header(response.headers, "access-control-allow-methods") is None:
        yield Diagnostic(
            "no-methods",
            "info",
            "The preflight response has no Access-Control-Allow-Methods, which for an upload with"
            " a progress listener allows any method.",
            "Name the allowed methods in every preflight response; corekit does.",
            origin,
        )


def _max_age(response: HttpResponse, origin: str) -> Iterator[Diagnostic]:
    value = get_header(response.headers, _MAX_AGE)
    caps = {quirks.name: quirks.max_age_cap or 0 for quirks in _BROWSERS}
    code = "no-max-age"
    if value is None:
        message = "The preflight response has no Access-Control-Max-Age, so browsers cache it for"
        message += " only 5 seconds."
        hint = "Set max_age, for example to 600 seconds."
    elif _is_zero(value):
        message = "The preflight response has Access-Control-Max-Age: 0, so browsers send a"
        message += " preflight before every request."
        hint = "Set max_age, for example to 600 seconds, unless the policy changes all the time."
    elif not (value.isascii() and value.isdigit()):
        code = "malformed-max-age"
        message = f"The preflight response has Access-Control-Max-Age: {show(value)}, which is not"
        message += " a number of seconds: browsers cache it for 5 seconds, or not at all."
        hint = "Send whole seconds."
    elif len(value) > 9 or int(value) > max(caps.values()):
        code = "max-age"
        limits = ", ".join(f"{name}: {seconds}" for name, seconds in caps.items())
        message = f"The preflight response may be cached for {show(value)} seconds, which is more"
        message += f" than any browser honors ({limits})."
        hint = f"No change is necessary; {max(caps.values())} has the same effect."
    else:
        return
    yield Diagnostic(code, "info", message, hint, origin, value=value)
