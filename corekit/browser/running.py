"""A fetch in progress: the page's request, checked and normalized, and its state.

`model` decides what is sent and when.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from corekit._names import NORMALIZED_METHODS, SAFELISTED_METHODS, is_sendable_method
from corekit._origins import OPAQUE, is_serialized_origin

from .failures import Failure, FetchFailedError
from .fields import drop_forbidden, get_header, join_lines, keep_no_cors_safelisted
from .local_network import ADDRESS_SPACES, LocalNetwork
from .messages import (
    CREDENTIALS_MODES,
    FETCH_MODES,
    REDIRECT_MODES,
    Exchange,
    Fetch,
    Headers,
    Tainting,
)
from .quirks import STANDARD, Quirks
from .urls import Url, parse_url


@dataclass(slots=True)
class Running:
    """The state of a fetch: https://fetch.spec.whatwg.org/#concept-request"""

    page: str
    requested: Fetch
    method: str
    set_headers: Headers
    headers: Headers
    body: bytes | None
    urls: list[Url]
    tainting: Tainting = "basic"
    preflighted: bool = False
    redirected: bool = False
    is_bodiless: bool = False
    local_network: LocalNetwork | None = None
    exchanges: list[Exchange] = field(default_factory=list)

    @property
    def url(self) -> Url:
        return self.urls[-1]

    @property
    def include(self) -> bool:
        return self.requested.credentials == "include"

    @property
    def origin(self) -> str:
        """The page's origin, or null: https://fetch.spec.whatwg.org/#serializing-a-request-origin"""
        for before, after in zip(self.urls, self.urls[1:], strict=False):
            if before.origin not in (after.origin, self.page):
                return OPAQUE
        return self.page

    def fail(self, name: str, value: str | None = None) -> FetchFailedError:
        return FetchFailedError(Failure(name, self.method, str(self.url), self.origin, value))


def start(page: str, fetch: Fetch, quirks: Quirks = STANDARD) -> Running:
    """Begin a fetch. Raises ValueError if a browser would throw a TypeError.

    Source: https://fetch.spec.whatwg.org/#dom-request
    """
    if not is_serialized_origin(page):
        raise ValueError(f"not an origin: {page!a}; an example is 'https://app.example.com'")
    for name, value, modes in (
        ("mode", fetch.mode, FETCH_MODES),
        ("credentials", fetch.credentials, CREDENTIALS_MODES),
        ("redirect", fetch.redirect, REDIRECT_MODES),
        ("target_address_space", fetch.target_address_space, (None, *ADDRESS_SPACES)),
    ):
        if value not in modes:
            raise ValueError(f"{name}={value!a} is not one of {', '.join(filter(None, modes))}")
    if not is_sendable_method(fetch.method):
        raise ValueError(f"browsers do not let scripts send the method {fetch.method!a}")
    upper = fetch.method.upper()
    method = upper if upper in NORMALIZED_METHODS else fetch.method
    if fetch.body is not None and method in ("GET", "HEAD"):
        raise ValueError(f"a request with {method} cannot have a body")
    url = parse_url(fetch.url, None if page == OPAQUE else parse_url(page))
    if url.userinfo:
        raise ValueError("browsers do not fetch a URL with a user name or password")
    if fetch.mode == "no-cors" and method not in SAFELISTED_METHODS:
        raise ValueError(f"a no-cors request cannot have the method {method}")
    headers = _headers_of(fetch, quirks)
    return Running(page, fetch, method, headers, headers, fetch.body, [url])


def _headers_of(fetch: Fetch, quirks: Quirks) -> Headers:
    """Return the headers that the page sets, and the Content-Type that its body brings."""
    headers = drop_forbidden(fetch.headers)
    if quirks.user_agent_is_forbidden:
        headers = tuple(pair for pair in headers if pair[0].lower() != "user-agent")
    if fetch.mode == "no-cors":
        headers = keep_no_cors_safelisted(headers)
    brings_type = fetch.body is not None and fetch.body_type
    if brings_type and get_header(headers, "content-type") is None:
        brought = drop_forbidden((("Content-Type", fetch.body_type),))
        if fetch.mode == "no-cors" and not quirks.blob_type_is_sent:
            brought = keep_no_cors_safelisted(brought)
        headers += brought
    # XMLHttpRequest joins them: https://xhr.spec.whatwg.org/#the-setrequestheader()-method
    if quirks.repeated_headers_are_joined or fetch.upload_listener:
        return join_lines(headers)
    return headers


def check_fetch(fetch: Fetch) -> None:
    """Raise ValueError if no page can make a fetch, for example with a forbidden method.

    >>> check_fetch(Fetch("https://api.example.com/", method="TRACE"))
    Traceback (most recent call last):
    ValueError: browsers do not let scripts send the method 'TRACE'
    """
    start(OPAQUE, fetch)
