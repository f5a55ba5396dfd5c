"""The command `corekit demo`, as people and programs use it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from corekit import Reason
from corekit_cli.command import corekit
from corekit_cli.demo import command, running
from corekit_cli.demo.cases import CASES
from corekit_cli.demo.report import print_demo
from corekit_cli.demo.running import Demo, Ports, run_demo
from corekit_cli.demo.servers import Site

FREE: Final = ("--api-port=0", "--page-port=0", "--foreign-port=0")
PROGRAM: Final = (sys.executable, "-m", "corekit_cli", "demo", *FREE)


@pytest.fixture(autouse=True)
def _terminal_of_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["demo", *arguments])


def call_nobody_covers(app: Any, policy: object) -> Any:
    """Stand where the middleware stands, and do nothing."""
    return app


def test_once_prints_every_case_with_what_the_policy_says_and_why() -> None:
    result = run("--once", *FREE)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    text = " ".join(result.stdout.split())
    for case in CASES:
        assert case.title in text
        assert f"{case.method} {case.path}" in text
    assert Reason.GRANTED.value in text
    for words in (
        "OPTIONS 204",
        "OPTIONS 403",
        "not sent",
        "granted",
        "refused",
        "allow_methods=['PUT', 'DELETE']",
        "All answers that came over HTTP are what the policy says.",
    ):
        assert words in text
    assert "Ctrl-C" not in text, "it has ended already"


def test_in_a_pipe_the_table_is_plain_text_that_fits_80_columns() -> None:
    lines = run("--once", *FREE).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in "".join(lines)
    titles = [line for line in lines if line.strip().startswith("A method that is not granted")]
    assert titles[0].split()[-3:] == ["OPTIONS", "204", "refused"]
    # No name, method or address is broken over two lines.
    for word in ("with header content-type", "PATCH   not sent", "x-request-id"):
        assert any(word in line for line in lines)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_the_table_can_be_written_in_the_encoding_of_any_terminal(encoding: str) -> None:
    raw = BytesIO()
    with run_demo(Ports(0, 0, 0)) as running, TextIOWrapper(raw, encoding) as file:
        print_demo(Console(file=file, width=80), running)
        written = raw.getvalue().decode(encoding)
    assert "A foreign origin: GET" in written


def test_on_a_terminal_the_verdicts_are_in_colour() -> None:
    console = Console(force_terminal=True, color_system="standard", width=100, record=True)
    with run_demo(Ports(0, 0, 0)) as running, console.capture() as captured:
        print_demo(console, running)
    assert "\x1b[1;32mgranted" in captured.get()
    assert "\x1b[1;31mrefused" in captured.get()


def test_json_has_the_verdicts_and_the_answers_for_programs() -> None:
    result = run("--once", "--json", *FREE)
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told["agrees"] is True
    assert re.fullmatch(r"http://localhost:\d+", told["api"])
    cases = {case["name"]: case for case in told["cases"]}
    assert list(cases) == [case.name for case in CASES]
    put = cases["put-json"]
    assert put["policy"]["allowed"] is True
    assert (put["preflight"]["status"], put["actual"]["status"]) == (204, 200)
    assert ["Access-Control-Allow-Origin", told["page"]] in put["actual"]["headers"]
    patch = cases["method-not-granted"]
    assert patch["policy"]["reason"] == "METHOD_NOT_ALLOWED"
    assert patch["actual"] is None
    assert cases["foreign-get"]["origin"] == told["foreign"]
    assert cases["foreign-get"]["contradictions"] == []


@pytest.mark.parametrize("as_json", [False, True], ids=["table", "json"])
def test_an_answer_that_contradicts_the_policy_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    monkeypatch.setattr("corekit_cli.demo.api.CorsMiddleware", call_nobody_covers)
    result = run("--once", *FREE, *["--json"] * as_json)
    assert result.exit_code == 1
    if as_json:
        assert json.loads(result.stdout)["agrees"] is False
    else:
        text = " ".join(result.stdout.split())
        assert "Differs: Simple GET: GET was answered with no Access-Control header" in text
        assert "All answers that came" not in text


def test_help_shows_the_examples_line_by_line() -> None:
    result = run("--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "corekit demo --once --json | jq .agrees" in lines
    for port in (running.API_PORT, running.PAGE_PORT, running.FOREIGN_PORT):
        assert str(port) in result.stdout


@pytest.mark.parametrize("port", ["65536", "-1", "many"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    result = run("--once", f"--api-port={port}")
    assert result.exit_code == 2
    assert "--api-port" in result.stderr


def test_usual_ports_that_are_taken_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Site(0)) as api, closing(Site(0)) as page, closing(Site(0)) as foreign:
        for name, site in (("API", api), ("PAGE", page), ("FOREIGN", foreign)):
            monkeypatch.setattr(running, f"{name}_PORT", site.port)
        told = json.loads(run("--once", "--json").stdout)
    taken = {api.origin, page.origin, foreign.origin}
    used = {told["api"], told["page"], told["foreign"]}
    assert len(used) == 3
    assert not used & taken
    assert told["agrees"] is True


def test_usual_ports_that_are_free_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Site(0)) as api, closing(Site(0)) as page, closing(Site(0)) as foreign:
        origins = (api.origin, page.origin, foreign.origin)
        for name, site in (("API", api), ("PAGE", page), ("FOREIGN", foreign)):
            monkeypatch.setattr(running, f"{name}_PORT", site.port)
    told = json.loads(run("--once", "--json").stdout)
    assert (told["api"], told["page"], told["foreign"]) == origins


def test_a_port_that_was_asked_for_and_is_taken_is_named_as_the_fault() -> None:
    with closing(Site(0)) as taken:
        result = run("--once", f"--page-port={taken.port}")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"Error: the demo cannot be served: port {taken.port}: ")
    assert result.stderr.count("\n") == 1


def test_until_ctrl_c_the_addresses_are_shown_and_served(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[bytes] = []
    addresses: list[str] = []
    show = command._show

    def note(demo: Demo, *, once: bool, as_json: bool) -> None:
        addresses.extend([demo.origins.page, demo.origins.foreign])
        show(demo, once=once, as_json=as_json)

    def wait(seconds: float) -> None:
        served.extend(get(address) for address in addresses)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_show", note)
    monkeypatch.setattr("corekit_cli.demo.command.time.sleep", wait)
    result = run(*FREE)
    assert result.exit_code == 0, "it is the way to end the demo"
    for address in addresses:
        assert f"{address}/" in result.stdout
    assert "Ctrl-C ends the demo." in result.stdout
    assert len(served) == 2
    assert all(b"<!doctype html>" in page for page in served)


def get(address: str) -> bytes:
    with closing(HTTPConnection(address.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


@pytest.fixture
def _heeds_ctrl_c() -> Iterator[None]:
    """Let programs heed SIGINT, which a shell has them ignore in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def program(_heeds_ctrl_c: None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*PROGRAM, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_the_program_cleanly_and_frees_its_ports(
    program: subprocess.Popen[str],
) -> None:
    assert program.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(program.stdout.readline())
        assert lines[-1], "the program ended before it had printed"
    told = json.loads("".join(lines))
    assert b"<!doctype html>" in get(told["page"])

    program.send_signal(signal.SIGINT)
    stdout, stderr = program.communicate(timeout=20)
    assert program.returncode == 0
    assert (stdout, stderr.strip()) == ("", "")
    for name in ("api", "page", "foreign"):
        port = int(told[name].rpartition(":")[2])
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_the_program_runs_from_any_folder(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--once"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "are what the policy says." in done.stdout
    assert not list(tmp_path.iterdir())
