"""What a test gets: the response as the page may read it, or an error with a hint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corekit.browser import Exchange, Failure, Outcome


class Headers(Mapping[str, str]):
    """Response headers by name, ignoring case, like JavaScript's ``Headers``.

    >>> headers = Headers((("content-type", "text/plain"),))
    >>> headers["Content-Type"], "ETag" in headers
    ('text/plain', False)
    """

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self._values = dict(pairs)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"


@dataclass(frozen=True, slots=True)
class Response:
    """The response that the page gets: https://fetch.spec.whatwg.org/#response-class

    `headers` are only those that the page may read. `kind` is ``basic``, ``cors``, ``opaque`` or
    ``opaqueredirect``. `exchanges` are all requests that were sent, including preflights, in order
    and with all headers.
    """

    status: int
    headers: Headers
    body: bytes
    url: str
    kind: str
    redirected: bool
    exchanges: tuple[Exchange, ...]

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status <= 299

    @property
    def text(self) -> str:
        """The body as text, decoded as UTF-8, as in JavaScript."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as JSON; raises ValueError if it is not."""
        return json.loads(self.body)

    @property
    def preflights(self) -> int:
        """The number of preflights among the requests."""
        return sum(exchange.request.is_preflight for exchange in self.exchanges)


class FetchError(Exception):
    """The page gets no response. JavaScript only raises a TypeError; this says why.

    `name` is the name of the failure in Chromium's developer tools, `message` what happened, `hint`
    how to fix it, and `exchanges` are all requests that were sent.
    """

    def __init__(self, failure: Failure, exchanges: tuple[Exchange, ...]) -> None:
        super().__init__(failure, exchanges)
        self.name = failure.name
        self.message = failure.message
        self.hint = failure.hint
        self.exchanges = exchanges

    def __str__(self) -> str:
        return f"{self.name}: {self.message} {self.hint}"


class CorsError(FetchError):
    """The page gets no response because of CORS."""


def raise_or_return(outcome: Outcome, exchanges: tuple[Exchange, ...]) -> Response:
    """Return the response of an outcome, or raise its error; `exchanges` are what was sent."""
    page = outcome.result
    if isinstance(page, Failure):
        error = CorsError if page.is_cors else FetchError
        raise error(page, exchanges)
    return Response(
        page.status,
        Headers(page.headers),
        page.body,
        page.url,
        page.kind,
        page.redirected,
        exchanges,
    )


def describe(exchanges: tuple[Exchange, ...]) -> str:
    """Format exchanges as they were sent, without bodies and control characters."""
    lines = []
    for exchange in exchanges:
        request, response = exchange.request, exchange.response
        lines.append(f"> {request.method} {request.url}")
        lines += [f"> {_escape(name)}: {_escape(value)}" for name, value in request.headers]
        lines.append(f"< {response.status}")
        lines += [f"< {_escape(name)}: {_escape(value)}" for name, value in response.headers]
        lines.append("")
    return "\n".join(lines)


def _escape(text: str) -> str:
    return ascii(text)[1:-1]
