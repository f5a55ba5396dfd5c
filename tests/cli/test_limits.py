"""Servers that send too much, for too long, or lead elsewhere: `probe` and `explain --url` end."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli import client, command
from corekit_cli.client import Network, find_network
from tests.cli.live import Live, serving
from tests.hostile_servers import HOSTILE, repeat, talking
from tests.probe.servers import PAGE, right

COMMANDS: Final = ("probe", "explain")
TIMEOUT: Final = 0.3
MESSAGES: Final = {
    "timeout": "No response within 0.3 seconds. Check the URL, or raise --timeout.",
    "head": "The head of the response has more than 100 KiB. Send fewer or shorter headers.",
}
TOTAL: Final = "All requests together take more than 0.8 seconds. Raise --max-time."


def run(name: str, url: str, *options: str) -> Result:
    where = (url,) if name == "probe" else ("--url", url)
    arguments = [name, *where, f"--origin={PAGE}", "--delay=0", *options]
    return CliRunner().invoke(command.corekit, arguments)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("case", [name for name, each in HOSTILE.items() if not each.has_head])
def test_response_without_end_is_reported(name: str, case: str) -> None:
    talk, limit, _, scheme = HOSTILE[case]
    with talking(talk) as port:
        url = f"{scheme}://127.0.0.1:{port}/"
        start = time.monotonic()
        result = run(name, url, f"--timeout={TIMEOUT}")
        assert time.monotonic() - start < TIMEOUT + 1
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {url}: {MESSAGES[limit]}\n"


@pytest.mark.parametrize("case", [name for name, each in HOSTILE.items() if each.has_head])
def test_body_without_end_is_dropped(case: str) -> None:
    with talking(HOSTILE[case].talk) as port:
        start = time.monotonic()
        result = run("explain", f"http://127.0.0.1:{port}/", f"--timeout={TIMEOUT}")
        assert time.monotonic() - start < TIMEOUT + 1
    assert result.exit_code == 1, result.output
    assert "MissingAllowOriginHeader" in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_all_requests_together_have_a_deadline(name: str) -> None:
    # Each response is complete within the time-out, and another one follows.
    head = b"HTTP/1.1 307 Found\r\nAccess-Control-Allow-Origin: *\r\nLocation: /\r\n\r\n"
    with talking(repeat(head, b"z", 0.02)) as port:
        url = f"http://127.0.0.1:{port}/"
        start = time.monotonic()
        result = run(name, url, f"--timeout={TIMEOUT}", "--max-time=0.8")
        assert time.monotonic() - start < 0.8 + 1
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"Error: {url}: {TOTAL}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_nearer_deadline_is_named(name: str) -> None:
    with talking(HOSTILE["slow header"].talk) as port:
        result = run(name, f"http://127.0.0.1:{port}/", "--max-time=0.8", "--timeout=5")
    assert result.stderr.endswith(f"{TOTAL}\n")


def test_delays_that_take_too_long_are_refused() -> None:
    with serving(right()) as live:
        result = run("probe", live.url, "--delay=1", "--max-time=26")
        assert (result.exit_code, live.requests) == (2, [])
        words = "Invalid value for --max-time: 27 requests with --delay 1 take longer."
        assert words in " ".join(result.stderr.split())
        result = run("explain", live.url, "--header=x-a", "--delay=1", "--max-time=1")
    assert len(live.requests) == 1
    assert "take more than 1 seconds. Raise --max-time." in result.stderr


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("93.184.215.14", "public"),
        ("2606:4700::1111", "public"),
        ("api.example.com", "public"),
        ("localhost", "loopback"),
        ("127.1.2.3", "loopback"),
        ("0.0.0.0", "loopback"),
        ("::1", "loopback"),
        ("::", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00:ec2::254", "private"),
        ("192.0.2.1", "private"),
    ],
)
def test_network_of_an_address(address: str, network: Network) -> None:
    assert find_network(address) == network


def redirect_to(url: str) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("302 Found", [("Location", url), ("Access-Control-Allow-Origin", "*")])
        return [b""]

    return app


@pytest.fixture
def target() -> Iterator[Live]:
    """The server that the first one redirects to."""
    with serving(right()) as live:
        yield live


NETWORKS: Final = ("public", "private", "link-local", "loopback")


@pytest.mark.parametrize("first", NETWORKS)
@pytest.mark.parametrize("second", NETWORKS)
def test_redirect_into_another_network_is_not_followed(
    first: Network, second: Network, target: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([first, second])
    monkeypatch.setattr(client, "find_network", lambda address: next(found))
    with serving(redirect_to(target.url)) as live:
        result = run("explain", live.url)
    if second in ("public", first):
        assert len(target.requests) == 1
        assert f"Follows the redirect to {target.url}" in " ".join(result.stdout.split())
        return
    assert (result.exit_code, result.stdout, target.requests) == (2, "", [])
    assert result.stderr == (
        f"Error: {target.url}: A server with a {first} address led to the {second} address"
        " 127.0.0.1. The request was not sent. If you trust this URL, pass it to the command.\n"
    )


def test_name_with_a_private_address_is_not_requested(
    target: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []

    def find(address: str) -> Network:
        found.append(address)
        return "public" if len(found) == 1 else "loopback"

    monkeypatch.setattr(client, "find_network", find)
    url = target.url.replace("127.0.0.1", "intern.localhost")
    with serving(redirect_to(url)) as live:
        result = run("explain", live.url)
    assert (result.exit_code, target.requests) == (2, [])
    assert "the loopback address localhost (127.0.0.1)" in result.stderr


def test_address_behind_a_proxy_is_that_of_the_url(
    target: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(redirect_to("http://169.254.169.254/latest")) as proxy:
        monkeypatch.setenv("http_proxy", proxy.origin)
        monkeypatch.setenv("no_proxy", "")
        result = run("explain", "http://public.example/", "--origin=http://page.example")
    assert len(proxy.requests) == 1
    assert (result.exit_code, result.stdout) == (2, "")
    assert "public address led to the link-local address 169.254.169.254." in result.stderr


def test_server_that_changes_its_address_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Iterator[Network] = iter(["public", "loopback"])
    monkeypatch.setattr(client, "find_network", lambda address: next(found))
    with serving(right()) as live:
        # This server closes each connection, so the name is looked up again.
        result = run("probe", live.url)
    assert (result.exit_code, len(live.requests)) == (2, 1)
    assert "public address led to the loopback address 127.0.0.1." in result.stderr


def test_number_of_redirects_is_limited() -> None:
    with serving(redirect_to("/items")) as live:
        result = run("explain", live.url)
    assert result.exit_code == 1
    assert "TooManyRedirects" in result.stdout
    assert len(live.requests) == 21


def test_connection_that_is_lost_at_once_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(address: str) -> Network:
        raise OSError(errno.ENOTCONN, "Not connected")  # as getpeername() does

    monkeypatch.setattr(client, "find_network", find)
    with serving(right()) as live:
        result = run("explain", live.url)
    assert (result.exit_code, live.requests) == (2, [])
    assert result.stderr.startswith(f"Error: {live.url}: The server cannot be reached (Not conn")
