"""Policies for handlers, and whether a handler runs under one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import Mark, applying, keep_policy, kept_marks

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"])
EQUAL = CorsPolicy(allow_origins=["https://admin.example.com"])
OTHER = CorsPolicy(allow_origins=["https://other.example.com"])
ANY = CorsPolicy(allow_origins=["*"])
PATTERN = CorsPolicy(allow_origins=["https://*.example.com"])
POLICIES = (APP, ADMIN, OTHER, ANY, PATTERN)
ALL_PATHS = CorsRoutes([("/admin/", ADMIN), ("/", APP)])
SOME_PATHS = CorsRoutes([("/admin/", ADMIN)])


def mark(target: Any, policy: object = ADMIN) -> Any:
    """Keep a policy on a handler."""
    return keep_policy(target, policy, "the function")


def mark_of(target: object) -> Mark:
    """Return the mark of a handler."""
    return kept_marks(target)[0]


def make() -> Any:
    """Return a handler with a policy."""
    return mark(lambda: "ran")


def runs_under(function: Callable[[], object], applied: Any) -> bool:
    """Return whether a handler runs if this is applied."""
    with applying(applied):
        return runs_in_context(function)


def runs_in_context(function: Callable[[], object]) -> bool:
    """Return whether a handler runs in the current context."""
    try:
        result = function()
    except RuntimeError:
        return False
    assert result == "ran"
    return True
