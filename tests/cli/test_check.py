"""`corekit check` and `corekit schema`: output, errors and exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from corekit import CorsPolicy
from corekit.diagnostics import Diagnostic
from corekit_cli.command import corekit
from corekit_config import policy_schema
from tests.cli.terminal import run_in_terminal

APP = "https://app.example.com"
PROGRAM = [sys.executable, "-m", "corekit_cli"]

FINE = f'allow_origins = ["{APP}"]\n'
WARNED = FINE + 'allow_methods = ["GET", "PUT"]\nmax_age = 600\n'
BAD = 'allow_origins = ["https://Example.com/"]\nallow_method = ["PUT"]\nmax_age = "600"\n'

MODULE = f"""
from corekit import CorsPolicy, CorsRoutes
policy = CorsPolicy(allow_origins=["{APP}"])
routes = CorsRoutes([
    ("/api/", CorsPolicy(allow_origins=["{APP}"], allow_methods=["GET"], max_age=600)),
    ("/", CorsPolicy(allow_origins=["*"], allow_headers=["*"], max_age=600)),
])
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "fine.toml": FINE,
        "warned.toml": WARNED,
        "bad.toml": BAD,
        "fine.json": json.dumps({"allow_origins": [APP]}),
        "checked_app.py": MODULE,
    }.items():
        (tmp_path / name).write_text(content)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("checked_"):
            del sys.modules[name]


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(corekit, ["check", *arguments], input=stdin)


def as_json(*arguments: str, stdin: str | None = None) -> Any:
    return json.loads(run(*arguments, "--json", stdin=stdin).stdout)


