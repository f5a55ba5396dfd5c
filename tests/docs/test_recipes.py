"""What the pages recommend passes `corekit check --strict`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from corekit import CorsPolicy, PolicyError
from corekit.lint import lint_policy
from tests.docs.pages import ROOT


def arguments_of(page: Path) -> Iterator[dict[str, Any]]:
    """Yield the arguments of every policy in the Python code of a page, if they are literals."""
    for block in re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("CorsPolicy"):
                try:
                    yield {str(each.arg): ast.literal_eval(each.value) for each in node.keywords}
                except ValueError:
                    continue


PAGES: Final = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if any(arguments_of(page))
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_policies_of_the_page_get_no_warnings(page: Path) -> None:
    for arguments in arguments_of(page):
        try:
            policy = CorsPolicy(**arguments)
        except PolicyError:
            continue
        assert [str(each) for each in lint_policy(policy) if each.severity == "warning"] == []


def test_pages_with_policies_are_found() -> None:
    assert {"README.md", "policy.md", "flask.md", "recipes.md"} <= {page.name for page in PAGES}
