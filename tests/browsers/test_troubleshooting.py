"""Every failure occurs in a real browser, is explained, and is fixed by the suggested fix.

The servers are misconfigured on purpose. As for any live server, an explanation is derived from the
responses by the browser model; nothing comes from the real browser.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.browser import (
    CHROMIUM,
    FAILURES,
    FIREFOX,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    Quirks,
)
from corekit.explain import ERRORS, Explanation, Fix, explain_outcome, find_error
from corekit_testing.transports import WsgiTransport
from corekit_wsgi import CorsMiddleware
from tests.browsers import chromium, devtools, firefox, marionette, webkit
from tests.browsers.broken_servers import BROKEN_SERVERS, BrokenServer, as_wsgi
from tests.browsers.https import HOSTS
from tests.browsers.lab import Lab, Session, open_lab
from tests.certificates import make_certificate

pytestmark = pytest.mark.browser

API: Final = "api.localhost"
REASONS: Final = {name for name in ERRORS if name.startswith("CORS")}
# The other messages of WebKit are not about CORS, so no server here causes them.
IN_WEBKIT: Final = {name for name, kind in FAILURES.items() if kind.is_cors and kind.webkit}


def make_session(lab: Lab, name: str, server: BrokenServer) -> Session:
    url = f"{lab.origin(API)}/{name}/"
    own = f"{lab.page}/{name}/"
    target = server.url.format(url=url, own=own, rest=url.partition("://")[2])

    def answer(request: HttpRequest) -> HttpResponse:
        return server.respond(request, lab.page)

    return Session(name, lab.page, [Fetch(target, **server.call)], answer, note=server)


def explain_session(session: Session, quirks: Quirks) -> Explanation:
    (fetch,) = session.fetches
    model = BrowserModel(clock=lambda: 0.0, quirks=quirks)
    outcome = model.fetch(session.respond, session.page, fetch)
    return explain_outcome(outcome, fetch, page=session.page, quirks=quirks)


def apply(fix: Fix, session: Session, name: str) -> Session | None:
    """Return a session with the fix applied, or None if a program cannot apply it."""
    if not fix.changes and fix.fetch is None:
        return None
    (fetch,) = session.fetches
    answer = session.answer
    if fix.changes:
        policy = fix.apply(CorsPolicy.deny_all())
        app = CorsMiddleware(as_wsgi(session.answer), policy)
        answer = WsgiTransport(app, raise_exceptions=True).send
    fetch = fix.fetch or fetch
    moved = replace(fetch, url=fetch.url.replace(f"/{session.id}/", f"/{name}/"))
    return Session(name, session.page, [moved], answer, note=(session.note, fix))


def run_fixes(lab: Lab, sessions: list[Session], quirks: Quirks) -> None:
    """Apply every suggested fix of the sessions, and check that each fetch succeeds."""
    fixed: list[Session] = []
    for session in sessions:
        fixes = explain_session(session, quirks).fixes
        fixed_sessions = [apply(fix, session, f"{session.id}m{at}") for at, fix in enumerate(fixes)]
        applied = [each for each in fixed_sessions if each is not None]
        assert applied, (session.note, fixes)
        fixed += applied
    lab.run(fixed)
    failed = [session.note for session in fixed if not session.outcomes[0]["ok"]]
    assert failed == []


def wait_for(look: Callable[[], Any], seconds: float = 10.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def in_chromium(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Lab, devtools.DevTools]]:
    home = tmp_path_factory.mktemp("chromium")
    with open_lab() as lab:
        url = f"{lab.page}/"
        browser = chromium.open_page(url, arguments=["--remote-debugging-port=0"], home=home)
        with browser, devtools.listen(home / "profile", url) as tools:
            yield lab, tools


def test_chromium_failures_are_explained_and_fixed(
    in_chromium: tuple[Lab, devtools.DevTools],
) -> None:
    lab, tools = in_chromium
    sessions = [make_session(lab, f"f{at}", server) for at, server in enumerate(BROKEN_SERVERS)]
    lab.run(sessions)
    for session, server in zip(sessions, BROKEN_SERVERS, strict=True):
        assert session.outcomes == [{"ok": False}]
        explanation = explain_session(session, CHROMIUM)
        assert explanation.failure is not None
        assert explanation.failure.name == server.name
        url = session.fetches[0].url
        if server.has_name:
            names = wait_for(lambda url=url: tools.failures.get(url))  # type: ignore[misc]
            assert names == [server.name]

        def read_console(part: str = f"/{session.id}/") -> list[str]:
            return [each for each in tools.messages if part in each]

        (message,) = wait_for(read_console)
        error = find_error(message)
        assert error is ERRORS[server.name], message
    run_fixes(lab, sessions, CHROMIUM)


def test_every_chromium_name_has_a_server() -> None:
    named = {name for name, kind in FAILURES.items() if kind.is_cors}
    assert {server.name for server in BROKEN_SERVERS} == named
    # Failures in the renderer have a message, but no name.
    assert {server.name for server in BROKEN_SERVERS if not server.has_name} == {
        "CorsDisabledScheme",
        "DisallowedByMode",
    }


def test_chromium_reports_mixed_content(tmp_path: Path) -> None:
    chromium.require_chromium()
    (tmp_path / "certificate").mkdir()
    certificate = make_certificate(tmp_path / "certificate", *HOSTS)
    firefox.trust(certificate.authority, tmp_path / ".pki" / "nssdb")
    with open_lab(certificate.server_context()) as lab:
        url = f"{lab.page}/"
        arguments = ["--remote-debugging-port=0"]
        browser = chromium.open_page(url, arguments=arguments, home=tmp_path)
        with browser, devtools.listen(tmp_path / "profile", url) as tools:
            fetch = Fetch("http://api.example.com/mixed/")
            session = Session("mixed", lab.page, [fetch], lambda _: HttpResponse(200))
            lab.run([session])
            assert session.outcomes == [{"ok": False}]
            found = wait_for(lambda: [each for each in tools.messages if "/mixed/" in each])
    assert find_error(found[0]) is ERRORS["MixedContent"]
    explanation = explain_session(session, CHROMIUM)
    assert explanation.failure is not None
    assert explanation.failure.name == "MixedContent"
    assert explanation.fixes[0].fetch == Fetch("https://api.example.com/mixed/")


@pytest.fixture(scope="module")
def in_firefox() -> Iterator[tuple[Lab, marionette.Console]]:
    with open_lab() as lab:
        opened = firefox.open_page(
            f"{lab.page}/",
            arguments=marionette.ARGUMENTS,
            preferences=marionette.PREFERENCES,
        )
        with opened as profile, marionette.listen(profile) as console:
            yield lab, console


def read_console(console: marionette.Console, session: Session, count: int = 1) -> dict[str, str]:
    """Return the console messages about a session's fetch, by name."""

    def look() -> dict[str, str]:
        part = f"/{session.id}/"
        found = {name.rstrip("0123456789"): text for name, text in console.read() if part in text}
        return found if len(found) >= count else {}

    found: dict[str, str] = wait_for(look)
    return found


