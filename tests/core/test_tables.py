"""Tables that are built while a module is imported: a second copy of the module has the same.

Mutation testing changes functions after the import, so only a copy that is loaded later shows what
a changed function would build.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest

import corekit.explain.errors
import corekit.schema

# What was compiled or built from the tables, in a form that can be compared.
TABLES: dict[ModuleType, Callable[[Any], object]] = {
    corekit.schema: lambda module: module.policy_schema(),
    corekit.explain.errors: lambda module: (
        {name: repr(error) for name, error in module.ERRORS.items()},
        [(error.name, is_in.__self__) for error, is_in in module._PATTERNS],
    ),
}


def load_again(module: ModuleType) -> ModuleType:
    """Return a second copy of a module, which no other code imports."""
    spec = spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy


@pytest.mark.parametrize("module", TABLES, ids=lambda module: module.__name__)
def test_second_copy_of_a_module_has_the_same_tables(module: ModuleType) -> None:
    copy = load_again(module)
    assert copy is not module
    assert TABLES[module](copy) == TABLES[module](module)
