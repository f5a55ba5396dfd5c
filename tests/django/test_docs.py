"""The documentation matches the settings, the checks, the command and the snippets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.test import override_settings

from corekit_django.conf import KNOWN_SETTINGS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "django.md").read_text()
ADAPTER = ROOT / "adapters" / "corekit_django"


def test_every_setting_is_described() -> None:
    described = set(re.findall(r"`(CORS_\w+)`", PAGE))
    assert described == KNOWN_SETTINGS


def test_every_check_is_described_once() -> None:
    described = re.findall(r"^\| `corekit_django\.([EWI]\d+)`", PAGE, re.MULTILINE)
    sources = "".join(path.read_text() for path in ADAPTER.rglob("*checks.py"))
    assert sorted(described) == sorted(set(re.findall(r'[."]([EWI]\d{3})"', sources)))


@override_settings(CORS_GUARD=True)
def test_python_snippets_run() -> None:
    namespace: dict[str, Any] = {"__name__": "snippet"}
    from corekit_django.signals import check_request_enabled

    try:
        for snippet in re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE):
            if snippet.startswith("# mysite/"):
                continue  # see test_changing_policies.py
            exec(compile(snippet, "docs/django.md", "exec"), namespace)
    finally:
        assert check_request_enabled.disconnect(namespace["allow_partners"])


def test_command_prints_the_documented_output(tmp_path: Path) -> None:
    pattern = re.compile(
        r"^\$ python (manage\.py cors [^\n]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL
    )
    shown = pattern.search(PAGE)
    assert shown is not None
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "SHOP_DATABASE": str(tmp_path / "none.sqlite3"),
    }
    printed = subprocess.run(
        [sys.executable, *shown[1].split()],
        cwd=ROOT / "examples" / "django_shop",
        env=environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert printed == shown[2]
