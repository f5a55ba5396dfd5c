"""Load a module a second time, to test what it does on import. Not a test.

Mutants are activated after the imports, so only a second copy executes those in import-time code.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any


def load_again(module: ModuleType) -> Any:
    """Return a second copy of a module; the first one stays in use."""
    spec = spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    copy = module_from_spec(spec)
    spec.loader.exec_module(copy)
    return copy