@pytest.mark.parametrize(
    ("arguments", "stdin", "status"),
    [
        (["fine.toml"], None, 0),
        (["fine.json"], None, 0),
        (["checked_app:policy"], None, 0),
        (["-"], FINE, 0),
        (["-"], json.dumps({"allow_origins": [APP]}), 0),
        (["fine.toml", "--strict"], None, 0),
        (["warned.toml"], None, 0),
        (["warned.toml", "--strict"], None, 1),
        (["checked_app:routes"], None, 0),
        (["checked_app:routes", "--strict"], None, 1),
        (["bad.toml"], None, 1),
        (["bad.toml", "--strict"], None, 1),
        (["-"], BAD, 1),
        (["-"], "", 1),
        (["none.toml"], None, 2),
        (["checked_app:none"], None, 2),
        (["checked_none:policy"], None, 2),
        (["-"], "{", 2),
        ([], None, 2),
        (["fine.toml", "--django"], None, 2),
        (["fine.toml", "--api", "nowhere at all"], None, 2),
        (["fine.toml", "--api", "capacitor://localhost"], None, 2),
        (["fine.toml", "--api", ""], None, 2),
        (["fine.toml", "--no-such-option"], None, 2),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_exit_status(arguments: list[str], stdin: str | None, status: int, form: list[str]) -> None:
    result = run(*arguments, *form, stdin=stdin)
    assert result.exit_code == status
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert (result.stderr == "") == (status < 2)


def test_every_problem_is_printed_with_its_hint() -> None:
    assert run("bad.toml").stdout == (
        "bad.toml: 3 errors\n"
        "\n"
        "error: allow_origins[0] = 'https://Example.com/'\n"
        "    Browsers do not send origins with upper case or a trailing slash.\n"
        "    Did you mean 'https://example.com'?  [non-canonical-origin]\n"
        "\n"
        "error: max_age = '600'\n"
        "    The value is of type str.\n"
        "    Use whole seconds, without quotes.  [wrong-type]\n"
        "\n"
        "error: allow_method = ['PUT']\n"
        "    A policy has no such argument.\n"
        "    Did you mean allow_methods?  [unknown-argument]\n"
    )


def test_warnings_are_printed_with_their_value() -> None:
    assert run("warned.toml").stdout == (
        "warned.toml: 1 warning, 1 info\n"
        "\n"
        "warning: allow_methods = 'GET'\n"
        "    It is always allowed for every allowed origin.\n"
        "    Remove it, so that nobody expects its absence to forbid it.\n"
        "    [safelisted-method]\n"
        "\n"
        "info: allow_headers = []\n"
        "    PUT requests cannot have a JSON body, since content-type is not allowed.\n"
        "    Add content-type.  [no-content-type]\n"
    )


def test_missing_argument_is_shown_without_a_value() -> None:
    printed = run("-", stdin=FINE + 'allow_methods = ["DELETE"]\n').stdout
    assert printed == (
        "<stdin>: 1 info\n"
        "\n"
        "info: max_age\n"
        "    Browsers cache preflight responses for only 5 seconds.\n"
        "    Set it to 600, which every browser honors.  [short-max-age]\n"
    )


def test_policy_without_findings_takes_one_line() -> None:
    assert run("fine.toml").stdout == "fine.toml: no problems\n"


def test_each_route_is_checked_and_named() -> None:
    lines = run("checked_app:routes").stdout.splitlines()
    assert lines[0] == "checked_app:routes: 2 warnings"
    assert "warning: /api/  allow_methods = 'GET'" in lines
    assert "warning: /  allow_headers = '*'" in lines
    found = as_json("checked_app:routes")
    assert [each["route"] for each in found["diagnostics"]] == ["/api/", "/"]


def test_url_of_the_api_matters() -> None:
    (Path.cwd() / "cookies.toml").write_text(FINE + "allow_credentials = true\n")
    assert run("cookies.toml", "--api", "https://api.example.com/v1?x").stdout == (
        "cookies.toml: no problems\n"
    )
    for api in ("https://api.example.org", "API.example.org", "http://api.example.com"):
        found = as_json("cookies.toml", "--api", api)["diagnostics"]
        assert "third-party-cookies" in {each["code"] for each in found}


def test_json_has_every_diagnostic() -> None:
    found = as_json("bad.toml")
    assert set(found) == {"version", "sources", "ok", "diagnostics"}
    assert (found["version"], found["sources"], found["ok"]) == (1, ["bad.toml"], False)
    first = found["diagnostics"][0]
    assert set(first) == {each.name for each in fields(Diagnostic)}
    assert (first["code"], first["severity"]) == ("non-canonical-origin", "error")
    assert (first["subject"], first["value"]) == ("allow_origins[0]", "https://Example.com/")
    assert (first["source"], first["line"], first["column"]) == ("bad.toml", 1, 18)
    assert as_json("warned.toml")["ok"] is True
    assert as_json("warned.toml", "--strict")["ok"] is False


def test_json_error_has_the_line() -> None:
    error = as_json("-", stdin='{\n"max_age": }')["error"]
    assert set(error) == {"message", "hint", "source", "line", "column"}
    assert (error["source"], error["line"]) == ("<stdin>", 2)


@pytest.mark.parametrize("value", ["1979-05-27", "nan", "inf", "[1979-05-27]"])
def test_json_has_values_of_other_types_as_text(value: str) -> None:
    printed = run("-", "--json", stdin=f"{FINE}max_age = {value}").stdout

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    (problem,) = json.loads(printed, parse_constant=refuse)["diagnostics"]
    assert isinstance(problem["value"], str)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.toml"], "Error: none.toml: There is no such file. Check the path.\n"),
        (["checked_app:polcy"], "Error: checked_app:polcy: checked_app has no polcy. Did you mean"),
        (["checked_bad:policy"], "Error: checked_bad:policy: checked_bad cannot be imported: Zero"),
        (["-"], "Error: <stdin>, line 1, column 1: This is not TOML: "),
    ],
)
def test_unreadable_policy_is_reported_in_one_line(
    arguments: list[str], line: str, folder: Path
) -> None:
    (folder / "checked_bad.py").write_text("1 / 0")
    result = run(*arguments, stdin="!\n")
    assert result.stdout == ""
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_problems_of_an_imported_policy_are_printed(folder: Path) -> None:
    (folder / "checked_bad.py").write_text(
        "from corekit import CorsPolicy\npolicy = CorsPolicy(allow_origins=['a.example'])"
    )
    result = run("checked_bad:policy")
    assert result.exit_code == 1
    assert result.stdout.startswith("checked_bad:policy: 1 error\n")
    assert "[malformed-origin]" in result.stdout


