"""What a browser does because of where the page and the server are: cookies, the local network."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from corekit._origins import OPAQUE, is_loopback
from corekit.browser import STANDARD, LocalNetwork, Quirks
from corekit.browser.local_network import PERMISSIONS
from corekit.browser.quirks import WEBKIT
from corekit.browser.sites import is_same_site
from corekit.browser.urls import Url, parse_url
from corekit.lint.rules import is_internal

_FROM_OTHER_SITE: Final = (
    "only cookies with SameSite=None; Secure are sent, and many browsers block those."
)
_WITHOUT_SECURE: Final = (
    "With the cookies that it has for the site, but not those with Secure: Safari sends them only"
    " over HTTPS, even on the same machine."
)


def describe_cookies(page: str, url: Url, quirks: Quirks = STANDARD) -> str:
    """Return which cookies a request with credentials has in an engine.

    >>> describe_cookies("https://app.example.com", parse_url("https://api.example.com/"))
    'With the cookies that it has for the site.'
    >>> describe_cookies("http://localhost:5173", parse_url("http://127.0.0.1:8000/"))
    "127.0.0.1 is another site than the page's: only cookies with SameSite=None; Secure are sent, \
and many browsers block those. Call http://localhost:8000 instead."
    """
    if is_same_site(page, url.origin):
        is_local = url.scheme == "http" and is_loopback(url.host)
        if is_local and quirks.name == WEBKIT.name:
            return _WITHOUT_SECURE
        return "With the cookies that it has for the site."
    another = f"{url.host} is another site than the page's: {_FROM_OTHER_SITE}"
    if page == OPAQUE:
        return another
    own = parse_url(page)
    if own.host == url.host:
        return (
            f"The scheme differs from the page's, which makes it another site: {_FROM_OTHER_SITE}"
        )
    if own.scheme == url.scheme and is_loopback(own.host) and is_loopback(url.host):
        port = url.authority.removeprefix(url.host)
        return f"{another} Call {replace(url, authority=own.host + port).origin} instead."
    return another


def describe_local_network(page: str, url: Url) -> str | None:
    """Return what a browser asks the user if a public page calls a local server; None otherwise.

    Source: https://wicg.github.io/local-network-access/

    >>> describe_local_network("http://localhost:5173", parse_url("http://localhost:8000/"))
    """
    if page == OPAQUE or not url.host or not is_internal(url.host):
        return None
    own = parse_url(page)
    if not own.host or is_internal(own.host):
        return None
    act = (
        "asks the user before it sends the request"
        if own.scheme == "https"
        else "does not send the request, since the page was not loaded over HTTPS"
    )
    return (
        f"{url.host} is a local address. If the page is on the public internet, Chrome {act}. No"
        " header of the server changes that."
    )


def describe_address_spaces(network: LocalNetwork, page: str, url: Url) -> str:
    """Return in which address spaces a page and a server are, and which permission that needs.

    >>> network = LocalNetwork("public")
    >>> describe_address_spaces(network, "https://a.example", parse_url("http://localhost:8000/"))
    "The page is in the address space 'public', localhost in 'loopback'. That needs the permission \
loopback-network of the user."
    """
    space = network.find_space(url)
    where = f"The page is in the address space {network.address_space!r}, {url.host} in {space!r}."
    if replace(network, permissions=()).check(page, url) is None:
        return f"{where} That needs no permission of the user."
    permission = PERMISSIONS[space]
    if permission in network.permissions:
        return f"{where} The user has given the permission {permission}."
    return f"{where} That needs the permission {permission} of the user."
