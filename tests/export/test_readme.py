"""The policy of the README is exported and runs in each proxy, with the command that is printed."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.export.every import PROXIES
from tests.export.proxies import Proxy, printed_command, require, running, serving
from tests.export.test_nginx_errors import ask

README: Final = Path(__file__).parents[2] / "README.md"
APP: Final = "https://app.example.com"


def policy_of_the_readme() -> str:
    """Return a module with the policy of the first quick start."""
    found = re.search(r"(?ms)^policy = CorsPolicy\(\n.*?^\)\n", README.read_text())
    assert found is not None
    return f"from corekit import CorsPolicy\n\n{found[0]}"


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_policy_of_the_readme_runs_as_printed(proxy: Proxy, tmp_path: Path) -> None:
    require(proxy)
    (tmp_path / "app.py").write_text(policy_of_the_readme())
    with serving() as application:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "corekit", "export", proxy.name, "app:policy"),
                *("--standalone", application.url, "-o", "."),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        text = (tmp_path / proxy.file).read_text()
        as_printed = replace(
            proxy, command=lambda program, folder: printed_command(program, folder, proxy.file)
        )
        with running(as_printed, text, tmp_path) as port:
            for origin in (APP, "http://localhost:5173"):
                status, headers = ask(port, "/200", origin)
                assert (status, dict(headers)["Access-Control-Allow-Origin"]) == (200, origin)
            status, headers = ask(port, "/200", f"{APP}:8443")
            assert (status, headers[-1]) == (200, ("Vary", "Origin"))
            assert "Access-Control-Allow-Origin" not in dict(headers)
            assert ask(port, "/200", APP, "PUT")[0] == 200
