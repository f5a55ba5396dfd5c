"""The command `corekit demo`."""

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
from corekit_cli.demo import command
from corekit_cli.demo.command import Demo, Ports, print_demo, run_demo
from corekit_cli.demo.form import Origins, list_calls
from corekit_cli.demo.servers import Site

FREE: Final = ("--api-port=0", "--page-port=0", "--untrusted-port=0")
PAGE: Final = "http://localhost:3000"
EXAMPLES: Final = list_calls(Origins("", PAGE, "http://localhost:4000"), PAGE)
PROGRAM: Final = (sys.executable, "-m", "corekit_cli", "demo", *FREE)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["demo", *arguments])


def pass_through(app: Any, policy: object) -> Any:
    """Replace the middleware by nothing."""
    return app


def test_once_prints_every_call() -> None:
    result = run("--once", *FREE)
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    text = " ".join(result.stdout.split())
    for example in EXAMPLES:
        assert f"{example.title}: " in text
        assert f"{example.form['method']} {example.form['path']} from " in text
    for words in (
        "OPTIONS 204, PATCH not sent",
        "OPTIONS 403",
        ": allowed",
        ": blocked",
        Reason.GRANTED.value,
        "The browser does not send the request.",
        "the browser blocks the response.",
        "header content-type",
        "with cookies",
        "allow_methods=['PUT', 'DELETE']",
        "All responses over HTTP match the policy.",
    ):
        assert words in text
    assert "Ctrl-C" not in text


@pytest.mark.parametrize("width", [30, 40, 80])
def test_text_fits_the_width_and_loses_nothing(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    lines = run("--once", *FREE).stdout.splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line.endswith(" ")]
    assert "\x1b" not in "".join(lines)
    assert "OPTIONS 204, PATCH not sent" in " ".join(" ".join(lines).split())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_text_can_be_written_in_any_encoding(encoding: str) -> None:
    raw = BytesIO()
    with run_demo(Ports(0, 0, 0)) as demo, TextIOWrapper(raw, encoding) as file:
        print_demo(Console(file=file, width=80), demo)
        written = raw.getvalue().decode(encoding)
    assert "GET from an untrusted origin" in written


def test_verdicts_have_colors_on_a_terminal() -> None:
    console = Console(force_terminal=True, color_system="standard", width=100, record=True)
    with run_demo(Ports(0, 0, 0)) as demo, console.capture() as captured:
        print_demo(console, demo)
    assert "\x1b[1;32mallowed" in captured.get()
    assert "\x1b[1;31mblocked" in captured.get()


def test_json_has_the_explanation_of_every_call() -> None:
    result = run("--once", "--json", *FREE)
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert data["agrees"] is True
    assert re.fullmatch(r"http://localhost:\d+", data["api"])
    calls = {call["name"]: call for call in data["calls"]}
    assert list(calls) == [example.name for example in EXAMPLES]
    put = calls["put-json"]
    assert put["allowed"] is True
    responses = [exchange["response"] for exchange in put["exchanges"]]
    assert [response["status"] for response in responses] == [204, 200]
    assert ["Access-Control-Allow-Origin", data["page"]] in responses[1]["headers"]
    patch = calls["method-not-allowed"]
    assert patch["reason"] == "METHOD_NOT_ALLOWED"
    assert len(patch["exchanges"]) == 1
    assert calls["untrusted-get"]["page"] == data["untrusted"]
    assert calls["untrusted-get"]["problems"] == []


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_response_that_differs_from_the_policy_fails_the_command(
    monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    monkeypatch.setattr("corekit_cli.demo.api.CorsMiddleware", pass_through)
    result = run("--once", *FREE, *["--json"] * as_json)
    assert result.exit_code == 1
    if as_json:
        data = json.loads(result.stdout)
        assert data["agrees"] is False
        assert data["calls"][0]["problems"][0]["code"] == "unexpected-response"
    else:
        text = " ".join(result.stdout.split())
        assert "Mismatch: GET http://localhost:" in text
        assert "[unexpected-response]" in text
        assert "All responses" not in text


def test_help_shows_the_examples_line_by_line() -> None:
    result = run("--help")
    assert result.exit_code == 0
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert "corekit demo --once --json | jq .agrees" in lines
    for port in (command.API_PORT, command.PAGE_PORT, command.UNTRUSTED_PORT):
        assert str(port) in result.stdout


@pytest.mark.parametrize("port", ["65536", "-1", "many"])
def test_invalid_port_is_a_usage_error(port: str) -> None:
    result = run("--once", f"--api-port={port}")
    assert result.exit_code == 2
    assert "--api-port" in result.stderr


def test_taken_default_ports_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Site(0)) as api, closing(Site(0)) as page, closing(Site(0)) as untrusted:
        for name, site in (("API", api), ("PAGE", page), ("UNTRUSTED", untrusted)):
            monkeypatch.setattr(command, f"{name}_PORT", site.port)
        data = json.loads(run("--once", "--json").stdout)
    taken = {api.origin, page.origin, untrusted.origin}
    used = {data["api"], data["page"], data["untrusted"]}
    assert len(used) == 3
    assert not used & taken
    assert data["agrees"] is True


