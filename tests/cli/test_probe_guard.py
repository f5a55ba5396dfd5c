"""`corekit probe` against live servers with a guard and without one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from corekit.guard import CrossOriginGuard
from corekit_wsgi import CorsMiddleware
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


LOCAL: Final = """
from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard

guard = CrossOriginGuard.local()
regexes = CrossOriginGuard(CorsPolicy(allow_origins=["https://*.example.com"]))
"""


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probed_local.py").write_text(LOCAL)
    return "--policy=probed_local:guard"


@pytest.mark.parametrize("origins", [[], ["--origin=https://evil.example"]], ids=["none", "denied"])
def test_server_that_only_its_own_pages_may_use(local: str, origins: list[str]) -> None:
    guard = CrossOriginGuard.local()
    served = CorsMiddleware(application(None), guard.policy, guard=guard)
    with serving(served) as live:
        result = run_probe(live.url, local, "--delay=0", "--json", *origins)
        text = run_probe(live.url, local, "--delay=0", "--send-unsafe", *origins)
    assert (result.exit_code, severities(result)) == (0, {}), result.output
    exchanges = json.loads(result.stdout)["exchanges"]
    statuses = {
        each["response"]["status"]
        for each in exchanges
        if each["kind"] == "get" and each["origin"] is not None
    }
    assert statuses == {403}
    (own,) = (each for each in exchanges if each["kind"] == "own")
    assert own["response"]["status"] == 200
    assert dict(own["request"]["headers"])["Sec-Fetch-Site"] == "same-origin"
    assert own["origin"] == live.origin
    assert text.exit_code == 0
    assert text.stdout.endswith(f" requests for pages on {live.origin}, the server itself\n")


def test_local_server_without_its_guard(local: str) -> None:
    with serving(application(None)) as live:
        result = run_probe(live.url, local, "--delay=0", "--send-unsafe", "--json")
    assert set(severities(result)) == {*FORGED, "read-not-refused"}
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("status", "code", "exit_status"),
    [
        (401, "not-judged", 2),
        (403, "not-judged", 2),
        (503, "not-judged", 2),
        (404, "error-status", 0),
    ],
)
def test_local_server_that_refuses_its_own_pages(
    local: str, status: int, code: str, exit_status: int
) -> None:
    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_own = environ.get("HTTP_SEC_FETCH_SITE") == "same-origin"
        start_response(f"{status if is_own else 403} Refused", [])
        return []

    with serving(respond) as live:
        result = run_probe(live.url, local, "--delay=0", "--json")
    assert severities(result) == {code: "info" if exit_status == 0 else "error"}
    assert result.exit_code == exit_status


def test_origin_is_required_if_the_policy_has_patterns(local: str) -> None:
    result = run_probe("http://127.0.0.1:9/", local.replace(":guard", ":regexes"))
    assert result.exit_code == 2
    assert "Name an origin that should be allowed" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "is_found"),
    [
        ('reads = "enforce"', True),
        ('reads = "enforce"\nhosts = ["127.*.*.*"]', True),
        ('reads = "isolate"', False),
        ('reads = "enforce"\nmode = "report"', False),
        ('reads = "enforce"\nexempt = ["/items"]', False),
    ],
)
def test_read_that_the_guard_would_refuse_is_found(
    arguments: str, is_found: bool, tmp_path: Path
) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(f"{TOML}[guard]\n{arguments}")
    with serving(application(None)) as live:
        result = run_probe(live.url, *QUICK, f"--policy={path}", "--json")
    assert severities(result).get("read-not-refused") == ("warning" if is_found else None)
    assert severities(result).get("host-not-checked") == (
        "warning" if "hosts" in arguments else None
    )
