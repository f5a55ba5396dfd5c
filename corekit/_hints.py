"""Instructions that fix a denial: the setting to change, and the nearest allowed value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final

from ._names import REGISTERED_METHODS, is_browser_header
from ._near_names import find_near_method, find_near_name
from ._near_origins import find_near_origins
from ._origins import ANY, OPAQUE
from .diagnostics import show

_MAX_NAMES: Final = 5
_MAX_ORIGINS: Final = 500
"""The most origins that a near miss is searched in: the search must not delay requests."""


def fix_origin(
    origin: str,
    allow_origins: Collection[str],
    allows: Callable[[str], bool],
    setting: str = "allow_origins",
) -> str:
    """Return how to allow an origin that is denied; `setting` is the user's `allow_origins`.

    >>> allowed = {"http://localhost:5173"}
    >>> fix_origin("http://localhost:5174", allowed, allowed.__contains__)
    "Nearest allowed origin: 'http://localhost:5173'. Add 'http://localhost:5174' to allow_origins."
    """
    if origin == OPAQUE:
        return "Browsers send it for sandboxed iframes and local files: use a page with an origin."
    is_short = len(allow_origins) <= _MAX_ORIGINS
    near = find_near_origins(origin, allow_origins, allows) if is_short else ()
    nearest = f"Nearest allowed origin: {show(near[0].nearest)}. " if near else ""
    return f"{nearest}Add {show(origin)} to {setting}."


def fix_method(method: str, allowed: Collection[str], setting: str = "allow_methods") -> str:
    """Return how to allow a method that is denied.

    >>> fix_method("PUT", ["GET", "HEAD", "POST"])
    "Add 'PUT' to allow_methods."
    """
    near = find_near_method(method, allowed)
    if near is not None and near.upper() == method.upper():
        return f"Send {show(near)} instead of {show(method)}: method names are case-sensitive."
    upper = method.upper()
    if upper in REGISTERED_METHODS and method != upper:
        return f"Add {show(upper)} to {setting}, and send it in upper case."
    if method == ANY:
        return "Send the name of a method."
    nearest = "" if near is None else f"Nearest allowed method: {show(near)}. "
    return f"{nearest}Add {show(method)} to {setting}."


def fix_headers(
    missing: Sequence[str], allowed: Collection[str], setting: str = "allow_headers"
) -> str:
    """Return how to allow the requested headers that are missing in `allowed`.

    >>> fix_headers(["x-csrf-token"], ["x-csrftoken"])
    "Nearest allowed header: 'x-csrftoken'. Add 'x-csrf-token' to allow_headers."
    """
    # A page cannot set these, so only other clients ask for them.
    missing = [name for name in missing if name != ANY and not is_browser_header(name)]
    if not missing:
        return "Send the names of headers that a page can set."
    shown = missing[:_MAX_NAMES]
    near = [name for name in (find_near_name(each, allowed) for each in shown) if name is not None]
    nearest = f"Nearest allowed header: {', '.join(map(show, near))}. " if near else ""
    more = f" and {len(missing) - _MAX_NAMES} more" if len(missing) > _MAX_NAMES else ""
    return f"{nearest}Add {', '.join(map(show, shown))}{more} to {setting}."
