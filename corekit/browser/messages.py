"""Requests and responses on the wire, what a page fetches, and what it gets.

Header lists are tuples of (name, value) in their order on the wire; values are latin-1 text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from .failures import Failure

Headers = tuple[tuple[str, str], ...]

Tainting = Literal["basic", "cors", "opaque"]

FETCH_MODES: Final = ("cors", "no-cors", "same-origin")
"""https://fetch.spec.whatwg.org/#concept-request-mode, the modes that ``fetch()`` accepts."""

CREDENTIALS_MODES: Final = ("omit", "same-origin", "include")
"""https://fetch.spec.whatwg.org/#concept-request-credentials-mode"""

REDIRECT_MODES: Final = ("follow", "error", "manual")
"""https://fetch.spec.whatwg.org/#concept-request-redirect-mode"""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a page fetches, as it would write it: https://fetch.spec.whatwg.org/#fetch-method

    `method` and `headers` are written as in the page; `body` is None or bytes. `body_type` is the
    media type that the body has in the page: the type of a Blob, ``text/plain;charset=UTF-8`` of
    text; it becomes the Content-Type, unless the page sets one. `mode`,
    `credentials` and `redirect` are those of JavaScript's ``fetch``, with its defaults.
    `upload_listener` is whether the page listens for upload progress, as XMLHttpRequest can, so
    that every method needs a preflight. `target_address_space` is the option targetAddressSpace,
    ``public``, ``local`` or ``loopback``; it has no effect unless the model has an address space.

    >>> Fetch("https://api.example.com/items/1", method="PUT").credentials
    'same-origin'
    """

    url: str
    method: str = "GET"
    headers: Headers = ()
    body: bytes | None = None
    mode: str = "cors"
    credentials: str = "same-origin"
    redirect: str = "follow"
    upload_listener: bool = False
    body_type: str = ""
    target_address_space: str | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request on the wire.

    `credentials` is whether the browser adds the site's cookies and HTTP authentication. The model
    has none, so the transport adds them, and stores those that the response sets, only if this is
    true.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    credentials: bool = False

    @property
    def is_preflight(self) -> bool:
        """Whether this is a CORS-preflight request: https://fetch.spec.whatwg.org/#cors-preflight-request"""
        has_method = any(name == "Access-Control-Request-Method" for name, _ in self.headers)
        return self.method == "OPTIONS" and has_method


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response on the wire; `body` is that of the final message."""

    status: int
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the response to it."""

    request: HttpRequest
    response: HttpResponse


@dataclass(frozen=True, slots=True)
class PageResponse:
    """What the page gets: https://fetch.spec.whatwg.org/#concept-filtered-response

    `kind` is ``basic``, ``cors``, ``opaque`` or ``opaqueredirect``. `headers` are those that the
    page can read: names in lower case, each once, with its values joined by ``", "``.
    """

    kind: str
    url: str
    status: int
    headers: Headers
    body: bytes
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fetch ended, with a response or a failure, and what was sent and received."""

    result: PageResponse | Failure
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def response(self) -> PageResponse | None:
        """What the page got, None if the fetch failed."""
        return self.result if isinstance(self.result, PageResponse) else None

    @property
    def failure(self) -> Failure | None:
        """Why the fetch failed, None if the page got a response."""
        return self.result if isinstance(self.result, Failure) else None

    @property
    def is_readable(self) -> bool:
        """Whether the page can read the response: not opaque, and not a failure."""
        return isinstance(self.result, PageResponse) and self.result.kind in ("basic", "cors")

    @property
    def preflights(self) -> int:
        """The number of preflights among the requests."""
        return sum(exchange.request.is_preflight for exchange in self.exchanges)
