"""What the commands say of an application that looks origins up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli import command

APP: Final = "https://app.example.com"
SHOP: Final = "https://shop-1.example"
MODULE: Final = f"""
from corekit import CorsPolicy
from corekit_lookups import OriginLookup
from corekit_wsgi import CorsMiddleware

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
