"""The demo's servers: ports, hosts and errors."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from corekit_cli.demo import servers
from corekit_cli.demo.servers import Site, open_site

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def say_hello(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def get(host: str, port: int) -> bytes:
    with closing(HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read()


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_site_is_served_on_every_loopback_address() -> None:
    with closing(Site(0)) as site:
        site.start(say_hello)
        assert site.origin == f"http://localhost:{site.port}"
        hosts = ["localhost", "127.0.0.1", *["::1"] * has_ipv6()]
        assert [get(host, site.port) for host in hosts] == [b"hello"] * len(hosts)


def test_free_default_port_is_used() -> None:
    with closing(Site(0)) as free:
        default = free.port
    with closing(open_site(None, default)) as site:
        assert site.port == default


def test_taken_default_port_is_replaced() -> None:
    with closing(Site(0)) as taken, closing(open_site(None, taken.port)) as site:
        assert site.port != taken.port


def test_taken_requested_port_is_an_error() -> None:
    with closing(Site(0)) as taken, pytest.raises(OSError, match="in use"):
        open_site(taken.port, 0)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_port_taken_on_ipv6_is_not_used() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Site(port)
        with closing(open_site(None, port)) as site:
            assert site.port != port
        with socket.create_server(("127.0.0.1", port)):
            pass  # the IPv4 half was released


@pytest.mark.parametrize(("error", "works"), [(99, True), (98, False)])
def test_site_works_without_ipv6(
    error: int, *, works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NoIPv6(servers._Server):
        def __init__(self, family: int, host: str, port: int) -> None:
            if family == socket.AF_INET6:
                raise OSError(error, "from the system")
            super().__init__(family, host, port)

    monkeypatch.setattr(servers, "_Server", NoIPv6)
    if works:
        with closing(Site(0)) as site:
            site.start(say_hello)
            assert get("127.0.0.1", site.port) == b"hello"
    else:
        with pytest.raises(OSError, match="from the system"):
            open_site(None, 0)


def test_disconnect_is_not_reported(capfd: pytest.CaptureFixture[str]) -> None:
    hung_up = threading.Event()

    def fail(environ: Any, start_response: Any) -> Any:
        raise AssertionError("never called")

    class Watched(servers._Server):
        def handle_error(self, request: Any, client_address: Any) -> None:
            super().handle_error(request, client_address)
            hung_up.set()

    with Watched(socket.AF_INET, "127.0.0.1", 0) as server:
        server.set_app(fail)
        with socket.create_connection(("127.0.0.1", server.server_port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.send(b"GET")
        server.handle_request()
        assert hung_up.wait(10)
    assert capfd.readouterr().err == ""


def test_other_errors_are_reported(capfd: pytest.CaptureFixture[str]) -> None:
    with servers._Server(socket.AF_INET, "127.0.0.1", 0) as server:
        try:
            int("a bug in the demo")
        except ValueError:
            server.handle_error(None, ("127.0.0.1", 1))
    assert "a bug in the demo" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *(
            (f"{name}{port}", 200)
            for name in ("localhost", "127.0.0.1", "[::1]")
            for port in ("", ":8")
        ),
        *((f"{name}:8", 421) for name in ("evil.example", "localhost.evil.example", "x.localhost")),
        *(
            (host, 421)
            for host in ("", "localhost:8@evil.example", "localhost:8/", "127.0.0.1.nip.example")
        ),
    ],
)
def test_other_host_names_are_refused(host: str, status: int) -> None:
    with closing(Site(0)) as site:
        site.start(say_hello)
        with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
            connection.request("GET", "/", headers={"Host": host})
            assert connection.getresponse().status == status
