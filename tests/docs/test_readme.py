"""The examples of the README run, and do what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import APP, OTHER, ROOT, blocks, call, run

README = ROOT / "README.md"
SNIPPETS = {
    match[1]: snippet
    for snippet in blocks(README, "python")
    if (match := re.search(r"^from (corekit_\w+) import", snippet, re.MULTILINE))
}
DJANGO = """
import django
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import path

def items(request):
    return HttpResponse("[]")

urlpatterns = [path("items", items)]
settings.configure(
    ROOT_URLCONF=__name__,
    SECRET_KEY="test",
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=INSTALLED_APPS,
    MIDDLEWARE=MIDDLEWARE,
    CORS_ALLOWED_ORIGINS=CORS_ALLOWED_ORIGINS,
)
django.setup()
from django.core.management import call_command
call_command("check")
for origin in ("https://app.example.com", "https://evil.example"):
    response = Client().get("/items", headers={"Origin": origin})
    print(response.status_code, response.headers.get("Access-Control-Allow-Origin"))
"""


def app_of(adapter: str) -> Any:
    return run(SNIPPETS[adapter], README)["app"]


@pytest.mark.parametrize("adapter", SNIPPETS)
def test_example_answers_listed_origins_only(adapter: str) -> None:
    status, allowed, body = call(app_of(adapter), "/items", {"Origin": APP})
    assert status == 200
    assert "hello" in body or "teapot" in body
    assert allowed["Access-Control-Allow-Origin"] == APP
    status, denied, _ = call(app_of(adapter), "/items", {"Origin": OTHER})
    assert (status, denied["Vary"]) == (200, "Origin")
    assert "Access-Control-Allow-Origin" not in denied


@pytest.mark.parametrize("adapter", SNIPPETS)
def test_example_answers_preflights(adapter: str) -> None:
    headers = {"Origin": APP, "Access-Control-Request-Method": "PUT"}
    status, allowed, _ = call(app_of(adapter), "/items", headers, "OPTIONS")
    assert status == 204
    assert "PUT" in allowed["Access-Control-Allow-Methods"]


def test_every_adapter_has_an_example() -> None:
    assert SNIPPETS.keys() == {
        *("corekit_starlette", "corekit_flask", "corekit_aiohttp", "corekit_asgi", "corekit_wsgi")
    }


def test_django_example_answers_listed_origins_only() -> None:
    (snippet,) = (text for text in blocks(README, "python") if "INSTALLED_APPS" in text)
    command = [sys.executable, "-W", "error", "-c", snippet + DJANGO]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-2:] == [f"200 {APP}", "200 None"]


@pytest.mark.parametrize("adapter", ["corekit_asgi", "corekit_wsgi"])
def test_curl_prints_what_is_shown(adapter: str) -> None:
    session = next(text for text in blocks(README, "console") if "curl" in text)
    exchanges = re.findall(r"-H 'Origin: ([^']+)'[^\n]*\n([^$]*)", session)
    assert len(exchanges) == 2
    for origin, shown in exchanges:
        _, headers, _ = call(app_of(adapter), "/items", {"Origin": origin})
        names = [name for name in headers if name.startswith(("access-control", "vary"))]
        assert [f"{name}: {headers[name]}" for name in names] == shown.splitlines()


def test_explain_command_reads_the_example(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_text(SNIPPETS["corekit_starlette"])
    (command,) = re.findall(r"^\$ corekit (explain --policy .+)$", README.read_text(), re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-m", "corekit_cli", *command.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "PUT" in done.stdout


def test_snippet_with_routes_runs() -> None:
    (snippet,) = (text for text in blocks(README, "python") if "CorsRoutes" in text)
    assert run(snippet, README)["routes"].policy_for("/public/x").allow_origins == ("*",)


def test_shown_error_is_the_one_raised() -> None:
    from corekit import CorsPolicy, PolicyError

    shown = next(text for text in blocks(README, "pycon") if "Traceback" in text)
    statement, _, message = shown.partition("Traceback")
    with pytest.raises(PolicyError) as raised:
        eval(statement.rpartition(">>> ")[2], {"CorsPolicy": CorsPolicy})
    assert message.strip().partition("corekit.problems.PolicyError: ")[2] == str(raised.value)
