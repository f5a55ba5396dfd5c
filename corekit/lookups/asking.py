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

LOOKUP_RISKS: Final = frozenset({OriginProblem.INSECURE_ORIGIN.code})
"""The risks of an exact origin that an operator may accept; patterns are not looked up."""


def may_look_up(engine: Engine, origin: str, accept_risks: Collection[str] = ()) -> bool:
    """Return whether a look-up may allow an origin that a policy does not list.

    `engine` is that of the policy. Not for everything that is not the origin of a page, such as
    ``null`` and ``file://``, not if the policy is for ``*`` or grants nothing, and with credentials
    not for HTTP origins other than loopback, unless ``insecure-origin`` is accepted.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://example.com"], allow_credentials=True)
    >>> may_look_up(policy.engine, "https://shop-1.example")
    True
    >>> may_look_up(policy.engine, "null") or may_look_up(policy.engine, "http://shop-1.example")
    False
    """
    parts = split_origin(origin) if engine.may_look_up else None
    if parts is None:
        return False
    scheme, host, _ = parts
    is_insecure = engine.allows_credentials and scheme == "http" and not is_loopback(host)
    return not is_insecure or OriginProblem.INSECURE_ORIGIN.code in accept_risks
