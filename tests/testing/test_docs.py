"""Every test module that docs/testing.md shows passes, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
SECTIONS = PAGE.read_text().partition("## pytest\n")[2].split("\n### ")[1:]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULES = {section.partition("\n")[0]: "\n".join(BLOCK.findall(section)) for section in SECTIONS}


@pytest.mark.parametrize("title", [title for title, module in MODULES.items() if module])
def test_an_example_is_a_test_that_passes(title: str, pytester: pytest.Pytester) -> None:
    (pytester.path / "test_example.py").write_text(MODULES[title])
    result = pytester.runpytest_subprocess("-q", timeout=60)
    outcomes = result.parseoutcomes()
    assert outcomes == {"passed": MODULES[title].count("def test_")}
