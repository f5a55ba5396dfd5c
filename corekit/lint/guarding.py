"""The rules for guards: what has no effect, or an effect that is easy to overlook."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from corekit._origins import ANY, split_origin
from corekit._sources import read_policy
from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.guard import CrossOriginGuard
from corekit.policy import CorsPolicy

from .advice import advise
from .rules import is_internal


def lint_guard(guard: CrossOriginGuard, api: str | None = None) -> tuple[Diagnostic, ...]:
    """Return all advice on a guard, warnings first; that on its policy is up to `lint_policy`.

    The subject of a diagnostic is the setting that the guard, or its policy, was built from. `api`
    is the serialized origin that serves the API, if it is known.

    >>> from corekit import CorsPolicy
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["*"]), mode="report")
    >>> [(advice.severity, advice.code) for advice in lint_guard(guard)]
    [('info', 'report-mode'), ('info', 'any-origin-cannot-write')]
    """
    name = guard.dialect.name
    own = (
        replace(each, subject=name(each.subject))
        for rule in (_hosts(guard, api), _own_origins(guard), _exemptions(guard), _mode(guard))
        for each in rule
    )
    found = [*own, *_any_origin(guard)]
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))


def _policies(guard: CrossOriginGuard) -> Iterator[tuple[str | None, CorsPolicy]]:
    """Yield each policy with the path of its route."""
    policy = read_policy(guard.policy)
    if isinstance(policy, CorsPolicy):
        yield None, policy
    else:
        yield from policy.routes


def _hosts(guard: CrossOriginGuard, api: str | None) -> Iterator[Diagnostic]:
    if guard.hosts is not None:
        return
    for origin in filter(None, (api, *guard.own_origins)):
        parts = split_origin(origin)
        if parts is not None and is_internal(parts[1]):
            yield advise("unchecked-host", "hosts", server=origin)
            return


def _own_origins(guard: CrossOriginGuard) -> Iterator[Diagnostic]:
    for origin in guard.own_origins:
        for route, policy in _policies(guard):
            if origin in policy.allow_origins:
                setting = policy.engine.dialect.origins
                advice = advise("listed-own-origin", "own_origins", origin, setting=setting)
                yield replace(advice, route=route)


def _exemptions(guard: CrossOriginGuard) -> Iterator[Diagnostic]:
    for path in guard.exempt:
        for route, _ in _policies(guard):
            if route is not None and (
                route == path or (path[-1] == "/" and route.startswith(path))
            ):
                yield advise("exempt-route", "exempt", path, route=route)


def _mode(guard: CrossOriginGuard) -> Iterator[Diagnostic]:
    if guard.mode == "report":
        yield advise("report-mode", "mode", guard.mode)


def _any_origin(guard: CrossOriginGuard) -> Iterator[Diagnostic]:
    if guard.writes == guard.websockets == "ignore":
        return
    for route, policy in _policies(guard):
        if ANY in policy.allow_origins:
            advice = advise("any-origin-cannot-write", policy.engine.dialect.origins, ANY)
            yield replace(advice, route=route)
