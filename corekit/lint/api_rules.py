"""Advice that needs the origin of the API: cookies between sites, internal networks."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from corekit._origins import ANY, OPAQUE, Origin, ends_in_number, is_loopback
from corekit._suffixes import PRIVATE_SUFFIXES, site_of
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .patterns import is_development, read_all


def check_for_api(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    """Apply every rule to a policy for an API that is served from the origin `api`."""
    yield from _own_origin(policy, api)
    yield from _mixed_content(policy, api)
    yield from _third_party_cookies(policy, api)
    yield from _internal_api(policy, api)


def _warn(code: str, origin: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(code, "warning", message, hint, "allow_origins", origin)


def _own_origin(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    if str(api) in policy.allow_origins:
        message = "This is the API's own origin, whose pages need no permission."
        yield _warn("own-origin", str(api), message, "Remove it.")


def _mixed_content(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    # https://w3c.github.io/webappsec-mixed-content/
    if api.scheme != "http" or is_loopback(api.host):
        return
    for text, each in read_all(policy.allow_origins):
        if each.scheme == "https":
            message = f"Browsers block requests from HTTPS pages to {api}, which is plain HTTP."
            yield _warn("mixed-content", text, message, "Serve the API over HTTPS.")


def _third_party_cookies(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    # A site is a scheme and a registrable domain: https://html.spec.whatwg.org/#same-site
    if not policy.allow_credentials:
        return
    for text, each in read_all(policy.allow_origins):
        if is_development(each) and not is_loopback(api.host):
            continue  # reported as development-origin
        if each.scheme == api.scheme and site_of(each.host) == site_of(api.host):
            continue
        message = (
            f"This origin and {api} are different sites, so the API's cookies are third-party"
            " cookies, which browsers block or partition."
        )
        if is_loopback(each.host) and is_loopback(api.host) and each.scheme == api.scheme:
            hint = f"Call the API as {api.scheme}://{each.host}, with its port."
        else:
            hint = (
                f"Serve both over HTTPS below one domain (the API's site is {site_of(api.host)}),"
                " or authenticate with a header. Cookies that are to be sent at all need"
                " SameSite=None; Secure."
            )
        yield _warn("third-party-cookies", text, message, hint)


def _internal_api(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    for text in policy.allow_origins:
        if text in (ANY, OPAQUE) and _is_internal(api.host):
            message = f"{api} is internal, and any website that its users visit can read it."
            yield _warn("internal-api", text, message, "Name the origins.")


def _is_internal(host: str) -> bool:
    if host.startswith("[") or ends_in_number(host):
        return ip_address(host.strip("[]")).is_private
    last = host.rpartition(".")[2]
    return "." not in host or last in PRIVATE_SUFFIXES or host.endswith(".home.arpa")
