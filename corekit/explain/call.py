"""Why a fetch is made as it is: what makes it cross-origin, what makes it need a preflight.

Sentences about the page's call alone; what a server says to it is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from corekit._names import (
    NORMALIZED_METHODS,
    REGISTERED_METHODS,
    RESPONSE_ONLY_HEADERS,
    SAFELISTED_METHODS,
)
from corekit._origins import OPAQUE
from corekit.browser import Fetch, Quirks
from corekit.browser.fields import drop_forbidden, unsafe_names
from corekit.browser.messages import Headers
from corekit.browser.urls import Url, parse_url

from .explanation import shown

__all__ = [
    "Call",
    "compare_origins",
    "notes_on_the_call",
    "preflight_causes",
    "sent_method",
]

_MAX_SAFELISTED_VALUE: Final = 128
_CREDENTIALS: Final[Mapping[str, str]] = {
    "include": "Cookies and HTTP authentication go along (credentials: 'include').",
    "omit": "No cookies go along (credentials: 'omit').",
    "same-origin": (
        "No cookies go along to another origin (credentials: 'same-origin', the default)."
    ),
}
_UNSAFE_CHARACTER: Final = "has a character in it that is not safelisted"
_VALUE_RULES: Final[Mapping[str, str]] = {
    "accept": _UNSAFE_CHARACTER,
    "accept-language": _UNSAFE_CHARACTER,
    "content-language": _UNSAFE_CHARACTER,
    "content-type": (
        "is not application/x-www-form-urlencoded, multipart/form-data or text/plain, which a form"
        " could send too"
    ),
    "range": "is not a single range such as bytes=0-255",
}
"""https://fetch.spec.whatwg.org/#cors-safelisted-request-header, by name: what a value breaks."""


def sent_method(method: str) -> str:
    """Write a method as it is sent: https://fetch.spec.whatwg.org/#concept-method-normalize

    >>> sent_method("put"), sent_method("patch")
    ('PUT', 'patch')
    """
    upper = method.upper()
    return upper if upper in NORMALIZED_METHODS else method


@dataclass(frozen=True, slots=True)
class Call:
    """A fetch of a page: what it asks for, the page's origin, and the browser's departures."""

    fetch: Fetch
    page: str
    quirks: Quirks

    @property
    def url(self) -> Url:
        """The address that is fetched."""
        return parse_url(self.fetch.url, None if self.page == OPAQUE else parse_url(self.page))

    @property
    def method(self) -> str:
        """The method as it is sent."""
        return sent_method(self.fetch.method)

    @property
    def headers(self) -> Headers:
        """The headers that the page sets and the browser sends."""
        return drop_forbidden(self.fetch.headers)

    @property
    def is_own(self) -> bool:
        """Whether it goes to the page's own origin."""
        return self.url.origin == self.page != OPAQUE

    def instead(self, fetch: Fetch) -> Self:
        """Make another call of the same page."""
        return replace(self, fetch=fetch)


def compare_origins(call: Call) -> str:
    """Say whether an address is of the page's origin, and if not, what differs."""
    page, url = call.page, call.url
    if page == OPAQUE:
        return (
            "The page's origin is opaque ('null'), as that of a sandboxed frame, a data: URL or a"
            " file is, so everything is another origin to it."
        )
    own = parse_url(page)
    if call.is_own:
        return f"{shown(str(url))} is of the page's own origin, so CORS has no say in it."
    if url.origin == OPAQUE:
        return f"{shown(str(url))} is not of http or https."
    differing = ["scheme"] if own.scheme != url.scheme else []
    if own.authority != url.authority:
        differing.append("port" if own.host == url.host else "host")
    verb = "differ" if len(differing) > 1 else "differs"
    return f"{url.origin} is another origin than {page}: the {' and the '.join(differing)} {verb}."


def notes_on_the_call(call: Call) -> tuple[str, ...]:
    """Say what of the call is not sent as the page wrote it, and what goes along."""
    notes = []
    fetch, method = call.fetch, call.method
    if method != fetch.method:
        notes.append(f"The method {fetch.method} is sent as {method}: browsers upper-case it.")
    elif method.upper() in REGISTERED_METHODS and method != method.upper():
        notes.append(
            f"The method is sent as {method}, in lower case: browsers upper-case only DELETE, GET,"
            " HEAD, OPTIONS, POST and PUT, and methods are case-sensitive."
        )
    for name, value in fetch.headers:
        if not drop_forbidden(((name, value),)):
            notes.append(f"The header {shown(name)} is left out: no page can set it.")
        elif name.lower() in RESPONSE_ONLY_HEADERS:
            notes.append(
                f"{shown(name)} is a header of responses; a page that sends it gains nothing."
            )
    if fetch.mode == "no-cors":
        notes.append("With mode 'no-cors' no page can read the answer, whatever the server says.")
    if fetch.credentials != "same-origin" or not call.is_own:
        notes.append(_CREDENTIALS[fetch.credentials])
    return tuple(notes)


def preflight_causes(call: Call) -> tuple[str, ...]:
    """Say what makes a call need a preflight; empty where nothing does.

    Source: https://fetch.spec.whatwg.org/#main-fetch, the last cases of step 12.
    """
    causes = []
    if call.method not in SAFELISTED_METHODS:
        causes.append(f"The method {shown(call.method)} is none of GET, HEAD and POST.")
    values: dict[str, str] = {}
    for name, value in call.headers:
        # Of several values, the one that is unsafe by itself.
        if name.lower() not in values or unsafe_names(((name, value),)):
            values[name.lower()] = value
    causes += [_why_unsafe(name, values[name]) for name in unsafe_names(call.headers)]
    if call.fetch.upload_listener:
        causes.append("The page listens to the progress of the upload.")
    return tuple(causes)


def _why_unsafe(name: str, value: str) -> str:
    rule = _VALUE_RULES.get(name)
    if rule is None:
        return f"The header {shown(name)} is not safelisted."
    if len(value) > _MAX_SAFELISTED_VALUE:
        rule = f"is longer than {_MAX_SAFELISTED_VALUE} bytes"
    elif not unsafe_names(((name, value),)):
        rule = "makes the safelisted headers longer than 1024 bytes together"
    elif name == "content-type" and _is_of_a_form(value):
        rule = _UNSAFE_CHARACTER
    return f"The value of {name}, '{shown(value)}', {rule}."


def _is_of_a_form(content_type: str) -> bool:
    essence = content_type.partition(";")[0]
    return not unsafe_names((("content-type", essence),))
