"""corekit's own words, explained: codes of problems, advice, findings and exports, and reasons.

The texts are those of the tables that the messages are written from, with ``...`` for what differs
from case to case. A code may have several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from corekit._answers import DENIED_BODY, UNKNOWN_BODY
from corekit._validation import MAX_MAX_AGE
from corekit.browser import FAILURES
from corekit.decision import Reason
from corekit.export import REFUSALS
from corekit.guard import GuardReason
from corekit.lint.advice import ADVICE
from corekit.probe import make_probe_origins
from corekit.probe.finding_kinds import FINDINGS
from corekit.problems import KINDS, PYTHON, Problem, ProblemKind
from corekit.shadow.kinds import ShadowReason

from .errors import ERRORS, MAX_MESSAGE
from .guarding import GUARD_HINTS, lower_first, read_refusal
from .looking_up import FIX_LOOKUP


class Meaning(NamedTuple):
    """What a code means: the message, and the hint, which is empty if each case has its own."""

    name: str
    message: str
    hint: str


_GAP: Final = "..."
_find_bracketed = re.compile(r"\[([\w-]{1,100})[\],]").findall

_MEANINGS: Final = {
    each.code: each.meaning
    for each in make_probe_origins("https://app.example.com", ["https://other.example"])
}
_WORDS: Final = {
    "api": "the API",
    "consequence": "",
    "context": "",
    "covering": "Other entries cover it",
    "duration": "for 5 seconds, or not at all",
    "failed": "A page that should be allowed is blocked. The finding says by which failure.",
    "hint": "",
    "internal-api.api": "The API",
    "malformed-list.name": "A header",
    "max_age": "no Access-Control-Max-Age, or one that browsers do not honor",
    "maximum": str(MAX_MAX_AGE),
    "methods": "PUT and PATCH",
    "name": "a header",
    "note": "",
    "origins": "an origin",
    "origin": "the origin",
    "max-age-over-ttl.age": "max_age",
    "max-age-over-ttl.ttl": "ttl",
    "owner": "A policy",
    "reason": "It is not limited to names that are yours",
    "response": "The response",
    "server": "The server",
    "target": "the proxy",
    "listed-own-origin.setting": "allow_origins",
    "risk": "The policy accepts a risk.",
    "safelisted-header.reason": "Pages may set or read it without permission.",
    "third-party-cookies.origin": "The origin",
    "solution": "Serve the pages and the API over HTTPS below one domain.",
    "wildcard-list-with-credentials.name": "A header",
}
"""The words for a parameter of a template: by its name, or by a code and its name."""

_SHADOW_HINT: Final = "corekit shadow LOG shows how to change the candidate."
_HARMLESS: Final = "Change nothing: browsers do not send this, so no page is affected."
_REASON_HINTS: Final = {
    Reason.NOT_CORS: "Change nothing. To see what a page gets, send the page's origin in Origin.",
    Reason.SAME_ORIGIN: "Change nothing.",
    Reason.GRANTED: "Change nothing.",
    Reason.ORIGIN_NOT_ALLOWED: (
        "Add the page's origin to allow_origins, or open the page from an origin that is allowed."
    ),
    Reason.ORIGIN_UNKNOWN: FIX_LOOKUP,
    Reason.METHOD_NOT_ALLOWED: FAILURES["MethodDisallowedByPreflightResponse"].hint,
    Reason.HEADER_NOT_ALLOWED: FAILURES["HeaderDisallowedByPreflightResponse"].hint,
    Reason.HEADERS_TOO_LONG: "Request fewer headers.",
}
_OUTCOMES: Final = ("allowed", "refused", "reported")


def _fill(code: str, template: str) -> dict[str, str]:
    """Return words for each parameter of a template."""
    words = {**_WORDS, "what": _MEANINGS.get(code, _GAP)}
    filled: dict[str, str] = {}
    for _, name, _, conversion in Formatter().parse(template):
        if name:
            # A value that is shown in quotes is not described in words.
            known = _GAP if conversion else words.get(name, _GAP)
            filled[name] = words.get(f"{code}.{name}", known)
    return filled


def _describe_problem(kind: ProblemKind) -> Meaning:
    words: dict[str, Any] = {**_fill(kind.code, f"{kind.message} {kind.hint}")}
    words["use"] = kind.otherwise.format(dialect=PYTHON)
    problem = Problem.of(kind, "", None, **words)
    return Meaning(kind.code, problem.message, problem.hint.strip())


def _describe_all() -> Iterator[Meaning]:
    yield from map(_describe_problem, KINDS)
    for table in (ADVICE, FINDINGS, REFUSALS):
        for code, (_, message, hint) in table.items():
            words = _fill(code, f"{message} {hint}")
            yield Meaning(code, message.format(**words).strip(), hint.format(**words))
    for reason in Reason:
        yield Meaning(reason.name, reason.value, _REASON_HINTS.get(reason, _HARMLESS))
    for each in GuardReason:
        yield Meaning(each.name, each.value, GUARD_HINTS.get(each, "Change nothing."))
    for difference in ShadowReason:
        yield Meaning(difference.name, difference.value, _SHADOW_HINT)
    for error in ERRORS.values():
        yield Meaning(error.name, error.message, error.hint)


def _collect() -> dict[str, tuple[Meaning, ...]]:
    by_code: dict[str, tuple[Meaning, ...]] = {}
    for meaning in _describe_all():
        by_code[meaning.name] = (*by_code.get(meaning.name, ()), meaning)
    return by_code


CODES: Final[Mapping[str, tuple[Meaning, ...]]] = MappingProxyType(_collect())
"""What each code means; several texts if it is reported for several causes."""

_BY_NAME: Final = {code.lower(): found for code, found in CODES.items()}


def find_code(text: str) -> tuple[Meaning, ...]:
    """Find what a code means, or the code in a line of corekit's log or output; empty if unknown.

    Only the first 10,000 characters are read.

    >>> [meaning.message for meaning in find_code("method-case")]
    ['Method names are case-sensitive; servers expect this one in upper case.']

    What a line says about the request is part of the message.

    >>> line = "CORS: GET '/items' from 'https://a.example' denied: ... [ORIGIN_NOT_ALLOWED]"
    >>> find_code(line)[0].message
    "GET '/items' from 'https://a.example': the policy does not allow this origin."
    """
    text = text[:MAX_MESSAGE].strip()
    if text.startswith(DENIED_BODY.decode().strip()):
        text = Reason.ORIGIN_NOT_ALLOWED.name
    elif text.startswith(UNKNOWN_BODY.decode().strip()):
        text = Reason.ORIGIN_UNKNOWN.name
    found = _find_in_guard(text)
    if found is not None:
        return (found,)
    # The path, which a client chooses, comes before the outcome.
    request, is_denial, rest = text.partition("CORS: ")[2].rpartition(" denied: ")
    pasted, _, end = rest.rpartition("[")
    name = end.removesuffix("]").partition(",")[0]
    if is_denial and name in Reason.__members__:
        return (_describe_denial(request, pasted, Reason[name]),)
    names = (text, *_find_bracketed(text))
    return next(filter(None, (_BY_NAME.get(name.lower()) for name in names)), ())


def _find_in_guard(text: str) -> Meaning | None:
    """Return what a line of the guard, or the body of its response, means."""
    refused = read_refusal(text)
    if refused is not None:
        reason, hint = refused
        return _describe_guard(reason.value, hint, reason)
    name = text.rpartition("[")[2].removesuffix("]")
    if name not in GuardReason.__members__:
        return None
    reason = GuardReason[name]
    message = lower_first(reason.value)
    request, _, rest = text.partition("Guard: ")[2].rpartition(f": {message}")
    request, _, outcome = request.rpartition(" ")
    if outcome not in _OUTCOMES:
        return None
    return _describe_guard(f"{request}: {message}", rest.rpartition("[")[0], reason)


def _describe_guard(message: str, hint: str, reason: GuardReason) -> Meaning:
    known = GUARD_HINTS.get(reason, "Change nothing.")
    return Meaning(reason.name, message, hint.strip() or known)


def _describe_denial(request: str, pasted: str, reason: Reason) -> Meaning:
    """Return what a line of the log means; its own hint names the values of the request."""
    message = lower_first(reason.value)
    hint = pasted.partition(". ")[2].strip(" .")  # after the sentence of the reason
    known = _REASON_HINTS.get(reason, _HARMLESS)
    return Meaning(reason.name, f"{request}: {message}", f"{hint}." if hint else known)
