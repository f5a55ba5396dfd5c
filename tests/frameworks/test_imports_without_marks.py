"""Importing an adapter makes no mark: without any mark, requests skip the search for them."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

import pytest

from tests.frameworks.matrix import ROWS

ADAPTERS: Final = sorted({row.adapter for row in ROWS})
PROGRAM: Final = """
import importlib, pkgutil, sys
from corekit.adapter import MARKS
if sys.argv[1] == "corekit_django":
    from django.conf import settings
    settings.configure(SECRET_KEY="tests", INSTALLED_APPS=["corekit_django"])
    import django
    django.setup()
package = importlib.import_module(sys.argv[1])
for each in pkgutil.walk_packages(package.__path__, f"{sys.argv[1]}."):
    importlib.import_module(each.name)
print(MARKS.exist, MARKS.count)
"""


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapter_is_imported_without_marks(adapter: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, adapter],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "False 0\n"
