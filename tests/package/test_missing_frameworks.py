"""An adapter without its framework raises an error that names the extra to install."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

BLOCK = """
import sys

class Blocker:
    def find_spec(self, name, *_):
        if name.partition(".")[0] == {module!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
import {adapter}
"""


ROOT = Path(__file__).parents[2]
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
    "optional-dependencies"
]
FRAMEWORKS = [
    (f"corekit_{extra}", extra, extra)
    for extra, requirements in EXTRAS.items()
    if re.split("[>~=]", requirements[0])[0] == extra
    and (ROOT / "adapters" / f"corekit_{extra}").exists()
]
"""Extras that are named after the one framework of an adapter."""


@pytest.mark.parametrize(
    ("adapter", "module", "extra"),
    [
        *FRAMEWORKS,
        ("corekit_telemetry.opentelemetry", "opentelemetry", "opentelemetry"),
        ("corekit_telemetry.prometheus", "prometheus_client", "prometheus"),
    ],
)
def test_missing_framework_is_named_with_its_extra(adapter: str, module: str, extra: str) -> None:
    script = BLOCK.format(adapter=adapter, module=module)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: No module named {module!r}."
        f" Install corekit with the extra {extra!r}."
    )
