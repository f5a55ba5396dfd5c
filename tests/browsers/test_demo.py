"""The demo's page in headless Chromium: what the browser did, beside what the policy said.

The page runs against the API on three servers. Its own verdict is not trusted: each row is worked
out again here, from what the page could read and from the log of what reached the API.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Queue
from typing import TYPE_CHECKING, Any, Final

import pytest

from corekit import CorsPolicy
from corekit_cli.api import serve_api
from corekit_cli.cases import CASES, Case, Origins, judge, make_policy
from corekit_cli.pages import describe, serve_page
from corekit_cli.servers import Site
from tests.browsers.chromium import open_page, require_chromium, screenshot

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = pytest.mark.browser

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 60  # seconds
PROGRAMS: Final = {
    "uvicorn": ("uvicorn", "tests.browsers.demo_api:asgi", "--lifespan=off", "--fd={fd}"),
    "gunicorn": ("gunicorn", "tests.browsers.demo_api:wsgi", "--threads=4", "--bind=fd://{fd}"),
}

READ: Final = {
    "simple-get": (200, '[{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]'),
    "sign-in": (200, '{"user": "ada"}'),
    "get-with-cookies": (200, '{"user": "ada"}'),
    "put-json": (200, '{"name": "lamp", "price": 40, "id": 1}'),
    "delete": (204, ""),
    "custom-header": (200, '[{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]'),
}
"""What the allowed page is to read: status and body; of every other case, nothing."""


@contextmanager
def run_program(server: str, page: str) -> Iterator[str]:
    """Run the API as a program of its own; yields its origin."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The socket listens already, so that nothing has to wait until the program does.
        fd = listener.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(fd=fd) for part in PROGRAMS[server])],
            cwd=ROOT,
            env={**os.environ, "COREKIT_DEMO_PAGE": page},
            pass_fds=[fd],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield f"http://localhost:{listener.getsockname()[1]}"
            assert process.poll() is None, f"{server} ended with status {process.returncode}"
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)


@contextmanager
def run_sites(
    server: str, answering: CorsPolicy | None = None
) -> Iterator[tuple[Origins, Queue[Any]]]:
    """Serve the pages here and the API on `server`, which may be made to answer by another policy.

    Yields the origins and a queue in which the pages' reports arrive.
    """
    with ExitStack() as stack:
        page, foreign = (stack.enter_context(closing(Site(0))) for _ in range(2))
        policy = make_policy(page.origin)
        if server == "wsgiref":
            site = stack.enter_context(closing(Site(0)))
            site.start(serve_api(answering or policy))
            api = site.origin
        else:
            api = stack.enter_context(run_program(server, page.origin))
        origins = Origins(api, page.origin, foreign.origin)
        reports: Queue[Any] = Queue()
        page.start(serve_page(describe(policy, origins, "page"), reports.put))
        foreign.start(serve_page(describe(policy, origins, "foreign"), reports.put))
        yield origins, reports


def run_page(address: str, reports: Queue[Any]) -> Any:
    with open_page(f"{address}/?report=1"):
        report = reports.get(timeout=PATIENCE)
    report["results"] = {result["name"]: result for result in report["results"]}
    return report


def expect_preflights(policy: CorsPolicy, case: Case, origin: str) -> list[dict[str, Any]]:
    preflight = judge(policy, case, origin).preflight
    if preflight is None:
        return []
    return [
        {
            "case": case.name,
            "method": "OPTIONS",
            "origin": origin,
            "request_method": case.method,
            "request_headers": ",".join(sorted(dict(case.headers))) or None,
            "cookie": False,
            "status": preflight.status,
        }
    ]


def check_row(result: Any, case: Case, policy: CorsPolicy, origin: str) -> None:
    verdict = judge(policy, case, origin)
    outcome = result["outcome"]
    assert outcome["readable"] == verdict.allowed, "the page could read what was refused, or not"
    if verdict.allowed:
        assert (outcome["status"], outcome["body"]) == READ[case.name]
    else:
        assert outcome["error"] == "TypeError: Failed to fetch"
        assert outcome["body"] is None

    seen = [{key: value for key, value in one.items() if key != "run"} for one in result["seen"]]
    preflights = [one for one in seen if one["method"] == "OPTIONS"]
    assert preflights == expect_preflights(policy, case, origin)
    actual = [one for one in seen if one["method"] != "OPTIONS"]
    assert [one["method"] for one in actual] == [case.method] * verdict.sent
    assert [one["origin"] for one in actual] == [origin] * verdict.sent
    if case.name in ("get-with-cookies", "delete") or not case.credentials:
        assert [one["cookie"] for one in actual] == [case.credentials] * verdict.sent
    assert result["agrees"], "the page's own verdict is not what its outcome says"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_the_browser_does_what_the_policy_says(server: str) -> None:
    require_chromium()
    with run_sites(server) as (origins, reports):
        report = run_page(origins.page, reports)
    policy = make_policy(origins.page)

    assert report["here"] == "page"
    assert list(report["results"]) == [case.name for case in CASES]
    for case in CASES:
        origin = origins.page if case.page == "page" else origins.foreign
        check_row(report["results"][case.name], case, policy, origin)
    results = report["results"]
    assert results["simple-get"]["outcome"]["headers"] == {"x-items-total": "2"}
    assert results["custom-header"]["outcome"]["headers"]["x-request-id"] == "demo-1"


