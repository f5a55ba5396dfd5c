"""`corekit probe --policy` finds nothing wrong with a proxy, until a line of it is broken."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from corekit_cli import command
from corekit_config.files import load_policy
from tests.export.every import BROWSER_EQUAL, EXACT, PROXIES
from tests.export.nginx import NGINX
from tests.export.proxies import Application, Proxy, running, serving, write_configuration

TOML: Final = """
allow_origins = ["https://app.example.com", "https://*.example.org", "http://localhost:*"]
allow_credentials = true
allow_methods = ["PUT", "DELETE"]
allow_headers = ["content-type", "x-csrftoken"]
expose_headers = ["x-total"]
max_age = 600
"""
PUBLIC: Final = 'allow_origins = ["*"]\nallow_methods = ["PUT"]\nmax_age = 600\n'
ANY_NAME: Final = """
allow_origins = ["https://app.example.com"]
allow_credentials = true
allow_methods = ["*"]
allow_headers = ["*"]
max_age = 600
"""


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    with serving(("Vary", "Accept-Encoding"), ("Vary", "Cookie")) as application:
        yield application


def probe(proxy: Proxy, folder: Path, toml: str, text: str, *options: str) -> list[dict[str, str]]:
    """Return what the probe finds."""
    (folder / "cors.toml").write_text(toml)
    with running(proxy, text, folder / "proxy") as port:
        url = f"http://127.0.0.1:{port}/200"
        arguments = ["probe", url, f"--policy={folder / 'cors.toml'}", "--delay=0", "--json"]
        result = CliRunner().invoke(command.corekit, [*arguments, *options])
    data = json.loads(result.stdout)
    assert data["judged"]
    found: list[dict[str, str]] = data["diagnostics"]
    return found


def configuration(proxy: Proxy, folder: Path, toml: str, application: Application) -> str:
    (folder / "cors.toml").write_text(toml)
    policy = load_policy(folder / "cors.toml")
    return write_configuration(proxy, policy, application.url)  # type: ignore[arg-type]


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
@pytest.mark.parametrize(
    ("toml", "options"),
    [
        (TOML, ()),
        (TOML, ("--origin=https://a.example.org", "--origin=http://localhost:5173")),
        (PUBLIC, ("--origin=https://app.example.com",)),
    ],
    ids=["listed", "patterns", "public"],
)
def test_probe_finds_nothing(
    proxy: Proxy, toml: str, options: tuple[str, ...], tmp_path: Path, application: Application
) -> None:
    text = configuration(proxy, tmp_path, toml, application)
    found = probe(proxy, tmp_path, toml, text, *options)
    assert [each for each in found if each["severity"] != "info"] == []


@pytest.mark.parametrize("proxy", EXACT, ids=str)
def test_probe_finds_nothing_with_any_name(
    proxy: Proxy, tmp_path: Path, application: Application
) -> None:
    text = configuration(proxy, tmp_path, ANY_NAME, application)
    found = probe(proxy, tmp_path, ANY_NAME, text)
    assert [each for each in found if each["severity"] != "info"] == []


@pytest.mark.parametrize("proxy", BROWSER_EQUAL, ids=str)
def test_probe_names_what_is_not_exact(
    proxy: Proxy, tmp_path: Path, application: Application
) -> None:
    text = configuration(proxy, tmp_path, TOML, application)
    found = probe(proxy, tmp_path, TOML, text)
    assert [(each["code"], each["severity"]) for each in found] == [("stray-credentials", "info")]


BROKEN: Final = [(proxy, row) for proxy in PROXIES for row in proxy.broken]


@pytest.mark.parametrize(
    ("proxy", "row"),
    BROKEN,
    ids=[f"{proxy}-{number}" for number, (proxy, _) in enumerate(BROKEN)],
)
def test_probe_finds_a_broken_line(
    proxy: Proxy, row: tuple[str, str, str], tmp_path: Path, application: Application
) -> None:
    line, instead, code = row
    text = configuration(proxy, tmp_path, TOML, application)
    assert text.count(line) == 1
    found = probe(proxy, tmp_path, TOML, text.replace(line, instead))
    assert code in {each["code"] for each in found if each["severity"] != "info"}, found


def test_two_layers_are_blocked(tmp_path: Path, application: Application) -> None:
    proxy = NGINX
    text = configuration(proxy, tmp_path, TOML, application)
    both = text.replace("proxy_hide_header Access-Control-Allow-Origin;", "")
    found = probe(proxy, tmp_path, TOML, both)
    assert ("refused", "MultipleAllowOriginValues") in {
        (each["code"], each["failure"]) for each in found
    }
