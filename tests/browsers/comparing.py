"""What a browser made of a session compared with what the model makes of it."""

from __future__ import annotations

from typing import Any

from corekit.browser import BrowserModel, Fetch, HttpRequest, Outcome, Quirks
from tests.browsers.lab import Session
from tests.browsers.sessions import HEADERS, REPEATED


def model_outcomes(session: Session, quirks: Quirks) -> list[Outcome]:
    """Let the model make a session's fetches."""
    model = BrowserModel(clock=lambda: 0.0, quirks=quirks)
    return [model.fetch(session.respond, session.page, fetch) for fetch in session.fetches]


def expected(outcome: Outcome, fetch: Fetch) -> dict[str, Any]:
    """Write an outcome of the model as the page writes its own."""
    response = outcome.response
    if response is None:
        return {"ok": False}
    told: dict[str, Any] = {
        "ok": True,
        "kind": response.kind,
        "status": response.status,
        "url": response.url,
        "redirected": response.redirected,
        "headers": [list(pair) for pair in response.headers],
        "body": response.body.decode(),
    }
    if fetch.upload_listener:
        return {name: told[name] for name in ("ok", "status", "body")}
    if response.kind == "opaqueredirect":
        # Engines differ in whether they tell the address that was asked for, which is no secret.
        del told["url"]
    return told


Seen = tuple[str, str, bytes, tuple[tuple[str, str], ...]]

SET_BY_PAGES = frozenset(name.lower() for name, _ in HEADERS) - {"cookie", "user-agent"}
DRAWN_VALUES = {value for _, value in [*HEADERS, *REPEATED]}
COMPARED = SET_BY_PAGES | {
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
}


def on_the_wire(request: HttpRequest) -> Seen:
    """Return what is compared: method, URL, body, and every header of CORS or of the page."""
    fields: dict[str, str] = {}
    for given, value in request.headers:
        name = given.lower()
        if name in COMPARED:
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
    for name in ("accept", "accept-language"):
        # Unless the page sets it, the browser does.
        if DRAWN_VALUES.isdisjoint(fields.get(name, "").split(", ")):
            fields.pop(name, None)
    return request.method, request.url, request.body or b"", tuple(sorted(fields.items()))


def disagreements(sessions: list[Session], quirks: Quirks) -> list[Session]:
    """Find the sessions where a browser did anything else than the model says."""
    found = []
    for session in sessions:
        outcomes = model_outcomes(session, quirks)
        sent = [on_the_wire(each.request) for outcome in outcomes for each in outcome.exchanges]
        seen = [on_the_wire(each.request) for each in session.log]
        told = [dict(each) for each in session.outcomes]
        meant = []
        for outcome, fetch, page in zip(outcomes, session.fetches, told, strict=True):
            meant.append(expected(outcome, fetch))
            if "kind" in page and page["kind"] == "opaqueredirect":
                page.pop("url", None)
            if fetch.url.startswith("data:") and "headers" in page:
                # Firefox adds its length.
                page["headers"] = [pair for pair in page["headers"] if pair[0] == "content-type"]
        if meant != told or sent != seen:
            found.append(session)
    return found


def describe(session: Session, quirks: Quirks) -> str:
    """Show a session with all that the model and the browser made of it."""
    outcomes = model_outcomes(session, quirks)
    lines = [f"session {session.id} of {session.page}: {session.note}"]
    for fetch, outcome, page in zip(session.fetches, outcomes, session.outcomes, strict=True):
        lines += [f"  {fetch}", f"    model:   {expected(outcome, fetch)} {outcome.failure or ''}"]
        lines.append(f"    browser: {page}")
    sent = [each.request for outcome in outcomes for each in outcome.exchanges]
    lines += ["  model sent:", *(f"    {on_the_wire(each)}" for each in sent)]
    lines += ["  browser sent:", *(f"    {on_the_wire(each.request)}" for each in session.log)]
    return "\n".join(lines)
