"""What is printed if a server does not respond: one line, with the problem and a hint."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from socket import SO_LINGER, SOL_SOCKET, create_server, socket
from typing import Final

import httpx
import pytest
from click.testing import CliRunner

from corekit_cli import command
from corekit_cli.client import Client, describe_error
from tests.certificates import Certificate, make_certificate
from tests.cli.live import serving
from tests.hostile_servers import Talk, be_silent, say, talking
from tests.probe.servers import PAGE, right

RESET: Final = b"\1\0\0\0\0\0\0\0"
"""struct linger: on, for no time, so that closing resets the connection."""


def close(connection: socket) -> None:
    connection.recv(4096)


def reset(connection: socket) -> None:
    connection.recv(4096)
    connection.setsockopt(SOL_SOCKET, SO_LINGER, RESET)


TALKS: Final[dict[str, tuple[Talk, str]]] = {
    "closes at once": (
        close,
        "The server closed the connection without a response. If ",
    ),
    "resets the connection": (
        reset,
        "The server closed the connection without a response. If ",
    ),
    "says nothing": (be_silent, "No response within 0.3 seconds."),
    "speaks something else": (say(b"220 mail.example ESMTP\r\n\r\n"), "The response is not HTTP ("),
    "writes to the terminal": (say(b"\x1b[31m\x9b2J\r\n\r\n"), "The response is not HTTP ("),
    "goes on and on": (say(b"x" * 50_000 + b"\r\n\r\n"), "The response is not HTTP ("),
    "stops in the middle": (
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
        "The response is not HTTP (",
    ),
}


@pytest.fixture(params=["probe", "explain"])
def told(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Return the error line of a command for a URL that does not respond."""
    url = [] if request.param == "probe" else ["--url"]

    def tell(address: str) -> str:
        arguments = [request.param, *url, address, "--origin=http://localhost:1", "--timeout=0.3"]
        result = CliRunner().invoke(command.corekit, arguments)
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 320
        return line

    return tell


@pytest.mark.parametrize("case", TALKS)
def test_missing_response_is_reported_in_one_line(case: str, told: Callable[[str], str]) -> None:
    talk, words = TALKS[case]
    with talking(talk) as port:
        assert told(f"http://127.0.0.1:{port}/").startswith(
            f"Error: http://127.0.0.1:{port}/: {words}"
        )


def test_refused_connection_is_reported(told: Callable[[str], str]) -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    assert told(url).startswith(f"Error: {url}: The connection was refused. Check that ")


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nowhere.invalid", "The host name was not found ("),
        ("a" * 70 + ".invalid", "The host name is not valid."),
        ("xn--zz.invalid", "The host name was not found ("),
        ("[fe80::1]", "The server cannot be reached ("),
    ],
    ids=["unknown", "too long", "no punycode", "link-local"],
)
def test_unusable_host_is_reported(host: str, words: str, told: Callable[[str], str]) -> None:
    assert told(f"http://{host}/").startswith(f"Error: http://{host}/: {words}")


def test_invalid_host_of_a_redirect_is_reported() -> None:
    def app(environ: object, start_response: object) -> list[bytes]:
        headers = [("Location", "http://xn--zz.invalid/"), ("Access-Control-Allow-Origin", "*")]
        start_response("302 Found", headers)  # type: ignore[operator]
        return [b""]

    with serving(app) as live:
        arguments = ["explain", "--url", live.url, "--origin=http://localhost:1"]
        result = CliRunner().invoke(command.corekit, arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: http://xn--zz.invalid/: The host name was not found (")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "app.localhost")


@pytest.fixture
def tls(certificate: Certificate) -> Iterator[int]:
    """The port of a server that speaks TLS, with a certificate of a strange authority."""
    with serving(right(), certificate.server_context()) as live:
        yield int(live.origin.rpartition(":")[2])


def test_untrusted_certificate_is_reported(tls: int, told: Callable[[str], str]) -> None:
    line = told(f"https://app.localhost:{tls}/")
    assert "The certificate is not trusted (" in line
    assert line.endswith("SSL_CERT_FILE.")


def test_own_certificate_authority_can_be_trusted(
    tls: int, certificate: Certificate, told: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    url = f"https://app.localhost:{tls}/items"
    result = CliRunner().invoke(command.corekit, ["probe", url, f"--origin={PAGE}"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "not valid for '127.0.0.1'" in told(f"https://127.0.0.1:{tls}/")


def test_hint_suspects_the_wrong_scheme(tls: int, told: Callable[[str], str]) -> None:
    assert told(f"http://127.0.0.1:{tls}/").endswith("If it speaks HTTPS, use https://.")
    with serving(right()) as live:
        line = told(live.url.replace("http:", "https:"))
    assert line.endswith("If the server speaks plain HTTP, use http://.")


def test_unknown_error_is_shown_escaped() -> None:
    def describe(error: Exception, url: str = "http://a.example/") -> tuple[str, str]:
        return describe_error(error, url, timeout=1)

    assert describe(httpx.TooManyRedirects("so many"))[0] == "The request failed (so many)."
    assert describe(httpx.ReadError(""))[0] == "The request failed (ReadError)."
    message, _ = describe(httpx.ReadError("it's \x1b[31m\xe4"))
    assert message == r"The request failed (it's \x1b[31m\xe4)."
    _, hint = describe(ConnectionResetError(), "https://a.example/")
    assert hint == "Check the log of the server."


def test_names_below_localhost_are_this_machine() -> None:
    with serving(right()) as live:
        port = live.origin.rpartition(":")[2]
        url = f"http://api.localhost:{port}/items"
        result = CliRunner().invoke(
            command.corekit, ["probe", url, f"--origin={PAGE}", "--delay=0"]
        )
    assert result.exit_code == 0, result.output
    assert live.sent("HTTP_HOST") == {f"api.localhost:{port}"}
    assert url in result.stdout


def test_interrupted_command_has_no_verdict(
    told: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Client, request: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "send", interrupt)
    assert told("http://localhost:2/") == "Error: The command was interrupted. Run it again."
