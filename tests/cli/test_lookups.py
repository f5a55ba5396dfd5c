"""What the commands say of an application that looks origins up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit import CorsPolicy
from corekit_cli import command
from corekit_cli.client import Client, Limits
from corekit_lookups import OriginLookup
from corekit_wsgi import CorsMiddleware
from tests.cli.live import serving
from tests.probe.servers import items

APP: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
MODULE: Final = f"""
from corekit import CorsPolicy
from corekit_lookups import OriginLookup
from corekit_wsgi import CorsMiddleware
from tests.cli.live import serving
from tests.probe.servers import items

def is_tenant(origin):
    raise AssertionError("a command calls no function of the application")

policy = CorsPolicy(allow_origins=["{APP}"], allow_methods=["DELETE"], max_age=600)
app = CorsMiddleware(print, policy, lookup=OriginLookup(is_tenant))
"""


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command.corekit, arguments, **options)


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"of_{tmp_path.name}"  # a module is imported once
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.mark.parametrize("more", [(), ("--strict",)])
def test_check_notes_a_max_age_above_ttl(module: str, more: tuple[str, ...]) -> None:
    result = run("check", f"{module}:app", "--json", *more)
    (found,) = json.loads(result.stdout)["diagnostics"]
    named = (found["severity"], found["code"], found["subject"], found["value"])
    assert named == ("info", "max-age-over-ttl", "max_age", 600)
    assert result.exit_code == 0
    accepted = run("check", f"{module}:app", "--json", "--accept=max-age-over-ttl", *more)
    assert json.loads(accepted.stdout)["diagnostics"] == []


def test_check_of_the_policy_alone_sees_no_look_up(module: str) -> None:
    result = run("check", f"{module}:policy", "--json")
    assert json.loads(result.stdout)["diagnostics"] == []


@pytest.mark.parametrize(
    ("source", "origin", "status"),
    [("app", SHOP, 2), ("app", APP, 0), ("policy", SHOP, 1)],
)
def test_explain_says_what_is_looked_up(module: str, source: str, origin: str, status: int) -> None:
    arguments = ["--policy", f"{module}:{source}", "--origin", origin]
    result = run("explain", *arguments, "--json")
    assert result.exit_code == status
    name = f"{module}.is_tenant()" if status == 2 else None
    assert json.loads(result.stdout)["lookup"] == name
    shown = " ".join(run("explain", *arguments).stdout.split())
    assert (f"so {module}.is_tenant() is asked, which is not done here." in shown) is (status == 2)


@pytest.mark.parametrize(
    ("seconds", "limits", "waits"),
    [
        (1, Limits(1, 0, 60, 9), True),
        (10, Limits(1, 0, 60, 9), True),
        (11, Limits(1, 0, 60, 9), False),
        (float("inf"), Limits(1, 0, 60, 9), False),
        (2, Limits(1, 0, 1, 9), False),
        (2, Limits(1, 30, 20, 9), False),
        (1, Limits(1, 0, 60, 1), False),
        (1, Limits(1, 0, 60, 2), True),
    ],
)
def test_client_waits_within_its_limits(
    seconds: float, limits: Limits, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("corekit_cli.client.time.sleep", slept.append)
    with Client(limits, send_unsafe=False) as client:
        assert client.wait(seconds) is waits
    assert slept == [seconds] * waits


def test_probe_of_a_server_that_does_not_know_reaches_no_verdict() -> None:
    def fail(origin: str) -> bool:
        raise OSError

    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], max_age=60)
    with serving(CorsMiddleware(items, policy, lookup=OriginLookup(fail))) as live:
        result = run("probe", live.url, "--origin", SHOP, "--json", "--delay", "0")
    report = json.loads(result.stdout)
    assert result.exit_code == 2
    assert (report["ok"], report["judged"]) == (False, False)
    assert [each["code"] for each in report["diagnostics"] if each["severity"] == "error"] == [
        "unknown-origin"
    ]
