"""Local Network Access: which requests of a page to a local server a browser sends.

https://wicg.github.io/local-network-access/, as Chromium 156 implements it: docs/browsers.md lists
what differs. Pages from the public internet need a permission of the user for servers on the local
network and on the user's computer. A browser decides by the address that it connects to. The model
opens no connection, so it decides by the host of the URL, and `server_address_spaces` of a
`LocalNetwork`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Final

from corekit._origins import DEFAULT_PORTS, OPAQUE, ends_in_number, is_loopback

from .failure_kinds import FailureKind
from .urls import HTTP_SCHEMES, Url, parse_url

PUBLIC: Final = "public"
LOCAL: Final = "local"
LOOPBACK: Final = "loopback"

ADDRESS_SPACES: Final = (PUBLIC, LOCAL, LOOPBACK)
"""https://wicg.github.io/local-network-access/#ip-address-space"""

PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {LOCAL: "local-network", LOOPBACK: "loopback-network"}
)
"""The permission that a page needs, by the address space of the server:
https://wicg.github.io/local-network-access/#integration-with-permissions"""

_BLOCKS: Final = tuple(
    (ip_network(block), space)
    for space, blocks in (
        (LOOPBACK, "127.0.0.0/8 0.0.0.0/32 ::1/128 ::/128"),
        (LOCAL, "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 0.0.0.0/8"),
        (LOCAL, "fc00::/7 fe80::/10 fec0::/10 2001:db8::/32 3fff::/20"),
    )
    for block in blocks.split()
)
"""https://wicg.github.io/local-network-access/#non-public-ip-address-blocks"""

_NO_HEADER: Final = "The request was not sent. No header of the server can allow it."
_TOGETHER: Final = (
    "Serve the page and the API alike: both on the local network (or both on this computer), or"
    " both on the public internet."
)
_UNKNOWN: Final = "'local' (a private network, or a VPN) or 'loopback' (this computer)"

LOCAL_NETWORK_KINDS: Final = (
    FailureKind(
        "LocalNetworkAccessPermissionDenied",
        "A page from the public internet calls a server in the address space {value}, and the user"
        f" has not allowed that. {_NO_HEADER}",
        "Let the user allow it: the browser asks once, later it is in the site's settings. An"
        ' iframe needs allow="local-network; loopback-network" (before Chrome 145:'
        ' allow="local-network-access"), and a Permissions-Policy header of the page must not'
        f" exclude it. {_TOGETHER} Then nobody is asked.",
        _UNKNOWN,
        is_cors=False,
        chromium="Permission was denied for this request to access the `{}` address space.",
        chromium_variant="net::ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS",
    ),
    FailureKind(
        "InsecureLocalNetwork",
        "A page that was loaded over plain HTTP from the public internet calls a server in the"
        " address space {value}. Only pages in a secure context may ask the user for that."
        f" {_NO_HEADER}",
        f"Serve the page over HTTPS; the browser then asks the user. {_TOGETHER}",
        _UNKNOWN,
        is_cors=False,
        chromium="The request client is not a secure context and the resource is in more-private"
        " address space `{}`.",
    ),
    FailureKind(
        "InvalidLocalNetworkAccess",
        "The option targetAddressSpace of fetch() names another address space than that of the"
        f" server, which is {{value}}. {_NO_HEADER}",
        "Set targetAddressSpace to 'loopback' for this computer and to 'local' for the local"
        " network, or leave it out: it is necessary only for a page over HTTPS that calls a name,"
        " such as http://printer.example, which resolves to a local address.",
        "'public', 'local' or 'loopback'",
        is_cors=False,
        chromium="Request had a target IP address space of `{}` yet the resource is in address"
        " space `{}`.",
        chromium_variant="Request had no target IP address space, yet the resource is in address"
        " space `{}`.",
    ),
)
"""The failures of these checks. Chromium's messages begin with "blocked by CORS policy"."""


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """Where a page and its servers are, and what the user has allowed.

    `address_space` is where the page was loaded from: ``public``, ``local`` or ``loopback``.
    `permissions` are those that the user has given the page: ``local-network`` and
    ``loopback-network``. `server_address_spaces` has the address spaces of servers, by host or by
    host and port. By default, the host decides: an IP address is in one of them, ``localhost`` and
    names below it are ``loopback``, names below ``local`` are ``local``, other names ``public``.

    >>> network = LocalNetwork("public", server_address_spaces={"nas.example.com": "local"})
    >>> page, url = "https://app.example.com", parse_url("https://nas.example.com/")
    >>> network.check(page, url)
    ('LocalNetworkAccessPermissionDenied', 'local')
    >>> network.check("http://app.example.com", url)
    ('InsecureLocalNetwork', 'local')
    """

    address_space: str
    permissions: Collection[str] = ()
    server_address_spaces: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        _check_space("address_space", self.address_space)
        for host, space in self.server_address_spaces.items():
            _check_host(host)
            _check_space(f"server_address_spaces[{host!a}]", space)
        known = sorted(PERMISSIONS.values())
        if isinstance(self.permissions, str):
            raise TypeError(f"permissions={self.permissions!a} is a string; write a list")
        for permission in self.permissions:
            if permission not in known:
                raise ValueError(f"permissions: {permission!a} is not one of {', '.join(known)}")

    def find_space(self, url: Url) -> str:
        """Return the address space of the server at `url`."""
        known, port = self.server_address_spaces, url.port or DEFAULT_PORTS.get(url.scheme)
        space = known.get(f"{url.host}:{port}", known.get(url.host))
        return space or find_address_space(url.host) or PUBLIC

    def check(self, page: str, url: Url, target: str | None = None) -> tuple[str, str] | None:
        """Return the name of the failure and the server's address space; None to send the request.

        `target` is the option targetAddressSpace of ``fetch()``, which preflights do not have.
        Source: https://wicg.github.io/local-network-access/#local-network-access-check
        """
        space = self.find_space(url)
        is_secure = is_secure_context(page)
        if page == url.origin and is_secure:
            return None
        if target is not None and target != space:
            return "InvalidLocalNetworkAccess", space
        # By the specification, pages on the local network need a permission for this computer.
        if self.address_space != PUBLIC or space == PUBLIC:
            return None
        if not is_secure:
            return "InsecureLocalNetwork", space
        if PERMISSIONS[space] not in self.permissions:
            return "LocalNetworkAccessPermissionDenied", space
        return None


