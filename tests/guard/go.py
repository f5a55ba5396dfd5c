"""Go's published algorithm against cross-site requests, written anew from its description.

Source: https://pkg.go.dev/net/http#CrossOriginProtection, without trusted origins and bypasses.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def is_allowed(
    method: str, host: str | None, origin: str | None, sec_fetch_site: str | None
) -> bool:
    """Return whether Go's algorithm allows a request; of several lines it reads the first."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return True
    site = (sec_fetch_site or "").split(",")[0].strip()
    if site in ("same-origin", "none"):
        return True
    if site:
        return False
    if not origin:
        return True
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False
