"""What a browser concludes from two responses to the same request, and where that differs.

Servers do not know for which requests a page uses credentials, so a response is checked for both. A
page that may use them may also do without: so a response allows nothing, requests without
credentials, or both. How headers are spelled makes no difference.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from corekit._names import CORS_RESPONSE_HEADERS, is_sendable_method, parse_field_names
from corekit._origins import is_serialized_origin
from corekit.browser import STANDARD, HttpResponse
from corekit.browser.checks import (
    REDIRECT_STATUSES,
    REFUSALS,
    CheckFailure,
    check_cors,
    check_preflight,
    find_refused_names,
    readable_headers,
)
from corekit.browser.fields import get_header, list_values

from .kinds import ShadowKind, ShadowReason

__all__ = ["AskedRequest", "Found", "compare_responses", "cut_names", "named_headers"]

_ALLOW_HEADERS: Final = "access-control-allow-headers"
_EXPOSE_HEADERS: Final = "access-control-expose-headers"


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """What a request asks for: the values of its headers.

    `request_method` is None unless it is a preflight.
    """

    origin: str
    request_method: str | None = None
    request_headers: str | None = None
    names: tuple[str, ...] = field(init=False)
    """The names that a preflight asks for, sorted."""
    is_from_page: bool = field(init=False)
    """Whether a page can have sent it: other clients send anything, and read every response."""

    def __post_init__(self) -> None:
        method, names = self.request_method, parse_field_names(self.request_headers or "")
        is_sent = method is None or is_sendable_method(method)
        is_from_page = is_sent and names is not None and is_serialized_origin(self.origin)
        object.__setattr__(self, "names", tuple(sorted(names or ())))
        object.__setattr__(self, "is_from_page", is_from_page)


@dataclass(frozen=True, slots=True)
class Found:
    """How a candidate's response differs: see `ShadowEvent`."""

    kind: ShadowKind
    reasons: tuple[ShadowReason, ...]
    denied: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()


def compare_responses(
    asked: AskedRequest,
    enforced: HttpResponse,
    candidate: HttpResponse,
    names: Collection[str],
) -> Found | None:
    """Return how a browser treats the candidate's response otherwise; None if it does not.

    `names` are those of the response headers that pages might read: see `named_headers`.

    >>> asked = AskedRequest("https://a.example")
    >>> allowed = HttpResponse(200, (("Access-Control-Allow-Origin", "*"),))
    >>> compare_responses(asked, allowed, HttpResponse(200), ()).kind.value
    'would_deny'
    >>> compare_responses(asked, allowed, allowed, ()) is None
    True
    """
    before, after = _count_modes(asked, enforced), _count_modes(asked, candidate)
    if before == after == 0:
        return None
    if after == 0:
        return _explain(asked, candidate, is_denied=True)
    if before == 0:
        return _explain(asked, enforced, is_denied=False)
    reasons: list[ShadowReason] = []
    if before != after:
        is_denied = after < before
        reasons.append(
            ShadowReason.CREDENTIALS_DENIED if is_denied else ShadowReason.CREDENTIALS_GRANTED
        )
    lost: set[str] = set()
    gained: set[str] = set()
    # A page reads neither a preflight response nor a redirect that the browser follows.
    is_read = asked.request_method is None and not _is_redirect(enforced)
    modes = min(before, after) if is_read else 0
    for include in (False, True)[:modes]:
        old, new = (_read(each, names, include=include) for each in (enforced, candidate))
        lost |= old - new
        gained |= new - old
    if lost:
        reasons.append(ShadowReason.READING_DENIED)
    if gained:
        reasons.append(ShadowReason.READING_GRANTED)
    if not reasons:
        return None
    sides = tuple(sorted(lost)), tuple(sorted(gained))
    return Found(ShadowKind.WOULD_DIFFER, tuple(reasons), *sides)


def cut_names(request_headers: str | None, longest: int) -> str | None:
    """Return a list of requested headers, or only its begin if it is longer than `longest`.

    Every policy denies such a list without reading it, and any client may send one.

    >>> cut_names("x-a,x-b,x-c", 8), cut_names("x-a,x-b", 7)
    ('x-a,x-b', 'x-a,x-b')
    """
    if request_headers is None or len(request_headers) <= longest:
        return request_headers
    return request_headers[: longest + 1].rpartition(",")[0]


def named_headers(*responses: HttpResponse) -> frozenset[str]:
    """Return the names that responses expose, ``*`` for all others.

    They are compared if it is not known which headers the response will have.
    """
    listed = (list_values(each.headers, _EXPOSE_HEADERS) or () for each in responses)
    return frozenset(name.lower() for names in listed for name in names)


def _is_redirect(response: HttpResponse) -> bool:
    has_location = get_header(response.headers, "location") is not None
    return has_location and response.status in REDIRECT_STATUSES


def _count_modes(asked: AskedRequest, response: HttpResponse) -> int:
    """Return 2 if a response is accepted, 1 if only without credentials, 0 if it is blocked."""
    failures = (_check(asked, response, include=include) for include in (False, True))
    return sum(failure is None for failure in failures)


def _check(asked: AskedRequest, response: HttpResponse, *, include: bool) -> CheckFailure | None:
    if asked.request_method is None:
        return check_cors(asked.origin, response.headers, include=include)
    return check_preflight(
        asked.origin,
        asked.request_method,
        asked.names,
        response,
        include=include,
        upload_listener=False,
        quirks=STANDARD,
    )


def _explain(asked: AskedRequest, blocked: HttpResponse, *, is_denied: bool) -> Found:
    """Return why only the response `blocked` is blocked: if `is_denied`, the candidate's."""
    failure = _check(asked, blocked, include=False)
    if failure is not None and failure[0] in REFUSALS:
        denied, granted = ShadowReason.METHOD_DENIED, ShadowReason.METHOD_GRANTED
        names: tuple[str, ...] = (asked.request_method or "",)
        if failure[0] != "MethodDisallowedByPreflightResponse":
            denied, granted = ShadowReason.HEADERS_DENIED, ShadowReason.HEADERS_GRANTED
            names = tuple(_find_refused(asked, blocked))
        if is_denied:
            return Found(ShadowKind.WOULD_DIFFER, (denied,), denied=names)
        return Found(ShadowKind.WOULD_DIFFER, (granted,), granted=names)
    if is_denied:
        return Found(ShadowKind.WOULD_DENY, (ShadowReason.ORIGIN_DENIED,))
    is_of_origin = check_cors(asked.origin, blocked.headers) is not None
    reason = ShadowReason.ORIGIN_GRANTED if is_of_origin else ShadowReason.PREFLIGHT_GRANTED
    return Found(ShadowKind.WOULD_GRANT, (reason,))


def _find_refused(asked: AskedRequest, response: HttpResponse) -> Iterator[str]:
    allowed = list_values(response.headers, _ALLOW_HEADERS) or ()
    return find_refused_names(allowed, asked.names, include=False, quirks=STANDARD)


def _read(response: HttpResponse, names: Collection[str], *, include: bool) -> set[str]:
    """Return which of these names a page can read in a response that has them all."""
    present = {*names} - CORS_RESPONSE_HEADERS
    headers = (*((name, "1") for name in present), *response.headers)
    return {name for name, _ in readable_headers(headers, "cors", include=include)} & present
