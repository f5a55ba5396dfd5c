"""Methods, header names, credentials and paths that are nearly what the other side has.

What the other side has is given as a set of names, so that it serves a policy and the answer of a
live server alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Final

from corekit._near_names import find_near_method as search
from corekit._near_names import find_near_name
from corekit._origins import ANY
from corekit.browser.fields import NON_WILDCARD_HEADER
from corekit.diagnostics import show
from corekit.routes import CorsRoutes

from .explanation import NearMiss

__all__ = ["find_near_headers", "find_near_method", "find_near_paths"]

_MAX_MISSING: Final = 20


def find_near_method(method: str, allowed: Collection[str]) -> Iterator[NearMiss]:
    """Name the allowed method that differs from `method` in its case, or by a slip.

    >>> print(*find_near_method("patch", ["GET", "PATCH"]))
    'PATCH' is allowed, and 'patch' is sent: methods are case-sensitive.
    """
    nearest = search(method, allowed)
    if nearest is not None:
        why = ": methods are case-sensitive" if nearest.upper() == method.upper() else ""
        message = f"{show(nearest)} is allowed, and {show(method)} is sent{why}."
        yield NearMiss("method", method, nearest, message)


def find_near_headers(
    missing: Collection[str], allowed: Collection[str], *, include: bool
) -> Iterator[NearMiss]:
    """Name what is nearly each of the `missing` header names (lower case) in what is allowed.

    >>> print(*find_near_headers(["x-csrf-token"], ["x-csrftoken"], include=False))
    'x-csrftoken' is allowed, and 'x-csrf-token' is sent.
    """
    names = [name.lower() for name in allowed if name != ANY]
    for name in islice(missing, _MAX_MISSING):
        if ANY in allowed and include:
            message = f"'*' does not cover {show(name)}: with credentials it is a name like others."
            yield NearMiss("header", name, ANY, message)
        elif ANY in allowed and name == NON_WILDCARD_HEADER:
            message = "'*' does not cover authorization by the standard: it has to be named beside."
            yield NearMiss("header", name, ANY, message)
        elif (nearest := find_near_name(name, names)) is not None:
            message = f"{show(nearest)} is allowed, and {show(name)} is sent."
            yield NearMiss("header", name, nearest, message)


def find_near_paths(routes: CorsRoutes, path: str) -> Iterator[NearMiss]:
    """Name the routes that would cover a path if its case were another."""
    lowered = path.lower()
    for route, _ in routes.routes:
        low = route.lower()
        if lowered == low.removesuffix("/") or (low[-1] == "/" and lowered.startswith(low)):
            message = f"The route {show(route)} is nearly {show(path)}: paths are case-sensitive."
            yield NearMiss("path", path, route, message)
