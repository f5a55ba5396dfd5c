"""`corekit diff` of applications and settings that look origins up."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli.command import corekit
from tests.cli.repositories import commit, forget_git, needs_git, write

APP: Final = "https://app.example.com"
MODULE: Final = f"""
from corekit import CorsPolicy
from corekit_asgi import CorsMiddleware
from corekit_lookups import OriginLookup

def is_tenant(origin):
    raise AssertionError("a command calls no function of the application")

policy = CorsPolicy(allow_origins=["{APP}"])
less = CorsMiddleware(print, policy)
lookup = OriginLookup(is_tenant)
more = CorsMiddleware(print, policy, lookup=lookup)
listed = CorsMiddleware(print, policy, lookup=OriginLookup(["https://a.example"].__contains__))
"""
SETTINGS: Final = f'SECRET_KEY = "x"\nCORS_ALLOWED_ORIGINS = ["{APP}"]\n'
FILES: Final = {
    "looked_up_app.py": MODULE,
    "cors.toml": f'allow_origins = ["{APP}"]\n',
    "looked_up_less.py": SETTINGS,
    "looked_up_more.py": f"{SETTINGS}CORS_LOOKUP = 'looked_up_app.lookup'\n",
}
BOTH: Final = "Both look up other origins. What the look-ups allow is not compared."


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    forget_git(monkeypatch)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("looked_up_"):
            del sys.modules[name]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["diff", *arguments])


def test_new_look_up_is_unknown() -> None:
    result = run("looked_up_app:less", "looked_up_app:more", "--fail-on=wider")
    assert result.stdout == (
        "Whether looked_up_app:more is wider than looked_up_app:less cannot be\n"
        "    determined.\n"
        "\n"
        "unknown: origins\n"
        "    For origins that the policy does not list, looked_up_app.is_tenant() is now\n"
        "    asked. Which of them it allows cannot be determined.\n"
        "\n"
        "Note: The policies of single handlers, set with cors(), are not compared.\n"
    )
    assert (result.exit_code, result.stderr) == (1, "")


def test_removed_look_up_is_narrower() -> None:
    result = run("looked_up_app:more", "looked_up_app:less", "--fail-on=wider")
    assert result.stdout == (
        "looked_up_app:less is narrower than looked_up_app:more.\n"
        "\n"
        "narrower: origins\n"
        "    For origins that the policy does not list, looked_up_app.is_tenant() is no\n"
        "    longer asked. Which of them it allowed cannot be determined.\n"
        "\n"
        "Note: The policies of single handlers, set with cors(), are not compared.\n"
    )
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "relation", "is_noted"),
    [
        ("looked_up_app:more", "looked_up_app:more", "same", True),
        ("looked_up_app:more", "looked_up_app:listed", "same", True),
        ("looked_up_app:less", "looked_up_app:less", "same", False),
        ("cors.toml", "looked_up_app:listed", "unknown", False),
        ("looked_up_app:listed", "cors.toml", "narrower", False),
        ("looked_up_app:policy", "looked_up_app:more", "unknown", False),
    ],
)
def test_relation_with_look_ups(old: str, new: str, relation: str, is_noted: bool) -> None:
    found = json.loads(run(old, new, "--json").stdout)
    assert found["relation"] == relation
    assert (BOTH in found["notes"]) is is_noted
    assert found["widens"] is (relation == "unknown")


@needs_git
def test_look_up_of_a_revision_is_read(folder: Path) -> None:
    commit(folder, {})
    found = json.loads(run("git:HEAD:looked_up_app:more", "looked_up_app:less", "--json").stdout)
    assert found["relation"] == "narrower"
    found = json.loads(run("git:HEAD:looked_up_app:less", "looked_up_app:listed", "--json").stdout)
    (difference,) = found["differences"]
    assert (found["relation"], difference["witness"]) == ("unknown", None)
    assert " list.__contains__() is now asked." in difference["message"]


@pytest.mark.parametrize(
    ("old", "new", "relation"),
    [
        ("looked_up_less", "looked_up_more", "unknown"),
        ("looked_up_more", "looked_up_less", "narrower"),
        ("looked_up_more", "looked_up_more", "same"),
    ],
)
def test_look_up_of_settings_is_read(old: str, new: str, relation: str) -> None:
    found = json.loads(run("--django", old, new, "--json").stdout)
    assert found["relation"] == relation
    notes = ["Receivers of the signal check_request_enabled are not compared."]
    notes += [BOTH] if relation == "same" else []
    assert found["notes"][1:] == notes
