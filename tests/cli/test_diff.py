"""`corekit diff` with files and modules: whole outputs, exit status, widths and escaping."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.diff import compare
from corekit_cli.command import corekit
from tests.cli.repositories import write
from tests.cli.terminal import run_in_terminal

APP: Final = "https://app.example.com"
OLD: Final = f'allow_origins = ["{APP}"]\nallow_methods = ["PUT", "PATCH"]\n'
REGEX: Final = r"https://(\\w+)\\.\\1\\.example"

FILES: Final = {
    "old.toml": OLD,
    "spelled.json": json.dumps({"allow_methods": ["PATCH", "PUT"], "allow_origins": [APP]}),
    "wider.toml": f'allow_origins = ["{APP}", "https://*.example.org"]\n'
    'allow_methods = ["PUT", "PATCH"]\n',
    "narrower.toml": f'allow_origins = ["{APP}"]\n',
    "both.toml": f'allow_origins = ["{APP}"]\nallow_methods = ["PUT", "DELETE"]\n',
    "longer.toml": f"{OLD}max_age = 600\n",
    "unknown.toml": f'{OLD}allow_origin_regexes = ["{REGEX}"]\n',
    "unknown_and_wider.toml": f'{OLD}allow_origin_regexes = ["{REGEX}"]\n'
    'expose_headers = ["etag"]\n',
    "guarded.toml": f'{OLD}[guard]\nhosts = ["api.example.com"]\n',
    "pyproject.toml": f'[tool.corekit]\nallow_origins = ["{APP}"]\n',
    "routes.toml": f'[[routes]]\npath = "/api/"\nallow_origins = ["{APP}"]\n'
    'allow_methods = ["PUT", "PATCH"]\n',
    "bad.toml": 'allow_origins = ["a.example"]\n',
    "broken.toml": "allow_origins = [",
    "diffed_app.py": f"""
from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.guard import CrossOriginGuard
policy = CorsPolicy(allow_origins=["{APP}"], allow_methods=["PUT", "PATCH"])
live = LivePolicy(policy)
guard = CrossOriginGuard(policy)
""",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("diffed_"):
            del sys.modules[name]


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(corekit, ["diff", *arguments], input=stdin)


OUTPUTS: Final = {
    "spelled.json": "spelled.json allows the same as old.toml.\n",
    "wider.toml": """\
wider.toml is wider than old.toml.

wider: origins
    A page at https://x.example.org (https://*.example.org) may now GET any path
    and read the response; before, it could not.
""",
    "narrower.toml": """\
narrower.toml is narrower than old.toml.

narrower: methods
    A page at https://app.example.com may no longer PATCH and PUT any path and
    read the response.
""",
    "both.toml": """\
both.toml is wider than old.toml in part, and narrower in part.

wider: methods
    A page at https://app.example.com may now DELETE any path and read the
    response; before, it could not.

narrower: methods
    A page at https://app.example.com may no longer PATCH any path and read the
    response.
""",
    "longer.toml": """\
longer.toml allows the same as old.toml.

neutral: max age
    Browsers may cache preflight responses of any path longer: 600 instead of 5
    seconds.
""",
    "unknown.toml": r"""
Whether unknown.toml is wider than old.toml cannot be determined.

unknown: origins
    Whether https://(\w+)\.\1\.example allows origins that the other policy does
    not allow cannot be determined.
""".lstrip(),
    "unknown_and_wider.toml": r"""
unknown_and_wider.toml is wider than old.toml, and the rest cannot be
    determined.

wider: response headers
    A page at https://app.example.com may now read the response header etag of
    any path; before, it could not.

unknown: origins
    Whether https://(\w+)\.\1\.example allows origins that the other policy does
    not allow cannot be determined.
""".lstrip(),
    "guarded.toml": """\
guarded.toml allows the same as old.toml.

Note: The guard is not compared, only the policy.
""",
    "routes.toml": """\
Whether routes.toml is wider than old.toml cannot be determined.

unknown: no longer governed, /
    No policy covers / any longer, so the CORS headers of the application apply;
    before, a page at https://app.example.com could GET / and read the response.
""",
    "diffed_app:policy": "diffed_app:policy allows the same as old.toml.\n",
    "diffed_app:live": "diffed_app:live allows the same as old.toml.\n",
    "diffed_app:guard": """\
