"""What is distributed: every package, each typed, each named where the tools have to know it."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADAPTERS = sorted(path.parent.name for path in ROOT.glob("adapters/*/__init__.py"))


def test_the_wheel_carries_every_package() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert sorted(wheel["packages"]) == sorted(
        ["corekit", *(f"adapters/{name}" for name in ADAPTERS)]
    )


def test_every_package_is_under_import_contracts() -> None:
    assert sorted(PROJECT["tool"]["importlinter"]["root_packages"]) == ["corekit", *ADAPTERS]


@pytest.mark.parametrize("name", ["corekit", *ADAPTERS])
def test_a_package_is_typed(name: str) -> None:
    assert Path(str(import_module(name).__file__)).with_name("py.typed").exists()


def test_every_entry_point_leads_to_something_that_can_be_called_or_loaded() -> None:
    groups = [PROJECT["project"]["scripts"], *PROJECT["project"].get("entry-points", {}).values()]
    for group in groups:
        for target in group.values():
            module, _, name = target.partition(":")
            found = import_module(module)
            assert not name or callable(getattr(found, name))


def test_the_core_depends_on_two_libraries_only() -> None:
    names = sorted(text.partition(">")[0] for text in PROJECT["project"]["dependencies"])
    assert names == ["idna", "publicsuffixlist"]
