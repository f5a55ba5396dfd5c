"""Advice that follows from the policy alone: one function a rule, in the order of the arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from corekit import CorsPolicy
from corekit._names import (
    SAFELISTED_METHODS,
    SAFELISTED_REQUEST_HEADERS,
    SAFELISTED_RESPONSE_HEADERS,
)
from corekit._origins import ANY, Origin, is_loopback
from corekit._suffixes import find_open_suffix, site_of
from corekit.browser import ENGINES

from .covering import find_covered
from .reading import is_development, read_all
from .values import Advice

__all__ = ["advise_on_policy"]

_NAMES: Final = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}

_BODY_METHODS: Final = frozenset({"PUT", "PATCH"})
"""Methods whose requests nearly always have a body, and so a content-type that is to be granted."""

_RISKS: Final = {
    "insecure-origin": "Whoever sits on the network can pose as the http origin, with cookies.",
    "opaque-origin": "Any page can get the opaque origin, so this is as open as '*'.",
    "public-suffix": "Anybody can register a name that the pattern matches, and act as the user.",
}


def advise_on_policy(policy: CorsPolicy, api: Origin | None = None) -> Iterator[Advice]:
    """Apply every rule; where `api` is given, what only guesses at it is left out."""
    for rule in _RULES:
        yield from rule(policy)
    if api is None:
        yield from _several_sites(policy)


def _covered_origins(policy: CorsPolicy) -> Iterator[Advice]:
    for origin, pattern in find_covered(policy.allow_origins):
        yield Advice(
            "warning",
            "covered-origin",
            "allow_origins",
            origin,
            f"{pattern!r} covers it, so that taking it out would change nothing.",
            "Leave it out, or make the pattern narrower.",
        )


def _open_patterns(policy: CorsPolicy) -> Iterator[Advice]:
    if policy.allow_credentials:
        return  # there it is a problem, or was accepted
    for text, pattern in read_all(policy.allow_origins):
        if pattern.label is None:
            continue
        suffix = find_open_suffix(pattern.host, below=pattern.label == ANY)
        if suffix is not None:
            yield Advice(
                "warning",
                "open-pattern",
                "allow_origins",
                text,
                f"Anybody can register a name below {suffix!r}, so it lets strangers in.",
                "Name the hosts that are yours, or allow '*' if anybody may read.",
            )


def _origins_in_development(policy: CorsPolicy) -> Iterator[Advice]:
    local = [text for text, each in read_all(policy.allow_origins) if is_development(each)]
    if not local or len(local) == len(policy.allow_origins):
        return
    for text in local:
        yield Advice(
            "warning" if policy.allow_credentials else "note",
            "development-origin",
            "allow_origins",
            text,
            "In a deployment too, whatever is served on a user's own machine may call.",
            "Keep it in the policy for development only.",
        )


def _plain_http(policy: CorsPolicy) -> Iterator[Advice]:
    if policy.allow_credentials:
        return  # there it is a problem, or was accepted
    for text, each in read_all(policy.allow_origins):
        if each.scheme == "http" and not is_loopback(each.host):
            yield Advice(
                "note",
                "plain-http",
                "allow_origins",
                text,
                "Whoever sits on the network can answer for it, and so read what it may read.",
                "Serve the page over https.",
            )


def _every_subdomain(policy: CorsPolicy) -> Iterator[Advice]:
    if not policy.allow_credentials:
        return
    for text, pattern in read_all(policy.allow_origins):
        if pattern.label == ANY:
            yield Advice(
                "note",
                "every-subdomain",
                "allow_origins",
                text,
                f"Every name below {pattern.host!r} can act as the user: also one that is"
                " forgotten and taken over by somebody else.",
                "Name the subdomains that need it.",
            )


def _several_sites(policy: CorsPolicy) -> Iterator[Advice]:
    if not policy.allow_credentials:
        return
    hosts = {each.host for _, each in read_all(policy.allow_origins)}
    sites = sorted({site_of(host) for host in hosts if not is_loopback(host)})
    if len(sites) > 1:
        yield Advice(
            "note",
            "several-sites",
            "allow_credentials",
            True,
            f"The origins are of {len(sites)} sites ({', '.join(sites[:3])}"
            f"{', ...' if len(sites) > 3 else ''}), and cookies go to the API's own site only, or"
            " are third-party cookies, which browsers block.",
            "Say where the API is to learn for which: --api https://api.example.com",
        )


def _safelisted_methods(policy: CorsPolicy) -> Iterator[Advice]:
    for method in policy.allow_methods:
        if method in SAFELISTED_METHODS:
            yield Advice(
                "warning",
                "safelisted-method",
                "allow_methods",
                method,
                "It is granted to every allowed origin, named or not.",
                "Leave it out, so that nobody expects its absence to forbid it.",
            )


def _safelisted_headers(policy: CorsPolicy) -> Iterator[Advice]:
    for name in policy.allow_headers:
        if name in SAFELISTED_REQUEST_HEADERS:
            yield Advice(
                "warning",
                "safelisted-header",
                "allow_headers",
                name,
                "Pages may set it anyway; only very long or odd values need a permission.",
                "Leave it out.",
            )


def _any_header_without_authorization(policy: CorsPolicy) -> Iterator[Advice]:
    headers = policy.allow_headers
    if ANY in headers and "authorization" not in headers and not policy.allow_credentials:
        yield Advice(
            "warning",
            "authorization-not-covered",
            "allow_headers",
            ANY,
            "By the standard '*' does not cover authorization. Browsers let it through today.",
            "Name authorization beside it if pages are to send it, or else name the headers.",
        )


def _any_with_credentials(policy: CorsPolicy) -> Iterator[Advice]:
    if not policy.allow_credentials:
        return
    for field in ("allow_methods", "allow_headers"):
        if ANY in getattr(policy, field):
            yield Advice(
                "note",
                "any-with-credentials",
                field,
                ANY,
                "With credentials browsers take '*' for a name, so each preflight is answered with"
                " what it asks for, and serves no other call.",
                "Name what pages need: one answer then serves every call.",
            )


def _no_content_type(policy: CorsPolicy) -> Iterator[Advice]:
    headers = policy.allow_headers
    methods = sorted(_BODY_METHODS.intersection(policy.allow_methods))
    if methods and ANY not in headers and "content-type" not in headers:
        yield Advice(
            "note",
            "no-content-type",
            "allow_headers",
            list(headers),
            f"{' and '.join(methods)} may be called, but not with a body of JSON: its content-type"
            " needs a permission.",
            "Add content-type.",
        )


def _safelisted_exposed(policy: CorsPolicy) -> Iterator[Advice]:
    for name in policy.expose_headers:
        if name in SAFELISTED_RESPONSE_HEADERS:
            yield Advice(
                "warning",
                "safelisted-header",
                "expose_headers",
                name,
                "Every page that may read the answer reads it anyway.",
                "Leave it out.",
            )


def _max_age(policy: CorsPolicy) -> Iterator[Advice]:
    age = policy.max_age
    if not age:
        if policy.allow_methods or policy.allow_headers:
            kept = "for 5 seconds" if age is None else "not at all"
            message = f"Browsers keep the answer to a preflight {kept}, and ask again."
            hint = "Every browser heeds 600."
            yield Advice("note", "preflights-not-kept", "max_age", age, message, hint)
        return
    caps = {
        _NAMES[name]: quirks.max_age_cap
        for name, quirks in ENGINES.items()
        if quirks.max_age_cap is not None and quirks.max_age_cap < age
    }
    if caps:
        told = " and ".join(f"{name} for {cap} s" for name, cap in caps.items())
        yield Advice(
            "warning" if len(caps) > 1 else "note",
            "max-age-capped",
            "max_age",
            age,
            f"Browsers keep it for less: {told}.",
            "Nothing breaks; do not count on more. Every browser heeds 600.",
        )


def _private_network(policy: CorsPolicy) -> Iterator[Advice]:
    if policy.allow_private_network:
        yield Advice(
            "warning",
            "private-network",
            "allow_private_network",
            True,
            "No browser asks for it any more: a permission of the user took its place.",
            "Leave it out.",
        )


def _accepted_risks(policy: CorsPolicy) -> Iterator[Advice]:
    for code in policy.accept_risks:
        hint = "It was accepted; look at it again from time to time."
        yield Advice("note", "accepted-risk", "accept_risks", code, _RISKS[code], hint)


_RULES: Final[tuple[Callable[[CorsPolicy], Iterator[Advice]], ...]] = (
    _covered_origins,
    _open_patterns,
    _origins_in_development,
    _plain_http,
    _every_subdomain,
    _safelisted_methods,
    _safelisted_headers,
    _any_header_without_authorization,
    _any_with_credentials,
    _no_content_type,
    _safelisted_exposed,
    _max_age,
    _private_network,
    _accepted_risks,
)
