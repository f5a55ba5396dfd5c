"""What is distributed: every package, typed, with the metadata that an index and pip show."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib import import_module
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest

from corekit import __version__

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
ADAPTERS = sorted(path.parent.name for path in ROOT.glob("adapters/*/__init__.py"))

PACKAGES = ["corekit", *ADAPTERS]
SOURCE = (
    *("adapters", "benchmarks", "corekit", "docs", "examples", "tests"),
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md"),
    *("conftest.py", "noxfile.py", "pyproject.toml"),
)
"""What the source distribution holds: all that its own tests need."""


def files_of(*places: Path) -> set[str]:
    found = (path for place in places for path in (place, *place.rglob("*")) if path.is_file())
    paths = [path.relative_to(ROOT) for path in found]
    return {str(path) for path in paths if path.suffix not in {".pyc", ".sqlite3"}}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build as `python -m build` does, with the build backend that is installed already."""
    folder = tmp_path_factory.mktemp("dist")
    command = ["build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(
        [sys.executable, "-m", *command], check=True, capture_output=True, timeout=120, text=True
    )
    return folder


def test_wheel_holds_every_package_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"corekit-{__version__}.dist-info"
    assert {name for name in names if not name.startswith(info)} == {
        path.removeprefix("adapters/") for path in files_of(ROOT / "corekit", ROOT / "adapters")
    }
    assert {name.removeprefix(f"{info}/") for name in names if name.startswith(info)} == {
        *("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")
    }


def test_source_distribution_holds_what_its_tests_need(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    # The build backend adds these two.
    assert names - {"PKG-INFO", ".gitignore"} == files_of(*(ROOT / name for name in SOURCE))


def test_index_would_accept_the_distributions(built: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "twine", "--no-color", "check", "--strict", *built.iterdir()],
        capture_output=True,
        timeout=120,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.count("PASSED")) == (0, 2), done.stdout


def test_metadata_names_the_version_and_the_project_pages() -> None:
    found = metadata("corekit")
    assert found["Version"] == __version__
    urls = dict(url.split(", ") for url in found.get_all("Project-URL", []))
    assert list(urls) == ["Homepage", "Documentation", "Changelog", "Source", "Issues"]


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_typed(name: str) -> None:
    assert Path(str(import_module(name).__file__)).with_name("py.typed").exists()


def test_entry_point_can_be_loaded() -> None:
    groups = [PROJECT["project"]["scripts"], *PROJECT["project"].get("entry-points", {}).values()]
    for group in groups:
        for target in group.values():
            module, _, name = target.partition(":")
            found = import_module(module)
            assert not name or callable(getattr(found, name))


def test_core_depends_on_two_libraries_only() -> None:
    names = sorted(text.partition(">")[0] for text in PROJECT["project"]["dependencies"])
    assert names == ["idna", "publicsuffixlist"]
