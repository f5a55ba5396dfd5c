"""`corekit shadow`: the summary of a log."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit.shadow.summary import LIMITS
from corekit_cli.command import corekit

APP, ADMIN = "https://app.example.com", "https://admin.example.com"

TEXT: Final = """\
1 line of a candidate could not be read.
6 of 7 lines are of a candidate.

5 requests of 3 origins to 3 paths would be decided otherwise.
   would_deny: 3
   would_grant: 1
   would_differ: 1

Origins:
   https://admin.example.com: 3
   https://app.example.com: 1
   https://a.new.example: 1

Paths:
   /items: 3
   /orders: 1
   /new: 1

1. would_deny https://admin.example.com: 3 requests
   Only the policy in force allows this origin.
   Paths: /items, /orders
   Add 'https://admin.example.com' to allow_origins. Allow an origin only if you
   control it or trust its owner: its pages can read the responses.

2. would_differ https://app.example.com: 1 request
   Only the policy in force allows the requested method. (PUT)
   Paths: /items
   Add 'PUT' to allow_methods.

3. would_grant https://a.new.example: 1 request
   Only the candidate allows this origin.
   Paths: /new
   If pages should not get this access, change 'https://*.new.example' in
   allow_origins.

A shadow does not see:
   Requests that browsers do not send: after a preflight that is denied today,
   none follows.
   Preflights that browsers have cached: none is sent until its max-age has
   passed.
   What a browser blocks before CORS, such as mixed content or a request to a
   local network.
   Paths that the policy in force does not cover, and origins that are not in
   the sample.
   Origins that a look-up or a receiver of Django's signal allows, or does not
   know.
   Requests that a server answers without the application, such as after an
   exception.
   Later differences of the same origin and reason, if the log has no lines of
   level INFO.
