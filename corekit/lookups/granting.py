"""Which origins a look-up may be asked for: the rules of a policy, for origins in a table.

A row of a table cannot be validated when the server starts. So what would be a problem in
`allow_origins` is not asked for, and is not allowed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from corekit._engine import Engine
from corekit._origin_problems import OriginProblem
from corekit._origins import is_loopback, split_origin
from corekit.policy import CorsPolicy

LOOKUP_RISKS: Final = frozenset({OriginProblem.INSECURE_ORIGIN.code})
"""The risks of an exact origin that an operator may accept; patterns are not looked up."""


def find_granting(
    policy: CorsPolicy, origin: str, accept_risks: Collection[str] = ()
) -> Engine | None:
    """Return the engine for an origin that the policy does not list, if a look-up may allow it.

    It grants what the policy grants. None for everything that is not the origin of a page, such as
    ``null`` and ``file://``, for any origin if the policy is for ``*`` or grants nothing, and with
    credentials for HTTP origins other than loopback, unless ``insecure-origin`` is accepted.

    >>> policy = CorsPolicy(allow_origins=["https://example.com"], allow_credentials=True)
    >>> find_granting(policy, "https://shop-1.example").allows("https://shop-1.example")
    True
    >>> find_granting(policy, "null") is find_granting(policy, "http://shop-1.example") is None
    True
    """
    engine = policy.granting
    parts = None if engine is None else split_origin(origin)
    if parts is None:
        return None
    scheme, host, _ = parts
    is_insecure = policy.allow_credentials and scheme == "http" and not is_loopback(host)
    if is_insecure and OriginProblem.INSECURE_ORIGIN.code not in accept_risks:
        return None
    return engine
