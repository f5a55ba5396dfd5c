"""The `corekit` command as a whole: its version, its extra and its entry points."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from corekit_cli import __main__
from corekit_cli.command import corekit

TOML = 'allow_origins = ["https://app.example.com"]'


def run_module(module: str, *arguments: str, stdout: str | None = None) -> tuple[int, str, str]:
    with Path(stdout or "/dev/null").open("w") as file:
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            input=TOML,
            stdout=file if stdout else subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    return done.returncode, done.stdout, done.stderr


def test_version_is_printed() -> None:
    result = CliRunner().invoke(corekit, ["--version"])
    assert result.exit_code == 0
    assert re.search(r"\d+\.\d+", result.stdout)


def test_help_names_the_documentation() -> None:
    result = CliRunner().invoke(corekit, ["--help"])
    assert "https://github.com/corekit/corekit/tree/main/docs" in result.stdout


@pytest.mark.parametrize("name", corekit.commands)
def test_help_fits_80_columns(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = CliRunner().invoke(corekit, [name, "--help"])
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("module", ["corekit", "corekit_cli"])
def test_module_runs_the_command(module: str) -> None:
    assert run_module(module, "check", "-") == (0, "<stdin>: no problems\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "-"),
        ("check", "-", "--json"),
        ("explain", "--policy=-", "--origin=https://app.example.com"),
        ("explain", "MissingAllowOriginHeader", "--json"),
        ("explain", "it does not work", "--json"),
        ("schema",),
        ("demo", "--once", "--api-port=0", "--page-port=0", "--untrusted-port=0"),
        ("--help",),
    ],
)
def test_full_disk_is_reported_in_one_line(arguments: tuple[str, ...]) -> None:
    status, _, stderr = run_module("corekit", *arguments, stdout="/dev/full")
    assert status == 2
    assert stderr == "Error: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "MissingAllowOriginHeader"),
        ("schema",),
        ("--help",),
        ("diff", "cors.toml", "cors.toml"),
        ("diff", "cors.toml", "cors.toml", "--json"),
    ],
)
def test_closed_pipe_is_not_a_verdict(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "cors.toml").write_text('allow_origins = ["*"]')
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "corekit", *arguments],
            cwd=tmp_path,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (2, "")


@pytest.mark.parametrize("name", ["explain", "schema"])
def test_broken_pipe_ends_with_status_2(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("rich.console.Console._write_buffer", fail)
    monkeypatch.setattr("corekit_cli.schema.print_json", fail)
    arguments = ["explain", "MissingAllowOriginHeader"] if name == "explain" else [name]
    assert CliRunner().invoke(corekit, arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [["check"], ["check", "--bogus"], ["probe", "--timeout=x"]])
def test_usage_errors_are_json_too(arguments: list[str]) -> None:
    result = CliRunner().invoke(corekit, [*arguments, "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"].keys() == {"message", "hint"}
    assert CliRunner().invoke(corekit, arguments).stdout == ""


def end_with(error: OSError, monkeypatch: pytest.MonkeyPatch, folder: Path) -> str:
    """Run a command that raises this error and ends with status 2; return the error output."""

    def fail(prog_name: str) -> None:
        raise error

    monkeypatch.setattr("corekit_cli.command.corekit", fail)
    with (folder / "out").open("w") as stdout, (folder / "err").open("w") as stderr:
        monkeypatch.setattr(sys, "stdout", stdout)
        monkeypatch.setattr(sys, "stderr", stderr)
        with pytest.raises(SystemExit) as ended:
            __main__.main()
    assert ended.value.code == 2
    return (folder / "err").read_text()


def test_closed_pipe_prints_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    error = BrokenPipeError(errno.EPIPE, "Broken pipe")
    assert end_with(error, monkeypatch, tmp_path) == ""


def test_other_errors_of_the_system_are_bugs(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(prog_name: str) -> None:
        raise OSError(errno.ENOENT, "No such file")

    monkeypatch.setattr("corekit_cli.command.corekit", fail)
    with pytest.raises(FileNotFoundError):
        __main__.main()


def test_unwritable_output_ends_with_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    printed = end_with(error, monkeypatch, tmp_path)
    assert printed.startswith("Error: The output cannot be written: ")


def run_without(module: str) -> tuple[int, str, str]:
    code = f"import sys; sys.modules[{module!r}] = None; import corekit_cli.__main__ as c; c.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", sorted(corekit.commands))
def test_command_has_examples_and_json(name: str) -> None:
    printed = CliRunner().invoke(corekit, [name, "--help"]).stdout
    assert re.search(rf"^\s+corekit {name}\b", printed, re.MULTILINE)
    assert ("--json" in printed) == (name != "schema")


@pytest.mark.parametrize("missing", ["click", "httpx", "rich"])
def test_missing_extra_is_reported_in_one_line(missing: str) -> None:
    line = f"Error: The command needs {missing}. Install corekit with the extra 'cli'.\n"
    assert run_without(missing) == (2, "", line)


def test_other_missing_module_is_not_blamed_on_the_extra() -> None:
    status, _, stderr = run_without("corekit_cli.demo.command")
    assert status == 1
    assert stderr.splitlines()[-1].startswith("ModuleNotFoundError: ")


def test_main_runs_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["corekit", "demo", "--help"])
    with pytest.raises(SystemExit) as ended:
        __main__.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: corekit demo [OPTIONS]")


def test_interruption_is_not_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(source: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("corekit_cli.check.find_file", interrupt)
    result = CliRunner().invoke(corekit, ["check", "-"])
    assert result.exit_code == 2
    assert result.stderr == "Error: The command was interrupted. Run it again.\n"