@pytest.mark.parametrize("server", ["wsgiref", *PROGRAMS])
def test_the_foreign_page_gets_nothing_from_any_call(server: str) -> None:
    require_chromium()
    with run_sites(server) as (origins, reports):
        report = run_page(origins.foreign, reports)
    policy = make_policy(origins.page)
    cases = [case for case in CASES if case.page == "page"]

    assert report["here"] == "foreign"
    assert list(report["results"]) == [case.name for case in cases]
    for case in cases:
        assert not report["results"][case.name]["outcome"]["readable"]
        check_row(report["results"][case.name], case, policy, origins.foreign)


def test_the_page_shows_each_call_in_words() -> None:
    require_chromium()
    with run_sites("wsgiref") as (origins, reports):
        report = run_page(origins.page, reports)

    assert report["progress"] == f"✓ All {len(CASES)} calls went as the policy says."
    shown = report["shown"]
    for case in CASES:
        assert case.title in shown[case.name]
        assert f"{case.method} {case.path}" in shown[case.name]
        assert "✓ agree" in shown[case.name]
    for words in ("Granted", "The policy grants it.", "Read it: 200", "OPTIONS 204, PUT 200"):
        assert words in shown["put-json"]
    for words in ("Refused", "does not allow the requested method", "Did not send it"):
        assert words in shown["method-not-granted"]
    for words in (origins.foreign, "Kept the answer from the page", "The API saw: GET 200"):
        assert words in shown["foreign-get"]


def test_the_page_tells_where_the_browser_differs_from_the_policy() -> None:
    require_chromium()
    with run_sites("wsgiref", answering=CorsPolicy.nothing()) as (origins, reports):
        report = run_page(origins.page, reports)

    differing = {name for name, result in report["results"].items() if not result["agrees"]}
    assert differing == set(READ), "granted by the policy, but the server grants nothing"
    assert report["progress"].startswith(f"✗ {len(READ)} of {len(CASES)} calls differ")
    for name in READ:
        assert "✗ differ" in report["shown"][name]


def test_the_page_compares_the_requests_that_reached_the_api_too() -> None:
    require_chromium()
    with run_sites("wsgiref") as (origins, reports), closing(Site(0)) as page:
        description = describe(make_policy(page.origin), replace(origins, page=page.origin), "page")
        calls = {call["name"]: call["policy"] for call in description["calls"]}
        for policy in calls.values():
            policy["allowed"] = False  # the API allows another page
        calls["simple-get"]["preflight"] = calls["put-json"]["preflight"]
        calls["put-json"]["preflight"] = None
        calls["sign-in"]["sent"] = False
        for name in ("put-json", "delete", "custom-header"):
            calls[name]["sent"] = False
        page.start(serve_page({**description, "patience": 500}, reports.put))
        report = run_page(page.origin, reports)
    own = [result for result in report["results"].values() if result["origin"] == page.origin]
    differing = {result["name"] for result in own if not result["agrees"]}
    assert differing == {"simple-get", "put-json", "sign-in"}


def test_the_foreign_page_tells_its_outcomes_to_the_allowed_page_only() -> None:
    require_chromium()
    with run_sites("wsgiref") as (origins, reports), closing(Site(0)) as stranger:
        description = describe(make_policy(origins.page), origins, "page")
        stranger.start(serve_page({**description, "patience": 2000}, reports.put))
        report = run_page(stranger.origin, reports)
    # For the stranger, the allowed page's calls are another origin's too: it waits for all.
    for result in report["results"].values():
        assert result["outcome"]["error"] == "the foreign page did not answer"


def test_the_page_believes_only_the_foreign_page_itself() -> None:
    require_chromium()
    outcome = {"readable": True, "status": 200, "body": "forged", "headers": {}, "error": None}
    forger = "".join(
        f"top.postMessage({json.dumps({'name': name, 'outcome': outcome})}, '*');"
        for name in ("foreign-get", "foreign-put")
    )
    with run_sites("wsgiref") as (origins, reports), closing(Site(0)) as third:
        third.start(serve_html(f"<!doctype html><script>{forger}</script>"))
        with closing(Site(0)) as framing, closing(Site(0)) as page:
            framing.start(serve_html(f"<!doctype html><iframe src='{third.origin}/'></iframe>"))
            fooled = Origins(origins.api, page.origin, framing.origin)
            description = describe(make_policy(page.origin), fooled, "page")
            page.start(serve_page({**description, "patience": 2000}, reports.put))
            report = run_page(page.origin, reports)
    for name in ("foreign-get", "foreign-put"):
        assert report["results"][name]["outcome"]["error"] == "the foreign page did not answer"
        assert not report["results"][name]["agrees"], "nothing reached the API"


def serve_html(document: str) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
        return [document.encode()]

    return application


def test_a_picture_of_the_page_can_be_taken(tmp_path: Path) -> None:
    require_chromium()
    picture = tmp_path / "page.png"
    with run_sites("wsgiref") as (origins, _):
        screenshot(f"{origins.page}/", picture, width=390, height=800, dark=True)
    assert picture.read_bytes().startswith(b"\x89PNG")
