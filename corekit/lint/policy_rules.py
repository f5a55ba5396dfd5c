"""Advice that follows from the policy alone: one function per rule, in the order of arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from corekit._names import (
    SAFELISTED_METHODS,
    SAFELISTED_REQUEST_HEADERS,
    SAFELISTED_RESPONSE_HEADERS,
)
from corekit._origins import ANY, Origin, is_loopback
from corekit._suffixes import find_open_suffix, site_of
from corekit.browser import ENGINES
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .covering import find_covered
from .patterns import is_development, read_all

_NAMES: Final = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}

_BODY_METHODS: Final = frozenset({"PUT", "PATCH"})
"""Methods whose requests nearly always have a body, and so need permission for content-type."""

_RISKS: Final = {
    "insecure-origin": "A network attacker can impersonate the HTTP origin and act as the user.",
    "opaque-origin": "Any page can send `Origin: null`, so this is as open as '*'.",
    "public-suffix": "Anyone can register a name that the pattern matches, and act as the user.",
}


def check_policy(policy: CorsPolicy, api: Origin | None = None) -> Iterator[Diagnostic]:
    """Apply every rule; if `api` is given, leave out what only guesses where the API is."""
    for rule in _RULES:
        yield from rule(policy)
    if api is None:
        yield from _several_sites(policy)


def _covered_origins(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for origin, pattern in find_covered(policy.allow_origins):
        yield Diagnostic(
            "covered-origin",
            "warning",
            f"{pattern!r} covers it, so removing it would change nothing.",
            "Remove it, or make the pattern narrower.",
            "allow_origins",
            origin,
        )


def _open_patterns(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if policy.allow_credentials:
        return  # a problem of the policy, or an accepted risk
    for text, pattern in read_all(policy.allow_origins):
        if pattern.label is None:
            continue
        suffix = find_open_suffix(pattern.host, below=pattern.label == ANY)
        if suffix is not None:
            yield Diagnostic(
                "open-pattern",
                "warning",
                f"Anyone can register a name below {suffix!r}, so it matches untrusted origins.",
                "Name the hosts that are yours, or allow '*' if anyone may read the responses.",
                "allow_origins",
                text,
            )


def _origins_in_development(policy: CorsPolicy) -> Iterator[Diagnostic]:
    local = [text for text, each in read_all(policy.allow_origins) if is_development(each)]
    if not local or len(local) == len(policy.allow_origins):
        return
    for text in local:
        yield Diagnostic(
            "development-origin",
            "warning" if policy.allow_credentials else "info",
            "In production, it allows any program that listens on a user's own machine.",
            "Keep it in the policy for development only.",
            "allow_origins",
            text,
        )


def _plain_http(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if policy.allow_credentials:
        return  # a problem of the policy, or an accepted risk
    for text, each in read_all(policy.allow_origins):
        if each.scheme == "http" and not is_loopback(each.host):
            yield Diagnostic(
                "plain-http",
                "info",
                "A network attacker can impersonate this origin and read what it may read.",
                "Serve the page over HTTPS.",
                "allow_origins",
                text,
            )


def _every_subdomain(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if not policy.allow_credentials:
        return
    for text, pattern in read_all(policy.allow_origins):
        if pattern.label == ANY:
            yield Diagnostic(
                "every-subdomain",
                "info",
                f"Every subdomain of {pattern.host!r} can act as the user, including a forgotten"
                " one that someone else takes over.",
                "Name the subdomains that need access.",
                "allow_origins",
                text,
            )


def _several_sites(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if not policy.allow_credentials:
        return
    hosts = {each.host for _, each in read_all(policy.allow_origins)}
    sites = sorted({site_of(host) for host in hosts if not is_loopback(host)})
    if len(sites) > 1:
        yield Diagnostic(
            "several-sites",
            "info",
            f"The origins belong to {len(sites)} sites ({', '.join(sites[:3])}"
            f"{', ...' if len(sites) > 3 else ''}). For pages outside the API's own site, its"
            " cookies are third-party cookies, which browsers block.",
            "Check the policy together with the API's URL: --api https://api.example.com",
            "allow_credentials",
            True,
        )


def _safelisted_methods(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for method in policy.allow_methods:
        if method in SAFELISTED_METHODS:
            yield Diagnostic(
                "safelisted-method",
                "warning",
                "It is always allowed for every allowed origin.",
                "Remove it, so that nobody expects its absence to forbid it.",
                "allow_methods",
                method,
            )


def _safelisted_headers(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for name in policy.allow_headers:
        if name in SAFELISTED_REQUEST_HEADERS:
            yield Diagnostic(
                "safelisted-header",
                "warning",
                "Pages may always set it; only very long or unusual values need permission.",
                "Remove it.",
                "allow_headers",
                name,
            )


def _any_header_without_authorization(policy: CorsPolicy) -> Iterator[Diagnostic]:
    headers = policy.allow_headers
    if ANY in headers and "authorization" not in headers and not policy.allow_credentials:
        yield Diagnostic(
            "authorization-not-covered",
            "warning",
            "By the Fetch standard, '*' does not cover Authorization; browsers allow it for now.",
            "List authorization in addition to '*', or name the headers.",
            "allow_headers",
            ANY,
        )


def _any_with_credentials(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if not policy.allow_credentials:
        return
    for argument in ("allow_methods", "allow_headers"):
        if ANY in getattr(policy, argument):
            yield Diagnostic(
                "any-with-credentials",
                "info",
                "With credentials, browsers take '*' literally. corekit names what the preflight"
                " asks for instead, so a cached preflight serves only that method and headers.",
                "Name what pages need, so that one preflight serves every request.",
                argument,
                ANY,
            )


def _no_content_type(policy: CorsPolicy) -> Iterator[Diagnostic]:
    headers = policy.allow_headers
    methods = sorted(_BODY_METHODS.intersection(policy.allow_methods))
    if methods and ANY not in headers and "content-type" not in headers:
        yield Diagnostic(
            "no-content-type",
            "info",
            f"{' and '.join(methods)} requests cannot have a JSON body, since content-type is not"
            " allowed.",
            "Add content-type.",
            "allow_headers",
            list(headers),
        )


def _safelisted_exposed(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for name in policy.expose_headers:
        if name in SAFELISTED_RESPONSE_HEADERS:
            yield Diagnostic(
                "safelisted-header",
                "warning",
                "Every page that may read the response may read this header.",
                "Remove it.",
                "expose_headers",
                name,
            )


def _max_age(policy: CorsPolicy) -> Iterator[Diagnostic]:
    age = policy.max_age
    if not age:
        if policy.allow_methods or policy.allow_headers:
            kept = "for only 5 seconds" if age is None else "not at all"
            message = f"Browsers cache preflight responses {kept}."
            hint = "Set it to 600, which every browser honors."
            yield Diagnostic("short-max-age", "info", message, hint, "max_age", age)
        return
    caps = {
        _NAMES[name]: quirks.max_age_cap
        for name, quirks in ENGINES.items()
        if quirks.max_age_cap is not None and quirks.max_age_cap < age
    }
    if caps:
        limits = " and ".join(f"{name} to {cap} seconds" for name, cap in caps.items())
        yield Diagnostic(
            "max-age-capped",
            "warning" if len(caps) > 1 else "info",
            f"Browsers limit it: {limits}.",
            "Set it to 600, which every browser honors, or rely on no more than that.",
            "max_age",
            age,
        )


def _private_network(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if policy.allow_private_network:
        yield Diagnostic(
            "private-network",
            "warning",
            "Browsers no longer ask for it: they ask the user for permission instead.",
            "Remove it.",
            "allow_private_network",
            True,
        )


def _accepted_risks(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for code in policy.accept_risks:
        hint = "Review from time to time whether the risk is still necessary."
        yield Diagnostic("accepted-risk", "info", _RISKS[code], hint, "accept_risks", code)


_RULES: Final[tuple[Callable[[CorsPolicy], Iterator[Diagnostic]], ...]] = (
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
