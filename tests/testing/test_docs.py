"""Every test module in docs/testing.md passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
TEXT = PAGE.read_text()
SECTIONS = TEXT.partition("## pytest\n")[2].split("\n### ")[1:]
CONFTEST = 'pytest_plugins = ["corekit_testing.plugin"]'
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULES = {section.partition("\n")[0]: "\n".join(BLOCK.findall(section)) for section in SECTIONS}


@pytest.mark.parametrize("title", [title for title, module in MODULES.items() if module])
def test_examples_pass(title: str, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    (pytester.path / "test_example.py").write_text(MODULES[title])
    result = pytester.runpytest_subprocess("-q", timeout=60)
    outcomes = result.parseoutcomes()
    assert outcomes == {"passed": MODULES[title].count("def test_")}


def test_documentation_shows_how_to_load_the_plugin() -> None:
    assert f"```python\n{CONFTEST}\n```" in TEXT


def test_plugin_is_not_loaded_automatically(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert "corekit" not in sys.modules
        """
    )
    pytester.runpytest_subprocess("-q", timeout=60).assert_outcomes(passed=1)
