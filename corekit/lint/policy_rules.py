"""Advice that follows from the policy alone: one function per argument, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from corekit._names import (
    SAFELISTED_METHODS,
    SAFELISTED_REQUEST_HEADERS,
    SAFELISTED_RESPONSE_HEADERS,
)
from corekit._origins import ANY, Origin, is_loopback
from corekit._suffixes import find_open_suffix, site_of
from corekit.browser import ENGINES
from corekit.diagnostics import Diagnostic, Severity
from corekit.policy import CorsPolicy

from .advice import RISKS, advise
from .covering import find_covered
from .patterns import is_development, read_all

_NAMES: Final = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}

_BODY_METHODS: Final = frozenset({"PUT", "PATCH"})
"""Methods whose requests nearly always have a body, and so need permission for content-type."""


def check_policy(policy: CorsPolicy, api: Origin | None = None) -> Iterator[Diagnostic]:
    """Apply every rule; if `api` is given, leave out what only guesses where the API is."""
    yield from _origins(policy)
    if policy.allow_credentials and api is None:
        yield from _several_sites(policy)
    yield from _methods(policy)
    yield from _headers(policy)
    for name in policy.expose_headers:
        if name in SAFELISTED_RESPONSE_HEADERS:
            reason = "Every page that may read the response may read this header."
            yield advise("safelisted-header", "expose_headers", name, reason=reason)
    yield from _max_age(policy)
    if policy.allow_private_network:
        yield advise("private-network", "allow_private_network", True)
    for code in policy.accept_risks:
        yield advise("accepted-risk", "accept_risks", code, risk=RISKS[code])


def _origins(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for text, pattern in find_covered(policy.allow_origins):
        yield advise("covered-origin", "allow_origins", text, pattern=pattern)
    local = [text for text, each in read_all(policy.allow_origins) if is_development(each)]
    if len(local) < len(policy.allow_origins):
        severity: Severity = "warning" if policy.allow_credentials else "info"
        for text in local:
            yield advise("development-origin", "allow_origins", text, severity=severity)
    for text, each in read_all(policy.allow_origins):
        if policy.allow_credentials:
            if each.label == ANY:
                yield advise("every-subdomain", "allow_origins", text, host=each.host)
            continue  # the others are problems of the policy, or accepted risks
        if each.label is not None:
            suffix = find_open_suffix(each.host, below=each.label == ANY)
            if suffix is not None:
                yield advise("open-pattern", "allow_origins", text, suffix=suffix)
        if each.scheme == "http" and not is_loopback(each.host):
            yield advise("plain-http", "allow_origins", text)


def _several_sites(policy: CorsPolicy) -> Iterator[Diagnostic]:
    hosts = {each.host for _, each in read_all(policy.allow_origins)}
    sites = sorted({site_of(host) for host in hosts if not is_loopback(host)})
    if len(sites) > 1:
        shown = f"{', '.join(sites[:3])}{', ...' if len(sites) > 3 else ''}"
        yield advise("several-sites", "allow_credentials", True, count=len(sites), sites=shown)


def _methods(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for method in policy.allow_methods:
        if method in SAFELISTED_METHODS:
            yield advise("safelisted-method", "allow_methods", method)
        elif method == ANY and policy.allow_credentials:
            yield advise("any-with-credentials", "allow_methods", ANY)


def _headers(policy: CorsPolicy) -> Iterator[Diagnostic]:
    headers = policy.allow_headers
    for name in headers:
        if name in SAFELISTED_REQUEST_HEADERS:
            reason = "Pages may always set it; only very long or unusual values need permission."
            yield advise("safelisted-header", "allow_headers", name, reason=reason)
    if ANY in headers:
        if policy.allow_credentials:
            yield advise("any-with-credentials", "allow_headers", ANY)
        elif "authorization" not in headers:
            yield advise("authorization-not-covered", "allow_headers", ANY)
        return
    methods = " and ".join(sorted(_BODY_METHODS.intersection(policy.allow_methods)))
    if methods and "content-type" not in headers:
        yield advise("no-content-type", "allow_headers", list(headers), methods=methods)


def _max_age(policy: CorsPolicy) -> Iterator[Diagnostic]:
    age = policy.max_age
    if not age:
        if policy.allow_methods or policy.allow_headers:
            duration = "for only 5 seconds" if age is None else "not at all"
            yield advise("short-max-age", "max_age", age, duration=duration)
        return
    caps = [
        f"{_NAMES[name]} to {quirks.max_age_cap} seconds"
        for name, quirks in ENGINES.items()
        if quirks.max_age_cap is not None and quirks.max_age_cap < age
    ]
    if caps:
        severity: Severity = "warning" if len(caps) > 1 else "info"
        limits = " and ".join(caps)
        yield advise("max-age-capped", "max_age", age, severity=severity, limits=limits)
