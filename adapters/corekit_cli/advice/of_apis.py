"""Advice that needs to know where the API is served: cookies between sites, and what is inside."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from corekit import CorsPolicy
from corekit._origins import ANY, OPAQUE, Origin, ends_in_number, is_loopback
from corekit._suffixes import PRIVATE_SUFFIXES, site_of

from .reading import is_development, read_all
from .values import Advice

__all__ = ["advise_for_api"]


def advise_for_api(policy: CorsPolicy, api: Origin) -> Iterator[Advice]:
    """Apply every rule to a policy whose API is served from the origin `api`."""
    yield from _own_origin(policy, api)
    yield from _mixed_content(policy, api)
    yield from _third_party_cookies(policy, api)
    yield from _open_inside(policy, api)


def _own_origin(policy: CorsPolicy, api: Origin) -> Iterator[Advice]:
    if str(api) in policy.allow_origins:
        yield Advice(
            "warning",
            "own-origin",
            "allow_origins",
            str(api),
            "It is the API's own origin, whose pages need no permission.",
            "Leave it out.",
        )


def _mixed_content(policy: CorsPolicy, api: Origin) -> Iterator[Advice]:
    # https://w3c.github.io/webappsec-mixed-content/
    if api.scheme != "http" or is_loopback(api.host):
        return
    for text, each in read_all(policy.allow_origins):
        if each.scheme == "https":
            yield Advice(
                "warning",
                "mixed-content",
                "allow_origins",
                text,
                f"A page of https cannot call {api}: browsers block plain http from it.",
                "Serve the API over https.",
            )


def _third_party_cookies(policy: CorsPolicy, api: Origin) -> Iterator[Advice]:
    # A site is a scheme and a registered name: https://html.spec.whatwg.org/#same-site
    if not policy.allow_credentials:
        return
    for text, each in read_all(policy.allow_origins):
        if is_development(each) and not is_loopback(api.host):
            continue  # an origin for development, which is another advice
        if each.scheme == api.scheme and site_of(each.host) == site_of(api.host):
            continue
        yield Advice(
            "warning",
            "third-party-cookies",
            "allow_origins",
            text,
            f"Its pages share no site with {api}, so cookies to it are third-party cookies:"
            " browsers block or partition them.",
            f"Serve both below one name over https, or authenticate by a header. What is to be"
            f" sent at all needs SameSite=None; Secure. The API's site is {site_of(api.host)}.",
        )


def _open_inside(policy: CorsPolicy, api: Origin) -> Iterator[Advice]:
    for text in policy.allow_origins:
        if text in (ANY, OPAQUE) and _is_inside(api.host):
            yield Advice(
                "warning",
                "open-inside",
                "allow_origins",
                text,
                f"{api} is inside a network, and any site that somebody there visits can read it.",
                "Name the origins.",
            )


def _is_inside(host: str) -> bool:
    if host.startswith("[") or ends_in_number(host):
        return ip_address(host.strip("[]")).is_private
    last = host.rpartition(".")[2]
    return "." not in host or last in PRIVATE_SUFFIXES or host.endswith(".home.arpa")
