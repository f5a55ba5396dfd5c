"""Policies in the terms of the layers that corekit replaces, for the adapters that replace them.

Peers take regular expressions of origins, and no origin at all; the core's own language has
neither. Both are here, under the same rules: an expression matches in full, and only what a browser
could send.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from ._engine import AnyOrigin, Origins
from ._origins import Origin, is_loopback, is_serialized_origin
from ._regexes import RegexReader
from .policy import CorsPolicy, refuse_unknown

__all__ = ["OriginRegexes", "RegexCorsPolicy"]


class OriginRegexes:
    """The origins in `others`, and those that one of the expressions matches in full.

    With `https_only`, an http origin that is not this very machine is matched by no expression.

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
        if origin in self._others:
            return True
        # A stranger's string is bounded and well-formed before an expression is tried on it.
        if not is_serialized_origin(origin) or (self._https_only and _is_insecure(origin)):
            return False
        return any(regex.fullmatch(origin) for regex in self._regexes)


class RegexCorsPolicy(CorsPolicy):
    """A `CorsPolicy` that takes `allow_origin_regexes` too, and that may allow no origin.

    `allow_origin_regexes` are strings or compiled expressions. They match in full, whatever anchors
    they have. One that matches strangers is refused together with credentials; with credentials,
    ``null`` is never matched, and http only on this machine unless ``insecure-origin`` is accepted.
    What an expression costs to match is the operator's: one with nested repetitions can take long
    over the 327 characters that an origin may have.

    >>> policy = RegexCorsPolicy(allow_origin_regexes=[r"https://.*\\.example\\.com"], max_age=600)
    >>> policy.decide("GET", origin="https://app.example.com").allowed
    True
    >>> policy.replace(max_age=None)
    RegexCorsPolicy(allow_origin_regexes=[re.compile('https://.*\\\\.example\\\\.com')])
    """

    __slots__ = ("allow_origin_regexes",)

    allow_origin_regexes: tuple[re.Pattern[str], ...]

    _reader = RegexReader
    _defaults: ClassVar[Mapping[str, Any]] = {**CorsPolicy._defaults, "allow_origin_regexes": ()}

    def __init__(
        self, *, allow_origin_regexes: Collection[str | re.Pattern[str]] = (), **settings: Any
    ) -> None:
        """Take the arguments of `CorsPolicy` beside `allow_origin_regexes`."""
        refuse_unknown(settings, self._defaults)
        given = {**self._defaults, **settings, "allow_origin_regexes": allow_origin_regexes}
        self._build(given)

    @staticmethod
    def _show(value: object) -> str:
        if isinstance(value, tuple) and any(isinstance(item, re.Pattern) for item in value):
            # The repr of an expression leaves out what is past its 200th character.
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
