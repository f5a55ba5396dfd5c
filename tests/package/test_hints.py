"""No message and no page proposes to install corekit by its name from an index.

The project is not published, so anyone could register the name there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PATTERNS: Final = (
    *("*.md", "docs/**/*.md", "examples/**/*.md", "examples/**/*.py", "corekit/**/*.py"),
    *("adapters/**/*.py", "adapters/**/*.html", "adapters/**/*.js"),
)
PATHS: Final = sorted(path for pattern in PATTERNS for path in ROOT.glob(pattern))
FROM_AN_INDEX: Final = re.compile(
    r"\b(?:install|add|inject|run|with)\s+(?:-\S+\s+)*['\"]?corekit(?:\[|==|['\"`](?:\s|$|[.,)]))"
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_installs_from_an_index(path: Path) -> None:
    assert FROM_AN_INDEX.findall(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pip install 'corekit[cli]'", True),
        ('pip install "corekit[cli]"', True),
        ("pip install\n'corekit[testing]'", True),
        ("Run `pip install corekit`.", True),
        ("pip install -U corekit==1.0", True),
        ("uv add 'corekit'", True),
        ("pip install '/path/to/corekit[cli]'", False),
        ("Install corekit with the extra 'cli'.", False),
        ("pip install './corekit-0.1.0-py3-none-any.whl[fastapi]'", False),
    ],
)
def test_pattern_finds_installations_by_name(text: str, found: bool) -> None:
    assert bool(FROM_AN_INDEX.search(text)) == found
