"""What the page could request instead, whatever the server responds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from corekit._names import REGISTERED_METHODS, RESPONSE_ONLY_HEADERS
from corekit._origins import is_loopback
from corekit.browser import Fetch
from corekit.browser.urls import HTTP_SCHEMES, Url
from corekit.diagnostics import show

from .call import Call


@dataclass(frozen=True, slots=True)
class OtherFetch:
    """What a page could fetch instead; `is_required` if no change of a policy can replace it."""

    message: str
    fetch: Fetch
    is_required: bool = True


def find_other_fetches(call: Call) -> Iterator[OtherFetch]:
    """Yield what the page could fetch instead."""
    fetch, url, upper = call.fetch, call.url, call.method.upper()
    if upper in REGISTERED_METHODS and call.method != upper:
        message = f"Use the method {show(upper)}, in upper case."
        yield OtherFetch(message, replace(fetch, method=upper))
    if fetch.mode != "cors":
        yield OtherFetch("Use mode 'cors', the default.", replace(fetch, mode="cors"))
    misplaced = {name.lower() for name, _ in fetch.headers} & RESPONSE_ONLY_HEADERS
    if misplaced:
        kept = tuple(pair for pair in fetch.headers if pair[0].lower() not in misplaced)
        message = f"Do not set {', '.join(sorted(misplaced))}: only servers send this."
        yield OtherFetch(message, replace(fetch, headers=kept))
    http_url = find_http_url(url, call)
    if http_url is not None and http_url != str(url):
        yield OtherFetch(f"Request {show(http_url)} instead.", replace(fetch, url=http_url))
    if fetch.redirect != "follow":
        message = "Let the browser follow redirects: redirect: 'follow', the default."
        yield OtherFetch(message, replace(fetch, redirect="follow"))
    if fetch.credentials == "include":
        message = "If the request does not need cookies, use credentials: 'omit'."
        yield OtherFetch(message, replace(fetch, credentials="omit"), is_required=False)


def find_http_url(url: Url, call: Call) -> str | None:
    """Return the URL with a scheme that the page can request; None if the URL has no host."""
    is_secure = call.page.startswith("https:")
    if url.scheme not in HTTP_SCHEMES:
        scheme = "https" if is_secure else "http"
        return f"{scheme}:{url.target}" if url.target.startswith("//") else None
    is_trusted = is_loopback(url.host) and not call.quirks.loopback_is_mixed_content
    is_mixed = url.scheme == "http" and is_secure and not is_trusted
    return str(replace(url, scheme="https" if is_mixed else url.scheme))
