"""The rules: one function per argument, in their order, and those that need the API's origin."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import Final

from corekit._names import (
    SAFELISTED_METHODS,
    SAFELISTED_REQUEST_HEADERS,
    SAFELISTED_RESPONSE_HEADERS,
)
from corekit._origins import (
    ANY,
    DEFAULT_PORTS,
    OPAQUE,
    Origin,
    OriginPattern,
    ends_in_number,
    is_loopback,
)
from corekit._suffixes import PRIVATE_SUFFIXES, find_open_suffix, site_of
from corekit.arguments import REGEXES
from corekit.browser import ENGINES
from corekit.browser.urls import HTTP_SCHEMES
from corekit.diagnostics import Diagnostic, Severity
from corekit.policy import CorsPolicy

from .advice import RISKS, advise
from .covering import find_covered, read_all, read_pattern
from .regexes import DEVELOPMENT, LOCAL, RegexOrigins, read_regexes, regexes_of, same_site

_NAMES: Final = {"chromium": "Chromium", "firefox": "Firefox", "webkit": "WebKit"}

_SHOWN_OTHERS: Final = 3

_BODY_METHODS: Final = frozenset({"PUT", "PATCH"})
"""Methods whose requests nearly always have a body, and so need permission for content-type."""

_TRAILING_DOT: Final = r"(http|https|ftp)://.*\.(:[0-9]+)?"


def find_cross_site(
    origins: Iterable[str], hosts: Collection[str], regexes: Iterable[re.Pattern[str]] = ()
) -> list[str]:
    """Return the origins and patterns whose pages are cross-site to a server with these hosts.

    Regular expressions are among them if they match such an origin.

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
    allowed = [same_site("https?", site) for site in (*local, *remote)]
    allowed += [] if local else [LOCAL]
    found += [each.source for each in read_regexes(regexes) if each.find_outside(*allowed)]
    return found


def check_policy(policy: CorsPolicy, api: Origin | None = None) -> Iterator[Diagnostic]:
    """Apply every rule; `api` is the origin of the API, if it is known."""
    regexes = list(read_regexes(regexes_of(policy)))
    yield from _origins(policy, regexes)
    if api is not None:
        yield from _origins_for_api(policy, api)
        yield from _regexes_for_api(policy, regexes, api)
    elif policy.allow_credentials:
        yield from _several_sites(policy, regexes)
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


def _origins(policy: CorsPolicy, regexes: Collection[RegexOrigins]) -> Iterator[Diagnostic]:
    sources = {each.pattern for each in regexes_of(policy)}
    for text, others in find_covered(policy.allow_origins, regexes_of(policy)):
        argument = REGEXES if text in sources else "allow_origins"
        yield advise("covered-origin", argument, text, covering=_name_covering(others))
    yield from _development(policy, regexes)
    for regex in regexes:
        yield from _regex(regex, credentials=policy.allow_credentials)
    for text, each in read_all(policy.allow_origins):
        if each.scheme in DEFAULT_PORTS and each.host.endswith("."):
            yield advise("trailing-dot", "allow_origins", text)
        if policy.allow_credentials:
            if each.label == ANY:
                yield advise("every-subdomain", "allow_origins", text, host=each.host)
            continue  # the others are problems of the policy, or accepted risks
        if each.label is not None and each.scheme in DEFAULT_PORTS:
            suffix = find_open_suffix(each.host, below=each.label == ANY)
            if suffix is not None:
                yield advise("open-pattern", "allow_origins", text, reason=_anyone(suffix))
        if each.scheme == "http" and not is_loopback(each.host):
            yield advise("plain-http", "allow_origins", text, origin="this origin")


def _development(policy: CorsPolicy, regexes: Collection[RegexOrigins]) -> Iterator[Diagnostic]:
    local = [text for text, each in read_all(policy.allow_origins) if _is_development(each)]
    local_regexes = [each.source for each in regexes if each.find_local()]
    has_others = len(local_regexes) < len(regexes) or any(
        each.find_outside(LOCAL) for each in regexes
    )
    if has_others or len(local) < len(policy.allow_origins):
        severity: Severity = "warning" if policy.allow_credentials else "info"
        for argument, texts in (("allow_origins", local), (REGEXES, local_regexes)):
            for text in texts:
                yield advise("development-origin", argument, text, severity=severity)


