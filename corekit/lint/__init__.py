"""Advice on valid policies: what has no effect, or an effect that is easy to overlook.

A `warning` should be fixed; an `info` may be intended. Nothing here keeps a policy from being
built: whatever does is a `Problem`.

- `advice`: all messages and hints as one table;
- `policy_rules`: rules that look at the policy alone;
- `api_rules`: rules that also need the origin of the API;
- `covering`: patterns that cover other origins;
- `patterns`: origins and patterns as one type.
"""

from __future__ import annotations

from dataclasses import replace

from corekit._origins import Origin
from corekit.arguments import ARGUMENTS
from corekit.diagnostics import SEVERITIES, Diagnostic
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .api_rules import check_for_api, find_cross_site
from .policy_rules import check_policy

__all__ = ["find_cross_site", "lint_policy"]


def lint_policy(policy: CorsPolicy | CorsRoutes, api: str | None = None) -> tuple[Diagnostic, ...]:
    """Return all advice on a policy, warnings first, in the order of its arguments.

    The policies of routes are checked one by one, and `route` of a diagnostic is the path. `api` is
    the serialized origin that serves the API, if it is known.

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
        found = list(check_policy(policy, origin))
        found += () if origin is None else check_for_api(policy, origin)
        order = list(ARGUMENTS)
        found.sort(key=lambda each: order.index(each.subject))
    return tuple(sorted(found, key=lambda each: SEVERITIES.index(each.severity)))
