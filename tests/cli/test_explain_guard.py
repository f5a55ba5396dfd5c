"""`corekit explain` with a guard: writes, handshakes of WebSockets and the name of the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_wsgi import CorsMiddleware
from tests.cli.explaining import run, text_of
from tests.cli.live import serving
from tests.probe.servers import right

APP: Final = "https://app.example.com"
EVIL: Final = "https://evil.example"
TOML: Final = f"""
allow_origins = ["{APP}"]
[guard]
hosts = ["api.example.com"]
"""
MODULE: Final = f"""
from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard
from corekit_asgi import CorsMiddleware, GuardMiddleware

async def application(scope, receive, send): ...

policy = CorsPolicy(allow_origins=["{APP}"])
guard = CrossOriginGuard(policy)
guarded = GuardMiddleware(application, guard)
both = CorsMiddleware(application, policy, guard=guard)
alone = CorsMiddleware(application, policy)
"""


@pytest.fixture
def policy(tmp_path: Path) -> str:
    path = tmp_path / "cors.toml"
    path.write_text(TOML)
    return f"--policy={path}"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["-X", "POST", f"--origin={APP}"], 0, "lets the request pass: the policy lists"),
        (["-X", "POST", f"--origin={EVIL}"], 1, "refuses the request: the page belongs to another"),
        (["--method=POST", "--origin=https://api.example.com"], 0, "belongs to this server"),
        ([f"--origin={APP}", "--host=rebind.example"], 1, "not known by this name"),
        ([f"--origin={APP}", "--api=wss://api.example.com/live"], 1, "without credentials"),
        (
            [f"--origin={APP}", "--api=wss://api.example.com/live", "--credentials=omit"],
            0,
            "can open wss://api.example.com/live: The guard lets the request pass",
        ),
        ([f"--origin={EVIL}", "--api=ws://api.example.com/"], 1, "[WEBSOCKET_ORIGIN]"),
        (
            [f"--origin={APP}", "--api=wss://b.example", "--host=api.example.com"],
            1,
            "[CREDENTIALS_NOT_ALLOWED]",
        ),
    ],
)
def test_verdict_is_explained(policy: str, arguments: list[str], status: int, said: str) -> None:
    result = run(policy, *arguments)
    assert result.exit_code == status, result.output
    assert said in text_of(result)
    data = json.loads(run(policy, *arguments, "--json").stdout)
    assert (data["guard"]["status"] is None) == (status == 0)
    assert data["guard"]["reason"] in text_of(result)


def test_websocket_without_a_guard() -> None:
    toml = f'allow_origins = ["{APP}"]'
    arguments = ("--policy=-", f"--origin={EVIL}", "--api=wss://api.example.com/")
    result = run(*arguments, input=toml)
    assert result.exit_code == 0
    assert "Without a guard, every page can open it." in text_of(result)
    assert json.loads(run(*arguments, "--json", input=toml).stdout)["guard"] is None


@pytest.mark.parametrize(
    ("name", "status"),
    [("guard", 1), ("guarded", 1), ("both", 1), ("alone", 0), ("policy", 0)],
)
def test_guard_at_an_import_path(
    name: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "guarded_app.py").write_text(MODULE)
    arguments = (f"--origin={EVIL}", "--api=wss://api.example.com/")
    result = run(f"--policy=guarded_app:{name}", *arguments)
    assert result.exit_code == status, result.output
    assert run(f"--policy=guarded_app:{name}", f"--origin={APP}").exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        (
            "from flask import Flask; from corekit_flask import Cors; app = Flask('x');"
            " Cors(app, policy, guard=guard)"
        ),
        (
            "from starlette.applications import Starlette; from corekit_starlette import install;"
            " app = install(Starlette(), policy, guard=guard)"
        ),
        (
            "from starlette.applications import Starlette; from corekit_asgi import CorsMiddleware;"
            " app = Starlette(); app.add_middleware(CorsMiddleware, policy=policy, guard=guard)"
        ),
        (
            "from aiohttp.web import Application; from corekit_aiohttp import install;"
            " app = install(Application(), policy, guard=guard)"
        ),
        (
            "from sanic import Sanic; from corekit_sanic import install;"
            " app = install(Sanic('explained-guard'), policy, guard=guard)"
        ),
        (
            "from corekit_wsgi import CorsMiddleware;"
            " app = CorsMiddleware(lambda environ, start_response: [], policy, guard=guard)"
        ),
        (
            "from corekit_wsgi import GuardMiddleware;"
            " app = GuardMiddleware(lambda environ, start_response: [], guard)"
        ),
    ],
    ids=["flask", "starlette", "add_middleware", "aiohttp", "sanic", "wsgi", "wsgi guard"],
)
def test_guard_of_an_application(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"guarded_by_{request.node.callspec.id.replace(' ', '_')}"
    (tmp_path / f"{name}.py").write_text(
        "from corekit import CorsPolicy\n"
        "from corekit.guard import CrossOriginGuard\n"
        f"policy = CorsPolicy(allow_origins=['{APP}'])\n"
        f"guard = CrossOriginGuard(policy)\n{line}\n"
    )
    result = run(f"--policy={name}:app", f"--origin={EVIL}", "--api=ws://api.example.com/")
    assert result.exit_code == 1, result.output
    assert "[WEBSOCKET_ORIGIN]" in text_of(result)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--api=wss://a.example/", "-X", "POST"], "without --method and --header"),
        (["--api=ws://a.example/", "--header=x-a"], "without --method and --header"),
        (["--api=wss://"], "is not a URL"),
        (["--url=http://127.0.0.1:9/", "--host=a.example"], "without --url"),
    ],
)
def test_options_that_do_not_fit(policy: str, arguments: list[str], message: str) -> None:
    result = run(policy, f"--origin={APP}", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_host_is_for_a_guard() -> None:
    toml = f'allow_origins = ["{APP}"]'
    result = run("--policy=-", f"--origin={APP}", "--host=a.example", input=toml)
    assert result.exit_code == 2
    assert "a policy that has a guard" in " ".join(result.stderr.split())


def test_problems_of_a_guard_are_listed() -> None:
    result = run("--policy=-", f"--origin={APP}", input=f'{TOML}mode = "x"')
    assert result.exit_code == 2
    assert "guard.mode = 'x'" in result.stderr


@pytest.mark.parametrize("code", ["CROSS_SITE", "any-host"])
def test_codes_are_explained(code: str) -> None:
    result = run(code)
    assert result.exit_code == 0
    assert code in result.stdout


def test_live_server_is_not_compared_with_the_guard(policy: str) -> None:
    with serving(right()) as live:
        result = run(policy, f"--origin={APP}", f"--url={live.url}", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    assert data["guard"] is None
    assert data["note"].startswith("The guard of the policy is not compared with the live server.")


def test_refusal_of_a_live_server_is_recognized() -> None:
    policy = CorsPolicy(allow_origins=[APP])
    guarded = CorsMiddleware(right(), policy, guard=CrossOriginGuard(policy))
    with serving(guarded) as live:
        arguments = (f"--origin={EVIL}", "-X", "POST", f"--url={live.url}", "--send-unsafe")
        result = run(*arguments, "--json")
        assert "the application did not process it" in text_of(run(*arguments))
    assert result.exit_code == 1
    assert json.loads(result.stdout)["guard"]["reason"] == "OTHER_ORIGIN"


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["shop.example.com", "b.example"], "https://shop.example.com/"),
        (["*.example.com", "shop.example.com:8443"], "https://shop.example.com:8443/"),
        (["localhost:8003"], "http://localhost:8003/"),
        (["[::1]"], "http://[::1]/"),
        (["*.example.com"], "https://api.example.com/"),
    ],
)
def test_default_url_has_a_name_that_the_guard_knows(hosts: list[str], url: str) -> None:
    toml = f'allow_origins = ["{APP}"]\n[guard]\nhosts = {hosts}'
    result = run("--policy=-", f"--origin={APP}", "--json", input=toml)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["exchanges"][0]["request"]["url"] == url
