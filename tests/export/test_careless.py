"""Every proxy replaces what a careless application grants, and its file keeps to its comments."""

from __future__ import annotations

import pytest

from corekit.export import export_policy
from tests.export.every import EXACT, PROXIES
from tests.export.proxies import Application, Proxy, running, write_configuration
from tests.export.test_nginx_errors import APP, GRANTED, POLICY, ask


@pytest.mark.parametrize("proxy", EXACT, ids=str)
def test_response_of_a_careless_application(
    proxy: Proxy, application: Application, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = write_configuration(proxy, POLICY, application.url)
    with running(proxy, text, tmp_path_factory.mktemp(proxy.name)) as port:
        for status in (200, 204, 302, 304, 404, 500, 503):
            for method in ("GET", "HEAD"):
                for origin in (APP, "https://evil.example.net", None):
                    seen, headers = ask(port, f"/{status}", origin, method)
                    assert seen == status
                    granted = [each for each in headers if each[0] != "Vary"]
                    assert granted == (GRANTED if origin == APP else [])
                    vary = ",".join(value for name, value in headers if name == "Vary")
                    names = sorted(part.strip() for part in vary.split(","))
                    assert names == ["Accept-Encoding", "Cookie", "Origin"]


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
@pytest.mark.parametrize(
    "command",
    ["a\nb: toml", "a\u2028b.toml", "\x1b[2J.toml", "x\ry: 1", "x\r}.toml", "a\nb.toml"],
)
def test_command_stays_in_its_comment(command: str, proxy: Proxy) -> None:
    texts = (export_policy(POLICY, proxy.target, command=each).text for each in ("", command))
    plain, other = (each.splitlines() for each in texts)
    differing = [line for line, same in zip(other, plain, strict=True) if line != same]
    assert {line[:2] for line in differing} == {"# "}
    assert all(line.isprintable() for line in differing)
