"""The core does nothing but decide and explain: it opens nothing, keeps nothing, can be shared."""

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

# All that the core may import: data types, grammar, and the two libraries of names.
PURE = {
    "__future__",
    "collections",
    "copy",
    "corekit",  # itself; which module may import which is a contract of its own
    "dataclasses",
    "difflib",
    "datetime",  # for timedelta; the clock is looked for below
    "enum",
    "functools",
    "http",  # for HTTPStatus
    "inspect",  # to tell a coroutine function
    "idna",
    "ipaddress",
    "itertools",
    "json",  # to see what JSON can hold
    "pathlib",  # for the file of public suffixes, which is read when a policy asks
    "publicsuffixlist",
    "operator",
    "re",
    "string",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
    "urllib",  # for urllib.parse, which is text alone; the rest is looked for below
}
IMPURE = {"open", "print", "input", "exec", "eval", "compile", "__import__", "globals"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_of_the_core_imports_nothing_that_does_something(path: Path) -> None:
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
            assert not str(node.module).startswith("http.")
        elif isinstance(node, ast.Global | ast.Nonlocal):
            pytest.fail(f"{path.name} keeps state in a global")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE
    assert imported <= PURE


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60
    )
    return done.stdout.strip()


def test_importing_the_core_stays_cheap() -> None:
    """Neither the public suffixes nor anything that talks to the world is loaded with it."""
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


def test_public_suffixes_are_loaded_only_when_a_pattern_with_credentials_asks() -> None:
    code = (
        "import sys; from corekit import CorsPolicy; "
        "CorsPolicy(allow_origins={origins}, allow_credentials={credentials}); "
        "print('publicsuffixlist' in sys.modules)"
    )
    subdomains = ["https://*.example.com"]
    assert run(code.format(origins=subdomains, credentials=True)) == "True"
    assert run(code.format(origins=subdomains, credentials=False)) == "False"
    assert run(code.format(origins=["https://a.example.com"], credentials=True)) == "False"


def state() -> dict[str, str]:
    """Show every value that a module of the core holds and that could be changed."""
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
    before = state()
    for page in ("https://example.com", "http://app.example.com", "null", "https://a.test/"):
        assert explain(policy, fetch, page=page).fixes
        assert explain_outcome(explanation.outcome, fetch, page=page).fixes
    assert find_error("CORS header 'Access-Control-Allow-Origin' missing")
    assert state() == before


def test_using_the_core_changes_no_global() -> None:
    before = state()
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
    assert state() == before


POLICY = CorsPolicy(
    allow_origins=["https://*.example.com", "https://pr-*.example.org:*"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


def test_threads_may_share_a_policy() -> None:
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

    alone = [decide(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for together in pool.map(lambda _: [decide(request) for request in requests], range(16)):
            assert together == alone


def test_one_decision_may_be_looked_at_by_several_threads() -> None:
    decision = POLICY.decide(
        "OPTIONS", origin="https://a.example.com", request_method="PUT", request_headers="x-a"
    )
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: decision.reason.name, range(100))) == {"GRANTED"}


def test_a_decision_is_the_same_each_time() -> None:
    request: dict[str, Any] = {
        "origin": "https://a.example.com",
        "request_method": "X",
        "request_headers": "x-c,x-b,x-a",
    }
    assert len({POLICY.decide("OPTIONS", **request) for _ in range(50)}) == 1
