"""Find out whether a test exists that a page or a table names by its pytest node id."""

from __future__ import annotations

import ast
from functools import cache

from tests.docs.pages import ROOT

__all__ = ["is_collected"]


def is_collected(node_id: str) -> bool:
    """Return whether pytest collects a function of this name, with any parameters."""
    path, _, name = node_id.partition("::")
    return name in _names_of(path)


@cache
def _names_of(path: str) -> frozenset[str]:
    file = ROOT / path
    if not (path.startswith("tests/") and file.name.startswith("test_") and file.is_file()):
        return frozenset()
    names = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            names |= {f"{node.name}::{name}" for name in _functions(node.body)}
    return frozenset(names | set(_functions(ast.parse(file.read_text()).body)))


def _functions(body: list[ast.stmt]) -> list[str]:
    functions = (node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [node.name for node in functions if node.name.startswith("test_")]
