"""Advice on valid policies: what has no effect, or an effect that is easy to overlook.

A `warning` should be fixed; an `info` may be intended. Nothing here keeps a policy from being
built: whatever does is a `Problem`.

- `advice`: all messages and hints as one table;
- `rules`: the rules;
- `regexes`: the rules for regular expressions of origins;
- `covering`: what others cover.
"""

from __future__ import annotations

from dataclasses import replace

from corekit._origins import Origin
from corekit.arguments import SETTINGS
from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .rules import check_policy, find_cross_site

__all__ = ["find_cross_site", "lint_policy"]


def lint_policy(policy: CorsPolicy | CorsRoutes, api: str | None = None) -> tuple[Diagnostic, ...]:
    """Return all advice on a policy, warnings first, in the order of its arguments.

    Among them are the policy's `warnings`, about what was left out. What an adapter adds to a
    policy is not judged. The subject of a diagnostic is the setting that the policy was built
    from. The policies of routes are checked one by one, and `route` of a diagnostic is the path.
    `api` is the serialized origin that serves the API, if it is known.

    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_methods=["GET"])
    >>> [(advice.severity, advice.code) for advice in lint_policy(policy)]
    [('warning', 'safelisted-method'), ('info', 'short-max-age')]
    """
    if isinstance(policy, CorsRoutes):
        found = [
            replace(advice, route=path)
            for path, each in policy.routes
            for advice in lint_policy(each, api)
        ]
    else:
        origin = None if api is None else Origin.parse(api)
        order, dialect = list(SETTINGS), policy.engine.dialect
        found = [
            advice
            for advice in check_policy(policy, origin)
            if advice.value not in dialect.added.get(advice.subject, ())
        ]
        found.sort(key=lambda each: order.index(each.subject))
        found = [replace(advice, subject=dialect.name(advice.subject)) for advice in found]
        found = [*policy.warnings, *found]
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))
