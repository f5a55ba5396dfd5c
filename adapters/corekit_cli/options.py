"""Options that several commands share: the request of a page, the limits of a client."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, NamedTuple

import click

from corekit.browser import Fetch, LocalNetwork, check_fetch
from corekit.browser.fields import drop_forbidden
from corekit.browser.local_network import ADDRESS_SPACES, PERMISSIONS
from corekit.browser.urls import HTTP_SCHEMES, parse_url
from corekit.diagnostics import show
from corekit.explain import read_origin

from .client import Limits

_UNSAFE_VALUE: Final = '"corekit"'
"""A value that is not safelisted for any header, so that preflights ask for the header."""

_begins_with_host = re.compile(
    r"(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::[0-9]+)?(?:[/?#]|\Z)", re.IGNORECASE
).match

django_option = click.option(
    "--django",
    "settings",
    is_flag=False,
    flag_value="",
    metavar="[SETTINGS]",
    help="Settings of a Django project.  [default: $DJANGO_SETTINGS_MODULE]",
)

header_option = click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME[:VALUE]",
    help="Header that the page sets.  [repeatable]",
)

_LIMITS: Final = (
    ("--timeout", click.FloatRange(0.1, 300), 10, "SECONDS", "Seconds for each response."),
    ("--delay", click.FloatRange(0, 60), 0.05, "SECONDS", "Seconds between two requests."),
    ("--max-time", click.FloatRange(0.1, 36_000), 120, "SECONDS", "Seconds for all requests."),
    ("--max-requests", click.IntRange(1, 500), 60, "NUMBER", "Maximum number of requests."),
)


class Networks(NamedTuple):
    """The options about Local Network Access."""

    page: str | None
    server: str | None
    target: str | None
    permissions: Sequence[str]

    def read(self, url: str) -> LocalNetwork | None:
        """Return what they mean for a call to `url`; None if they are not given.

        Raises `click.UsageError` if that of the page is missing.
        """
        if self.page is not None:
            known = {} if self.server is None else {parse_url(url).authority: self.server}
            return LocalNetwork(self.page, self.permissions, known)
        if any(self[1:]):
            raise click.UsageError("Pass --address-space, the address space of the page, too.")
        return None


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `Networks` to a command, which receives them as `networks`."""

    @wraps(command)
    def with_networks(
        *,
        address_space: str | None,
        server_address_space: str | None,
        target_address_space: str | None,
        permissions: Sequence[str],
        **options: Any,
    ) -> Any:
        networks = Networks(address_space, server_address_space, target_address_space, permissions)
        return command(networks=networks, **options)

    space = click.Choice(ADDRESS_SPACES)
    for option in (
        click.option(
            "--permission",
            "permissions",
            multiple=True,
            type=click.Choice([*PERMISSIONS.values()]),
            help="Permission that the user has given the page.  [repeatable]",
        ),
        click.option("--target-address-space", type=space, help="targetAddressSpace of fetch()."),
        click.option(
            "--server-address-space",
            type=space,
            help="That of the server.  [default: by its host]",
        ),
        click.option(
            "--address-space",
            type=space,
            help="That of the page, to check Local Network Access.",
        ),
    ):
        with_networks = option(with_networks)
    return with_networks


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `Limits` to a command, which receives them as `limits`."""

    @wraps(command)
    def with_limits(
        *, timeout: float, delay: float, max_time: float, max_requests: int, **options: Any
    ) -> Any:
        return command(limits=Limits(timeout, delay, max_time, max_requests), **options)

    for name, kind, default, unit, text in reversed(_LIMITS):
        option = click.option(
            name, type=kind, default=default, show_default=True, metavar=unit, help=text
        )
        with_limits = option(with_limits)
    return with_limits


def read_call(
    url: str,
    method: str,
    headers: Sequence[str],
    credentials: str,
    mode: str = "cors",
    *,
    target_address_space: str | None = None,
) -> Fetch:
    """Return the request that a page makes.

    Raises `click.BadParameter` if no page can make it.
    """
    check_url(url)
    pairs = tuple(map(read_header, headers))
    fetch = Fetch(
        url,
        method,
        pairs,
        mode=mode,
        credentials=credentials,
        target_address_space=target_address_space,
    )
    try:
        check_fetch(fetch)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    for pair in pairs:
        if not drop_forbidden((pair,)):
            message = f"Pages cannot set {show(pair[0])}; browsers set it themselves."
            if pair[0].lower() == "cookie":
                message += " Cookies can be passed to corekit probe with --cookie."
            raise click.BadParameter(message, param_hint="--header")
    return fetch


def check_url(url: str) -> None:
    """Raise `click.BadParameter` unless a page can make requests to `url`."""
    if "://" not in url and _begins_with_host(url):
        origin, _ = read_origin(url)
        if origin is not None:
            meant = f"{origin.partition('://')[0]}://{url}"
            message = f"{show(url)} has no scheme. Did you mean {show(meant)}?"
            raise click.BadParameter(message, param_hint="URL")
    try:
        parsed = parse_url(url)
    except ValueError as error:
        hint = "Write a URL such as https://api.example.com/items."
        if not url.isascii():
            hint = "Write the host name in Punycode (xn--...)."
        raise click.BadParameter(f"{show(url)} is not a URL. {hint}", param_hint="URL") from error
    if parsed.scheme not in HTTP_SCHEMES or parsed.userinfo:
        message = f"{show(url)} is not an HTTP or HTTPS URL without a user name."
        raise click.BadParameter(message, param_hint="URL")


def read_header(text: str) -> tuple[str, str]:
    """Return the name and the value of a header that a page sets."""
    name, colon, value = text.partition(":")
    return name.strip(), value.strip() if colon else _UNSAFE_VALUE