diffed_app:guard allows the same as old.toml.

Note: The policies of single handlers, set with cors(), are not compared.

Note: The guard is not compared, only the policy.
""",
}


@pytest.mark.parametrize("new", OUTPUTS)
def test_differences_are_printed(new: str) -> None:
    result = run("old.toml", new)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == OUTPUTS[new]


@pytest.mark.parametrize(
    ("new", "fail_on", "status"),
    [
        ("wider.toml", None, 0),
        ("wider.toml", "never", 0),
        ("wider.toml", "wider", 1),
        ("wider.toml", "any", 1),
        ("both.toml", "wider", 1),
        ("unknown.toml", "wider", 1),
        ("unknown.toml", "never", 0),
        ("routes.toml", "wider", 1),
        ("narrower.toml", "wider", 0),
        ("narrower.toml", "any", 1),
        ("longer.toml", "wider", 0),
        ("longer.toml", "any", 1),
        ("spelled.json", "any", 0),
        ("guarded.toml", "any", 0),
        ("bad.toml", "never", 2),
        ("broken.toml", "wider", 2),
        ("none.toml", "any", 2),
        ("diffed_none:policy", "never", 2),
        (".", "never", 2),
        ("wider.toml", "narrower", 2),
    ],
)
@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "sarif"])
def test_exit_status(new: str, fail_on: str | None, status: int, form: str) -> None:
    options = [] if fail_on is None else [f"--fail-on={fail_on}"]
    result = run("old.toml", new, f"--format={form}", *options)
    assert result.exit_code == status
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert (result.stderr == "") == (status < 2)
    if form in ("text", "markdown"):
        assert (result.stdout == "") == (status == 2)


def test_deletion_of_an_unreadable_regex_is_narrower() -> None:
    result = run("unknown.toml", "old.toml", "--fail-on=wider")
    assert (result.exit_code, result.stderr) == (0, "")
    assert (
        result.stdout
        == r"""
old.toml is narrower than unknown.toml.

narrower: origins
    Whether https://(\w+)\.\1\.example allows origins that the other policy does
    not allow cannot be determined.
