"""`corekit check` with a guard: problems, advice and where they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli import command

APP: Final = "https://app.example.com"
TOML: Final = f"""allow_origins = ["{APP}"]
max_age = 600
[guard]
"""


def run(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(command.corekit, ["check", *arguments], **options)


def checked(content: str, *arguments: str) -> tuple[int, list[tuple[str, str, int | None]]]:
    result = run("-", "--json", *arguments, input=content)
    found = json.loads(result.stdout)["diagnostics"]
    return result.exit_code, [(each["code"], each["subject"], each["line"]) for each in found]


@pytest.mark.parametrize(
    ("guard", "arguments", "status", "found"),
    [
        ('hosts = ["*"]', [], 1, [("any-host", "guard.hosts[0]", 4)]),
        ('mode = "report"', [], 0, [("report-mode", "guard.mode", 4)]),
        ("", ["--api=http://localhost:8000"], 0, [("unchecked-host", "guard.hosts", 3)]),
        (
            "",
            ["--api=http://localhost:8000", "--strict"],
            1,
            [("unchecked-host", "guard.hosts", 3)],
        ),
        ('hosts = ["localhost"]', ["--api=http://localhost:8000"], 0, []),
        (
            f'own_origins = ["https://a.example",\n"{APP}"]',
            [],
            0,
            [("listed-own-origin", "guard.own_origins", 5)],
        ),
        ('mode = "report"', ["--accept=report-mode"], 0, []),
    ],
)
def test_guard_is_checked(guard: str, arguments: list[str], status: int, found: list[Any]) -> None:
    # The policy gets other advice for an API on this machine.
    assert checked(TOML + guard, *arguments, "--accept=third-party-cookies") == (status, found)


def test_advice_is_accepted_in_the_file() -> None:
    content = f'accept = ["report-mode", "exempt-route"]\n{TOML}mode = "report"'
    assert checked(content) == (0, [("unused-accept", "accept", 1)])


def test_advice_on_routes_names_the_policy() -> None:
    content = '[[routes]]\npath = "/api/"\nallow_origins = ["*"]\n[guard]\nexempt = ["/api/"]'
    assert checked(content)[1] == [
        ("exempt-route", "guard.exempt", 5),
        ("any-origin-cannot-write", "allow_origins", 3),
    ]


def test_guard_at_an_import_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "checked_guard.py").write_text(
        "from corekit import CorsPolicy\n"
        "from corekit.guard import CrossOriginGuard\n"
        f"policy = CorsPolicy(allow_origins=['{APP}'], max_age=600)\n"
        "guard = CrossOriginGuard(policy, mode='report')\n"
    )
    result = run("checked_guard:guard")
    assert result.exit_code == 0
    assert "guard.mode = 'report'" in result.stdout
    assert run("checked_guard:policy").stdout == "checked_guard:policy: no problems\n"


def test_problem_of_a_guard_at_an_import_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "refused_guard.py").write_text(
        "from corekit import CorsPolicy\n"
        "from corekit.guard import CrossOriginGuard\n"
        f"guard = CrossOriginGuard(CorsPolicy(allow_origins=['{APP}']), hosts=['*'])\n"
    )
    result = run("refused_guard:guard")
    assert result.exit_code == 1
    assert "hosts[0] = '*'" in result.stdout
    assert "[any-host]" in result.stdout
