"""Instructions that fix a denial: the setting to change, and the nearest allowed value."""

from __future__ import annotations

from typing import Final

from ._answers import Reason
from ._engine import MAX_METHOD_LENGTH, Engine
from ._names import REGISTERED_METHODS, is_browser_header
from ._near import find_near_method, find_near_name, find_near_origins
from ._origins import ANY, MAX_ORIGIN_LENGTH, OPAQUE
from .diagnostics import show

_MAX_NAMES: Final = 5
_FAILED: Final = 'See the errors that "corekit.lookups" has logged.'
_UNKNOWN: Final = {
    "timed_out": "Make the function of the look-up faster, or raise its timeout.",
    "overloaded": "Make the function of the look-up faster, or raise its concurrency.",
}
"""By the outcome of a look-up, how to make it work."""
_MAX_ORIGINS: Final = 500
"""The most origins that a near miss is searched in, since the list is read from end to end."""


def find_hint(
    engine: Engine,
    reason: Reason,
    origin: str,
    request_method: str | None,
    request_headers: str | None,
) -> str:
    """Return how to fix a denial by `engine`: see `Decision.hint`.

    >>> from corekit import CorsPolicy
    >>> engine = CorsPolicy(allow_origins=["http://localhost:5173"]).engine
    >>> find_hint(engine, Reason.ORIGIN_NOT_ALLOWED, "http://localhost:5174", None, None)
    "Nearest allowed origin: 'http://localhost:5173'. Add 'http://localhost:5174' to allow_origins."
    """
    match reason:
        case Reason.ORIGIN_NOT_ALLOWED:
            return find_origin_hint(engine, origin)
        case Reason.ORIGIN_UNKNOWN:
            return _UNKNOWN.get(engine.lookup or "", _FAILED)
        case Reason.METHOD_NOT_ALLOWED:
            return _fix_method(engine, request_method or "")
        case Reason.HEADER_NOT_ALLOWED:
            return _fix_headers(engine, engine.missing_headers(request_headers or ""))
        case Reason.HEADERS_TOO_LONG:
            return f"Request fewer headers: at most {engine.max_request_headers} characters."
        case Reason.METHOD_MALFORMED if len(request_method or "") > MAX_METHOD_LENGTH:
            return f"Send a method of at most {MAX_METHOD_LENGTH} characters."
        case Reason.ORIGIN_MALFORMED if len(origin) > MAX_ORIGIN_LENGTH:
            return f"Send an origin of at most {MAX_ORIGIN_LENGTH} characters."
    return ""


def find_origin_hint(engine: Engine, origin: str) -> str:
    """Return how to allow an origin that `engine` does not: the nearest one that it does."""
    if engine.source.hint:
        return engine.source.hint
    if origin == OPAQUE:
        return "Browsers send it for sandboxed iframes and local files: use a page with an origin."
    is_short = len(engine.allow_origins) <= _MAX_ORIGINS
    near = find_near_origins(engine, origin) if is_short else ()
    nearest = f"Nearest allowed origin: {show(near[0].nearest)}. " if near else ""
    return f"{nearest}Add {show(origin)} to {engine.dialect.origins}."


def _fix_method(engine: Engine, method: str) -> str:
    setting = engine.dialect.name("allow_methods")
    near = find_near_method(method, engine.allow_methods)
    upper = method.upper()
    if near is not None and near.upper() == upper:
        return f"Send {show(near)} instead of {show(method)}: method names are case-sensitive."
    if upper in REGISTERED_METHODS and method != upper:
        return f"Add {show(upper)} to {setting}, and send it in upper case."
    if method == ANY:
        return "Send the name of a method."
    nearest = "" if near is None else f"Nearest allowed method: {show(near)}. "
    return f"{nearest}Add {show(method)} to {setting}."


def _fix_headers(engine: Engine, missing: list[str]) -> str:
    # A page cannot set these, so only other clients ask for them.
    missing = [name for name in missing if name != ANY and not is_browser_header(name)]
    if not missing:
        return "Send the names of headers that a page can set."
    shown = missing[:_MAX_NAMES]
    near = filter(None, (find_near_name(name, engine.allow_headers) for name in shown))
    nearest = ", ".join(map(show, near))
    before = f"Nearest allowed header: {nearest}. " if nearest else ""
    more = f" and {len(missing) - _MAX_NAMES} more" if len(missing) > _MAX_NAMES else ""
    setting = engine.dialect.name("allow_headers")
    return f"{before}Add {', '.join(map(show, shown))}{more} to {setting}."