def test_free_default_ports_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Site(0)) as api, closing(Site(0)) as page, closing(Site(0)) as untrusted:
        origins = (api.origin, page.origin, untrusted.origin)
        for name, site in (("API", api), ("PAGE", page), ("UNTRUSTED", untrusted)):
            monkeypatch.setattr(command, f"{name}_PORT", site.port)
    data = json.loads(run("--once", "--json").stdout)
    assert (data["api"], data["page"], data["untrusted"]) == origins


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_taken_requested_port_is_an_error(*, as_json: bool) -> None:
    with closing(Site(0)) as taken:
        result = run("--once", f"--page-port={taken.port}", *["--json"] * as_json)
    assert result.exit_code == 2
    assert (result.stdout != "") == as_json
    assert f"port {taken.port}: " in result.stderr
    assert result.stderr.count("\n") == 1


def test_sites_are_served_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[bytes] = []
    urls: list[str] = []
    show = command._show

    def note(demo: Demo, *, once: bool, as_json: bool) -> None:
        urls.extend([demo.origins.page, demo.origins.untrusted])
        show(demo, once=once, as_json=as_json)

    def wait(seconds: float) -> None:
        served.extend(get(url) for url in urls)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_show", note)
    monkeypatch.setattr("corekit_cli.demo.command.time.sleep", wait)
    result = run(*FREE)
    assert result.exit_code == 0
    for url in urls:
        assert f"{url}/" in result.stdout
    assert "Press Ctrl-C to stop the demo." in result.stdout
    assert len(served) == 2
    assert all(b"<!doctype html>" in page for page in served)


def get(url: str) -> bytes:
    with closing(HTTPConnection(url.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


@pytest.fixture
def _honors_ctrl_c() -> Iterator[None]:
    """Let programs honor SIGINT, which shells make background programs ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def program(_honors_ctrl_c: None) -> Iterator[subprocess.Popen[str]]:
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
def test_ctrl_c_exits_cleanly_and_frees_the_ports(
    program: subprocess.Popen[str],
) -> None:
    assert program.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(program.stdout.readline())
        assert lines[-1], "the program ended before it had printed"
    data = json.loads("".join(lines))
    assert b"<!doctype html>" in get(data["page"])

    program.send_signal(signal.SIGINT)
    stdout, stderr = program.communicate(timeout=20)
    assert program.returncode == 0
    assert (stdout, stderr.strip()) == ("", "")
    for name in ("api", "page", "untrusted"):
        port = int(data[name].rpartition(":")[2])
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            pass


def test_program_runs_from_any_folder(tmp_path: Path) -> None:
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
    assert "match the policy." in done.stdout
    assert not list(tmp_path.iterdir())
