"""Local Network Access: the table of the checks, address spaces of hosts, mixed content.

What a browser does is in tests/browsers/test_local_network.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address
from itertools import product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.browser import (
    WEBKIT,
    BrowserModel,
    Fetch,
    LocalNetwork,
    Outcome,
)
from corekit.browser.local_network import ADDRESS_SPACES, find_address_space
from corekit.browser.urls import parse_url
from tests.browser_model.servers import failed, redirect_if_asked, sent
from tests.clock import Clock

SECURE: Final = "https://app.example.com"
INSECURE: Final = "http://app.example.com"
API: Final = "https://api.example.com/items"
HOST: Final = "api.example.com"
BOTH: Final = ("local-network", "loopback-network")
NEEDED: Final = {"local": "local-network", "loopback": "loopback-network"}


def browse(fetch: Fetch, page: str = SECURE, space: str = "public", **network: Any) -> Outcome:
    model = BrowserModel(clock=Clock(), address_space=LocalNetwork(space, **network))
    return model.fetch(redirect_if_asked, page, fetch)


def name_of(outcome: Outcome) -> str | None:
    return None if outcome.failure is None else outcome.failure.name


def expect(page: str, space: str, server: str, permissions: tuple[str, ...]) -> str | None:
    if space != "public" or server == "public":
        return None
    if page == INSECURE:
        return "InsecureLocalNetwork"
    if NEEDED[server] not in permissions:
        return "LocalNetworkAccessPermissionDenied"
    return None


CASES: Final = list(
    product(
        (SECURE, INSECURE, "http://localhost:5173", "null"),
        ADDRESS_SPACES,
        ADDRESS_SPACES,
        ((), ("local-network",), ("loopback-network",), BOTH),
    )
)


@pytest.mark.parametrize(
    "fetch",
    [
        Fetch(API),
        Fetch(API, mode="no-cors"),
        Fetch(API, "POST", mode="no-cors", body=b"x"),
        Fetch(API, "PUT"),
        Fetch(API, headers=(("X-A", "1"),), credentials="omit"),
        Fetch(API, "POST", body=b"x", upload_listener=True),
        Fetch(API, redirect="manual"),
    ],
    ids=str,
)
def test_public_pages_need_a_permission(fetch: Fetch) -> None:
    found = {}
    for page, space, server, permissions in CASES:
        spaces = {HOST: server}
        outcome = browse(fetch, page, space, permissions=permissions, server_address_spaces=spaces)
        found[page, space, server, permissions] = name_of(outcome)
        if outcome.failure is not None:
            assert (outcome.failure.value, outcome.exchanges) == (server, ())
            assert not outcome.failure.is_cors
            assert f"address space {server!r}" in outcome.failure.message
        else:
            assert outcome.exchanges[-1].request.method == fetch.method
    assert found == {case: expect(*case) for case in CASES}


@pytest.mark.parametrize("space", ADDRESS_SPACES)
def test_name_of_space_is_enough(space: str) -> None:
    model = BrowserModel(clock=Clock(), address_space=space)
    outcome = model.fetch(redirect_if_asked, SECURE, Fetch("http://localhost:8000/"))
    assert (outcome.failure is None) == (space != "public")


@pytest.mark.parametrize("url", ["http://localhost/", "http://10.0.0.7/", "https://nas.local/"])
@pytest.mark.parametrize("target", [None, "public"])
def test_checks_are_off_by_default(url: str, target: str | None) -> None:
    model = BrowserModel(clock=Clock())
    assert model.fetch(
        redirect_if_asked, INSECURE, Fetch(url, target_address_space=target)
    ).is_readable


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (SECURE, None),
        ("http://localhost:5173", None),
        (INSECURE, "InsecureLocalNetwork"),
    ],
)
@pytest.mark.parametrize("target", [None, "loopback", "local"])
def test_own_server_of_a_trustworthy_page_is_exempt(
    page: str, name: str | None, target: str | None
) -> None:
    host = page.partition("//")[2]
    fetch = Fetch(f"{page}/", target_address_space=target)
    outcome = browse(fetch, page, server_address_spaces={host: "loopback"})
    if name is not None and target == "local":
        name = "InvalidLocalNetworkAccess"
    assert name_of(outcome) == name


@pytest.mark.parametrize("page", [SECURE, INSECURE])
@pytest.mark.parametrize("space", ADDRESS_SPACES)
@pytest.mark.parametrize(("server", "target"), [*product(ADDRESS_SPACES, repeat=2)])
def test_target_must_be_the_space_of_the_server(
    server: str, target: str, space: str, page: str
) -> None:
    fetch = Fetch(API, target_address_space=target)
    spaces = {HOST: server}
    outcome = browse(fetch, page, space, permissions=BOTH, server_address_spaces=spaces)
    if server != target:
        assert failed(outcome) == "InvalidLocalNetworkAccess"
        assert outcome.exchanges == ()
    else:
        assert name_of(outcome) == expect(page, space, server, BOTH)


def test_preflight_has_no_target() -> None:
    fetch = Fetch(API, "PUT", target_address_space="local")
    outcome = browse(fetch, permissions=BOTH, server_address_spaces={HOST: "loopback"})
    assert failed(outcome) == "InvalidLocalNetworkAccess"
    assert sent(outcome) == [f"OPTIONS {API}"]
    outcome = browse(fetch, server_address_spaces={HOST: "loopback"})
    assert failed(outcome) == "LocalNetworkAccessPermissionDenied"
    assert sent(outcome) == []


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize(
    ("target", "name"),
    [
        (None, "LocalNetworkAccessPermissionDenied"),
        ("public", "InvalidLocalNetworkAccess"),
    ],
)
def test_every_redirect_is_checked(mode: str, target: str | None, name: str) -> None:
    url = "https://public.example/to?http://127.0.0.1:8000/"
    fetch = Fetch(url, mode=mode, target_address_space=target)
    outcome = browse(fetch)
    assert failed(outcome) == name
    assert sent(outcome) == [f"GET {url}"]
    allowed = browse(replace(fetch, target_address_space=None), permissions=BOTH)
    assert sent(allowed) == [f"GET {url}", "GET http://127.0.0.1:8000/"]


def test_redirect_to_the_own_server_is_exempt() -> None:
    url = f"https://public.example/to?{SECURE}/"
    outcome = browse(Fetch(url), server_address_spaces={"app.example.com": "loopback"})
    assert outcome.is_readable


@pytest.mark.parametrize(
    ("fetch", "name"),
    [
        (Fetch("http://nas.example/"), "MixedContent"),
        (Fetch("http://localhost:6000/"), "BadPort"),
        (Fetch("http://localhost/", mode="same-origin"), "DisallowedByMode"),
        (
            Fetch("http://localhost/", mode="no-cors", redirect="manual"),
            "NoCorsRedirectModeNotFollow",
        ),
    ],
)
def test_other_checks_come_first(fetch: Fetch, name: str) -> None:
    assert failed(browse(fetch, server_address_spaces={"nas.example": "local"})) == name


MIXED: Final[Mapping[str, tuple[str | None, bool]]] = {
    "http://nas.example/": (None, True),
    "http://nas.example:8001/": ("public", True),
    "http://nas.example:8002/": ("local", False),
    "http://nas.example:8003/": ("loopback", False),
    "http://8.8.8.8/": (None, True),
    "http://198.18.0.1/": (None, True),
    "http://router.home.arpa/": (None, True),
    "http://router/": (None, True),
    "http://192.168.1.5/": (None, False),
    "http://0.0.0.0:8000/": (None, False),
    "http://[fd00::1]/": (None, False),
    "http://printer.local/": (None, False),
    "http://printer.local./": (None, False),
    "http://local/": (None, False),
    "http://printer.local:8001/": ("public", False),
    "http://localhost/": (None, False),
}


@pytest.mark.parametrize("url", MIXED)
@pytest.mark.parametrize("space", ADDRESS_SPACES)
def test_known_local_server_is_not_mixed_content(url: str, space: str) -> None:
    target, is_mixed = MIXED[url]
    fetch = Fetch(url, target_address_space=target)
    outcome = browse(fetch, space=space, permissions=BOTH)
    assert (name_of(outcome) == "MixedContent") == is_mixed
    assert (name_of(browse_unchecked(fetch)) == "MixedContent") == (url != "http://localhost/")


@pytest.mark.parametrize("url", [url for url, (target, _) in MIXED.items() if target is None])
def test_redirect_to_known_local_server_is_not_mixed_content(url: str) -> None:
    outcome = browse(Fetch(f"https://public.example/to?{url}"), permissions=BOTH)
    assert (name_of(outcome) == "MixedContent") == MIXED[url][1]
    assert sent(outcome) == [f"GET https://public.example/to?{url}"] + [f"GET {url}"] * (
        not MIXED[url][1]
    )


def test_loopback_stays_mixed_content_in_webkit() -> None:
    network = LocalNetwork("public", BOTH)
    model = BrowserModel(clock=Clock(), quirks=WEBKIT, address_space=network)
    outcomes = [
        model.fetch(redirect_if_asked, SECURE, Fetch(url, target_address_space=target))
        for url, target in (
            ("http://localhost/", None),
            ("http://localhost/", "loopback"),
            ("http://10.0.0.7/", None),
        )
    ]
    assert list(map(name_of, outcomes)) == ["MixedContent", None, None]


def browse_unchecked(fetch: Fetch) -> Outcome:
    return BrowserModel(clock=Clock()).fetch(redirect_if_asked, SECURE, fetch)


SPACES: Final = {
    "loopback": "127.0.0.1 127.255.0.1 0.0.0.0 [::1] [::] localhost app.localhost localhost.",
    "local": (
        "10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 172.16.0.0 172.31.255.255 192.168.0.0"
        " 192.168.255.255 169.254.0.0 169.254.255.255 0.0.0.1 0.255.255.255 [fc00::] [fdff::1]"
        " [fe80::1] [febf::1] [fec0::1] [2001:db8::1] [3fff::1] [3fff:fff::1] [::ffff:10.0.0.1]"
        " printer.local a.printer.local printer.local. local"
    ),
    "public": (
        "9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0"
        " 192.167.255.255 192.169.0.0 169.253.255.255 169.255.0.0 1.0.0.0 126.255.255.255 128.0.0.0"
        " 198.18.0.1 [fbff::1] [fe00::1] [ff02::1] [2001:db7::1] [2001:db9::1] [4000::1]"
        " [::ffff:8.8.8.8] [::2]"
    ),
    "": "api.example.com router local.example printerlocal home.arpa localhost.example",
}


@pytest.mark.parametrize(
    ("host", "space"), [(host, space) for space, hosts in SPACES.items() for host in hosts.split()]
)
def test_space_of_a_host(host: str, space: str) -> None:
    assert find_address_space(host) == (space or None)


@given(st.ip_addresses())
def test_every_address_is_in_one_space(address: IPv4Address | IPv6Address) -> None:
    host = str(address) if isinstance(address, IPv4Address) else f"[{address}]"
    space = find_address_space(host)
    assert space in ADDRESS_SPACES
    if address.is_loopback:
        assert space == "loopback"
    # Python takes the deprecated site-local addresses for global ones.
    is_site_local = isinstance(address, IPv6Address) and address.is_site_local
    if address.is_global and not address.is_multicast and not is_site_local:
        assert space == "public"


def test_port_is_more_specific_than_host() -> None:
    spaces = {"localhost": "public", "localhost:8000": "local"}
    assert browse(Fetch("http://localhost:9000/"), server_address_spaces=spaces).is_readable
    outcome = browse(Fetch("http://localhost:8000/"), server_address_spaces=spaces)
    assert outcome.failure is not None
    assert outcome.failure.value == "local"


@pytest.mark.parametrize(
    ("url", "port", "is_covered"),
    [
        ("https://nas.example/", 443, True),
        ("http://nas.example/", 80, True),
        ("http://nas.example/", 443, False),
        ("https://nas.example/", 80, False),
        ("https://nas.example:80/", 80, True),
    ],
)
def test_default_port_of_the_scheme_counts(url: str, port: int, is_covered: bool) -> None:
    network = LocalNetwork("public", server_address_spaces={f"nas.example:{port}": "local"})
    assert network.find_space(parse_url(url)) == ("local" if is_covered else "public")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"address_space": "private"}, "address_space='private' is not one of public, local"),
        (
            {"address_space": "public", "permissions": ["local-network-access"]},
            "'local-network-access' is not one of local-network, loopback-network",
        ),
        (
            {"address_space": "public", "server_address_spaces": {"a.example": "intranet"}},
            r"server_address_spaces\['a.example'\]='intranet' is not one of public",
        ),
        (
            {"address_space": "public", "server_address_spaces": {"https://a.example": "local"}},
            "'https://a.example' is not a host",
        ),
        (
            {"address_space": "public", "server_address_spaces": {"a b": "local"}},
            "'a b' is not a host",
        ),
        (
            {"address_space": "public", "server_address_spaces": {"NAS.example": "local"}},
            "'NAS.example' is not a host, or a host and port, as browsers write it; an example is",
        ),
    ],
)
def test_invalid_value_is_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LocalNetwork(**arguments)


def test_string_of_permissions_is_rejected() -> None:
    with pytest.raises(TypeError, match="permissions='local-network' is a string"):
        LocalNetwork("public", permissions="local-network")


def test_unknown_target_is_rejected() -> None:
    with pytest.raises(ValueError, match="'private' is not one of public, local, loopback"):
        browse(Fetch(API, target_address_space="private"))
