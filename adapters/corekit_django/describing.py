"""Describe the effective policy: what `manage.py cors` prints without an origin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from corekit import CorsPolicy
from corekit.adapter import SAFELISTED_METHODS
from corekit.arguments import ARGUMENTS, REGEXES
from corekit.guard import GUARD_ARGUMENTS, CrossOriginGuard

from .conf import Configuration
from .resolving import find_marked_views, name_view
from .signals import check_request_enabled


def describe(configuration: Configuration) -> Iterator[str]:
    """Yield the lines that describe the policy of the settings and those of views."""
    if isinstance(configuration.policy, CorsPolicy):
        paths = "every path" if configuration.urls is None else configuration.urls.pattern
        yield f"From {configuration.source}, for {paths}:"
        yield from _describe_policy(configuration.policy)
    else:
        yield f"From {configuration.source}, the first match wins:"
        for path, policy in configuration.policy.routes:
            yield f"  {path}"
            yield from (f"  {line}" for line in _describe_policy(policy))
    if configuration.guard is not None:
        yield ""
        yield "Guard: pages of this server and of the origins listed for a path may write."
        yield from _write_rows(_guard_rows(configuration.guard.guard))
    receivers = len(check_request_enabled.receivers)
    if receivers:
        yield ""
        yield f"check_request_enabled has {receivers} receiver(s), which may allow other origins."
        yield "They are called for each request. An OriginLookup in CORS_LOOKUP remembers results."
    marked = list(find_marked_views())
    if marked:
        yield ""
        yield "Per-view policies:"
    for path, view, method, mark in marked:
        yield f"  {method or 'all methods':<11} {path} ({name_view(view, method)})"
        if isinstance(mark, CorsPolicy):
            yield from (f"  {line}" for line in _describe_policy(mark))
        else:
            yield "    exempt: CORS does not apply"


def to_dict(configuration: Configuration) -> dict[str, Any]:
    """Return the same for JSON. The policy of an exempt view is None."""
    single = isinstance(configuration.policy, CorsPolicy)
    paths = [None] if single else [path for path, _ in configuration.policy.routes]  # type: ignore[union-attr]
    return {
        "source": configuration.source,
        "urls": None if configuration.urls is None else configuration.urls.pattern,
        "policies": [
            {"path": path, "policy": _policy_to_dict(policy)}
            for path, policy in zip(paths, configuration.policies, strict=True)
        ],
        "guard": None if configuration.guard is None else _guard_rows(configuration.guard.guard),
        "receivers": len(check_request_enabled.receivers),
        "views": [
            {
                "path": path,
                "view": name_view(view, method),
                "method": method or None,
                "policy": _policy_to_dict(mark) if isinstance(mark, CorsPolicy) else None,
            }
            for path, view, method, mark in find_marked_views()
        ],
    }


def _guard_rows(guard: CrossOriginGuard) -> dict[str, Any]:
    values = {name: getattr(guard, name) for name in GUARD_ARGUMENTS}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def _policy_to_dict(policy: CorsPolicy) -> dict[str, Any]:
    values = {name: getattr(policy, name) for name in ARGUMENTS}
    values[REGEXES] = tuple(_regexes(policy))
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def _regexes(policy: CorsPolicy) -> list[str]:
    return [regex.pattern for regex in getattr(policy, REGEXES, ())]


def _describe_policy(policy: CorsPolicy) -> Iterator[str]:
    regexes = _regexes(policy)
    rows: dict[str, object] = {
        "origins": ", ".join(policy.allow_origins) or ("" if regexes else "none"),
        "origin regexes": ", ".join(regexes),
        "credentials": "yes" if policy.allow_credentials else "no",
        "methods": ", ".join(dict.fromkeys((*SAFELISTED_METHODS, *policy.allow_methods))),
        "request headers": ", ".join(policy.allow_headers),
        "exposed headers": ", ".join(policy.expose_headers),
        "max age": "" if policy.max_age is None else f"{policy.max_age} s",
        "private network": "yes" if policy.allow_private_network else "",
        "accepted risks": ", ".join(policy.accept_risks),
    }
    yield from _write_rows(rows)


def _write_rows(rows: Mapping[str, object]) -> Iterator[str]:
    for name, value in rows.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        if shown:
            yield f"  {name.replace('_', ' '):<16} {shown}"
