"""A cookie jar like those of browsers: SameSite, Secure, prefixes, domains, paths, expiry.

The rules are those of https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html, in
sections 5.6 to 5.8. Cookies of scripts, partitioned cookies and limits to the number of cookies are
not modeled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal

from corekit.browser.sites import domain_matches, is_same_site, is_suffix, is_trustworthy
from corekit.browser.urls import Url, parse_url

SameSite = Literal["strict", "lax", "none"]

_SAME_SITES: Final[dict[str, SameSite]] = {"strict": "strict", "lax": "lax", "none": "none"}
_MAX_LENGTH: Final = 4096
_MAX_ATTRIBUTE_LENGTH: Final = 1024
_MAX_AGE: Final = 400 * 24 * 60 * 60
_MAX_DIGITS: Final = 15
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)

_has_control = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]").search
_is_seconds = re.compile(r"-?[0-9]+").fullmatch
_date_tokens = re.compile(r"[^\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+").findall
_time = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?![0-9])").match
_day = re.compile(r"[0-9]{1,2}(?![0-9])").match
_year = re.compile(r"[0-9]{2,4}(?![0-9])").match


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
    `secure_needs_https`
        Whether a secure cookie is not sent to http://localhost, although nobody on the network can
        read it there.
    """

    default_same_site: SameSite = "lax"
    none_may_be_insecure: bool = False
    ignores_prefixes: bool = False
    secure_needs_https: bool = False


SPECIFIED: Final = CookieQuirks()

COOKIE_QUIRKS: Final[Mapping[str, CookieQuirks]] = MappingProxyType(
    {
        "standard": SPECIFIED,
        "chromium": SPECIFIED,
        "firefox": CookieQuirks("none"),
        "webkit": CookieQuirks(
            "none", none_may_be_insecure=True, ignores_prefixes=True, secure_needs_https=True
        ),
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
        self._cookies: dict[tuple[str, str, bool, str], Cookie] = {}

    def __iter__(self) -> Iterator[Cookie]:
        self._evict_expired()
        return iter(tuple(self._cookies.values()))

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
            and (not cookie.secure or self._protects(target))
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
            self._evict_expired()
            if not is_trustworthy(target) and any(_protects(old, cookie) for old in self):
                continue
            self._cookies[cookie.name, cookie.domain, cookie.host_only, cookie.path] = cookie

    def _evict_expired(self) -> None:
        now = self._clock()
        for key, cookie in tuple(self._cookies.items()):
            if cookie.expires is not None and cookie.expires <= now:
                del self._cookies[key]

    def _protects(self, url: Url) -> bool:
        return url.scheme == "https" if self._quirks.secure_needs_https else is_trustworthy(url)

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
        if len(content.strip(" \t")) <= _MAX_ATTRIBUTE_LENGTH:
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
    has_path = "path" in given
    return cookie if quirks.ignores_prefixes or _keeps_prefix(cookie, has_path=has_path) else None


def _keeps_prefix(cookie: Cookie, *, has_path: bool) -> bool:
    # https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-cookie-name-prefixes
    prefixed = (cookie.name or cookie.value).lower()
    if prefixed.startswith("__secure-"):
        return cookie.secure and bool(cookie.name)
    if prefixed.startswith("__host-"):
        is_of_root = has_path and cookie.path == "/"
        return cookie.secure and cookie.host_only and is_of_root and bool(cookie.name)
    return True


def _protects(old: Cookie, new: Cookie) -> bool:
    """Return whether a cookie cannot be overlaid by one that an insecure connection sets."""
    return (
        old.secure
        and old.name == new.name
        and (domain_matches(old.domain, new.domain) or domain_matches(new.domain, old.domain))
        and _covers_path(old.path, new.path)
    )


def _read_expiry(given: dict[str, str], now: float) -> float | None:
    age = given.get("max-age", "")
    if _is_seconds(age):
        digits = "" if age.startswith("-") else age.lstrip("0")
        return now + (_MAX_AGE if len(digits) > _MAX_DIGITS else min(int(digits or "0"), _MAX_AGE))
    expires = _read_date(given.get("expires", ""))
    return None if expires is None else min(expires, now + _MAX_AGE)


def _read_date(text: str) -> float | None:
    """Read a date in any order of its parts: https://www.rfc-editor.org/rfc/rfc6265#section-5.1.1

    >>> _read_date("Sun, 09 Sep 2001 01:46:40 GMT")
    1000000000.0
    >>> _read_date("soon")
    """
    time = day = month = year = None
    for token in _date_tokens(text):
        name = token[:3].lower()
        if time is None and (match := _time(token)):
            time = match
        elif day is None and (match := _day(token)):
            day = int(match[0])
        elif month is None and name in _MONTHS:
            month = _MONTHS.index(name) + 1
        elif year is None and (match := _year(token)):
            year = int(match[0])
    if time is None or day is None or month is None or year is None:
        return None
    if year < 100:
        year += 1900 if year >= 70 else 2000
    if year < 1601:
        return None
    try:
        hour, minute, second = map(int, time.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _covers_host(cookie: Cookie, host: str) -> bool:
    return host == cookie.domain if cookie.host_only else domain_matches(host, cookie.domain)


def _covers_path(cookie_path: str, path: str) -> bool:
    return path == cookie_path or path.startswith(f"{cookie_path.removesuffix('/')}/")


def _path(url: Url) -> str:
    return url.target.partition("?")[0]
