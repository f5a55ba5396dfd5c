"""Every snippet of the README and of the documentation runs, as it stands there."""

from __future__ import annotations

import doctest
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


@dataclass(frozen=True)
class Snippet:
    """A fenced block of a page, and where it stands."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def snippets(page: Path, *languages: str) -> list[Snippet]:
    text = page.read_text()
    blocks = re.finditer(r"^```(\w+)[^\n]*\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    found = [Snippet(page, text.count("\n", 0, b.start()) + 1, b[1], b[2]) for b in blocks]
    return [snippet for snippet in found if snippet.language in languages]


PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_sessions_of_a_page_print_what_it_says(page: Path) -> None:
    # A page is read from the top, so its sessions go on from one to the next.
    session = "\n".join(snippet.text for snippet in snippets(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    failed, tried = runner.run(test)
    assert failed == 0
    assert (tried > 0) == (">>>" in page.read_text())


def test_the_error_that_the_readme_shows_is_the_one_that_is_raised() -> None:
    shown = next(s.text for s in snippets(README, "pycon") if "Traceback" in s.text)
    statement, _, message = shown.partition("Traceback")
    from corekit import CorsPolicy, PolicyError

    with pytest.raises(PolicyError) as raised:
        eval(statement.removeprefix(">>> "), {"CorsPolicy": CorsPolicy})
    assert message.strip().partition("corekit.problems.PolicyError: ")[2] == str(raised.value)


def server_snippet(module: str) -> Snippet:
    (snippet,) = (s for s in snippets(README, "python") if f"from {module} import" in s.text)
    return snippet


PLAIN = [s for s in snippets(README, "python") if "CorsMiddleware" not in s.text]


@pytest.mark.parametrize("snippet", PLAIN, ids=str)
def test_a_snippet_can_be_pasted_and_run(snippet: Snippet) -> None:
    exec(compile(snippet.text, str(snippet), "exec"), {"__name__": "snippet"})


class Quiet(WSGIRequestHandler):
    """A handler that does not log into the test's output."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


@contextmanager
def serve_wsgi() -> Iterator[int]:
    names: dict[str, Any] = {"__name__": "snippet"}
    exec(server_snippet("corekit_wsgi").text, names)
    server = make_server("127.0.0.1", 0, names["app"], handler_class=Quiet)
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextmanager
def serve_asgi(folder: Path) -> Iterator[int]:
    (folder / "app.py").write_text(server_snippet("corekit_asgi").text)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port)]
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=folder)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.mark.parametrize("gateway", ["asgi", "wsgi"])
def test_a_quick_start_answers_as_the_readme_shows(gateway: str, tmp_path: Path) -> None:
    session = next(s.text for s in snippets(README, "console") if "curl" in s.text)
    exchanges = re.findall(r"-H 'Origin: ([^']+)'[^\n]*\n([^$]*)", session)
    assert len(exchanges) == 2
    with serve_wsgi() if gateway == "wsgi" else serve_asgi(tmp_path) as port:
        for origin, shown in exchanges:
            url = f"http://127.0.0.1:{port}/"
            request = urllib.request.Request(url, headers={"Origin": origin})
            with urllib.request.urlopen(request, timeout=10) as response:
                assert response.read() == b"hello\n"
                headers = [(name.lower(), value) for name, value in response.getheaders()]
            lines = [f"{n}: {v}" for n, v in headers if n.startswith(("access-control", "vary"))]
            assert lines == shown.split("\n")[:-1]


def test_what_the_readme_says_of_add_middleware_holds() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Route

    from corekit import CorsPolicy
    from corekit_asgi import CorsMiddleware
    from corekit_testing import Browser, CorsError

    async def failing(request: object) -> None:
        raise LookupError

    policy = CorsPolicy(allow_origins=["https://app.example.com"])
    inside = Starlette(routes=[Route("/", failing)])
    inside.add_middleware(CorsMiddleware, policy=policy)
    around = CorsMiddleware(Starlette(routes=[Route("/", failing)]), policy)
    page = "https://app.example.com"
    with Browser(around, page, raise_exceptions=False) as browser:
        assert browser.fetch("GET", "/").status == 500
    with (
        Browser(inside, page, raise_exceptions=False) as browser,
        pytest.raises(CorsError, match="MissingAllowOriginHeader"),
    ):
        browser.fetch("GET", "/")


def test_every_problem_code_is_documented() -> None:
    from corekit.problems import CODES, RISKS

    table = (ROOT / "docs" / "policy.md").read_text()
    table = table.partition("## Problems")[2].partition("## Routes")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| `")]
    documented = {
        code: meaning.startswith(" risk:")
        for codes, meaning in rows
        for code in re.findall(r"`([a-z-]+)`", codes)
    }
    assert documented.keys() == CODES
    assert {code for code, is_risk in documented.items() if is_risk} == RISKS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target