def test_firefox_failures_are_explained_and_fixed(
    in_firefox: tuple[Lab, marionette.Console],
) -> None:
    lab, console = in_firefox
    sessions = [make_session(lab, f"f{at}", server) for at, server in enumerate(BROKEN_SERVERS)]
    lab.run(sessions)
    seen: set[str] = set()
    for session, server in zip(sessions, BROKEN_SERVERS, strict=True):
        assert session.outcomes == [{"ok": False}]
        explanation = explain_session(session, FIREFOX)
        assert explanation.failure is not None
        if not server.reasons:
            continue
        found = read_console(console, session)
        assert set(server.reasons) <= found.keys() <= {*server.reasons, "CORSDidNotSucceed"}
        for reason in server.reasons:
            error = find_error(found[reason])
            assert error is ERRORS[reason]
            assert explanation.failure.name in error.failures
            assert reason in ERRORS[server.name].reasons
        seen |= found.keys()
    assert seen == REASONS - {"CORSDisabled", "CORSOriginHeaderNotAdded"}
    run_fixes(lab, sessions, FIREFOX)


def test_firefox_reports_unreachable_server(
    in_firefox: tuple[Lab, marionette.Console],
) -> None:
    lab, console = in_firefox
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    session = Session(
        "away", lab.page, [Fetch(f"http://{API}:{port}/away/")], lambda _: HttpResponse(200)
    )
    lab.run([session])
    assert session.outcomes == [{"ok": False}]
    found = read_console(console, session)
    assert found.keys() == {"CORSDidNotSucceed"}
    assert find_error(found["CORSDidNotSucceed"]) is ERRORS["CORSDidNotSucceed"]


