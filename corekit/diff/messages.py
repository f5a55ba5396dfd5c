"""The sentence about each difference: who may do what, or no longer may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from corekit._origins import ANY
from corekit.diagnostics import escape

from .comparison import DifferenceKind, Direction
from .grants import Finding

_MOST_NAMES: Final = 8


def describe(finding: Finding, path: str | None) -> str:
    """Return the message of a finding for a path; None is every path."""
    place = "any path" if path is None else escape(path)
    special = _SPECIAL.get(finding.kind)
    if special is not None:
        return special(finding, place)
    if finding.kind is DifferenceKind.ORIGINS and finding.witness is None:
        return (
            f"Whether {escape(finding.values[0])} allows origins that the other policy does not "
            "allow cannot be determined."
        )
    action = _ACTIONS[finding.kind](finding, place)
    page = f"A page at {_page_of(finding)}"
    if finding.direction is Direction.WIDER:
        return f"{page} may now {action}; before, it could not."
    return f"{page} may no longer {action}."


def _page_of(finding: Finding) -> str:
    if finding.witness is None:
        return "any origin that both allow"
    origin = finding.witness.origin
    if finding.kind is not DifferenceKind.ORIGINS:
        return origin
    if finding.count > 1:
        return f"{origin} (and {finding.count - 1:,} more origins)"
    entry = finding.values[0]
    if entry == origin:
        return origin
    return f"{origin} ({'any origin' if entry == ANY else escape(entry)})"


def _use_methods(finding: Finding, place: str) -> str:
    if finding.values == (ANY,):
        example = "" if finding.witness is None else f", such as {finding.witness.method},"
        return f"use any method{example} on {place}{_cookies(finding)} and read the response"
    names = _join(finding.values)
    return f"{names} {place}{_cookies(finding)} and read the response"


def _send_headers(finding: Finding, place: str) -> str:
    names = _name_headers(finding.values, "request header")
    return f"send {names} to {place}{_cookies(finding)} and read the response"


def _read_headers(finding: Finding, place: str) -> str:
    names = _name_headers(finding.values, "response header")
    return f"read {names} of {place}{_cookies(finding)}"


def _reach(_: Finding, place: str) -> str:
    return (
        f"request {place} in a private network, if the browser asks with "
        "Access-Control-Request-Private-Network"
    )


def _name_headers(names: tuple[str, ...], kind: str) -> str:
    if names[0] == ANY:
        others = names[1:]
        extra = f", also {_join(others)}," if others else ""
        return f"any {kind}{extra}"
    return f"the {kind}{'s' if len(names) > 1 else ''} {_join(names)}"


def _join(names: tuple[str, ...]) -> str:
    shown = [*names[:_MOST_NAMES]]
    if len(names) > len(shown):
        shown.append(f"{len(names) - len(shown)} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


def _cookies(finding: Finding) -> str:
    witness = finding.witness
    return " with the user's cookies" if witness is not None and witness.credentials else ""


def _cover(finding: Finding, place: str) -> str:
    begin = f"A policy now covers {place} and replaces the CORS headers of the application"
    if finding.witness is None:
        allowed = "no origins" if finding.direction is Direction.NARROWER else "some origins"
        return f"{begin}; it allows {allowed}."
    return f"{begin}; a page at {finding.witness.origin} may {_get(finding, place)}."


def _uncover(finding: Finding, place: str) -> str:
    begin = f"No policy covers {place} any longer, so the CORS headers of the application apply"
    if finding.witness is None:
        allowed = "no origins" if finding.direction is Direction.WIDER else "some origins"
        return f"{begin}; the policy allowed {allowed}."
    return f"{begin}; before, a page at {finding.witness.origin} could {_get(finding, place)}."


def _get(finding: Finding, place: str) -> str:
    return f"GET {place}{_cookies(finding)} and read the response"


def _change_max_age(finding: Finding, place: str) -> str:
    before, after = finding.values
    change = "longer" if int(after) > int(before) else "shorter"
    return (
        f"Browsers may cache preflight responses of {place} {change}: {after} instead of "
        f"{before} seconds."
    )


_ACTIONS: Final[Mapping[DifferenceKind, Callable[[Finding, str], str]]] = {
    DifferenceKind.ORIGINS: _get,
    DifferenceKind.CREDENTIALS: _get,
    DifferenceKind.METHODS: _use_methods,
    DifferenceKind.REQUEST_HEADERS: _send_headers,
    DifferenceKind.RESPONSE_HEADERS: _read_headers,
    DifferenceKind.PRIVATE_NETWORK: _reach,
}

_SPECIAL: Final[Mapping[DifferenceKind, Callable[[Finding, str], str]]] = {
    DifferenceKind.MAX_AGE: _change_max_age,
    DifferenceKind.NEWLY_GOVERNED: _cover,
    DifferenceKind.NO_LONGER_GOVERNED: _uncover,
}
