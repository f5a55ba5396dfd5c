"""What a test sees: the response as the page may read it, or the error that says what to mend."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corekit.browser import Exchange, Failure, Outcome

__all__ = ["CorsError", "FetchError", "Headers", "Response", "describe", "raise_or_return"]


class Headers(Mapping[str, str]):
    """Response headers by name, whatever its case; as JavaScript's ``Headers``.

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
    """What the page got: https://fetch.spec.whatwg.org/#response-class

    `headers` are those that the page may read, and no others. `kind` is ``basic``, ``cors``,
    ``opaque`` or ``opaqueredirect``. `exchanges` are the requests that went over the wire, in
    order, with all headers, preflights included.
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
        """The body as text; of UTF-8, as in JavaScript."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Read the body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)

    @property
    def preflights(self) -> int:
        """How many of the requests were preflights."""
        return sum(exchange.request.is_preflight for exchange in self.exchanges)


class FetchError(Exception):
    """The page got nothing. Where JavaScript has but a TypeError, this says why.

    `name` is the name of the failure, as in Chromium's developer tools, `sentence` what happened,
    `mend` what to do about it, `exchanges` all that went over the wire.
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
    """The page got nothing because of CORS."""


def raise_or_return(outcome: Outcome, exchanges: tuple[Exchange, ...]) -> Response:
    """Turn what the model says into a response or an error; `exchanges` are what was sent."""
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
    """Write exchanges as they went over the wire, without bodies and control characters."""
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
