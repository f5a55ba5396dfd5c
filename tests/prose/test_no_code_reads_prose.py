"""No code compares, searches or replaces the text of a message or a hint; it reads a field."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PATHS: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("corekit", "adapters")
    for path in ROOT.glob(f"{folder}/**/*.py")
)

TEXTS: Final = frozenset(
    {"description", "details", "hint", "hints", "message", "sentence", "title"}
)
"""Attributes and variables that hold a text for people."""

ERRORS: Final = frozenset(
    {"diagnostic", "error", "exception", "failure", "finding", "note", "problem", "step", "warning"}
)
"""Variables whose `str()` is a text for people, in addition to those that `except` binds."""

SEARCHES: Final = frozenset(
    {
        *("count", "endswith", "find", "index", "partition", "removeprefix", "removesuffix"),
        *("replace", "rfind", "rindex", "rpartition", "rsplit", "split", "startswith", "translate"),
    }
)
PATTERNS: Final = frozenset(
    {"findall", "finditer", "fullmatch", "match", "search", "split", "sub", "subn"}
)

READERS: Final = {
    "corekit/explain/errors.py": "the templates of the browsers' own messages",
    "adapters/corekit_cli/client.py": "the message of httpx",
    "adapters/corekit_cli/explain_message.py": "the message that a user pasted",
}
"""Files that read a text, and whose. The list may only shrink."""


class Reader(ast.NodeVisitor):
    """Collects the expressions of a module that depend on the wording of a text."""

    def __init__(self, tree: ast.Module) -> None:
        self.found: list[str] = []
        self.errors = set(ERRORS)
        self.texts = set(TEXTS)
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and node.name:
                self.errors.add(node.name)
        for node in ast.walk(tree):
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=source)
                    | ast.For(target=ast.Name(id=name), iter=source)
                    | ast.comprehension(target=ast.Name(id=name), iter=source)
                ) if self.is_text(source):
                    self.texts.add(name)
        self.visit(tree)

    def is_text(self, node: ast.expr) -> bool:
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name):
                return name in self.texts
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[ast.Name(id=name)]):
                return name in self.errors
            case ast.Subscript(slice=ast.Constant(value=str())):
                return False  # a mapping, such as a message of ASGI
            case ast.Call(func=ast.Attribute(value=value)) | ast.Subscript(value=value):
                return self.is_text(value)
            case ast.BoolOp(values=values):
                return any(map(self.is_text, values))
        return False

    def note(self, node: ast.expr) -> None:
        self.found.append(f"line {node.lineno}: {ast.unparse(node)}")

    def visit_Compare(self, node: ast.Compare) -> None:
        by_value = any(isinstance(op, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for op in node.ops)
        if by_value and any(map(self.is_text, [node.left, *node.comparators])):
            self.note(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            texts = [node.func.value] if name in SEARCHES else []
            texts += node.args if name in PATTERNS else []
            if any(map(self.is_text, texts)):
                self.note(node)
        self.generic_visit(node)


@pytest.mark.parametrize("path", PATHS)
def test_code_does_not_depend_on_wording(path: str) -> None:
    found = Reader(ast.parse((ROOT / path).read_text())).found
    if path in READERS:
        assert found, f"{path} reads no text any longer: remove it from the list of this test"
    else:
        assert not found, "\n".join([path, *found])


def test_list_of_files_has_no_unknown_path() -> None:
    assert not READERS.keys() - set(PATHS)


@pytest.mark.parametrize(
    "code",
    [
        "problem.hint == 'Did you mean this?'",
        "'credentials' in failure.message",
        "step.title.startswith('Answers')",
        "problem.hint.lower().replace('a', 'b')",
        "(problem.hint or '').partition(':')",
        "re.sub('a', 'b', problem.message)",
        "str(error).endswith('.')",
        "error.args[0].message[1:].split()",
        "text = problem.message; text.startswith('No ')",
        "any('authorization' in each for each in step.details)",
    ],
)
def test_reader_of_a_text_is_found(code: str) -> None:
    assert Reader(ast.parse(code)).found


@pytest.mark.parametrize(
    "code", ["message['type'] == 'http'", "problem.code == 'a'", "text.title()", "hint is None"]
)
def test_reader_of_a_field_is_not_found(code: str) -> None:
    assert not Reader(ast.parse(code)).found
