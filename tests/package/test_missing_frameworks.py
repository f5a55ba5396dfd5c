"""An adapter without its framework raises an error with the command that installs it."""

from __future__ import annotations

import subprocess
import sys

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


@pytest.mark.parametrize(
    ("adapter", "module", "extra"),
    [
        ("corekit_aiohttp", "aiohttp", "aiohttp"),
        ("corekit_django", "django", "django"),
        ("corekit_flask", "flask", "flask"),
        ("corekit_starlette", "starlette", "starlette"),
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
        f" Install it with: pip install 'corekit[{extra}]'"
    )
