"""`corekit probe` and `corekit explain` on terminals of any width, and in pipes.

The server of these tests tries to write control characters to the terminal.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit_cli import command
from tests.cli.live import Live, serving
from tests.cli.terminal import run_in_terminal
from tests.probe.servers import PAGE, Headers, without, wrong

PROGRAM: Final = (sys.executable, "-m", "corekit_cli")
COLOR: Final = re.compile(r"\x1b\[[0-9;]*3[0-9][;m]")
COMMANDS: Final = {
    "probe": ("probe", "{url}", f"--origin={PAGE}", "--delay=0"),
    "explain": ("explain", "--url={url}", f"--origin={PAGE}", "--delay=0", "--method=PUT"),
}
HOSTILE: Final = {
    "Access-Control-Allow-Origin": "\x9b2J\x1b[31m[bold]https://" + "x" * 3000,
    "Access-Control-Allow-Methods": "[red]\x1b]0;title\x07" + "y" * 3000,
    "Access-Control-Allow-Credentials": "\x1b[1A\x08\x7f" + "z" * 3000,
    "Access-Control-Max-Age": "\x9f" + "9" * 3000,
    "Location": "\x1b[31m/[/]" + "w" * 3000,
}


def be_hostile(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    return status, [*without(headers, *HOSTILE), *HOSTILE.items()]


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(wrong(be_hostile)) as live:
        yield live


def arguments(name: str, live: Live) -> list[str]:
    return [each.format(url=live.url) for each in COMMANDS[name]]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", [20, 34, 80, 300])
def test_no_line_is_wider_than_the_terminal(
    name: str, columns: int, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    result = CliRunner().invoke(command.corekit, arguments(name, live))
    assert result.exit_code == 1, result.output
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= min(columns, 100)
    assert not [line for line in lines if line != line.rstrip()]
    text = "".join(result.stdout.split())
    assert "PreflightInvalidAllowOriginValue" in text
    assert "isnotavalidorigin:" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_values_of_the_server_are_escaped(name: str, live: Live) -> None:
    result = CliRunner().invoke(command.corekit, arguments(name, live))
    assert all(line.isascii() and line.isprintable() for line in result.output.splitlines())
    assert "[bold]" in result.stdout  # markup is shown, not obeyed
    assert len(result.stdout) < 10_000


@pytest.mark.parametrize("name", COMMANDS)
def test_any_header_is_printed_safely(name: str) -> None:
    names = st.sampled_from([*HOSTILE, "Vary", "Access-Control-Allow-Headers", "X-Any"])
    # What a server can send in a header: anything but the end of the line.
    values = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=300)
    sent: Headers = []

    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*without(headers, *dict(sent)), *sent]

    with serving(wrong(bug)) as live:

        @settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=25)
        @given(st.lists(st.tuples(names, values), max_size=4))
        def check(headers: Headers) -> None:
            sent[:] = headers
            result = CliRunner().invoke(command.corekit, arguments(name, live))
            assert result.exit_code in (0, 1, 2), result.output
            assert result.exception is None or isinstance(result.exception, SystemExit)
            assert all(line.isascii() and line.isprintable() for line in result.output.splitlines())

        check()


@pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")
@pytest.mark.parametrize("name", COMMANDS)
def test_color_and_progress_are_for_terminals_only(name: str, live: Live) -> None:
    given = arguments(name, live)
    shown = run_in_terminal(*given)
    assert COLOR.search(shown)
    assert ("Sending" in shown) == (name == "probe")
    assert not COLOR.search(run_in_terminal(*given, NO_COLOR="1"))
    assert "\x1b" not in run_in_terminal(*given, TERM="dumb")
    piped = subprocess.run(
        [*PROGRAM, *given], capture_output=True, text=True, timeout=60, check=False
    )
    assert "\x1b" not in piped.stdout
    assert piped.stderr == ""
