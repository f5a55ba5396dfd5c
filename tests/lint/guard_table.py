"""Guards that each rule of `corekit.lint` for guards reports."""

from __future__ import annotations

from typing import Any

from corekit import CorsPolicy, CorsRoutes

APP = "https://app.example.com"
LOCAL = "http://localhost:8000"
ROUTES = CorsRoutes([("/webhooks/", CorsPolicy(allow_origins=[APP]))])

# Severity, code, argument, value; the arguments of a guard, `policy` and `api` among them.
GUARD_CASES: list[tuple[str, str, str, object, dict[str, Any]]] = [
    ("warning", "unchecked-host", "hosts", None, {"api": LOCAL}),
    ("warning", "unchecked-host", "hosts", None, {"api": "http://192.168.1.5"}),
    ("warning", "unchecked-host", "hosts", None, {"own_origins": ["http://[::1]:8000", LOCAL]}),
    ("warning", "listed-own-origin", "own_origins", APP, {"own_origins": [APP]}),
    (
        "warning",
        "exempt-route",
        "exempt",
        "/webhooks/",
        {"policy": ROUTES, "exempt": ["/webhooks/"]},
    ),
    ("info", "report-mode", "mode", "report", {"mode": "report"}),
    (
        "info",
        "any-origin-cannot-write",
        "allow_origins",
        "*",
        {"policy": CorsPolicy(allow_origins=["*"])},
    ),
    (
        "info",
        "any-origin-cannot-write",
        "allow_origins",
        "*",
        {"policy": CorsPolicy(allow_origins=["*"]), "writes": "ignore"},
    ),
]
