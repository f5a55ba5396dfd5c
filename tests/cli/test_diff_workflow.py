"""`corekit diff` in a pull request: the workflow of the guide."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli.command import corekit
from tests.cli.repositories import commit, forget_git, needs_git, run_git

pytestmark = needs_git

FIRST: Final = 'allow_origins = ["https://app.example.com"]\n'
SECOND: Final = 'allow_origins = ["https://app.example.com", "https://*.example.org"]\n'


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["diff", *arguments])


def workflow_commands(fail_on: str) -> list[list[str]]:
    """Return the arguments of the commands in the workflow of the guide."""
    guide = Path(__file__).parents[2] / "docs" / "changing-a-policy.md"
    lines = re.findall(r"- run: corekit diff (.*)", guide.read_text())
    commands = [line.partition(" >>")[0].replace('"$FAIL_ON"', fail_on) for line in lines]
    return [shlex.split(command) for command in commands]


@pytest.mark.parametrize(
    ("fail_on", "content", "status"),
    [("wider", SECOND, 1), ("never", SECOND, 0), ("wider", f"{FIRST}max_age = 9", 0)],
)
def test_workflow_of_the_guide_fails_only_if_pages_may_do_more(
    fail_on: str, content: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_git(monkeypatch)
    monkeypatch.chdir(tmp_path)
    commit(tmp_path, {"cors.toml": FIRST})
    run_git(tmp_path, "checkout", "--quiet", "-b", "topic")
    commit(tmp_path, {"cors.toml": content, "other.toml": content})
    run_git(tmp_path, "checkout", "--quiet", "-")
    commit(tmp_path, {"unrelated.txt": ""})
    run_git(tmp_path, "merge", "--quiet", "--no-ff", "--no-edit", "topic")
    summary, check = workflow_commands(fail_on)
    assert run(*summary).exit_code == 0
    assert run(*check).exit_code == status
    assert run(*[each.replace("cors.toml", "other.toml") for each in check]).exit_code == 2
