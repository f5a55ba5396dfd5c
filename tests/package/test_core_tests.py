"""The tests of the core run without any framework: they import none, directly or indirectly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FRAMEWORKS: Final = (
    *("aiohttp", "click", "django", "fastapi", "flask", "httpx", "opentelemetry"),
    *("prometheus_client", "rest_framework", "rich", "sanic", "starlette", "werkzeug"),
)
OF_ADAPTERS: Final = {"adapters", "growing", "test_events", "test_linear_cost", "test_theorem"}
"""The modules of tests/properties that are about adapters."""

IMPORT_ALL: Final = """
import sys
from importlib import import_module

frameworks, modules = (argument.split() for argument in sys.argv[1:])
sys.modules.update(dict.fromkeys(frameworks))  # an import of None fails
for module in modules:
    import_module(module)
"""


def test_core_tests_need_no_framework() -> None:
    folders = ("core", "explain", "browser_model", "properties")
    paths = [path for folder in folders for path in (ROOT / "tests" / folder).glob("*.py")]
    modules = [
        f"tests.{path.parent.name}.{path.stem}"
        for path in sorted(paths)
        if not (path.parent.name == "properties" and path.stem in OF_ADAPTERS)
    ]
    arguments = [" ".join(FRAMEWORKS), " ".join(modules)]
    command = [sys.executable, "-c", IMPORT_ALL, *arguments]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
