"""Advice that needs the origin of the API: cookies between sites, internal networks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address

from corekit._origins import Origin, OriginPattern, ends_in_number, is_loopback
from corekit._suffixes import PRIVATE_SUFFIXES, site_of
from corekit.browser.urls import HTTP_SCHEMES
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .advice import advise
from .patterns import is_development, read_pattern


def find_cross_site(origins: Iterable[str], hosts: Collection[str]) -> list[str]:
    """Return the origins and patterns whose pages are cross-site to a server with these hosts.

    Loopback origins are compared only if the server has a loopback host too: a list may contain
    both the origins of the deployment and those for development.

    >>> find_cross_site(["https://app.example.com", "https://example.org"], ["api.example.com"])
    ['https://example.org']
    """
    local = {site_of(host) for host in hosts if is_loopback(host)}
    remote = {site_of(host) for host in hosts if not is_loopback(host)}
    found: list[str] = []
    for text in origins:
        each = read_pattern(text)
        if each is None:
            continue
        sites = local if is_loopback(each.host) else remote
        is_compared = bool(local) or not is_loopback(each.host)
        if each.scheme not in HTTP_SCHEMES or (is_compared and site_of(each.host) not in sites):
            found.append(text)
    return found


def check_for_api(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    """Apply every rule to a policy for an API that is served from the origin `api`."""
    for text in policy.allow_origins:
        origin = read_pattern(text)
        if text == str(api):
            yield advise("own-origin", "allow_origins", text)
        if origin is None:
            if _is_internal(api.host):
                yield advise("internal-api", "allow_origins", text, api=api)
            continue
        # https://w3c.github.io/webappsec-mixed-content/
        if origin.scheme == "https" and api.scheme == "http" and not is_loopback(api.host):
            yield advise("mixed-content", "allow_origins", text, api=api)
        if policy.allow_credentials and _is_third_party(origin, api):
            solution = _keep_cookies(origin, api)
            yield advise("third-party-cookies", "allow_origins", text, api=api, solution=solution)


def _is_third_party(origin: OriginPattern, api: Origin) -> bool:
    # A site is a scheme and a registrable domain: https://html.spec.whatwg.org/#same-site
    if is_development(origin) and not is_loopback(api.host):
        return False  # reported as development-origin
    return origin.scheme != api.scheme or site_of(origin.host) != site_of(api.host)


def _keep_cookies(origin: OriginPattern, api: Origin) -> str:
    if is_loopback(origin.host) and is_loopback(api.host) and origin.scheme == api.scheme:
        return f"Call the API as {api.scheme}://{origin.host}, with its port."
    return (
        f"Serve both over HTTPS below one domain (the API's site is {site_of(api.host)}), or"
        " authenticate with a header. Cookies that are to be sent at all need SameSite=None;"
        " Secure."
    )


def _is_internal(host: str) -> bool:
    if host.startswith("[") or ends_in_number(host):
        return ip_address(host.strip("[]")).is_private
    last = host.rpartition(".")[2]
    return "." not in host or last in PRIVATE_SUFFIXES or host.endswith(".home.arpa")
