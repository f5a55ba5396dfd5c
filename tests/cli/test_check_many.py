"""`corekit check` with many sources, and with advice that is accepted."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from corekit_cli.command import corekit
from corekit_config import finding

APP = "https://app.example.com"
FINE = f'allow_origins = ["{APP}"]\n'
LOCAL = f'allow_origins = ["{APP}", "http://localhost:5173"]\nallow_credentials = true\n'
BAD = '\nallow_origins = ["a.example"]\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "policies/fine.toml": FINE,
        "policies/local.toml": LOCAL,
        "bad/bad.toml": BAD,
        "broken/broken.toml": "allow_origins = [",
        "none/package.json": "{}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(corekit, ["check", *arguments], input=stdin)


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["policies"], 0),
        (["policies", "--strict"], 1),
        (["policies/fine.toml", "bad/bad.toml"], 1),
        (["bad/bad.toml", "policies/fine.toml"], 1),
        (["policies", "bad"], 1),
        (["policies", "-"], 0),
        (["policies", "none.toml", "bad"], 2),
        (["broken", "policies"], 2),
        (["none"], 2),
        (["a" * 5_000], 2),
        (["a" * 5_000 + ".toml"], 2),
        (["."], 2),
        (["policies", "--strict", "--accept=development-origin"], 0),
        (["bad", "--accept=development-origin"], 1),
        (["policies", "--accept=no-such"], 2),
        (["policies", "--accept=malformed-origin"], 2),
        (["policies", "--json", "--format=github"], 2),
        (["policies", "--format=xml"], 2),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_status_is_that_of_the_worst_source(arguments: list[str], status: int, form: str) -> None:
    given = [] if "--json" in arguments or "--format=xml" in arguments else [f"--format={form}"]
    result = run(*arguments, *given, stdin=FINE)
    assert result.exit_code == status
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert (result.stderr == "") == (status < 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are of Unix")
def test_named_pipes_and_devices_in_a_folder_are_not_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path) -> bytes:
        assert path.is_file()  # reading others never ends
        return path.read_bytes()

    monkeypatch.setattr(finding, "read_content", read)
    os.mkfifo(folder / "policies" / "other.json")
    (folder / "policies" / "zero.toml").symlink_to("/dev/zero")
    done = run("policies")
    assert (done.exit_code, done.stderr) == (0, "")
    os.mkfifo(folder / "policies" / "cors.toml")
    done = run("policies")
    assert done.exit_code == 2
    assert "policies/cors.toml: This is not a regular file." in done.stderr


def test_link_to_nothing_in_a_folder(folder: Path) -> None:
    (folder / "policies" / "cors.toml").symlink_to("missing.toml")
    done = run("policies")
    assert done.exit_code == 2
    assert "policies/cors.toml: " in done.stderr


def test_text_has_every_source_and_a_total(folder: Path) -> None:
    result = run("policies", "bad/bad.toml", "none.toml", "./policies/fine.toml", "policies")
    assert result.stdout == (
        "policies/fine.toml: no problems\n"
        "policies/local.toml: 1 warning\n"
        "\n"
        "warning: allow_origins = 'http://localhost:5173'\n"
        "    In production, it allows any program that listens on a user's own machine.\n"
        "    Keep it in the policy for development only.  [development-origin]\n"
        "\n"
        "bad/bad.toml: 1 error\n"
        "\n"
        "error: allow_origins[0] = 'a.example'\n"
        "    The origin has no scheme and '://' before the host.\n"
        "    Did you mean 'https://a.example'?  [malformed-origin]\n"
        "\n"
        "4 sources, 1 of them unreadable: 1 error, 1 warning\n"
    )
    assert result.stderr == "Error: none.toml: There is no such file. Check the path.\n"


def test_json_is_one_list() -> None:
    found = as_json("policies", "bad", "broken", "none")
    assert (found["version"], found["ok"]) == (1, False)
    assert found["sources"] == [
        "policies/fine.toml",
        "policies/local.toml",
        "bad/bad.toml",
        "broken/broken.toml",
        "none",
    ]
    places = [
        (each["source"], each["code"], each["severity"], each["line"], each["column"])
        for each in found["diagnostics"]
    ]
    assert places == [
        ("policies/local.toml", "development-origin", "warning", 1, 45),
        ("bad/bad.toml", "malformed-origin", "error", 2, 18),
        ("broken/broken.toml", "unreadable", "error", 1, 18),
        ("none", "unreadable", "error", None, None),
    ]
    assert found["error"]["source"] == "broken/broken.toml"
    assert "error" not in as_json("policies")


def test_file_accepts_its_own_advice(folder: Path) -> None:
    accept = 'accept = ["development-origin"]\n'
    (folder / "policies" / "local.toml").write_text(accept + LOCAL)
    assert run("policies", "--strict").exit_code == 0
    (folder / "policies" / "local.toml").write_text(accept + FINE)
    (unused,) = as_json("policies", "--strict")["diagnostics"]
    assert (unused["code"], unused["value"], unused["line"]) == (
        "unused-accept",
        "development-origin",
        1,
    )
    assert run("policies", "--strict").exit_code == 1


def test_what_is_left_out_is_a_warning_with_its_place(folder: Path) -> None:
    (folder / "left.toml").write_text(
        '\n[[routes]]\npath = "/"\nallow_headers = ["x", "cookie"]\n' + FINE
    )
    (found,) = [
        each for each in as_json("left.toml")["diagnostics"] if each["severity"] == "warning"
    ]
    assert (found["code"], found["subject"], found["route"]) == (
        "forbidden-header",
        "allow_headers[1]",
        "/",
    )
    assert (found["line"], found["column"]) == (4, 23)
    assert run("left.toml", "--strict").exit_code == 1
    assert run("left.toml", "--strict", "--accept=forbidden-header").exit_code == 0


def test_accepted_on_the_command_line_need_not_occur() -> None:
    assert as_json("policies/fine.toml", "--accept=plain-http")["diagnostics"] == []


def test_unknown_code_to_accept_is_refused() -> None:
    result = run("policies", "--accept=malformed-origin")
    text = " ".join(result.stderr.split())
    assert "'malformed-origin' is not one of accepted-risk, any-origin-cannot-write, " in text


def test_policy_of_an_import_path_has_its_source(folder: Path) -> None:
    (folder / "many_app.py").write_text(
        "from corekit import CorsPolicy\npolicy = CorsPolicy(allow_origins=[])"
    )
    (problem,) = as_json("many_app:policy")["diagnostics"]
    assert (problem["source"], problem["line"]) == ("many_app:policy", None)


def test_python_file_is_explained(folder: Path) -> None:
    (folder / "app.py").write_text("policy = 1")
    result = run("app.py")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: app.py: This is a Python file, which is imported by the name of its module."
        " Name the policy in it, such as app:policy.\n"
    )
