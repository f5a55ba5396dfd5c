"""`corekit probe` on a server behind a login or a proxy."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.cli.live import serving
from tests.cli.probing import QUICK, run_probe, severities
from tests.probe.servers import POLICY, right, wrong

LOGIN: Final = ("--header=Authorization: Bearer s3cret", "--cookie=session=s3cret", "--cookie=b=1")


def need_login(environ: dict[str, Any], status: int, headers: Any) -> Any:
    is_in = environ.get("HTTP_COOKIE") == "session=s3cret; b=1"
    is_in = is_in and environ.get("HTTP_AUTHORIZATION") == "Bearer s3cret"
    return (status if is_in or environ["REQUEST_METHOD"] == "OPTIONS" else 401), headers


WITH_LOGIN: Final = POLICY.replace(allow_credentials=True, allow_headers=["authorization"])


def test_server_behind_a_login_is_judged_with_it() -> None:
    with serving(wrong(need_login, WITH_LOGIN)) as live:
        result = run_probe(live.url, *QUICK, *LOGIN)
        shown = run_probe(live.url, *QUICK, *LOGIN, "--json")
    assert result.exit_code == 0, result.output
    for environ in live.requests:
        is_sent = environ["REQUEST_METHOD"] == "GET"
        assert (environ.get("HTTP_AUTHORIZATION") == "Bearer s3cret") == is_sent
        assert (environ.get("HTTP_COOKIE") == "session=s3cret; b=1") == is_sent
    assert "s3cret" not in result.output + shown.output
    assert ["Authorization", "(not shown)"] in json.loads(shown.stdout)["exchanges"][0]["request"][
        "headers"
    ]


def test_header_without_a_value_is_only_asked_for() -> None:
    with serving(right()) as live:
        run_probe(live.url, *QUICK, "--header=x-a")
    assert live.sent("HTTP_X_A") == {None}
    assert "x-a" in live.sent("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")


@pytest.mark.parametrize("fail_on", ["error", "info"])
def test_server_that_needs_a_login_is_not_judged(fail_on: str) -> None:
    with serving(wrong(need_login, WITH_LOGIN)) as live:
        result = run_probe(live.url, *QUICK, f"--fail-on={fail_on}")
        shown = run_probe(live.url, *QUICK, f"--fail-on={fail_on}", "--json")
    assert (result.exit_code, shown.exit_code) == (2, 2)
    assert "so the server is not judged" in " ".join(result.stdout.split())
    data = json.loads(shown.stdout)
    assert (data["ok"], data["judged"]) == (False, False)


def test_cookies_mean_credentials() -> None:
    with serving(right()) as live:
        found = severities(run_probe(live.url, *QUICK, "--cookie=a=1", "--json"))
    assert found == {"refused": "error", "preflight-refused": "error"}


def test_proxy_is_named() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        if environ["REQUEST_METHOD"] == "OPTIONS":
            return 405, [("Server", "nginx/1.27.0")]
        return status, [*headers, ("Via", "1.1 cache\xe9")]

    with serving(wrong(bug)) as live:
        result = run_probe(live.url, *QUICK, "--method=PUT")
        shown = json.loads(run_probe(live.url, *QUICK, "--json").stdout)
    text = " ".join(result.stdout.split())
    assert r"Proxy: Via: '1.1 cache\xe9', Server: 'nginx/1.27.0'" in text
    assert "OPTIONS, status 405: The preflight response has no" in text
    assert "A proxy or web server (Server: 'nginx/1.27.0') sent this response" in text
    assert shown["proxies"] == [r"Via: '1.1 cache\xe9'", "Server: 'nginx/1.27.0'"]
