"""Advice on valid policies and guards: what has no effect, or an effect that is easy to overlook.

A `warning` should be fixed; an `info` may be intended. Nothing here keeps a policy from being
built: whatever does is a `Problem`.

- `advice`: all messages and hints as one table;
- `rules`: the rules;
- `guarding`: the rules for guards;
- `looking_up`: the rule for look-ups;
- `regexes`: the rules for regular expressions of origins;
- `covering`: what others cover.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from corekit._origins import Origin
from corekit._sources import read_policy
from corekit.arguments import SETTINGS
from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.live import Policies
from corekit.problems import KINDS
from corekit.routes import CorsRoutes

from .advice import ADVICE, advise
from .guarding import lint_guard
from .looking_up import lint_lookup
from .rules import check_policy, find_cross_site

__all__ = ["CODES", "accept_advice", "find_cross_site", "lint_guard", "lint_lookup", "lint_policy"]

_LEFT_OUT: Final = {kind.code for kind in KINDS if kind.is_left_out}

CODES: Final = frozenset(ADVICE).difference({"unused-accept"}).union(_LEFT_OUT)
"""Every code of advice, which a policy file may accept."""


def lint_policy(policy: Policies, api: str | None = None) -> tuple[Diagnostic, ...]:
    """Return all advice on a policy, warnings first, in the order of its arguments.

    Among them are the policy's `warnings`, about what was left out. What an adapter adds to a
    policy is not judged. The subject of a diagnostic is the setting that the policy was built
    from. The policies of routes are checked one by one, and `route` of a diagnostic is the path.
    `api` is the serialized origin that serves the API, if it is known.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["GET"])
    >>> [(advice.severity, advice.code) for advice in lint_policy(policy)]
    [('warning', 'safelisted-method'), ('info', 'short-max-age')]
    """
    current = read_policy(policy)
    if isinstance(current, CorsRoutes):
        found = [
            replace(advice, route=path)
            for path, each in current.routes
            for advice in lint_policy(each, api)
        ]
    else:
        origin = None if api is None else Origin.parse(api)
        order, dialect = list(SETTINGS), current.engine.dialect
        found = [
            advice
            for advice in check_policy(current, origin)
            if advice.value not in dialect.added.get(advice.subject, ())
        ]
        found.sort(key=lambda each: order.index(each.subject))
        found = [replace(advice, subject=dialect.name(advice.subject)) for advice in found]
        found = [*current.warnings, *found]
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))


def accept_advice(
    found: Iterable[Diagnostic], accepted: Mapping[str | None, Collection[str]]
) -> list[Diagnostic]:
    """Return the advice without what is accepted, and a warning for each code that has no effect.

    `accepted` has codes by the path of their route; those under None are for the whole policy.

    >>> from corekit import CorsPolicy
    >>> found = lint_policy(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"]))
    >>> [each.code for each in accept_advice(found, {None: ["no-content-type", "plain-http"]})]
    ['unused-accept', 'short-max-age']
    """
    kept: list[Diagnostic] = []
    used: set[tuple[str | None, str]] = set()
    for advice in found:
        scopes = {(advice.route, advice.code), (None, advice.code)}
        using = {each for each in scopes if each[1] in accepted.get(each[0], ())}
        used |= using
        if not using:
            kept.append(advice)
    unused = [
        replace(advise("unused-accept", "accept", code), route=route)
        for route, codes in accepted.items()
        for code in codes
        if (route, code) not in used
    ]
    return sorted((*unused, *kept), key=lambda each: SEVERITIES.index(each.severity))
