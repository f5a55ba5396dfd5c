"""The rule for look-ups: how long browsers use a preflight response that an origin got before."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from corekit._sources import read_policy
from corekit.diagnostics import Diagnostic
from corekit.live import Policies
from corekit.lookups import Lookup
from corekit.policy import CorsPolicy

from .advice import advise

_DEFAULT_MAX_AGE: Final = 5
"""https://fetch.spec.whatwg.org/#cors-preflight-fetch, step 7.6"""


def lint_lookup(lookup: Lookup | None, policies: Policies) -> tuple[Diagnostic, ...]:
    """Return the advice on a look-up and the policy that it extends; none without a look-up.

    The subject of a diagnostic is the setting that the policy was built from, and `route` the path
    of its route. Policies whose origins are not looked up are left out.

    >>> from corekit_lookups import OriginLookup
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"], max_age=600)
    >>> lookup = OriginLookup(lambda origin: True, ttl=60)
    >>> [(advice.severity, advice.code) for advice in lint_lookup(lookup, policy)]
    [('info', 'max-age-over-ttl')]
    """
    ttl = getattr(lookup, "ttl", None)
    if ttl is None:
        return ()
    current = read_policy(policies)
    routes = [(None, current)] if isinstance(current, CorsPolicy) else current.routes
    found: list[Diagnostic] = []
    for route, policy in routes:
        age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
        if policy.engine.may_look_up and age > ttl:
            subject = policy.engine.dialect.name("max_age")
            advice = advise("max-age-over-ttl", subject, policy.max_age, age=age, ttl=f"{ttl:g}")
            found.append(replace(advice, route=route))
    return tuple(found)