""".lstrip()
    )
    assert run("unknown.toml", "old.toml", "--fail-on=any").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["none.toml", "old.toml"], "Error: none.toml: There is no such file. Check the path."),
        (["old.toml", "broken.toml"], "Error: broken.toml, line 1, column 18: This is not TOML: "),
        (["bad.toml", "old.toml"], "Error: bad.toml: The policy has problems. Fix them; 'corekit"),
        (["old.toml"], "Usage: "),
        (["old.toml", "new.toml", "third.toml"], "Usage: "),
        (["-", "-"], "Usage: "),
        (["old.toml", "old.toml", "--format=xml"], "Usage: "),
    ],
)
def test_errors_have_status_2(arguments: list[str], line: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(line)
    as_json = json.loads(run(*arguments, "--json").stdout)
    assert as_json["error"].keys() >= {"message", "hint"}


def test_json_and_a_format_exclude_each_other() -> None:
    result = run("old.toml", "old.toml", "--json", "--format=text")
    assert (result.exit_code, "error" in json.loads(result.stdout)) == (2, True)


def test_problems_are_printed_on_stderr() -> None:
    assert "error: allow_origins[0] = 'a.example'" in run("old.toml", "bad.toml").stderr


def test_standard_input_is_one_of_the_two() -> None:
    assert run("-", "old.toml", stdin=OLD).stdout == "old.toml allows the same as <stdin>.\n"
    assert run("old.toml", "-", stdin=OLD).stdout == "<stdin> allows the same as old.toml.\n"


def test_tables_of_larger_files_are_read() -> None:
    first = run("narrower.toml", "pyproject.toml").stdout
    assert first == "pyproject.toml allows the same as narrower.toml.\n"


def test_json_has_the_comparison() -> None:
    found = json.loads(run("old.toml", "wider.toml", "--fail-on=wider", "--json").stdout)
    old = CorsPolicy(allow_origins=[APP], allow_methods=["PUT", "PATCH"])
    new = old.replace(allow_origins=[APP, "https://*.example.org"])
    assert found == {
        "version": 1,
        "ok": False,
        "old": "old.toml",
        "new": "wider.toml",
        **compare(old, new).to_dict(),
        "notes": [],
    }
    assert json.loads(run("old.toml", "wider.toml", "--json").stdout)["ok"] is True
    noted = json.loads(run("guarded.toml", "diffed_app:guard", "--json").stdout)
    assert noted["notes"] == [
        "The guard is not compared, only the policy.",
        "The policies of single handlers, set with cors(), are not compared.",
    ]


def test_many_differences_and_paths_are_cut(folder: Path) -> None:
    (folder / "many.json").write_text(
        json.dumps(
            {
                "routes": [
                    {"path": f"/{number:02}", "allow_origins": [f"https://a{number}.example.com"]}
                    for number in range(60)
                ]
            }
        )
    )
    (folder / "one.json").write_text(
        json.dumps(
            {"routes": [{"path": f"/{number:02}", "allow_origins": [APP]} for number in range(60)]}
        )
    )
    lines = run("one.json", "many.json").stdout.splitlines()
    assert lines[-1] == "... and 11 more; --json prints all."
    assert sum(line.startswith(("wider: ", "narrower: ")) for line in lines) == 50
    head, _, found, *_ = run("many.json", "one.json").stdout.splitlines()
    assert head == "one.json is wider than many.json in part, and narrower in part."
    assert found == "wider: origins, /00, /01, /02, /03, /04 and 55 more"


def test_control_characters_in_paths_are_escaped(folder: Path) -> None:
    for name, origin in (("one", APP), ("any", "*")):
        routes = [{"path": "/a\u202eb", "allow_origins": [origin]}]
        (folder / f"{name}.json").write_text(json.dumps({"routes": routes}))
    printed = run("one.json", "any.json").stdout
    assert "\nwider: origins, /a\\u202eb\n" in printed


@pytest.mark.parametrize("columns", [20, 40, 80, 300])
def test_no_line_is_wider_than_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("old.toml", "both.toml").stdout.splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    assert not [line for line in lines if line != line.rstrip()]
    assert "maynowDELETEanypath" in "".join("".join(lines).split())


def test_narrow_output_is_indented(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert run("old.toml", "both.toml").stdout == (
        "both.toml is wider than old.toml in\n"
        "    part, and narrower in part.\n"
        "\n"
        "wider: methods\n"
        "    A page at https://app.example.com\n"
        "    may now DELETE any path and read the\n"
        "    response; before, it could not.\n"
        "\n"
        "narrower: methods\n"
        "    A page at https://app.example.com\n"
        "    may no longer PATCH any path and\n"
        "    read the response.\n"
    )


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
def test_color_is_for_terminals_only() -> None:
    color = re.compile(r"\x1b\[[0-9;]*3[0-9][;m]")
    given = ("diff", "old.toml", "wider.toml", "--fail-on=wider")
    assert color.search(run_in_terminal(*given))
    assert not color.search(run_in_terminal(*given, NO_COLOR="1"))
    assert "\x1b" not in run(*given[1:]).stdout


@given(
    st.lists(
        st.text("ab/.\x1b\n\r|`*_<>@#[]\u202e\x9b\u2028:%", min_size=1, max_size=20), max_size=3
    ),
    st.sampled_from(["text", "json", "markdown", "github", "sarif"]),
)
def test_any_path_is_printed_safely(paths: list[str], form: str) -> None:
    routes = {
        "routes": [{"path": f"/{each}", "allow_origins": [APP]} for each in dict.fromkeys(paths)]
    }
    result = run("old.toml", "-", f"--format={form}", stdin=json.dumps(routes))
    assert result.exit_code in (0, 2)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert all(line.isprintable() for line in result.output.split("\n"))


@pytest.mark.parametrize("form", ["text", "json", "markdown", "github", "sarif"])
def test_any_file_name_is_printed_safely(form: str, folder: Path) -> None:
    evil = "a\n::error::b\x1b[2J%0A`|<x>\u202e.toml"
    (folder / evil).write_text(FILES["both.toml"])
    result = run("old.toml", evil, f"--format={form}")
    assert result.exit_code == 0
    assert all(line.isprintable() for line in result.stdout.split("\n"))
    assert not [line for line in result.stdout.split("\n") if line.startswith("::error")]