def test_output_of_an_imported_module_goes_to_stderr(folder: Path) -> None:
    (folder / "checked_loud.py").write_text(f"print('loading')\n{MODULE}")
    result = run("checked_loud:policy", "--json")
    assert json.loads(result.stdout)["ok"]
    assert result.stderr == "loading\n"


def test_control_characters_are_escaped_and_values_bounded() -> None:
    value = "\\u001b[31m" + "x" * 5000
    result = run("-", stdin=f'allow_origins = ["{value}"]\n"a\\u0007b" = 1')
    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert "\\x1b[31mxxx" in result.stdout
    assert len(result.stdout) < 2000


def test_long_list_is_cut_in_text_and_whole_in_json(folder: Path) -> None:
    origins = json.dumps([f"http://a{number}.example" for number in range(70)])
    (folder / "long.json").write_text(f'{{"allow_origins": {origins}}}')
    lines = run("long.json").stdout.splitlines()
    assert lines[0] == "long.json: 70 info"
    assert lines[-1] == "... and 20 more; --json prints all."
    assert sum(line.startswith("info: ") for line in lines) == 50
    assert len(as_json("long.json")["diagnostics"]) == 70


@pytest.mark.parametrize("columns", [20, 34, 80, 300])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    environment = {**os.environ, "COLUMNS": str(columns)}
    done = subprocess.run(
        [*PROGRAM, "check", "warned.toml"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    assert not [line for line in lines if line != line.rstrip()]
    words = " ".join(done.stdout.split())
    if columns > 20:  # narrower than a word, that is broken
        assert "Remove it, so that nobody expects its absence to forbid it." in words


COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][;m]")


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
def test_color_is_for_terminals_only() -> None:
    assert COLOR.search(run_in_terminal("check", "bad.toml"))
    assert not COLOR.search(run_in_terminal("check", "bad.toml", NO_COLOR="1"))
    assert "\x1b" not in run_in_terminal("check", "bad.toml", TERM="dumb")
    piped = subprocess.run(
        [*PROGRAM, "check", "bad.toml"], capture_output=True, text=True, timeout=60, check=False
    )
    assert "\x1b" not in piped.stdout


def test_output_may_be_limited_to_ascii(folder: Path) -> None:
    (folder / "caf\u00e9.toml").write_text(
        f'allow_origins = ["{APP}", "https://b\u00fccher.example"]'
    )
    done = subprocess.run(
        [*PROGRAM, "check", "caf\u00e9.toml"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"caf\\xe9.toml: 1 error\n")
    assert b"Did you mean 'https://xn--bcher-kva.example'?" in done.stdout


def test_help_shows_examples_and_exit_statuses() -> None:
    printed = run("--help").stdout
    for line in (
        "  corekit check cors.toml\n",
        "  corekit check app.main:policy --api https://api.example.com\n",
        "  corekit check --django shop.settings --strict\n",
        "    2  a policy cannot be read\n",
    ):
        assert line in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_exactly_one_policy_is_checked() -> None:
    for arguments in ([], ["fine.toml", "--django", "checked_settings"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "Name FILE, FOLDER, IMPORT_PATH or -, or use --django." in result.stderr


def test_documentation_shows_the_output() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    (shown,) = re.findall(r"^```text\n(cors\.toml: .*?)^```$", page, re.DOTALL | re.MULTILINE)
    Path("cors.toml").write_text("\n".join(BAD.splitlines()[:2]))
    assert run("cors.toml").stdout == shown


def test_schema_is_printed() -> None:
    result = CliRunner().invoke(corekit, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == policy_schema()
    help_text = CliRunner().invoke(corekit, ["schema", "--help"]).stdout
    assert "corekit schema > corekit.schema.json" in help_text


def test_help_of_the_group_lists_the_commands() -> None:
    printed = CliRunner().invoke(corekit, ["--help"]).stdout
    for name in ("check", "schema"):
        assert re.search(rf"^  {name} +\S", printed, re.MULTILINE)


def test_policy_of_an_import_path_is_imported() -> None:
    assert run("checked_app:policy").exit_code == 0
    assert sys.modules["checked_app"].policy == CorsPolicy(allow_origins=[APP])
