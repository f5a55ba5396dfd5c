"""Policies with regular expressions, for the adapters that replace other CORS libraries.

Other libraries take regular expressions of origins and allow an empty list of origins. Both are
possible here, under the rules of the core: a regular expression has to match the whole origin, and
only serialized origins are matched.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from ._engine import AnyOrigin, Origins
from ._origins import Origin, is_loopback, is_serialized_origin
from ._regexes import RegexReader
from .policy import CorsPolicy

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Risks, Strings

__all__ = ["OriginRegexes", "RegexCorsPolicy"]


class OriginRegexes:
    """The origins in `others`, and those that one of the regular expressions matches.

    With `https_only`, regular expressions match no http origin except those of this machine.

    >>> origins = OriginRegexes([re.compile(r"https://pr-\\d+\\.example\\.com")], others=set())
    >>> "https://pr-7.example.com" in origins, "https://pr-7.example.com.evil.example" in origins
    (True, False)
    """

    __slots__ = ("_https_only", "_others", "_regexes")

    def __init__(
        self, regexes: Collection[re.Pattern[str]], *, others: Origins, https_only: bool = False
    ) -> None:
        self._regexes = tuple(regexes)
        self._others = others
        self._https_only = https_only

    def __contains__(self, origin: str) -> bool:
        return origin in self._others or self._match(origin) is not None

    def find(self, origin: str) -> str | None:
        """Return the origin, the pattern or the regular expression that matches `origin`."""
        find = getattr(self._others, "find", None)
        found: str | None = None if find is None else find(origin)
        return self._match(origin) if found is None else found

    def _match(self, origin: str) -> str | None:
        # An untrusted string is bounded and well-formed before a regex is tried on it.
        if not is_serialized_origin(origin) or (self._https_only and _is_insecure(origin)):
            return None
        return next((each.pattern for each in self._regexes if each.fullmatch(origin)), None)


class RegexCorsPolicy(CorsPolicy):
    """A `CorsPolicy` that also takes `allow_origin_regexes`, and that may have no origins.

    `allow_origin_regexes` are strings or compiled regular expressions. Each has to match the whole
    origin, whatever anchors it has. With credentials, one that matches origins of other sites is an
    error, ``null`` is never matched, and http only on this machine unless ``insecure-origin`` is
    accepted. An origin has at most 327 characters; a regular expression with nested repetitions
    can take long even for those.

    >>> policy = RegexCorsPolicy(allow_origin_regexes=[r"https://.*\\.example\\.com"], max_age=600)
    >>> policy.decide("GET", origin="https://app.example.com").allowed
    True
    >>> policy.replace(max_age=None)
    RegexCorsPolicy(allow_origin_regexes=[re.compile('https://.*\\\\.example\\\\.com')])
    """

    __slots__ = ("allow_origin_regexes",)

    allow_origin_regexes: tuple[re.Pattern[str], ...]

    _reader = RegexReader

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            allow_origins: Strings = (),
            allow_origin_regexes: Collection[str | re.Pattern[str]] = (),
            allow_credentials: bool = False,
            allow_methods: Strings = (),
            allow_headers: Strings = (),
            expose_headers: Strings = (),
            max_age: int | timedelta | None = None,
            allow_private_network: bool = False,
            preflight_status: int = 204,
            accept_risks: Risks = (),
        ) -> None: ...

    @staticmethod
    def _show(value: object) -> str:
        if isinstance(value, tuple) and any(isinstance(item, re.Pattern) for item in value):
            # The repr of a compiled regular expression is cut off after 200 characters.
            return f"[{', '.join(map(_show_regex, value))}]"
        return CorsPolicy._show(value)

    def _compile_origins(self) -> Origins:
        origins = super()._compile_origins()
        if not self.allow_origin_regexes or isinstance(origins, AnyOrigin):
            return origins
        https_only = self.allow_credentials and "insecure-origin" not in self.accept_risks
        return OriginRegexes(self.allow_origin_regexes, others=origins, https_only=https_only)


def _is_insecure(origin: str) -> bool:
    return origin.startswith("http://") and not is_loopback(Origin.parse(origin).host)


def _show_regex(regex: re.Pattern[str]) -> str:
    flags = regex.flags & ~re.UNICODE
    return f"re.compile({regex.pattern!r}{f', {flags}' if flags else ''})"
