"""`corekit probe` against live servers with a guard and without one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from corekit.guard import CrossOriginGuard
from tests.cli.live import serving
from tests.cli.probing import QUICK, run_probe, severities
from tests.probe.servers import PAGE, POLICY, right

FORGED: Final = {"forged-write", "forged-handshake", "host-not-checked"}
TOML: Final = f"""
allow_origins = ["{PAGE}"]
allow_methods = ["PUT"]
allow_headers = ["x-a"]
expose_headers = ["x-b"]
max_age = 600
"""


def application(guard: CrossOriginGuard | None) -> Any:
    """Return an application that upgrades to WebSockets, behind a guard."""
    cors = right()

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_handshake = environ.get("HTTP_UPGRADE") == "websocket"
        if guard is not None:
            verdict = guard.judge(
                environ["REQUEST_METHOD"],
                environ["PATH_INFO"],
                host=environ.get("HTTP_HOST"),
                origin=environ.get("HTTP_ORIGIN"),
                sec_fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
                cookie=environ.get("HTTP_COOKIE"),
                websocket=is_handshake,
            )
            if verdict.status is not None:
                start_response(f"{verdict.status} Refused", [])
                return []
        if is_handshake:
            start_response("101 Switching Protocols", [])
            return []
        result: Iterable[bytes] = cors(environ, start_response)
        return result

    return respond


def test_server_without_a_guard() -> None:
    with serving(application(None)) as live:
        result = run_probe(live.url, *QUICK, "--send-unsafe", "--cookie=a=b", "--json")
    found = {code: each for code, each in severities(result).items() if code in FORGED}
    assert found == dict.fromkeys(FORGED, "warning")
    assert result.exit_code == 1
    assert [each["REQUEST_METHOD"] for each in live.requests].count("POST") == 1
    assert live.sent("HTTP_UPGRADE") == {None, "websocket"}


def test_server_with_a_guard() -> None:
    guard = CrossOriginGuard(POLICY, hosts=["127.*.*.*"])
    with serving(application(guard)) as live:
        result = run_probe(live.url, *QUICK, "--send-unsafe", "--json")
    assert not FORGED & set(severities(result))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("guard", "hosts"),
    [
        ("", {None}),
        ("[guard]", {None}),
        ('[guard]\nhosts = ["127.*.*.*"]', {None, "corekit-probe.example"}),
    ],
)
def test_host_is_probed_if_the_guard_has_hosts(
    guard: str, hosts: set[str | None], tmp_path: Path
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(f"{TOML}{guard}")
    with serving(application(None)) as live:
        result = run_probe(live.url, *QUICK, f"--policy={path}", "--json")
    own = live.origin.partition("://")[2]
    assert live.sent("HTTP_HOST") == {own if host is None else host for host in hosts}
    assert live.sent("REQUEST_METHOD") == {"GET", "OPTIONS"}
    assert ("host-not-checked" in severities(result)) == (len(hosts) == 2)