def read_local_network(address_space: str | LocalNetwork | None) -> LocalNetwork | None:
    """Return what an argument `address_space` means; None turns the checks off."""
    if isinstance(address_space, str):
        return LocalNetwork(address_space)
    return address_space


def find_address_space(host: str) -> str | None:
    """Return the address space of a host; None for a name that may be in any.

    >>> find_address_space("192.168.1.5"), find_address_space("app.localhost")
    ('local', 'loopback')
    >>> find_address_space("8.8.8.8"), find_address_space("api.example.com")
    ('public', None)
    """
    if is_loopback(host):
        return LOOPBACK
    if f".{host}".removesuffix(".").endswith(".local"):
        return LOCAL
    if not (host.startswith("[") or ends_in_number(host)):
        return None
    address = ip_address(host.strip("[]"))
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    return next((space for block, space in _BLOCKS if address in block), PUBLIC)


def is_known_local(url: Url, target: str | None) -> bool:
    """Return whether it is known before connecting that a server is not public.

    Such a request is not mixed content. `target` is the option targetAddressSpace of ``fetch()``.
    Names and addresses of this computer are left to the quirks of the engine.
    Source: https://wicg.github.io/local-network-access/#mixed-content-lna
    """
    space = None if is_loopback(url.host) else find_address_space(url.host)
    return not {target, space}.isdisjoint(PERMISSIONS)


def is_secure_context(page: str) -> bool:
    """Return whether a page may ask for permissions, by its origin.

    The page that embeds one with an opaque origin is not known; it counts as secure.
    Source: https://w3c.github.io/webappsec-secure-contexts/

    >>> is_secure_context("http://localhost:3000"), is_secure_context("http://app.example.com")
    (True, False)
    """
    return page == OPAQUE or not page.startswith("http:") or is_loopback(parse_url(page).host)


def _check_host(text: str) -> None:
    try:
        # One of the schemes omits the port.
        written = {parse_url(f"{scheme}://{text}").authority for scheme in HTTP_SCHEMES}
    except ValueError:
        written = set()
    if text not in written:
        raise ValueError(
            f"server_address_spaces: {text!a} is not a host, or a host and port, as browsers write"
            " it; an example is 'nas.example.com'"
        )


def _check_space(name: str, value: str) -> None:
    if value not in ADDRESS_SPACES:
        raise ValueError(f"{name}={value!a} is not one of {', '.join(ADDRESS_SPACES)}")