"""


def line(reason: str, origin: str, path: str, **values: Any) -> str:
    kinds = {"ORIGIN_DENIED": "would_deny", "ORIGIN_GRANTED": "would_grant"}
    data = {
        "cors_shadow": kinds.get(reason, "would_differ"),
        "reasons": [reason],
        "method": "GET",
        "path": path,
        "origin": origin,
        **values,
    }
    return f"WARNING:corekit.asgi:CORS shadow: text {json.dumps(data)}\n"


LOG: Final = "".join(
    [
        "INFO:     127.0.0.1 - GET /items\n",
        line("ORIGIN_DENIED", ADMIN, "/items"),
        line("ORIGIN_DENIED", ADMIN, "/items"),
        line("METHOD_DENIED", APP, "/items", request_method="PUT", denied=["PUT"]),
        line("ORIGIN_DENIED", ADMIN, "/orders"),
        line("ORIGIN_GRANTED", "https://a.new.example", "/new", rule="https://*.new.example"),
        '{"cors_shadow": "would_deny"\n',
    ]
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("app.log").write_text(LOG)
    Path("new.toml").write_text('allow_origins = ["https://admin.exmaple.com"]\n')
    return tmp_path


def run(*arguments: str, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(corekit, ["shadow", *arguments], input=given, prog_name="corekit")


def test_summary() -> None:
    done = run("app.log")
    assert (done.exit_code, done.stdout) == (0, TEXT)
    assert run("-", given=LOG).stdout == TEXT


def test_summary_fits_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = run("app.log").stdout.splitlines()
    assert max(map(len, lines)) <= 40
    assert not [each for each in lines if each != each.rstrip()]


def test_summary_as_json() -> None:
    done = run("app.log", "--json")
    data = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (data["version"], data["total"], data["unread"], data["lines"]) == (1, 5, 1, 7)
    assert data["kinds"] == {"would_deny": 3, "would_grant": 1, "would_differ": 1}
    assert data["origins"][ADMIN] == 3
    assert data["paths"] == {"/items": 3, "/orders": 1, "/new": 1}
    assert (data["unexplained"], data["limits"]) == (0, [*LIMITS])
    first, second, _ = data["differences"]
    assert first["paths"] == {"/items": 2, "/orders": 1}
    assert first["fixes"][0]["changes"] == {"allow_origins": [ADMIN]}
    assert (second["denied"], second["reasons"]) == (["PUT"], ["METHOD_DENIED"])


def test_json_has_fixes_for_the_most_frequent_differences() -> None:
    often = line("ORIGIN_DENIED", ADMIN, "/items") * 2
    rare = [line("ORIGIN_DENIED", f"https://a{number}.example", "/") for number in range(100)]
    data = json.loads(run("-", "--json", given="".join([*rare, often])).stdout)
    assert data["differences"][0]["origin"] == ADMIN
    assert [bool(each["fixes"]) for each in data["differences"]] == [True] * 100 + [False]
    assert data["unexplained"] == 1


def test_fixes_are_for_the_candidate() -> None:
    done = run("app.log", "--candidate", "new.toml")
    assert "Open the page from 'https://admin.exmaple.com', which is allowed." in done.stdout


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ("CORS shadow: nothing\n", "1 line"),
        ("\n" * 1_200, "1,200 lines"),
        ("caf\xe9\n".encode("latin-1"), "1 line"),
        ("no line break", "1 line"),
        ("text\n/\0\n", "2 lines"),
    ],
)
def test_log_without_lines_of_a_candidate(given: str | bytes, count: str) -> None:
    done = run("-", given=given)
    assert (done.exit_code, done.stderr) == (0, "")
    head, *rest = done.stdout.splitlines()
    assert head == f"No line of a candidate in {count}."
    assert rest[:2] == [
        "Either nothing differs, or this is not the log of an application that has a",
        "candidate.",
    ]
    assert rest[3] == "A shadow does not see:"
    data = json.loads(run("-", "--json", given=given).stdout)
    assert (data["total"], f"{data['lines']:,} line{'s' * (data['lines'] > 1)}") == (0, count)


NOT_TEXT: Final = (
    "-: The log is not text. Decompress it, for example with zcat, or save it as UTF-8."
)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "-: The log is empty. Name the log of an application that has a candidate."),
        (gzip.compress(LOG.encode()), NOT_TEXT),
        (gzip.compress(b"", mtime=0x01010101), NOT_TEXT),
        (LOG.encode("utf-16"), NOT_TEXT),
        (b"\x7fELF\x02\x01\x01\x00", NOT_TEXT),
        (
            LOG[LOG.index('{"cors_shadow"') :][:40] + "\n",
            (
                "-: 1 line of a candidate could not be read, and no other was found."
                " Check that the lines were not cut."
            ),
        ),
    ],
)
def test_log_with_nothing_to_read_is_status_2(given: str | bytes, message: str) -> None:
    done = run("-", given=given)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"Error: {message}\n"
    assert json.loads(run("-", "--json", given=given).stdout)["error"]["source"] == "-"


def test_long_lists_are_cut() -> None:
    lines = [
        line("ORIGIN_DENIED", f"https://a{number}.example", f"/{number}") for number in range(25)
    ]
    lines += [line("ORIGIN_DENIED", "https://a0.example", f"/x{number}") for number in range(25)]
    done = run("-", given="".join(lines))
    assert done.stdout.count("... and 5 more; --json prints all.") == 2
    assert done.stdout.count("... and 30 more; --json prints all.") == 1
    assert "Paths: /0, /x0, /x1 and 23 more" in done.stdout
    assert "\n20. " in done.stdout
    assert "\n21. " not in done.stdout


def test_hostile_values_are_escaped() -> None:
    text = line("ORIGIN_DENIED", "https://a.example\x1b]0;x\x07", "/\x1b[2J" + "x" * 500)
    done = run("-", given=text)
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "/\\x1b[2J" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("none.log",), "none.log: The log cannot be read: No such file or directory."),
        ((".",), ".: The log cannot be read: Is a directory."),
        (("app.log", "--candidate", "none.toml"), "none.toml: "),
        ((), "Usage: corekit shadow"),
    ],
)
def test_what_cannot_be_read_is_status_2(arguments: tuple[str, ...], message: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_error_as_json() -> None:
    done = run("none.log", "--json")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["source"] == "none.log"


def test_help_names_what_it_reads() -> None:
    done = run("--help")
    assert done.exit_code == 0
    for text in ("LOG is a file", "--candidate SOURCE", "--json", "Exit status:"):
        assert text in done.stdout