def test_firefox_reports_disabled_cors(
    in_firefox: tuple[Lab, marionette.Console],
) -> None:
    lab, console = in_firefox
    granted = BrokenServer("", (), {"Access-Control-Allow-Origin": "{page}"})
    off, on = make_session(lab, "off", granted), make_session(lab, "on", granted)
    console.set_preference("content.cors.disable", value=True)
    lab.run([off])
    found = read_console(console, off)
    console.set_preference("content.cors.disable", value=False)
    lab.run([on])
    assert (off.outcomes[0]["ok"], on.outcomes[0]["ok"]) == (False, True)
    assert "CORSDisabled" in found
    assert find_error(found["CORSDisabled"]) is ERRORS["CORSDisabled"]


def test_firefox_reports_missing_origin_of_expanded_principal(
    in_firefox: tuple[Lab, marionette.Console],
) -> None:
    lab, console = in_firefox
    session = Session("rights", lab.page, [], lambda _: HttpResponse(200))
    lab.sessions = {"rights": session}
    console.fetch_with_expanded_principal(
        [lab.page, lab.origin("other.localhost")], f"{lab.origin(API)}/rights/"
    )
    found = read_console(console, session)
    assert "CORSOriginHeaderNotAdded" in found
    assert find_error(found["CORSOriginHeaderNotAdded"]) is ERRORS["CORSOriginHeaderNotAdded"]
    assert session.log == []


def test_firefox_has_one_message_for_each_reason(
    in_firefox: tuple[Lab, marionette.Console],
) -> None:
    _, console = in_firefox
    messages = console.read_templates()
    assert {name.rstrip("0123456789") for name in messages} - {
        # A deprecation warning, not a failure.
        "CORSAllowHeaderFromPreflightDeprecation"
    } == REASONS
    for name, message in messages.items():
        if not name.endswith("Deprecation"):
            assert find_error(message) is ERRORS[name.rstrip("0123456789")]


def test_webkit_messages_are_recognized(tmp_path: Path) -> None:
    console = tmp_path / "console"
    seen: set[str] = set()
    with open_lab() as lab, webkit.open_page(f"{lab.page}/", console=console):
        for at, server in enumerate(BROKEN_SERVERS):
            start = len(console.read_text(errors="replace")) if console.exists() else 0
            session = make_session(lab, f"f{at}", server)
            lab.run([session])
            assert session.outcomes == [{"ok": False}]

            def look(start: int = start) -> str:
                text = console.read_text(errors="replace")[start:]
                return text if "Fetch API cannot load" in text else ""

            text = wait_for(look)
            (message,) = [line for line in text.splitlines() if "Fetch API" not in line and line][
                :1
            ] or [text]
            error = find_error(message)
            assert error is None or is_same_error(error.name, server), (server, message)
            if error is not None:
                seen.add(error.name)
    assert seen == IN_WEBKIT


def is_same_error(name: str, server: BrokenServer) -> bool:
    # WebKit has one message for a missing origin and for a mismatch, in a preflight response and in
    # an actual response.
    general = server.name if server.name in IN_WEBKIT else server.name.removeprefix("Preflight")
    same = {
        "InvalidAllowOriginValue": "MissingAllowOriginHeader",
        "AllowOriginMismatch": "MissingAllowOriginHeader",
        "PreflightDisallowedRedirect": "PreflightInvalidStatus",
        "DisallowedRedirect": "PreflightInvalidStatus",
    }
    return name == same.get(general, general)
