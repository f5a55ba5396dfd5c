"""What the answers of a server mean: each fault as a finding, with how grave it is and the mend.

The checks here are about the origins that are to be let in, and about what caches and browsers make
of the answers. `preflights` is about the answers to preflights, `intrusions` about the origins that
are to be kept out. A check is a function from answers to findings, so each can be read, and tested,
by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from corekit._origins import ANY, is_loopback, split_origin
from corekit.browser import FAILURES, HttpResponse
from corekit.browser.checks import REDIRECT_STATUSES, check_cors
from corekit.browser.failures import preflight_name
from corekit.browser.fields import get_header, list_values
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.diagnostics import show
from corekit.explain import ERRORS

from .questions import Answer, Answers, Kind
from .strangers import STRANGER

__all__ = [
    "ALLOW_ORIGIN",
    "Finding",
    "Severity",
    "allows",
    "find_faults",
    "has_credentials",
    "make_failure",
]

ALLOW_ORIGIN: Final = "access-control-allow-origin"
_MAX_AGE: Final = "access-control-max-age"
_CREDENTIALS: Final = "access-control-allow-credentials"
_SINGLE: Final = frozenset({_CREDENTIALS, "access-control-allow-private-network", _MAX_AGE})
_PREFLIGHT_LISTS: Final = {
    "access-control-allow-methods": "methods",
    "access-control-allow-headers": "headers",
}
_ACTUAL_LISTS: Final = {"access-control-expose-headers": "exposed headers"}

_ONE_LAYER: Final = ERRORS["MultipleAllowOriginValues"].hint


class Severity(IntEnum):
    """How grave a finding is."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of a server's answers.

    `code` is stable. `sentence` says what was seen, `mend` what to do; `origin` is the one that was
    asked with, None where it was none. `failure` is Chromium's name for what a browser makes of it,
    None where a browser does not mind.
    """

    code: str
    severity: Severity
    message: str
    hint: str
    origin: str | None = None
    failure: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give it as a dict, ready for JSON."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "hint": self.hint,
            "origin": self.origin,
            "failure": self.failure,
        }


def allows(response: HttpResponse, origin: str) -> bool:
    """Say whether an answer grants an origin by name; ``*`` is no name."""
    return get_header(response.headers, ALLOW_ORIGIN) == origin


def has_credentials(response: HttpResponse) -> bool:
    """Say whether an answer allows credentials."""
    return get_header(response.headers, _CREDENTIALS) == "true"


def find_faults(answers: Answers) -> Iterator[Finding]:
    """Find what keeps the pages of the given origins out, and what only nearly lets them in."""
    for origin in answers.plan.origins:
        yield from _refusals(answers, origin)
        yield from _lost_headers(answers, origin)
    yield from _mixed_content(answers)
    yield from _credentials(answers)
    yield from _wildcard(answers)
    yield from _doubled_headers(answers)
    yield from _lists(answers)
    yield from _missing_vary(answers)


def _refusals(answers: Answers, origin: str) -> Iterator[Finding]:
    asked: tuple[tuple[Kind, str], ...] = (("get", "GET"), ("unsafe", answers.plan.fetch.method))
    for kind, what in asked:
        response = answers.find(kind, origin)
        if response is None:
            continue
        fault = check_cors(origin, response.headers, include=answers.plan.include)
        if fault is not None:
            how = what if response.status < 400 else f"{what}, answered {response.status}"
            yield make_failure("refused", Severity.HIGH, f"{how}: ", fault, origin)
        location = get_header(response.headers, "location")
        if response.status in REDIRECT_STATUSES and location is not None:
            yield Finding(
                "redirect",
                Severity.INFO,
                f"{what} was answered {response.status}, and leads to {show(location)}.",
                "Let pages call that address at once, since preflights are not redirected.",
                origin,
            )
        if response.status >= 400:
            yield Finding(
                "error-status",
                Severity.INFO,
                f"{what} was answered {response.status}: what was found is that of an error.",
                "Probe an address that answers with a success.",
                origin,
            )


def _credentials(answers: Answers) -> Iterator[Finding]:
    seen: set[str] = set()
    for answer in answers.to_pages():
        headers, origin = answer.response.headers, answer.question.origin
        value = get_header(headers, _CREDENTIALS)
        is_any = get_header(headers, ALLOW_ORIGIN) == ANY
        what = "The preflight's answer" if answer.question.is_preflight else "The answer"
        if value is None:
            continue
        if value != "true":
            code, severity, failure = (
                "credentials-not-true",
                Severity.LOW,
                "InvalidAllowCredentials",
            )
            said = f"{what} has Access-Control-Allow-Credentials: {show(value)}, which browsers"
            said += " take for no."
            mend = "Send exactly 'true', or leave the header out; corekit does."
        elif is_any:
            code, severity = "wildcard-with-credentials", Severity.MEDIUM
            failure = "WildcardOriginNotAllowed"
            said = f"{what} has '*' in Access-Control-Allow-Origin together with credentials, which"
            said += " browsers refuse."
            mend = ERRORS[failure].hint
        else:
            continue
        if code not in seen:
            seen.add(code)
            name = preflight_name(failure) if answer.question.is_preflight else failure
            yield Finding(code, severity, said, mend, origin, name)


def _lost_headers(answers: Answers, origin: str) -> Iterator[Finding]:
    good, error = answers.get("get", origin), answers.get("error", origin)
    # Some servers have one page for every path, or lead elsewhere: that hides no error.
    if error.status < 400 or check_cors(origin, good.headers, include=False):
        return
    fault = check_cors(origin, error.headers, include=False)
    if fault is not None:
        yield Finding(
            "headers-lost-on-errors",
            Severity.MEDIUM,
            f"A path that is not there was answered {error.status} without the headers that others"
            " have, so browsers blame CORS and hide the error.",
            "Make the CORS layer the outermost one, around routing and error pages; where its"
            " policy is for this path alone, nothing has to be done.",
            origin,
            fault[0],
        )


def _wildcard(answers: Answers) -> Iterator[Finding]:
    for origin in answers.plan.origins:
        response = answers.get("get", origin)
        is_any = get_header(response.headers, ALLOW_ORIGIN) == ANY
        if is_any and not has_credentials(response):
            yield Finding(
                "wildcard",
                Severity.INFO,
                "Pages of any origin may read this, without credentials ('*').",
                "Right for what is public; else name the origins.",
                origin,
            )
            return


def _mixed_content(answers: Answers) -> Iterator[Finding]:
    # https://w3c.github.io/webappsec-mixed-content/#should-block-fetch
    scheme, host, _ = split_origin(parse_url(answers.plan.url).origin) or ("", "", "")
    if scheme == "https" or is_loopback(host):
        return
    for origin in answers.plan.origins:
        if origin.startswith("https:"):
            yield make_failure(
                "mixed-content", Severity.INFO, "", ("MixedContent", answers.plan.url), origin
            )


def _doubled_headers(answers: Answers) -> Iterator[Finding]:
    seen: set[str] = set()
    for answer in answers.all:
        counted = Counter(name.lower() for name, _ in answer.response.headers)
        for name in sorted(_SINGLE & {name for name, count in counted.items() if count > 1}):
            if name not in seen:
                seen.add(name)
                yield Finding(
                    "doubled-header",
                    Severity.MEDIUM,
                    f"The answer has {name} more than once: browsers join the values.",
                    _ONE_LAYER,
                    answer.question.origin,
                )


def _lists(answers: Answers) -> Iterator[Finding]:
    seen: set[tuple[str, str]] = set()
    for answer in answers.to_pages():
        lists = _PREFLIGHT_LISTS if answer.question.is_preflight else _ACTUAL_LISTS
        for name, what in lists.items():
            found = _fault_of_list(answer, name, what)
            if found is not None and (found.code, name) not in seen:
                seen.add((found.code, name))
                yield found


def _fault_of_list(answer: Answer, name: str, what: str) -> Finding | None:
    headers, origin = answer.response.headers, answer.question.origin
    elements = list_values(headers, name)
    # A preflight fails for its own, and that is told with its name.
    if elements is None and name in _ACTUAL_LISTS:
        return Finding(
            "malformed-list",
            Severity.MEDIUM,
            f"{name}: {show(get_header(headers, name))} is no list of {what}, so browsers take"
            " nothing of it.",
            "Send names with commas between them, and nothing else.",
            origin,
        )
    if elements is not None and ANY in elements and has_credentials(answer.response):
        return Finding(
            "wildcard-list-with-credentials",
            Severity.LOW,
            f"{name} has '*' together with credentials: for a call that has them, it is the name of"
            " nothing.",
            f"Name the {what}.",
            origin,
        )
    return None


def _missing_vary(answers: Answers) -> Iterator[Finding]:
    asked = {o: answers.find("get", o) for o in (None, *answers.plan.origins, STRANGER)}
    told = {origin: response for origin, response in asked.items() if response is not None}
    granted = {get_header(response.headers, ALLOW_ORIGIN) for response in told.values()}
    if len(granted) < 2:
        return  # the same for everybody, so that a cache cannot mix anything up
    without = [
        origin
        for origin, response in told.items()
        if _may_be_mixed_up(response.headers) and not _serves_all(response.headers, told)
    ]
    if without:
        whom = " and ".join("a request without Origin" if o is None else o for o in without)
        yield Finding(
            "no-vary",
            Severity.MEDIUM,
            f"No Vary: Origin is in the answer to {whom}, though answers differ by origin: a cache"
            " hands one origin's answer to the pages of others.",
            "Send it with every answer, also to requests without Origin; corekit does.",
            without[-1],
        )


def _serves_all(headers: Headers, told: Mapping[str | None, HttpResponse]) -> bool:
    # A '*' that a cache hands to a page is to it what its own answer is, with cookies or without.
    return get_header(headers, ALLOW_ORIGIN) == ANY and all(
        (check_cors(origin, headers, include=include) is None)
        == (check_cors(origin, own.headers, include=include) is None)
        for origin, own in told.items()
        if origin is not None
        for include in (False, True)
    )


def _may_be_mixed_up(headers: Headers) -> bool:
    # What is not stored is handed to nobody: https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5
    varies = not _members(headers, "vary").isdisjoint({"origin", ANY})
    return not varies and "no-store" not in _members(headers, "cache-control")


def _members(headers: Headers, name: str) -> set[str]:
    return {part.strip().lower() for part in (get_header(headers, name) or "").split(",")}


def make_failure(
    code: str, severity: Severity, what: str, fault: tuple[str, str | None], origin: str
) -> Finding:
    """Make the finding of what fails in a browser; `what` stands before its sentence."""
    name, value = fault
    kind = FAILURES[name]
    return Finding(code, severity, f"{what}{kind.describe(origin, value)}", kind.hint, origin, name)