def _regex(regex: RegexOrigins, *, credentials: bool) -> Iterator[Diagnostic]:
    source = regex.source
    if regex.find_outside(_TRAILING_DOT) is None:
        yield advise("trailing-dot", REGEXES, source)
    if credentials:
        for host in regex.find_every_subdomain():
            yield advise("every-subdomain", REGEXES, source, host=host)
        return
    opening = regex.opening
    if opening is not None:
        reason = (
            _anyone(opening.suffix)
            if opening.suffix
            else f"It is not limited to your sites ({opening.origin!r} matches)"
        )
        yield advise("open-pattern", REGEXES, source, reason=reason)
    if regex.insecure is not None:
        yield advise("plain-http", REGEXES, source, origin=repr(regex.insecure))


def _anyone(suffix: str) -> str:
    return f"Anyone can register a name below {suffix!r}"


def _name_covering(others: Sequence[str]) -> str:
    if len(others) == 1:
        return f"{others[0]!r} covers it"
    more = len(others) - _SHOWN_OTHERS
    names = ", ".join(map(repr, others[:_SHOWN_OTHERS]))
    return f"Together, {names}{f' and {more} more' if more > 0 else ''} cover it"


def _is_development(origin: OriginPattern) -> bool:
    # Released apps have origins such as http://tauri.localhost, https://localhost and
    # capacitor://localhost. A server for development has a port.
    return origin.scheme in HTTP_SCHEMES and is_loopback(origin.host) and origin.port != ""


def _origins_for_api(policy: CorsPolicy, api: Origin) -> Iterator[Diagnostic]:
    for text in policy.allow_origins:
        origin = read_pattern(text)
        if text == str(api):
            yield advise("own-origin", "allow_origins", text)
        if origin is None:
            if text in (ANY, OPAQUE) and is_internal(api.host):
                yield advise("internal-api", "allow_origins", text, api=api)
            continue
        # https://w3c.github.io/webappsec-mixed-content/
        if origin.scheme == "https" and api.scheme == "http" and not is_loopback(api.host):
            yield advise("mixed-content", "allow_origins", text, api=api)
        if policy.allow_credentials and _is_third_party(origin, api):
            solution = _keep_cookies(origin, api)
            yield advise(
                "third-party-cookies",
                "allow_origins",
                text,
                origin="This origin",
                api=api,
                solution=solution,
            )


def _regexes_for_api(
    policy: CorsPolicy, regexes: Iterable[RegexOrigins], api: Origin
) -> Iterator[Diagnostic]:
    for regex in regexes:
        if regex.find_outside(re.escape(str(api))) is None:
            yield advise("own-origin", REGEXES, regex.source)
        is_insecure = api.scheme == "http" and not is_loopback(api.host)
        if is_insecure and regex.find_inside("https://.*"):
            yield advise("mixed-content", REGEXES, regex.source, api=api)
        same = same_site(api.scheme, site_of(api.host))
        # As for patterns: with and without a port, it is for development.
        local = LOCAL if regex.find_local() else DEVELOPMENT
        found = regex.find_outside(same, *(() if is_loopback(api.host) else (local,)))
        origin = None if found is None else read_pattern(found)
        if policy.allow_credentials and origin is not None:
            yield advise(
                "third-party-cookies",
                REGEXES,
                regex.source,
                origin=f"{found!r}, which it matches,",
                api=api,
                solution=_keep_cookies(origin, api),
            )


def _is_third_party(origin: OriginPattern, api: Origin) -> bool:
    # A site is a scheme and a registrable domain: https://html.spec.whatwg.org/#same-site
    if _is_development(origin) and not is_loopback(api.host):
        return False  # reported as development-origin
    return origin.scheme != api.scheme or site_of(origin.host) != site_of(api.host)


def _keep_cookies(origin: OriginPattern, api: Origin) -> str:
    if is_loopback(origin.host) and is_loopback(api.host) and origin.scheme == api.scheme:
        return f"Call the API as {Origin(api.scheme, origin.host, api.port)}."
    return (
        f"Serve both over HTTPS below one domain (the API's site is {site_of(api.host)}), or"
        " authenticate with a header. Cookies that are to be sent at all need SameSite=None;"
        " Secure."
    )


def is_internal(host: str) -> bool:
    """Return whether a host is this machine, or in an internal network.

    >>> is_internal("192.168.1.5"), is_internal("printer.local"), is_internal("example.com")
    (True, True, False)
    """
    if host.startswith("[") or ends_in_number(host):
        return ip_address(host.strip("[]")).is_private
    last = host.rpartition(".")[2]
    return "." not in host or last in PRIVATE_SUFFIXES or host.endswith(".home.arpa")


def _several_sites(policy: CorsPolicy, regexes: Iterable[RegexOrigins]) -> Iterator[Diagnostic]:
    hosts = {each.host for _, each in read_all(policy.allow_origins)} - {ANY}
    hosts |= {site for each in regexes for site in each.sites}
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
    if any(warning.argument == "max_age" for warning in policy.warnings):
        # The warning says what to write instead.
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
