"""What a page calls, as options of a command: method, headers, credentials, and how hard to ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import click

from corekit.browser import STANDARD, BrowserModel, Fetch
from corekit.browser.fields import unsafe_names
from corekit.browser.urls import HTTP_SCHEMES, parse_url

from .asking import Pace

__all__ = ["headers_option", "method_option", "pace_options", "read_call"]

F = TypeVar("F", bound=Callable[..., Any])

_UNSAFE_VALUE = '"corekit"'
"""A value that is safelisted for no header, so that the header is asked for."""


def method_option(*, help: str) -> Callable[[F], F]:  # noqa: A002 - click's own word
    """Make the option of the method; it is spelled as the page spells it."""
    return click.option("--method", metavar="METHOD", help=help)


headers_option = click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME[:VALUE]",
    help="A header that the page sets; may be given more than once.",
)


def pace_options(command: F) -> F:
    """Give a command the options of a `Pace`, which it gets as `pace`."""

    @click.option(
        "--timeout",
        type=click.FloatRange(0.1, 300),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help="To wait for an answer.",
    )
    @click.option(
        "--delay",
        type=click.FloatRange(0, 60),
        default=0.05,
        show_default=True,
        metavar="SECONDS",
        help="Between two requests.",
    )
    @click.option(
        "--max-requests",
        type=click.IntRange(1, 500),
        default=60,
        show_default=True,
        metavar="NUMBER",
        help="Send no more than that.",
    )
    @wraps(command)
    def with_pace(*, timeout: float, delay: float, max_requests: int, **options: Any) -> Any:
        pace = Pace(timeout=timeout, delay=delay, limit=max_requests)
        return command(pace=pace, **options)

    return with_pace  # type: ignore[return-value]


def read_call(
    url: str, method: str, headers: Sequence[str], credentials: str, mode: str = "cors"
) -> tuple[Fetch, tuple[str, ...]]:
    """Read a page's call; gives the names of its headers that are not safelisted, too.

    Raises `click.BadParameter` with the option and the mend.
    """
    _check_url(url)
    pairs = tuple(_read_header(header) for header in headers)
    fetch = Fetch(url, method, pairs, mode=mode, credentials=credentials)
    steps = BrowserModel(clock=lambda: 0.0, quirks=STANDARD).steps("null", fetch)
    try:
        next(steps)
    except StopIteration:
        pass
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return fetch, unsafe_names(pairs)


def _check_url(url: str) -> None:
    try:
        parsed = parse_url(url)
    except ValueError as error:
        mend = "" if url.isascii() else "; give the name of the host in punycode (xn--...)"
        raise click.BadParameter(
            f"{url!a} is no address such as https://api.example.com/items{mend}", param_hint="URL"
        ) from error
    if parsed.scheme not in HTTP_SCHEMES or parsed.credentials:
        raise click.BadParameter(
            f"{url!a}: give an address of http or https, without a user name", param_hint="URL"
        )


def _read_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    return name.strip(), value.strip() if colon else _UNSAFE_VALUE
