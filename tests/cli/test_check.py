"""`corekit check` and `corekit schema`: what they print, to whom, and with which status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from corekit import CorsPolicy
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
def test_the_status_is_for_scripts(
    arguments: list[str], stdin: str | None, status: int, form: list[str]
) -> None:
    result = run(*arguments, *form, stdin=stdin)
    assert result.exit_code == status
    assert result.exception is None or isinstance(result.exception, SystemExit)
    if status < 2:
        assert result.stderr == ""


def test_every_problem_is_printed_with_its_mend() -> None:
    assert run("bad.toml").stdout == (
        "bad.toml: 3 problems\n"
        "\n"
        "problem: allow_origins[0] = 'https://Example.com/'\n"
        "    Browsers send origins without upper case, a trailing slash.\n"
        "    Did you mean 'https://example.com'?  [non-canonical-origin]\n"
        "\n"
        "problem: max_age = '600'\n"
        "    It is of type str.\n"
        "    Write whole seconds, without quotes.  [wrong-type]\n"
        "\n"
        "problem: allow_method = ['PUT']\n"
        "    A policy has no such argument.\n"
        "    Did you mean allow_methods?  [unknown-argument]\n"
    )


def test_warnings_are_printed_with_what_they_are_about() -> None:
    assert run("warned.toml").stdout == (
        "warned.toml: 1 warning, 1 note\n"
        "\n"
        "warning: allow_methods = 'GET'\n"
        "    It is granted to every allowed origin, named or not.\n"
        "    Leave it out, so that nobody expects its absence to forbid it.\n"
        "    [safelisted-method]\n"
        "\n"
        "note: allow_headers = []\n"
        "    PUT may be called, but not with a body of JSON: its content-type needs a\n"
        "    permission.\n"
        "    Add content-type.  [no-content-type]\n"
    )


def test_what_is_left_out_is_shown_without_a_value() -> None:
    told = run("-", stdin=FINE + 'allow_methods = ["DELETE"]\n').stdout
    assert told == (
        "-: 1 note\n"
        "\n"
        "note: max_age\n"
        "    Browsers keep the answer to a preflight for 5 seconds, and ask again.\n"
        "    Every browser heeds 600.  [preflights-not-kept]\n"
    )


def test_a_policy_that_is_fine_takes_one_line() -> None:
    assert run("fine.toml").stdout == "fine.toml: nothing to mend\n"


def test_each_route_is_checked_and_named() -> None:
    lines = run("checked_app:routes").stdout.splitlines()
    assert lines[0] == "checked_app:routes: 2 warnings"
    assert "warning: /api/  allow_methods = 'GET'" in lines
    assert "warning: /  allow_headers = '*'" in lines
    told = as_json("checked_app:routes")
    assert [each["route"] for each in told["warnings"]] == ["/api/", "/"]


def test_where_the_api_is_counts() -> None:
    (Path.cwd() / "cookies.toml").write_text(FINE + "allow_credentials = true\n")
    assert run("cookies.toml", "--api", "https://api.example.com/v1?x").stdout == (
        "cookies.toml: nothing to mend\n"
    )
    for api in ("https://api.example.org", "API.example.org", "http://api.example.com"):
        told = as_json("cookies.toml", "--api", api)
        assert "third-party-cookies" in {each["code"] for each in told["warnings"]}


def test_json_has_all_for_programs() -> None:
    told = as_json("bad.toml")
    assert (told["source"], told["ok"]) == ("bad.toml", False)
    assert told["problems"][0] == {
        "code": "non-canonical-origin",
        "route": None,
        "field": "allow_origins[0]",
        "value": "https://Example.com/",
        "message": "Browsers send origins without upper case, a trailing slash.",
        "hint": "Did you mean 'https://example.com'?",
    }
    assert (told["warnings"], told["notes"]) == ([], [])
    assert as_json("warned.toml")["ok"] is True
    assert as_json("warned.toml", "--strict")["ok"] is False


def test_json_of_what_cannot_be_read_has_its_place() -> None:
    told = as_json("-", stdin='{\n"max_age": }')
    assert told["ok"] is False
    assert told["error"]["line"] == 2
    assert told["error"]["message"].startswith("It is not JSON: ")
    assert told["error"]["hint"]


@pytest.mark.parametrize("value", ["1979-05-27", "nan", "inf", "[1979-05-27]"])
def test_json_holds_values_that_are_none_of_its_own(value: str) -> None:
    told = run("-", "--json", stdin=f"{FINE}max_age = {value}").stdout

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    (problem,) = json.loads(told, parse_constant=refuse)["problems"]
    assert isinstance(problem["value"], str)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.toml"], "Error: none.toml: There is no such file. Check the path.\n"),
        (["checked_app:polcy"], "Error: checked_app:polcy: checked_app has no polcy. Did you mean"),
        (["checked_bad:policy"], "Error: checked_bad:policy: checked_bad cannot be imported: Zero"),
        (["-"], "Error: <stdin>, line 1, column 1: It is not TOML: "),
    ],
)
def test_what_cannot_be_read_takes_one_line_and_no_traceback(
    arguments: list[str], told: str, folder: Path
) -> None:
    (folder / "checked_bad.py").write_text("1 / 0")
    result = run(*arguments, stdin="!\n")
    assert result.stdout == ""
    assert result.stderr.startswith(told)
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr


def test_a_program_that_builds_a_policy_with_problems_has_them_printed(folder: Path) -> None:
    (folder / "checked_bad.py").write_text(
        "from corekit import CorsPolicy\npolicy = CorsPolicy(allow_origins=['a.example'])"
    )
    result = run("checked_bad:policy")
    assert result.exit_code == 1
    assert result.stdout.startswith("checked_bad:policy: 1 problem\n")
    assert "[malformed-origin]" in result.stdout


def test_what_a_program_prints_is_no_part_of_the_report(folder: Path) -> None:
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


def test_a_long_list_is_cut_for_people_and_whole_for_programs(folder: Path) -> None:
    origins = json.dumps([f"http://a{number}.example" for number in range(70)])
    (folder / "long.json").write_text(f'{{"allow_origins": {origins}}}')
    lines = run("long.json").stdout.splitlines()
    assert lines[0] == "long.json: 70 notes"
    assert lines[-1] == "... and 20 more; --json has all."
    assert sum(line.startswith("note: ") for line in lines) == 50
    assert len(as_json("long.json")["notes"]) == 70


@pytest.mark.parametrize("columns", [20, 34, 80, 300])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(columns: int) -> None:
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
        assert "Leave it out, so that nobody expects its absence to forbid it." in words


COLOR = re.compile(r"\x1b\[[0-9;]*3[0-9][;m]")


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
def test_colour_is_for_terminals_and_for_those_who_want_it() -> None:
    assert COLOR.search(run_in_terminal("check", "bad.toml"))
    assert not COLOR.search(run_in_terminal("check", "bad.toml", NO_COLOR="1"))
    assert "\x1b" not in run_in_terminal("check", "bad.toml", TERM="dumb")
    piped = subprocess.run(
        [*PROGRAM, "check", "bad.toml"], capture_output=True, text=True, timeout=60, check=False
    )
    assert "\x1b" not in piped.stdout


def test_the_program_runs_where_only_ascii_can_be_printed(folder: Path) -> None:
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
    assert done.stdout.startswith(b"caf\\xe9.toml: 1 problem\n")
    assert b"Did you mean 'https://xn--bcher-kva.example'?" in done.stdout


def test_help_shows_examples_and_the_statuses() -> None:
    told = run("--help").stdout
    for line in (
        "  corekit check cors.toml\n",
        "  corekit check app.main:policy --api https://api.example.com\n",
        "  corekit check --django shop.settings --strict\n",
        "    2  what is named cannot be read\n",
    ):
        assert line in told
    assert max(map(len, told.splitlines())) <= 80


def test_nothing_or_two_things_to_check_is_a_usage_error() -> None:
    for arguments in ([], ["fine.toml", "--django", "checked_settings"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "Name one of FILE, IMPORT_PATH, - and --django." in result.stderr


def test_the_documentation_shows_what_is_printed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "command.md").read_text()
    (shown,) = re.findall(r"^```text\n(cors\.toml: .*?)^```$", page, re.DOTALL | re.MULTILINE)
    Path("cors.toml").write_text("\n".join(BAD.splitlines()[:2]))
    assert run("cors.toml").stdout == shown


def test_the_schema_is_printed_for_editors() -> None:
    result = CliRunner().invoke(corekit, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout) == policy_schema()
    help_text = CliRunner().invoke(corekit, ["schema", "--help"]).stdout
    assert "corekit schema > corekit.schema.json" in help_text


def test_the_command_lists_what_it_can() -> None:
    told = CliRunner().invoke(corekit, ["--help"]).stdout
    for name in ("check", "schema"):
        assert re.search(rf"^  {name} +\S", told, re.MULTILINE)


def test_the_policy_of_an_import_path_is_the_programs_own() -> None:
    assert run("checked_app:policy").exit_code == 0
    assert sys.modules["checked_app"].policy == CorsPolicy(allow_origins=[APP])
