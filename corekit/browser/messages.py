"""What travels: requests and responses on the wire, what a page asks for, and what it gets.

Values only. Header lists are tuples of (name, value) in their order on the wire, a value being text
of latin-1; nothing here says what a header means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from .failures import Failure

__all__ = [
    "CREDENTIALS_MODES",
    "FETCH_MODES",
    "REDIRECT_MODES",
    "Exchange",
    "Fetch",
    "Headers",
    "HttpRequest",
    "HttpResponse",
    "Outcome",
    "PageResponse",
    "Tainting",
]

Headers = tuple[tuple[str, str], ...]

Tainting = Literal["basic", "cors", "opaque"]

FETCH_MODES: Final = ("cors", "no-cors", "same-origin")
"""https://fetch.spec.whatwg.org/#concept-request-mode, as far as ``fetch()`` takes them."""

CREDENTIALS_MODES: Final = ("omit", "same-origin", "include")
"""https://fetch.spec.whatwg.org/#concept-request-credentials-mode"""

REDIRECT_MODES: Final = ("follow", "error", "manual")
"""https://fetch.spec.whatwg.org/#concept-request-redirect-mode"""


@dataclass(frozen=True, slots=True)
class Fetch:
    """What a page asks for, as it would write it: https://fetch.spec.whatwg.org/#fetch-method

    `method` and `headers` are spelled as the page spells them; `body` is None or bytes. `mode`,
    `credentials` and `redirect` are those of JavaScript's ``fetch``, with its defaults.
    `upload_listener` says that the page watches the upload, which XMLHttpRequest can, so that a
    preflight is made for any method.

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


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that goes over the wire.

    `credentials` says whether the browser adds what it keeps for the site: cookies and HTTP
    authentication. The model knows of none, so the transport adds them, and stores those that the
    response sets, where this is true only.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes | None = None
    credentials: bool = False

    @property
    def is_preflight(self) -> bool:
        """Whether this asks for a grant: https://fetch.spec.whatwg.org/#cors-preflight-request"""
        asks = any(name == "Access-Control-Request-Method" for name, _ in self.headers)
        return self.method == "OPTIONS" and asks


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response as it came over the wire; `body` is that of the final message."""

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
    page may read, names in lower case, each once, its values joined by ``", "``.
    """

    kind: str
    url: str
    status: int
    headers: Headers
    body: bytes
    redirected: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a fetch ended: with a response or with a failure; and all that went over the wire."""

    result: PageResponse | Failure
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def response(self) -> PageResponse | None:
        """What the page got, None where it got nothing."""
        return self.result if isinstance(self.result, PageResponse) else None

    @property
    def failure(self) -> Failure | None:
        """Why the page got nothing, None where it got something."""
        return self.result if isinstance(self.result, Failure) else None

    @property
    def is_readable(self) -> bool:
        """Whether the page can read the response: not opaque, and not a failure."""
        return isinstance(self.result, PageResponse) and self.result.kind in ("basic", "cors")

    @property
    def preflights(self) -> int:
        """How many of the requests were preflights."""
        return sum(exchange.request.is_preflight for exchange in self.exchanges)
