"""The demo's calls over HTTP, as a browser sends them, and whether the answers are the policy's.

A browser's own judgment is not imitated here: what is compared is what the server was meant to
answer (a `Decision`) with what came over the wire.
"""

from __future__ import annotations

from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode

from corekit import CorsPolicy, Decision

from .cases import CASES, Case, Origins, Verdict, judge

__all__ = ["Exchange", "Outcome", "exchange_all", "find_contradictions"]

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that was sent and the response to it."""

    method: str
    sent: Headers
    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case, what the policy says to it, what went over the wire, and where the two differ.

    `preflight` is None where there is none, `actual` where a browser would not send it.
    """

    case: Case
    origin: str
    verdict: Verdict
    preflight: Exchange | None
    actual: Exchange | None
    contradictions: tuple[str, ...]


def exchange_all(policy: CorsPolicy, origins: Origins, address: tuple[str, int]) -> list[Outcome]:
    """Make the calls of all cases at the host and port `address`, and compare the answers.

    Cookies that are set are sent with later calls that have credentials. Raises OSError or
    HTTPException where the server does not answer.
    """
    cookie: str | None = None
    outcomes = []
    for case in CASES:
        origin = origins.page if case.page == "page" else origins.foreign
        outcome = _exchange(policy, case, origin, address, cookie)
        outcomes.append(outcome)
        if case.credentials and outcome.actual is not None:
            set_cookie = dict(outcome.actual.headers).get("Set-Cookie")
            cookie = set_cookie.partition(";")[0] if set_cookie else cookie
    return outcomes


def find_contradictions(decision: Decision, exchange: Exchange) -> list[str]:
    """Say where an answer is not what the policy decided, in sentences; nothing where it is."""
    found = []
    if decision.status not in (None, exchange.status):
        found.append(
            f"{exchange.method} was answered {exchange.status}; the policy says {decision.status}."
        )
    meant = sorted((name.lower(), value) for name, value in decision.headers)
    got = sorted(
        (name.lower(), value)
        for name, value in exchange.headers
        if name.lower().startswith("access-control-")
    )
    if got != meant:
        found.append(
            f"{exchange.method} was answered with {_spell(got)}; the policy says {_spell(meant)}."
        )
    varies = {
        part.strip().lower()
        for name, value in exchange.headers
        if name.lower() == "vary"
        for part in value.split(",")
    }
    found += [
        f"{exchange.method} was answered without {name} in Vary."
        for name in decision.vary
        if not {name.lower(), "*"} & varies
    ]
    return found


def _exchange(
    policy: CorsPolicy, case: Case, origin: str, address: tuple[str, int], cookie: str | None
) -> Outcome:
    verdict = judge(policy, case, origin)
    contradictions: list[str] = []
    preflight = actual = None
    if verdict.preflight is not None:
        asked = [("Origin", origin), ("Access-Control-Request-Method", case.method)]
        if case.request_headers is not None:
            asked.append(("Access-Control-Request-Headers", case.request_headers))
        preflight = _send(case, "OPTIONS", asked, None, address)
        contradictions += find_contradictions(verdict.preflight, preflight)
    if verdict.sent:
        headers = [("Origin", origin), *case.headers]
        if case.credentials and cookie is not None:
            headers.append(("Cookie", cookie))
        actual = _send(case, case.method, headers, case.body, address)
        contradictions += find_contradictions(verdict.actual, actual)
    return Outcome(case, origin, verdict, preflight, actual, tuple(contradictions))


def _send(
    case: Case,
    method: str,
    headers: list[tuple[str, str]],
    body: str | None,
    address: tuple[str, int],
) -> Exchange:
    target = f"{case.path}?{urlencode({'run': 'command', 'case': case.name})}"
    connection = HTTPConnection(*address, timeout=10)
    try:
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return Exchange(
            method, tuple(headers), response.status, tuple(response.getheaders()), response.read()
        )
    finally:
        connection.close()


def _spell(headers: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in headers) or "no Access-Control header"
