"""What docs/troubleshooting.md says about sites and local networks is what Chromium does.

Two servers listen on this machine: that of the page, and the API.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from corekit.browser import CHROMIUM, Fetch, HttpRequest, HttpResponse
from corekit.explain import ERRORS, find_error
from tests.browsers import chromium, devtools
from tests.browsers.lab import Lab, Session, open_lab
from tests.browsers.test_troubleshooting import explain_session, wait_for

pytestmark = pytest.mark.browser

LOGIN: Final = "session=1; Path=/; HttpOnly; SameSite=Lax"


def run_at(lab: Lab, api: Lab, session: Session) -> None:
    """Let the page of `lab` make the fetches of a session to the server of `api`."""
    api.sessions = {session.id: session}
    lab.run([session])


def log_in(lab: Lab, api: str, name: str, *credentials: str) -> Session:
    """Return a session that logs in and then asks who is logged in, as the docs have it."""

    def respond(request: HttpRequest) -> HttpResponse:
        headers = [
            ("Access-Control-Allow-Origin", lab.page),
            ("Access-Control-Allow-Credentials", "true"),
            ("Cache-Control", "no-store"),
        ]
        if request.url.endswith("/login"):
            return HttpResponse(200, (*headers, ("Set-Cookie", LOGIN)))
        is_known = "session=1" in dict(request.headers).get("Cookie", "")
        return HttpResponse(200 if is_known else 401, tuple(headers))

    fetches = [
        Fetch(f"{api}/{name}/{path}", credentials=mode)
        for path, mode in zip(("login", "me"), credentials, strict=True)
    ]
    return Session(name, lab.page, fetches, respond)


def statuses(session: Session) -> list[int]:
    return [outcome["status"] for outcome in session.outcomes]


def test_login_is_lost_between_names_of_this_machine() -> None:
    with open_lab(page_host="localhost") as lab, open_lab() as api:
        port = api.wire.port
        with chromium.open_page(f"{lab.page}/"):
            lost = log_in(lab, f"http://127.0.0.1:{port}", "lost", "include", "include")
            run_at(lab, api, lost)
            assert statuses(lost) == [200, 401]
            advised = f"http://localhost:{port}"
            explanation = explain_session(
                Session("one", lab.page, lost.fetches[1:], lost.answer), CHROMIUM
            )
            (request,) = [step for step in explanation.steps if step.kind == "request"]
            assert request.details[-1].endswith(f"Call {advised} instead.")
            kept = log_in(lab, advised, "kept", "include", "include")
            run_at(lab, api, kept)
            assert statuses(kept) == [200, 200]


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        (("same-origin", "include"), [200, 401]),
        (("include", "same-origin"), [200, 401]),
        (("include", "include"), [200, 200]),
    ],
)
def test_both_requests_need_credentials(credentials: tuple[str, str], expected: list[int]) -> None:
    with (
        open_lab(page_host="localhost") as lab,
        open_lab() as api,
        chromium.open_page(f"{lab.page}/"),
    ):
        session = log_in(lab, f"http://localhost:{api.wire.port}", "both", *credentials)
        run_at(lab, api, session)
        assert statuses(session) == expected


def test_public_page_needs_a_permission_for_this_machine(tmp_path: Path) -> None:
    with open_lab() as lab, open_lab() as api:
        url = f"{lab.page}/"
        arguments = [
            "--remote-debugging-port=0",
            f"--ip-address-space-overrides=127.0.0.1:{lab.wire.port}=public",
        ]
        browser = chromium.open_page(url, arguments=arguments, home=tmp_path)
        with browser, devtools.listen(tmp_path / "profile", url) as tools:

            def allow(request: HttpRequest) -> HttpResponse:
                return HttpResponse(200, (("Access-Control-Allow-Origin", lab.page),))

            fetch = Fetch(f"{api.origin('api.localhost')}/local/")
            session = Session("local", lab.page, [fetch], allow)
            run_at(lab, api, session)
            found = wait_for(lambda: [each for each in tools.messages if "/local/" in each])
    assert session.outcomes == [{"ok": False}]
    assert session.log == []
    assert "blocked by CORS policy" in found[0]
    assert find_error(found[0]) is ERRORS["LocalNetworkAccessPermissionDenied"]
