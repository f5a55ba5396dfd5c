"""`corekit probe --policy`: a live server compared with a policy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from corekit import CorsPolicy
from tests.cli.live import serving
from tests.cli.probing import QUICK, run_probe, severities
from tests.probe.servers import PAGE, POLICY, WITH_COOKIES, right


@pytest.fixture
def policy_file(tmp_path: Path) -> str:
    path = tmp_path / "cors.toml"
    path.write_text(
        f'allow_origins = ["{PAGE}", "https://*.example.org"]\n'
        'allow_credentials = true\nallow_methods = ["PUT"]\n'
        'allow_headers = ["x-a"]\nexpose_headers = ["x-b"]\nmax_age = 600\n'
    )
    return f"--policy={path}"


def test_server_with_the_policy(policy_file: str) -> None:
    policy = WITH_COOKIES.replace(allow_origins=[PAGE, "https://*.example.org"])
    with serving(right(policy)) as live:
        result = run_probe(live.url, policy_file, "--delay=0")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.endswith(f" requests for pages on {PAGE}\n")
    assert live.sent("REQUEST_METHOD") == {"GET", "OPTIONS"}
    assert live.sent("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == {
        None,
        "GET",
        "PUT",
        "PATCH",
        "DELETE",
    }


def test_server_that_deviates_from_the_policy(policy_file: str) -> None:
    denied, allowed = "https://partner.example", "https://a.example.org"
    with serving(right(POLICY.replace(allow_origins=[PAGE, denied]))) as live:
        result = run_probe(live.url, policy_file, "--delay=0", "--json")
        assert (result.exit_code, set(severities(result).values())) == (1, {"error"})
        assert set(severities(result)) == {"refused", "preflight-refused"}
        given = (f"--origin={PAGE}", f"--origin={denied}", f"--origin={allowed}")
        result = run_probe(live.url, policy_file, "--delay=0", "--json", *given)
    assert json.loads(result.stdout)["origins"] == [PAGE, allowed]
    assert severities(result)["denied-origin"] == "error"


def test_policy_of_the_route_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "probed_app.py").write_text(
        "from corekit import CorsPolicy, CorsRoutes\n"
        f"items = CorsPolicy(allow_origins=['{PAGE}'], max_age=600)\n"
        "routes = CorsRoutes([('/items', items)])\n"
        "anyone = CorsPolicy(allow_origins=['*'], allow_methods=['*'])\n"
    )
    with serving(right(CorsPolicy(allow_origins=[PAGE], max_age=600))) as live:
        result = run_probe(live.url, "--policy=probed_app:routes", "--delay=0")
        assert (result.exit_code, live.sent("HTTP_COOKIE")) == (0, {None}), result.output
        other = run_probe(f"{live.origin}/other", "--policy=probed_app:routes")
        anyone = run_probe(live.url, "--policy=probed_app:anyone")
        explicit = run_probe(live.url, "--policy=probed_app:anyone", "--json", *QUICK)
    assert (other.exit_code, other.stderr) == (
        2,
        "Error: probed_app:routes: No route covers /other. Probe a path of a route.\n",
    )
    assert anyone.exit_code == 2
    assert "Name an origin that should be allowed" in anyone.stderr
    assert severities(explicit)["less-than-policy"] == "error"


@pytest.mark.parametrize(
    ("compare", "codes"),
    [
        (lambda origin: origin == PAGE, set()),
        (lambda origin: re.fullmatch("https://app.example.com", origin), {"unescaped-dot"}),
        (lambda origin: origin in PAGE, {"cut-short"}),
        (lambda origin: origin.startswith(PAGE), {"prefix", "any-port"}),
        (
            lambda origin: origin.endswith("example.com"),
            {"suffix", "unescaped-dot", "scheme-downgrade", "any-sibling", "any-subdomain"},
        ),
    ],
    ids=["equal", "regex", "in", "startswith", "endswith"],
)
def test_wrong_comparison_is_not_the_policy(
    compare: Callable[[str], object], codes: set[str], policy_file: str
) -> None:
    granted = [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT"),
        ("Access-Control-Allow-Headers", "x-a"),
        ("Access-Control-Max-Age", "600"),
    ]

    def compared(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        origin, headers = environ.get("HTTP_ORIGIN", ""), [("Vary", "Origin")]
        if origin and compare(origin):
            headers += [("Access-Control-Allow-Origin", origin), *granted]
        is_there = environ["PATH_INFO"] == "/items"
        start_response("200 OK" if is_there else "404 Not Found", headers)
        return [b""]

    with serving(compared) as live:
        result = run_probe(live.url, policy_file, "--delay=0", "--json")
    assert severities(result) == dict.fromkeys(codes, "error")
    assert result.exit_code == (1 if codes else 0)
