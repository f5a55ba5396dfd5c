"""Responses of a server that does not know whether an origin is allowed: ORIGIN_UNKNOWN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_UNAVAILABLE: Final = 503


def is_unknown(status: int, headers: Iterable[tuple[str, str]], *, is_preflight: bool) -> bool:
    """Return whether a response says that a server does not know if an origin is allowed.

    For a preflight that is status 503 with Retry-After, as other servers send too if they cannot
    respond for now. For another request, it is no grant, and ``Cache-Control: no-store`` in
    addition to ``Vary: Origin``. An application may send these itself, so they prove nothing.

    >>> is_unknown(503, [("Retry-After", "1")], is_preflight=True)
    True
    >>> is_unknown(503, [], is_preflight=True)
    False
    """
    fields = {name.lower(): value for name, value in headers}
    if "access-control-allow-origin" in fields:
        return False
    if is_preflight:
        return status == _UNAVAILABLE and "retry-after" in fields
    varies = {name.strip().lower() for name in fields.get("vary", "").split(",")}
    return fields.get("cache-control", "").strip().lower() == "no-store" and "origin" in varies
