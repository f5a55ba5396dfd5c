"""What the commands repeat of their arguments cannot control the terminal or add a line."""

from __future__ import annotations

import json
import os
from io import StringIO
from typing import Final

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from corekit_cli import command
from corekit_cli.output import escape, print_wrapped

EVIL: Final = "\x1b[31m\x9b2J\u202e\x7f\udcff\nInjected"
PAGE: Final = "--origin=https://b.example"
API: Final = "https://a.example/"
MESSAGE: Final = (
    "Access to fetch at 'http://a.example/{}' from origin 'http://localhost:3000' has been blocked"
    " by CORS policy: No 'Access-Control-Allow-Origin' header is present on the requested resource."
)
ARGUMENTS: Final[list[list[str]]] = [
    [EVIL],
    [f"--{EVIL}"],
    *([name, f"--{EVIL}"] for name in ("check", "demo", "explain", "probe", "schema")),
    ["check", EVIL],
    ["check", f"cors{EVIL}.toml"],
    ["check", f"module:{EVIL}"],
    ["check", "-", "--api", EVIL],
    ["check", "--django", EVIL],
    ["check", "-", f"--strict={EVIL}"],
    ["check", "-", EVIL],
    ["demo", "--api-port", EVIL],
    ["explain", EVIL],
    ["explain", MESSAGE, EVIL],
    ["explain", f"TypeError: Failed to fetch {EVIL}"],
    ["explain", MESSAGE.format("\x1b[31m\x9b2J\u202e\x7f")],
    ["explain", "--policy=-", "--origin", EVIL],
    ["explain", "--policy=-", PAGE, "--method", EVIL],
    ["explain", "--policy=-", PAGE, "--header", EVIL],
    ["explain", "--policy=-", PAGE, "--header", f"x-a: {EVIL}"],
    ["explain", "--policy=-", PAGE, "--api", f"{API}{EVIL}"],
    ["explain", "--policy=-", PAGE, "--engine", EVIL],
    ["explain", "--policy", EVIL, PAGE],
    ["explain", "--url", EVIL, PAGE],
    ["explain", "--url", f"http://127.0.0.1:1/{EVIL}", PAGE],
    ["explain", "--url", API, PAGE, "--timeout", EVIL],
    ["probe", EVIL, PAGE],
    ["probe", f"http://127.0.0.1:1/{EVIL}", PAGE],
    ["probe", API, "--origin", EVIL],
    ["probe", API, "--policy", EVIL],
    ["probe", API, PAGE, "--fail-on", EVIL],
    ["schema", EVIL],
]


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # `check --django` names the settings there, for the process that it has to itself.
    monkeypatch.setattr(os, "environ", {**os.environ})


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
@pytest.mark.parametrize("arguments", ARGUMENTS, ids=lambda each: ascii(" ".join(each))[:40])
def test_arguments_are_repeated_safely(arguments: list[str], options: list[str]) -> None:
    policy = 'allow_origins = ["https://b.example"]'
    result = CliRunner().invoke(command.corekit, [*arguments, *options], input=policy, color=True)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    lines = result.output.splitlines()
    assert lines
    assert all(line.isprintable() and not line.startswith("Injected") for line in lines)


def test_help_without_arguments_has_several_lines() -> None:
    result = CliRunner().invoke(command.corekit, [])
    assert result.output.startswith("Usage: corekit [OPTIONS] COMMAND [ARGS]...\n")


def test_proposed_command_has_a_parsed_url() -> None:
    def propose(message: str) -> str | None:
        result = CliRunner().invoke(command.corekit, ["explain", "--json", message])
        proposed: str | None = json.loads(result.stdout)["next"]
        return proposed

    url = "'http://a.example/%1B[2J'"
    expected = f"corekit explain --url {url} --origin http://localhost:3000"
    assert propose(MESSAGE.format("\x1b[2J")) == expected
    assert propose(MESSAGE.replace("a.example", "a\x1b[2J.example")) is None


@given(st.text())
def test_escaped_text_is_one_printable_line(text: str) -> None:
    assert escape(text).isprintable()
    assert text.isprintable() == (escape(text) == text)


@given(st.text(max_size=50))
def test_paragraphs_are_printable(text: str) -> None:
    file = StringIO()
    print_wrapped(Console(file=file, width=80, color_system=None), Text(text))
    assert all(line.isprintable() for line in file.getvalue().split("\n"))
