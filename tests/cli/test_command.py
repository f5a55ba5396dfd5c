"""The `corekit` command as a whole: its version, its extra and its entry point."""

from __future__ import annotations

import re
import sys

import pytest
from click.testing import CliRunner

from corekit_cli import __main__
from corekit_cli.command import corekit


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(corekit, ["--version"])
    assert result.exit_code == 0
    assert re.search(r"\d+\.\d+", result.stdout)


@pytest.mark.parametrize("missing", ["click"])
def test_without_the_extra_one_line_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forget_command(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f'corekit needs {missing}: pip install "corekit[cli]"\n'


def test_another_missing_module_is_not_blamed_on_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_command(monkeypatch)
    monkeypatch.setitem(sys.modules, "corekit_cli.demo.command", None)
    with pytest.raises(ModuleNotFoundError, match=r"corekit_cli\.demo\.command"):
        __main__.main()


def forget_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("corekit_cli.command", "corekit_cli.demo.command", "corekit_cli.demo.report"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def test_main_runs_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["corekit", "demo", "--help"])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: corekit demo [OPTIONS]")
