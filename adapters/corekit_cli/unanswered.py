"""Why no answer came from a server: the errors of a network in a few words, with the mend if any.

Who asks, and what becomes of a question without an answer, is the business of `asking`.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx

__all__ = ["tell_why"]

_MAX_SHOWN: Final = 200
"""Characters of what an error says that are shown: some repeat what the server sent."""

_CLOSED: Final = "it closed the connection without an answer"

_Words = Callable[[Any], str]

_WORDS: Final[tuple[tuple[type[Exception], _Words], ...]] = (
    (
        ssl.SSLCertVerificationError,
        lambda error: (
            f"its certificate is not trusted ({error.verify_message.rstrip('.')}); an authority of"
            " your own is named by the environment variable SSL_CERT_FILE"
        ),
    ),
    (ssl.SSLError, lambda error: f"no TLS with it ({error.reason}); is it plain http?"),
    (socket.gaierror, lambda error: f"its name is not found ({error.strerror})"),
    (ConnectionRefusedError, lambda _: "nothing listens there (connection refused)"),
    (ConnectionError, lambda _: _CLOSED),
    (OSError, lambda error: f"it cannot be reached ({error.strerror or error})"),
    (UnicodeError, lambda _: "its name is none that can be looked up"),
    (
        httpx.RemoteProtocolError,
        lambda error: (
            _CLOSED if "disconnected" in str(error) else f"what it says is no HTTP ({error})"
        ),
    ),
)
"""The first that an error, or one that it came from, is an instance of."""


def tell_why(error: Exception, url: str, *, timeout: float) -> str:
    """Tell why no answer came from `url`, in one line that is safe to print.

    `timeout` is how many seconds were waited for it.

    >>> tell_why(ConnectionRefusedError(), "http://localhost:8000/", timeout=10)
    'nothing listens there (connection refused)'
    """
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {timeout:g} seconds"
    chain = list(_chain(error))
    told = str(error) or type(error).__name__
    for kind, words in _WORDS:
        found = next((each for each in chain if isinstance(each, kind)), None)
        if found is not None:
            told = words(found)
            break
    if told == _CLOSED and url.startswith("http:"):
        told += "; is it https?"
    shown = ascii(told)[1:-1].replace("\\'", "'")
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}..."


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    # httpx wraps what the network said, twice.
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
