"""The page's call: what makes it cross-origin, what makes it need a preflight, what to try instead.

What a server responds is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from corekit._names import (
    NORMALIZED_METHODS,
    REGISTERED_METHODS,
    RESPONSE_ONLY_HEADERS,
    SAFELISTED_METHODS,
)
from corekit._origins import OPAQUE, is_loopback
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse, Outcome, Quirks
from corekit.browser.fields import MAX_SAFELISTED_VALUE, drop_forbidden, unsafe_names
from corekit.browser.messages import Headers
from corekit.browser.urls import HTTP_SCHEMES, Url, parse_url
from corekit.diagnostics import show

from .explanation import escape

_CREDENTIALS: Final[Mapping[str, str]] = {
    "include": "Cookies and HTTP authentication are sent (credentials: 'include').",
    "omit": "Cookies are not sent (credentials: 'omit').",
    "same-origin": (
        "Cookies are not sent to another origin (credentials: 'same-origin', the default)."
    ),
}
_UNSAFE_CHARACTER: Final = "has a character that is not safelisted"
_VALUE_RULES: Final[Mapping[str, str]] = {
    "accept": _UNSAFE_CHARACTER,
    "accept-language": _UNSAFE_CHARACTER,
    "content-language": _UNSAFE_CHARACTER,
    "content-type": ("is not application/x-www-form-urlencoded, multipart/form-data or text/plain"),
    "range": "is not a single range such as bytes=0-255",
}
"""By name, what is wrong with a value:
https://fetch.spec.whatwg.org/#cors-safelisted-request-header"""


@dataclass(frozen=True, slots=True)
class Call:
    """A page's fetch, the page's origin, and the quirks of the browser."""

    fetch: Fetch
    page: str
    quirks: Quirks

    @property
    def url(self) -> Url:
        """The URL that is fetched."""
        return parse_url(self.fetch.url, None if self.page == OPAQUE else parse_url(self.page))

    @property
    def method(self) -> str:
        """The method as it is sent: https://fetch.spec.whatwg.org/#concept-method-normalize"""
        upper = self.fetch.method.upper()
        return upper if upper in NORMALIZED_METHODS else self.fetch.method

    @property
    def headers(self) -> Headers:
        """The headers that the page sets and the browser sends."""
        return drop_forbidden(self.fetch.headers)

    @property
    def is_same_origin(self) -> bool:
        """Whether the URL has the page's own origin."""
        return self.url.origin == self.page != OPAQUE

    def with_fetch(self, fetch: Fetch) -> Self:
        """Return another call of the same page."""
        return replace(self, fetch=fetch)

    def run(self, transport: Callable[[HttpRequest], HttpResponse]) -> Outcome:
        """Let the browser model make the fetch."""
        model = BrowserModel(clock=lambda: 0.0, quirks=self.quirks)
        return model.fetch(transport, self.page, self.fetch)


def compare_origins(call: Call) -> str:
    """Return whether a call is cross-origin and, if it is, what differs."""
    page, url = call.page, call.url
    if page == OPAQUE:
        return (
            "The page has an opaque origin ('null'), as sandboxed iframes, data: URLs and files"
            " have, so every URL is cross-origin."
        )
    own = parse_url(page)
    if call.is_same_origin:
        return f"{escape(str(url))} has the page's own origin, so CORS does not apply."
    if url.origin == OPAQUE:
        return f"{escape(str(url))} is not an HTTP or HTTPS URL."
    differing = ["scheme"] if own.scheme != url.scheme else []
    if own.authority != url.authority:
        differing.append("port" if own.host == url.host else "host")
    verb = "differ" if len(differing) > 1 else "differs"
    return (
        f"{url.origin} is a different origin than {page}: the {' and the '.join(differing)} {verb}."
    )


def describe_call(call: Call) -> tuple[str, ...]:
    """Return what the browser does not send as the page wrote it, and whether cookies are sent."""
    notes = []
    fetch, method = call.fetch, call.method
    if method != fetch.method:
        notes.append(
            f"The method {fetch.method} is sent as {method}: browsers write it in upper case."
        )
    elif method.upper() in REGISTERED_METHODS and method != method.upper():
        notes.append(
            f"The method is sent as {method}, in lower case: browsers write only DELETE, GET, HEAD,"
            " OPTIONS, POST and PUT in upper case, and method names are case-sensitive."
        )
    for name, value in fetch.headers:
        if not drop_forbidden(((name, value),)):
            notes.append(f"The header {escape(name)} is not sent: scripts cannot set it.")
        elif name.lower() in RESPONSE_ONLY_HEADERS:
            notes.append(f"{escape(name)} is a response header; it has no effect in a request.")
    if fetch.mode == "no-cors":
        notes.append(
            "With mode 'no-cors' the page cannot read the response, whatever the server allows."
        )
    if fetch.credentials != "same-origin" or not call.is_same_origin:
        notes.append(_CREDENTIALS[fetch.credentials])
    return tuple(notes)


def find_preflight_causes(call: Call) -> tuple[str, ...]:
    """Return what makes a call need a preflight; empty if nothing does.

    Source: https://fetch.spec.whatwg.org/#main-fetch, the last cases of step 12.
    """
    causes = []
    if call.method not in SAFELISTED_METHODS:
        causes.append(f"The method {escape(call.method)} is not GET, HEAD or POST.")
    values: dict[str, str] = {}
    for name, value in call.headers:
        # If a header has several values, the one that is unsafe alone.
        if name.lower() not in values or unsafe_names(((name, value),)):
            values[name.lower()] = value
    causes += [_explain_unsafe(name, values[name]) for name in unsafe_names(call.headers)]
    if call.fetch.upload_listener:
        causes.append("The page listens for upload progress.")
    return tuple(causes)


def _explain_unsafe(name: str, value: str) -> str:
    rule = _VALUE_RULES.get(name)
    if rule is None:
        return f"The header {escape(name)} is not safelisted."
    if len(value) > MAX_SAFELISTED_VALUE:
        rule = f"is longer than {MAX_SAFELISTED_VALUE} bytes"
    elif not unsafe_names(((name, value),)):
        rule = "makes the safelisted headers longer than 1024 bytes in total"
    elif name == "content-type" and not unsafe_names(((name, value.partition(";")[0]),)):
        rule = _UNSAFE_CHARACTER
    return f"The value of {name}, '{escape(value)}', {rule}."


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
