"""Options that several commands share: the request of a page, the limits of a client, a policy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import wraps
from typing import Any, Final, TypeVar

import click

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.browser import Fetch, check_fetch
from corekit.browser.urls import HTTP_SCHEMES, parse_url
from corekit.diagnostics import show
from corekit_config import ConfigError, find_policy

from .client import Limits
from .output import CommandError

F = TypeVar("F", bound=Callable[..., Any])

_UNSAFE_VALUE: Final = '"corekit"'
"""A value that is not safelisted for any header, so that preflights ask for the header."""

header_option = click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME[:VALUE]",
    help="Header that the page sets.  [repeatable]",
)


def limit_options(command: F) -> F:
    """Add the options of `Limits` to a command, which receives them as `limits`."""

    @click.option(
        "--timeout",
        type=click.FloatRange(0.1, 300),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help="Seconds to wait for a response.",
    )
    @click.option(
        "--delay",
        type=click.FloatRange(0, 60),
        default=0.05,
        show_default=True,
        metavar="SECONDS",
        help="Seconds between two requests.",
    )
    @click.option(
        "--max-requests",
        type=click.IntRange(1, 500),
        default=60,
        show_default=True,
        metavar="NUMBER",
        help="Maximum number of requests.",
    )
    @wraps(command)
    def with_limits(*, timeout: float, delay: float, max_requests: int, **options: Any) -> Any:
        return command(limits=Limits(timeout, delay, max_requests), **options)

    return with_limits  # type: ignore[return-value]


def read_policy(source: str) -> CorsPolicy | CorsRoutes:
    """Read the policy in a file, at an import path or from standard input.

    Raises `CommandError` if it cannot be read, and lets `PolicyError` pass.
    """
    try:
        # What the program itself prints is not part of the command's output.
        with redirect_stdout(sys.stderr):
            return find_policy(source)
    except ConfigError as error:
        raise config_error(error) from error


def config_error(error: ConfigError) -> CommandError:
    """Return the error for a policy that cannot be read."""
    return CommandError(
        error.message, error.hint, source=error.source, line=error.line, column=error.column
    )


def require_policy(source: str) -> CorsPolicy | CorsRoutes:
    """Like `read_policy()`, but raise `CommandError` for a policy with problems too."""
    try:
        return read_policy(source)
    except PolicyError as error:
        hint = f"Fix them; 'corekit check {source}' lists them too."
        raise CommandError(
            "The policy has problems.", hint, source=source, diagnostics=error.problems
        ) from error


def read_call(
    url: str, method: str, headers: Sequence[str], credentials: str, mode: str = "cors"
) -> Fetch:
    """Return the request that a page makes.

    Raises `click.BadParameter` if no page can make it.
    """
    _check_url(url)
    pairs = tuple(_read_header(header) for header in headers)
    fetch = Fetch(url, method, pairs, mode=mode, credentials=credentials)
    try:
        check_fetch(fetch)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    return fetch


def _check_url(url: str) -> None:
    try:
        parsed = parse_url(url)
    except ValueError as error:
        hint = "Write a URL such as https://api.example.com/items."
        if not url.isascii():
            hint = "Write the host name in Punycode (xn--...)."
        raise click.BadParameter(f"{show(url)} is not a URL. {hint}", param_hint="URL") from error
    if parsed.scheme not in HTTP_SCHEMES or parsed.credentials:
        message = f"{show(url)} is not an HTTP or HTTPS URL without a user name."
        raise click.BadParameter(message, param_hint="URL")


def _read_header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    return name.strip(), value.strip() if colon else _UNSAFE_VALUE
