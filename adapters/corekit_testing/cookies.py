"""A cookie jar like those of browsers: SameSite, Secure, prefixes, domains, paths, expiry.

The rules are those of https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html, in
sections 5.6 to 5.8. Cookies of scripts and partitioned cookies are not modeled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Final, Literal

from corekit.browser.sites import domain_matches, is_same_site, is_suffix, is_trustworthy
from corekit.browser.urls import Url, parse_url

SameSite = Literal["strict", "lax", "none"]

_SAME_SITES: Final[dict[str, SameSite]] = {"strict": "strict", "lax": "lax", "none": "none"}
_MAX_LENGTH: Final = 4096
_MAX_AGE: Final = 400 * 24 * 60 * 60

_has_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search


@dataclass(frozen=True, slots=True)
class Cookie:
    """A stored cookie.

    `domain` is the host that set it, or that of its Domain attribute, in which case `host_only` is
    false. `expires` is in seconds since the epoch; None is the end of the session.
    """

    name: str
    value: str
    domain: str
    path: str = "/"
    host_only: bool = True
    secure: bool = False
    http_only: bool = False
    same_site: SameSite = "lax"
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class CookieQuirks:
    """The deviations of an engine from the specification.

    `default_same_site`
        The SameSite of a cookie without that attribute; with ``none`` it need not be secure.
    `none_may_be_insecure`
        Whether ``SameSite=None`` works without ``Secure``.
    `ignores_prefixes`
        Whether the prefixes ``__Secure-`` and ``__Host-`` have no meaning.
    """

    default_same_site: SameSite = "lax"
    none_may_be_insecure: bool = False
    ignores_prefixes: bool = False


SPECIFIED: Final = CookieQuirks()

COOKIE_QUIRKS: Final[Mapping[str, CookieQuirks]] = MappingProxyType(
    {
        "standard": SPECIFIED,
        "chromium": SPECIFIED,
        "firefox": CookieQuirks("none"),
        "webkit": CookieQuirks("none", none_may_be_insecure=True, ignores_prefixes=True),
    }
)
"""The quirks of each engine."""


class CookieJar:
    """The cookies of one browser.

    `clock` returns seconds since the epoch. If `third_party` is false, cross-site requests neither
    send nor set cookies, as in browsers that block third-party cookies. `quirks` are those of an
    engine; by default there are none.

    >>> jar = CookieJar(clock=lambda: 0.0)
    >>> jar.store("https://app.example.com", "https://api.example.com/", ["sid=1; Secure; Path=/"])
    >>> jar.header("https://app.example.com", "https://api.example.com/items")
    'sid=1'
    >>> jar.header("https://other.example", "https://api.example.com/items") is None
    True
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        third_party: bool = True,
        quirks: CookieQuirks = SPECIFIED,
    ) -> None:
        self._clock = clock
        self._quirks = quirks
        self._third_party = third_party
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def __iter__(self) -> Iterator[Cookie]:
        now = self._clock()
        for cookie in tuple(self._cookies.values()):
            if cookie.expires is None or cookie.expires > now:
                yield cookie

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Delete all cookies."""
        self._cookies.clear()

    def header(self, page: str, url: str) -> str | None:
        """Return the Cookie header for a fetch by a page of the origin `page`, or None."""
        target = parse_url(url)
        found = [
            cookie
            for cookie in self
            if _covers_host(cookie, target.host)
            and _covers_path(cookie.path, _path(target))
            and (not cookie.secure or is_trustworthy(target))
            and self._allows(cookie, page, target)
        ]
        # Longer paths first, then older cookies, which is the order of the dict.
        found.sort(key=lambda cookie: -len(cookie.path))
        pairs = (f"{each.name}={each.value}" if each.name else each.value for each in found)
        return "; ".join(pairs) or None

    def store(self, page: str, url: str, lines: list[str]) -> None:
        """Store the Set-Cookie `lines` of a response to a fetch by a page of the origin `page`."""
        target = parse_url(url)
        for line in lines:
            cookie = _parse(line, target, self._clock(), self._quirks)
            if cookie is None or not self._allows(cookie, page, target):
                continue
            key = cookie.name, cookie.domain, cookie.path
            if cookie.expires is not None and cookie.expires <= self._clock():
                self._cookies.pop(key, None)
            else:
                self._cookies[key] = cookie

    def _allows(self, cookie: Cookie, page: str, target: Url) -> bool:
        is_same = is_same_site(page, target.origin)
        return is_same or (self._third_party and cookie.same_site == "none")


def _parse(line: str, url: Url, now: float, quirks: CookieQuirks) -> Cookie | None:
    pair, *attributes = line.split(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", name
    name, value = name.strip(" \t"), value.strip(" \t")
    if not (name or value) or len(name) + len(value) > _MAX_LENGTH or _has_control(line):
        return None
    given = {}
    for attribute in attributes:
        key, _, content = attribute.partition("=")
        given[key.strip(" \t").lower()] = content.strip(" \t")
    domain = given.get("domain", "").removeprefix(".").lower()
    if domain == url.host and is_suffix(domain):
        domain = ""  # for this host only
    if domain and (is_suffix(domain) or not domain_matches(url.host, domain)):
        return None
    path = given.get("path", "")
    same_site = given.get("samesite", "").lower()
    cookie = Cookie(
        name,
        value,
        domain or url.host,
        path if path.startswith("/") else _path(url).rpartition("/")[0] or "/",
        host_only=not domain,
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=_SAME_SITES.get(same_site, quirks.default_same_site),
        expires=_read_expiry(given, now),
    )
    if same_site == "none" and not cookie.secure and not quirks.none_may_be_insecure:
        return None
    if cookie.secure and not is_trustworthy(url):
        return None
    return cookie if quirks.ignores_prefixes or _keeps_prefix(cookie, path) else None


def _keeps_prefix(cookie: Cookie, path: str) -> bool:
    # https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-cookie-name-prefixes
    prefixed = (cookie.name or cookie.value).lower()
    if prefixed.startswith("__secure-"):
        return cookie.secure and bool(cookie.name)
    if prefixed.startswith("__host-"):
        return cookie.secure and cookie.host_only and path == "/" and bool(cookie.name)
    return True


def _read_expiry(given: dict[str, str], now: float) -> float | None:
    age = given.get("max-age", "")
    if age.removeprefix("-").isdecimal() and age.isascii():
        return now + min(int(age), _MAX_AGE)
    try:
        expires = parsedate_to_datetime(given.get("expires", "")).timestamp()
    except ValueError:
        return None
    return min(expires, now + _MAX_AGE)


def _covers_host(cookie: Cookie, host: str) -> bool:
    return host == cookie.domain if cookie.host_only else domain_matches(host, cookie.domain)


def _covers_path(cookie_path: str, path: str) -> bool:
    return path == cookie_path or path.startswith(f"{cookie_path.removesuffix('/')}/")


def _path(url: Url) -> str:
    return url.target.partition("?")[0]
