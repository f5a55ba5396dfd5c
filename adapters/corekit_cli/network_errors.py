"""Why a request got no response: network errors as a message and a hint."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx

_MAX_SHOWN: Final = 200
"""Characters of a message that are shown: some errors repeat what the server sent."""

_CHECK_HOST: Final = "Check the spelling of the host."
_Describe = Callable[[Any, str], tuple[str, str]]


def _describe_closed(_: object, url: str) -> tuple[str, str]:
    is_plain = url.startswith("http:")
    hint = "If it speaks HTTPS, use https://." if is_plain else "Check the log of the server."
    return "The server closed the connection without a response.", hint


def _describe_protocol(error: Exception, url: str) -> tuple[str, str]:
    if "disconnected" in str(error):
        return _describe_closed(error, url)
    return f"The response is not HTTP ({error}).", "Check that the port belongs to an HTTP server."


_DESCRIPTIONS: Final[tuple[tuple[type[Exception], _Describe], ...]] = (
    (
        ssl.SSLCertVerificationError,
        lambda error, _: (
            f"The certificate is not trusted ({error.verify_message.rstrip('.')}).",
            "If it comes from your own authority, name that in the variable SSL_CERT_FILE.",
        ),
    ),
    (
        ssl.SSLError,
        lambda error, _: (
            f"The TLS handshake failed ({error.reason}).",
            "If the server speaks plain HTTP, use http://.",
        ),
    ),
    (
        socket.gaierror,
        lambda error, _: (f"The host name was not found ({error.strerror}).", _CHECK_HOST),
    ),
    (
        ConnectionRefusedError,
        lambda *_: (
            "The connection was refused.",
            "Check that the server is running, and that the port is right.",
        ),
    ),
    (ConnectionError, _describe_closed),
    (
        OSError,
        lambda error, _: (
            f"The server cannot be reached ({error.strerror or error}).",
            "Check the URL and the network.",
        ),
    ),
    (UnicodeError, lambda *_: ("The host name is not valid.", _CHECK_HOST)),
    (httpx.RemoteProtocolError, _describe_protocol),
)
"""The first that an error, or one of its causes, is an instance of applies."""


def describe_error(error: Exception, url: str, *, timeout: float) -> tuple[str, str]:
    """Return why there is no response from `url`, and a hint; both are safe to print.

    `timeout` is how many seconds the client waited.

    >>> describe_error(ConnectionRefusedError(), "http://localhost:8000/", timeout=10)[0]
    'The connection was refused.'
    """
    if isinstance(error, httpx.TimeoutException):
        return f"No response within {timeout:g} seconds.", "Check the URL, or raise --timeout."
    chain = list(_causes(error))
    message = f"The request failed ({str(error) or type(error).__name__})."
    hint = "Check the URL."
    for kind, describe in _DESCRIPTIONS:
        found = next((each for each in chain if isinstance(each, kind)), None)
        if found is not None:
            message, hint = describe(found, url)
            break
    shown = ascii(message)[1:-1].replace("\\'", "'")
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}...", hint


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # httpx wraps what the network reported, twice.
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
