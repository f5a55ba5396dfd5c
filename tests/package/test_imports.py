"""What each module may import. A new module of the core or a new adapter needs a row here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

CORE: Final = (
    "diff explain export lint probe shadow",
    "adapter extended snapshots",
    "guard lookups",
    "__init__ _marks",
    "_applied _loads compat events schema",
    "_sources",
    "live",
    "_shadowing",
    "routes",
    "_regexes policy",
    "_reporting decision",
    "_hints _validation",
    "_reading",
    "_spelling",
    "_near",
    "_engine",
    "_containers _fingerprints _headers",
    "_origin_language _slow_regexes",
    "_backtracking _origin_kinds",
    "_regex_syntax _suffixes",
    "_own_origin _regex_tree _ways",
    "_automata _origins arguments problems",
    "_answers _guard_problems _names _origin_problems _setting_problems diagnostics",
    "_definitions _problem_kinds locks",
)
"""The layers of the core: a module imports from its own layer and from those below."""

BROWSER: Final = "_names _origins _suffixes"
"""What `corekit.browser` imports of the core. Only the first layer imports it."""

COMMAND: Final = "corekit.__main__"
"""The one module of the core that imports an adapter: it runs the command."""

ON_DEMAND: Final = {"corekit.live": "corekit.diff corekit.shadow"}
"""What a module imports of a layer above, only when one of its methods is called."""

LIBRARIES: Final = "idna publicsuffixlist"
"""What the core imports in addition to the standard library."""

ADAPTERS: Final = {
    "corekit_aiohttp": "aiohttp multidict yarl",
    "corekit_asgi": "",
    "corekit_cli": "click corekit_asgi corekit_config corekit_testing corekit_wsgi httpx rich",
    "corekit_cli.django_settings": "click corekit_config corekit_django django",
    "corekit_config": "",
    "corekit_django": "asgiref corekit_lookups django",
    "corekit_flask": "corekit_wsgi flask werkzeug",
    "corekit_lookups": "",
    "corekit_sanic": "sanic sanic_routing",
    "corekit_starlette": "corekit_asgi starlette",
    "corekit_telemetry": "corekit_lookups",
    "corekit_telemetry.opentelemetry": "corekit_lookups opentelemetry",
    "corekit_telemetry.prometheus": "corekit_lookups prometheus_client",
    "corekit_testing": "httpx pytest",
    "corekit_wsgi": "",
}
"""What each adapter imports in addition to the public modules of the core."""


def find_modules() -> dict[str, Path]:
    roots = (ROOT, ROOT / "adapters")
    found = ((root, path) for root in roots for path in root.glob("corekit*/**/*.py"))
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for root, path in found
    }


MODULES: Final = find_modules()


def imports_of(module: str) -> Iterator[str]:
    """Yield the full name of everything that a module imports, wherever it does."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            parents = parts[: len(parts) + 1 - node.level] if node.level else []
            source = ".".join([*parents, *filter(None, [node.module])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def is_in(name: str, places: str) -> bool:
    return any(f"{name}.".startswith(f"{place}.") for place in places.split())


def is_standard(name: str) -> bool:
    return name.partition(".")[0] in {*sys.stdlib_module_names, "_typeshed"}


CORE_MODULES: Final = [name for name in MODULES if is_in(name, "corekit") and name != COMMAND]


def part_of_core(name: str) -> str:
    """Return which row of the core a name belongs to."""
    part = [*name.split("."), "__init__"][1]
    return part if f"corekit.{part}" in MODULES else "__init__"


def allowed_in_core(part: str) -> str:
    if part == "browser":
        return f"browser {BROWSER}"
    layer = next((number for number, row in enumerate(CORE) if part in row.split()), None)
    assert layer is not None, f"corekit.{part} has no row in the table of this test"
    return " ".join((*CORE[layer:], "browser" if layer == 0 else ""))


@pytest.mark.parametrize(
    "module", [name for name in MODULES if is_in(name, "corekit") and name != COMMAND]
)
def test_core_imports_only_layers_below(module: str) -> None:
    allowed = allowed_in_core(part_of_core(module))
    assert not [
        name
        for name in imports_of(module)
        if not (is_standard(name) or is_in(name, f"{LIBRARIES} {ON_DEMAND.get(module, '')}"))
        and not (is_in(name, "corekit") and part_of_core(name) in allowed.split())
    ]


@pytest.mark.parametrize("module", [name for name in MODULES if not is_in(name, "corekit")])
def test_adapter_imports_only_core_and_framework(module: str) -> None:
    row = max((name for name in ADAPTERS if is_in(module, name)), key=len, default=None)
    assert row is not None, f"{module} has no row in the table of this test"
    allowed = f"corekit {module.partition('.')[0]} {ADAPTERS[row]}"
    assert not [
        name for name in imports_of(module) if not (is_standard(name) or is_in(name, allowed))
    ]


def is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.endswith("__") for part in name.split("."))


def test_no_package_imports_private_names_of_another() -> None:
    found: dict[str, set[str]] = {}
    for module in MODULES:
        package = module.partition(".")[0]
        for name in imports_of(module):
            if is_private(name) and not is_standard(name) and not is_in(name, package):
                found.setdefault(package, set()).add(".".join(name.split(".")[1:2]))
    assert not found


def module_of(name: str) -> str | None:
    """Return the module that a name is, or is defined in."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def test_modules_do_not_import_each_other_in_circles() -> None:
    graph = {module: set(map(module_of, imports_of(module))) - {None} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))
