"""What is said where a server gives no answer: one line, what is wrong, and no more than that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import SO_LINGER, SOL_SOCKET, create_server, socket
from typing import Final

import httpx
import pytest
from click.testing import CliRunner

from corekit_cli import command
from corekit_cli.asking import Asker
from corekit_cli.unanswered import tell_why
from tests.certificates import Certificate, make_certificate
from tests.cli.live import PAGE, right, serving

Talk = Callable[[socket], None]
RESET: Final = b"\1\0\0\0\0\0\0\0"
"""struct linger: on, for no time, so that closing resets the connection."""


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """Accept connections and let `talk` have each; gives the port."""
    with create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        listening.shutdown(2)
    thread.join(timeout=10)


def close(connection: socket) -> None:
    connection.recv(4096)


def reset(connection: socket) -> None:
    connection.recv(4096)
    connection.setsockopt(SOL_SOCKET, SO_LINGER, RESET)


def say(words: bytes) -> Talk:
    def talk(connection: socket) -> None:
        connection.recv(4096)
        connection.sendall(words)

    return talk


def be_silent(connection: socket) -> None:
    connection.settimeout(10)
    while connection.recv(4096):
        pass


TALKS: Final[dict[str, tuple[Talk, str]]] = {
    "closes at once": (close, "it closed the connection without an answer; is it https?"),
    "resets the connection": (reset, "it closed the connection without an answer; is it https?"),
    "says nothing": (be_silent, "no answer within 0.3 seconds"),
    "speaks something else": (say(b"220 mail.example ESMTP\r\n\r\n"), "what it says is no HTTP ("),
    "writes to the terminal": (say(b"\x1b[31m\x9b2J\r\n\r\n"), "what it says is no HTTP ("),
    "goes on and on": (say(b"x" * 50_000 + b"\r\n\r\n"), "what it says is no HTTP ("),
    "stops in the middle": (
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"),
        "what it says is no HTTP (",
    ),
}


@pytest.fixture(params=["probe", "explain"])
def told(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What a command says of an address that does not answer."""
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
def test_a_server_that_gives_no_answer_is_said_in_a_line(
    case: str, told: Callable[[str], str]
) -> None:
    talk, words = TALKS[case]
    with talking(talk) as port:
        assert told(f"http://127.0.0.1:{port}/").startswith(
            f"Error: http://127.0.0.1:{port}/: {words}"
        )


def test_what_listens_nowhere_is_said(told: Callable[[str], str]) -> None:
    with create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    assert told(url) == f"Error: {url}: nothing listens there (connection refused)"


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("nowhere.invalid", "its name is not found ("),
        ("a" * 70 + ".invalid", "its name is none that can be looked up"),
        ("xn--zz.invalid", "its name is none that can be looked up"),
        ("[fe80::1]", "it cannot be reached ("),
    ],
    ids=["unknown", "too long", "no punycode", "link-local"],
)
def test_a_host_that_is_not_to_be_had_is_said(
    host: str, words: str, told: Callable[[str], str]
) -> None:
    assert told(f"http://{host}/").startswith(f"Error: http://{host}/: {words}")


def test_where_a_redirect_leads_to_a_name_that_is_none_the_name_is_blamed() -> None:
    def app(environ: object, start_response: object) -> list[bytes]:
        headers = [("Location", "http://xn--zz.invalid/"), ("Access-Control-Allow-Origin", "*")]
        start_response("302 Found", headers)  # type: ignore[operator]
        return [b""]

    with serving(app) as live:
        arguments = ["explain", "--url", live.url, "--origin=http://localhost:1"]
        result = CliRunner().invoke(command.corekit, arguments)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: http://xn--zz.invalid/: its name is none that can be looked up\n"
    )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"), "app.localhost")


@pytest.fixture
def tls(certificate: Certificate) -> Iterator[int]:
    """The port of a server that speaks TLS, with a certificate of a strange authority."""
    with serving(right(), certificate.server_context()) as live:
        yield int(live.origin.rpartition(":")[2])


def test_a_certificate_that_is_not_trusted_is_said_with_the_mend(
    tls: int, told: Callable[[str], str]
) -> None:
    line = told(f"https://app.localhost:{tls}/")
    assert "its certificate is not trusted (" in line
    assert line.endswith("SSL_CERT_FILE")


def test_an_authority_of_ones_own_is_trusted_where_it_is_named(
    tls: int, certificate: Certificate, told: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))
    url = f"https://app.localhost:{tls}/items"
    result = CliRunner().invoke(command.corekit, ["probe", url, f"--origin={PAGE}"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "not valid for '127.0.0.1'" in told(f"https://127.0.0.1:{tls}/")


def test_the_wrong_scheme_is_suspected(tls: int, told: Callable[[str], str]) -> None:
    assert told(f"http://127.0.0.1:{tls}/").endswith("; is it https?")
    with serving(right()) as live:
        line = told(live.url.replace("http:", "https:"))
    assert line.endswith("no TLS with it (WRONG_VERSION_NUMBER); is it plain http?")


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    assert tell_why(httpx.TooManyRedirects("so many"), "http://a.example/", timeout=1) == "so many"
    assert tell_why(httpx.ReadError(""), "http://a.example/", timeout=1) == "ReadError"
    hidden = tell_why(httpx.ReadError("it's \x1b[31m\xe4"), "http://a.example/", timeout=1)
    assert hidden == r"it's \x1b[31m\xe4"
    closed = tell_why(ConnectionResetError(), "https://a.example/", timeout=1)
    assert closed == "it closed the connection without an answer"


def test_names_below_localhost_are_this_machine_as_they_are_to_browsers() -> None:
    with serving(right()) as live:
        port = live.origin.rpartition(":")[2]
        url = f"http://api.localhost:{port}/items"
        result = CliRunner().invoke(
            command.corekit, ["probe", url, f"--origin={PAGE}", "--delay=0"]
        )
    assert result.exit_code == 0, result.output
    assert live.sent("HTTP_HOST") == {f"api.localhost:{port}"}
    assert url in result.stdout


def test_who_stops_a_command_gets_no_verdict(
    told: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: Asker, request: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Asker, "send", interrupt)
    assert told("http://localhost:2/") == "Error: the server was not asked to the end"
