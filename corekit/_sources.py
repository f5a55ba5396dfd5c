"""Reading a policy, or what a `LivePolicy` is now, once for each request."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final, TypeVar, overload

from .live import LivePolicy, Policies, PolicySource
from .policy import CorsPolicy
from .routes import CorsRoutes

__all__ = ["ReadPolicies", "policy_source", "read_policy", "share_reads", "shared_reads"]

T = TypeVar("T")

_READ: Final = "corekit.policies"
"""The key in a scope or an environ for the policies that were read."""

ReadPolicies = dict[Any, Any]
"""The live policies that were read for a request, each with what it was."""


def policy_source(policies: Policies) -> PolicySource:
    """Return what an adapter reads the policy of a request from, as its attribute `current`.

    Read it once for each request, and use what was read for all of it. `current` is a `CorsPolicy`
    or a `CorsRoutes`; the `engine` of routes is None, since it depends on the path.

    >>> live = LivePolicy(CorsPolicy.deny_all())
    >>> policy_source(live).current is live.policy, policy_source(live.policy).current
    (True, CorsPolicy.deny_all())
    """
    return policies._source if isinstance(policies, LivePolicy) else PolicySource(policies)


@overload
def read_policy(
    policies: Policies, read: ReadPolicies | None = None
) -> CorsPolicy | CorsRoutes: ...
@overload
def read_policy(
    policies: Policies | None, read: ReadPolicies | None = None
) -> CorsPolicy | CorsRoutes | None: ...
@overload
def read_policy(policies: T, read: ReadPolicies | None = None) -> T: ...
def read_policy(policies: Any, read: ReadPolicies | None = None) -> Any:
    """Return the policy of a `LivePolicy`, and anything else as it is.

    `read` has the live policies that were read for the same request, each with what it was: pass it
    to every call for this request, so that each one is read once.

    >>> live, read = LivePolicy(CorsPolicy(allow_origins=["*"])), {}
    >>> policy = read_policy(live, read)
    >>> comparison = live.replace(CorsPolicy.deny_all())
    >>> read_policy(live, read) is policy, read_policy(live)
    (True, CorsPolicy.deny_all())
    """
    if not isinstance(policies, LivePolicy):
        return policies
    if read is None:
        return policies._source.current
    source = policies._source
    if source not in read:
        read[source] = source.current
    return read[source]


def share_reads(policies: Policies) -> None:
    """Have each request read a live policy once, also if several layers of an application have it.

    All of them pass what `shared_reads()` returns to `read_policy()`.
    """
    if isinstance(policies, LivePolicy):
        policies._source.is_shared = True


def shared_reads(request: MutableMapping[str, Any], policies: object = None) -> ReadPolicies:
    """Return the live policies that other layers have read for a request, each with what it was.

    `request` is an ASGI scope or a WSGI environ. It keeps them if `policies` are shared.

    >>> live, scope = LivePolicy(CorsPolicy(allow_origins=["*"])), {}
    >>> share_reads(live)
    >>> policy = read_policy(live, shared_reads(scope, live))
    >>> comparison = live.replace(CorsPolicy.deny_all())
    >>> read_policy(live, shared_reads(scope, live)) is policy
    True
    """
    read: ReadPolicies | None = request.get(_READ)
    if read is None:
        read = {}
        if isinstance(policies, LivePolicy) and policies._source.is_shared:
            request[_READ] = read
    return read
