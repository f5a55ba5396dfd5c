"""The core has no side effects, decisions depend on no state, and threads can share objects."""

from __future__ import annotations

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import corekit
from corekit import CorsPolicy, CorsRoutes
from corekit.browser import Fetch
from corekit.explain import explain, explain_outcome, find_error

PACKAGE = Path(corekit.__file__).parent
FILES = sorted(set(PACKAGE.rglob("*.py")) - {PACKAGE / "__main__.py"})  # that one is the command

# The only imports of the core: data types, parsers, and two libraries for names.
PURE = {
    "binascii",  # to decode base64
    "__future__",
    "collections",
    "contextlib",
    "copy",
    "corekit",  # itself; tests/package/test_imports.py checks which module imports which
    "dataclasses",
    "difflib",
    "datetime",  # only timedelta, not the clock; checked below
    "enum",
    "functools",
    "heapq",
    "inspect",  # to detect a coroutine function
    "idna",
    "ipaddress",
    "itertools",
    "json",  # to check whether a value can be JSON
    "pathlib",  # for the public suffix list, which is read on demand
    "publicsuffixlist",
    "operator",
    "re",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib",  # only urllib.parse; checked below
}
EXTRA = {
    # The log of what the core itself has to report, and stderr for an exception of a log.
    "_reporting.py": {"logging", "sys", "traceback"},
    # Lets handlers know what is applied to their request; each mark has a random token.
    "_applied.py": {"contextvars", "os", "weakref"},
    "_fingerprints.py": {"hashlib"},
    # For those who replace a policy at the same time, also after a fork.
    "locks.py": {"os", "threading", "weakref"},
    "policy.py": {"warnings"},  # says what was left out as a policy is built
}
"""What only one module imports."""

IMPURE = {"open", "print", "input", "exec", "eval", "compile", "__import__", "globals"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_core_imports_nothing_with_side_effects(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
            assert not any(alias.name.startswith("urllib") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(str(node.module).partition(".")[0])
            assert node.module != "datetime" or [a.name for a in node.names] == ["timedelta"]
            assert not str(node.module).startswith("urllib") or node.module == "urllib.parse"
        elif isinstance(node, ast.Global | ast.Nonlocal):
            pytest.fail(f"{path.name} assigns a global or nonlocal variable")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE
    assert imported <= PURE | EXTRA.get(path.name, set())


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    return done.stdout.strip()


def test_import_loads_few_modules() -> None:
    """The public suffix list and modules for I/O are not loaded."""
    loaded = run(
        "import sys; before = set(sys.modules); import corekit; "
        "print(*sorted(set(sys.modules) - before))"
    ).split()
    assert "corekit._engine" in loaded
    assert not [name for name in loaded if name.startswith(("corekit.browser", "corekit.explain"))]
    for name in (
        "publicsuffixlist",
        "socket",
        "ssl",
        "logging",
        "asyncio",
        "http",
        "urllib",
        "json",
    ):
        assert name not in loaded


def test_public_suffixes_are_loaded_on_demand() -> None:
    code = (
        "import sys; from corekit import CorsPolicy; "
        "CorsPolicy(allow_origins={origins}, allow_credentials={credentials}); "
        "print('publicsuffixlist' in sys.modules)"
    )
    subdomains = ["https://*.example.com"]
    assert run(code.format(origins=subdomains, credentials=True)) == "True"
    assert run(code.format(origins=subdomains, credentials=False)) == "False"
    assert run(code.format(origins=["https://a.example.com"], credentials=True)) == "False"


def snapshot_globals() -> dict[str, str]:
    """Return the repr of every variable in the modules of the core."""
    modules = {n: m for n, m in sys.modules.items() if n.partition(".")[0] == "corekit"}
    return {
        f"{name}.{key}": repr(value)
        for name, module in modules.items()
        for key, value in vars(module).items()
        if not key.startswith("__") and not isinstance(value, FunctionType | ModuleType | type)
    }


def test_explaining_changes_no_global() -> None:
    policy = CorsPolicy(allow_origins=["https://*.example.com"], allow_credentials=True)
    fetch = Fetch("https://api.example.com/", "patch", (("X-A", "1"),), credentials="include")
    explanation = explain(policy, fetch, page="http://example.com")
    before = snapshot_globals()
    for page in ("https://example.com", "http://app.example.com", "null", "https://a.test/"):
        assert explain(policy, fetch, page=page).fixes
        assert explain_outcome(explanation.outcome, fetch, page=page).fixes
    assert find_error("CORS header 'Access-Control-Allow-Origin' missing")
    assert snapshot_globals() == before


def test_using_the_core_changes_no_global() -> None:
    before = snapshot_globals()
    for credentials in (True, False):
        policy = CorsPolicy(
            allow_origins=["https://*.example.com", "http://localhost:*"],
            allow_credentials=credentials,
            allow_headers=["*"],
            max_age=1,
        )
        routes = CorsRoutes([("/a/", policy)])
        for origin in (None, "https://a.example.com", "x"):
            decision = policy.decide(
                "OPTIONS", origin=origin, request_method="FOO", request_headers="x-a"
            )
            assert decision.reason.value
            assert routes.policy_for("/a/../b//c") is not policy
        with pytest.raises(ValueError, match="problem"):
            CorsPolicy(allow_origins=["B\u00dcCHER.example", None, "http://0x7f.1"])  # type: ignore[list-item]
    assert snapshot_globals() == before


POLICY = CorsPolicy(
    allow_origins=["https://*.example.com", "https://pr-*.example.org:*"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


def test_threads_can_share_a_policy() -> None:
    requests: list[dict[str, Any]] = [
        {
            "origin": f"https://{name}.example.{suffix}",
            "request_method": f"M{number}",
            "request_headers": f"x-{number},x-{name}",
        }
        for number in range(20)
        for name in ("a", "b.c", "pr-1")
        for suffix in ("com", "org", "net")
    ]

    def decide(request: dict[str, Any]) -> Any:
        decision = POLICY.decide("OPTIONS", **request)
        return decision.headers, decision.reason, decision.status

    sequential = [decide(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for concurrent in pool.map(lambda _: [decide(request) for request in requests], range(16)):
            assert concurrent == sequential


def test_threads_can_share_a_decision() -> None:
    decision = POLICY.decide(
        "OPTIONS", origin="https://a.example.com", request_method="PUT", request_headers="x-a"
    )
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: decision.reason.name, range(100))) == {"GRANTED"}


def test_decisions_are_deterministic() -> None:
    request: dict[str, Any] = {
        "origin": "https://a.example.com",
        "request_method": "X",
        "request_headers": "x-c,x-b,x-a",
    }
    assert len({POLICY.decide("OPTIONS", **request) for _ in range(50)}) == 1
