"""A browser's checks of a response, implemented directly from the Fetch standard.

From https://fetch.spec.whatwg.org/#cors-check and, for preflights, from step 7 of
https://fetch.spec.whatwg.org/#cors-preflight-fetch. The checks get headers, never a policy, and
nothing is imported from `corekit`.
"""

from __future__ import annotations

from collections.abc import Iterable

Headers = Iterable[tuple[str, str]]

SAFELISTED_METHODS = {"GET", "HEAD", "POST"}


def cors_check(origin: str, headers: Headers, *, credentials: bool) -> bool:
    """Return whether `origin` may read a response with these headers."""
    allowed = _values(headers, "access-control-allow-origin")
    if len(allowed) != 1:
        return False
    if not credentials and allowed == ["*"]:
        return True
    if allowed != [origin]:
        return False
    return not credentials or _values(headers, "access-control-allow-credentials") == ["true"]


def preflight_check(
    origin: str,
    method: str,
    unsafe_headers: Iterable[str],
    status: int | None,
    headers: Headers,
    *,
    credentials: bool,
) -> bool:
    """Return whether this response to a preflight allows the request."""
    headers = list(headers)
    if not cors_check(origin, headers, credentials=credentials):
        return False
    if status is None or not 200 <= status <= 299:
        return False
    methods = _elements(headers, "access-control-allow-methods")
    names = [name.lower() for name in _elements(headers, "access-control-allow-headers")]
    any_method = not credentials and "*" in methods
    any_header = not credentials and "*" in names
    if method not in methods and method not in SAFELISTED_METHODS and not any_method:
        return False
    unsafe = [name.lower() for name in unsafe_headers]
    if "authorization" in unsafe and "authorization" not in names:
        return False
    return any_header or all(name in names for name in unsafe)


def _values(headers: Headers, wanted: str) -> list[str]:
    return [value for name, value in headers if name.lower() == wanted]


def _elements(headers: Headers, wanted: str) -> list[str]:
    joined = ",".join(_values(headers, wanted))
    return [element.strip(" \t") for element in joined.split(",") if element.strip(" \t")]
