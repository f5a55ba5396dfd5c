"""Policies with regular expressions, for the adapters that replace other CORS libraries.

Other libraries take regular expressions of origins and allow an empty list of origins. Both are
possible here, under the rules of the core: a regular expression has to match the whole origin, and
only serialized origins are matched.

`build_policy` is for files and other settings, which may have regular expressions or not.

Which origins a regular expression matches is determined exactly, so that it has the same problems
as a pattern of the same origins (`_regexes`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from ._containers import AnyOrigin, Origins
from ._origins import is_serialized_origin
from ._regexes import RegexError, RegexReader, compile_path_regex, compile_regex, may_match_path
from ._slow_regexes import longest_path, origin_work
from .arguments import REGEXES
from .policy import CorsPolicy
from .problems import PYTHON, Dialect
from .routes import deny_with_hint

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Risks, Strings

__all__ = [
    "TOO_LONG",
    "OriginRegexes",
    "RegexCorsPolicy",
    "RegexError",
    "build_policy",
    "compile_path_regex",
    "compile_regex",
    "is_path_too_long",
    "longest_path",
    "may_match_path",
]

TOO_LONG: Final = deny_with_hint("The path is too long for a regular expression: shorten it.")
"""The policy for a path that `is_path_too_long`."""


def is_path_too_long(path: str, regex: re.Pattern[str], readings: int = 1) -> bool:
    """Return whether `path` may take too long to match, so that no origins may be allowed.

    A client chooses the path, with whose beginning the regular expression is matched. If the time
    to match grows faster than the path, a path is too long if `re` might try more than 500,000 ways
    on a path of this length, or if it has more than 512 characters. If a path is matched with
    several `readings` of it, their characters count together.

    >>> path = "/api/" + "a/" * 2_000
    >>> is_path_too_long(path, re.compile("/api/.*"))
    False
    >>> is_path_too_long(path, re.compile("/api/.*/items/.*/edit"))
    True
    """
    longest = longest_path(regex)
    return longest is not None and len(path) * readings > longest


class OriginRegexes:
    """The origins in `others`, and those that one of the regular expressions matches.

    >>> origins = OriginRegexes([re.compile(r"https://pr-\\d+\\.example\\.com")], others=set())
    >>> "https://pr-7.example.com" in origins, "https://pr-7.example.com.evil.example" in origins
    (True, False)
    """

    __slots__ = ("_others", "_regexes", "_works")

    def __init__(self, regexes: Collection[re.Pattern[str]], *, others: Origins) -> None:
        self._regexes = tuple(regexes)
        self._others = others
        self._works = tuple(map(origin_work, self._regexes))

    def __contains__(self, origin: str) -> bool:
        return origin in self._others or self._match(origin) is not None

    def find(self, origin: str) -> str | None:
        """Return the origin, the pattern or the regular expression that matches `origin`."""
        find = getattr(self._others, "find", None)
        found: str | None = None if find is None else find(origin)
        return self._match(origin) if found is None else found

    def work(self, length: int) -> int:
        """Return how many states `re` visits at most for an origin of a length."""
        return sum(each.of(length) for each in self._works)

    def _match(self, origin: str) -> str | None:
        # An untrusted string is bounded and well-formed before a regex is tried on it.
        if not is_serialized_origin(origin):
            return None
        return next((each.pattern for each in self._regexes if each.fullmatch(origin)), None)


class RegexCorsPolicy(CorsPolicy):
    """A `CorsPolicy` that also takes `allow_origin_regexes`, and that may have no origins.

    `allow_origin_regexes` are strings or compiled regular expressions. Each has to match the whole
    origin, whatever anchors it has. One that matches no origin that browsers send, or that some
    origins take long to match, is an error. With credentials it has the problems and the risks of
    the origins that it matches, like a pattern; ``null`` and origins without a host are never
    matched then.

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
        # With credentials, the engine asks only for origins with a host.
        return OriginRegexes(self.allow_origin_regexes, others=origins)


def build_policy(settings: Mapping[str, Any], *, dialect: Dialect = PYTHON) -> CorsPolicy:
    """Build a policy from settings that may contain `allow_origin_regexes`.

    With regular expressions it is a `RegexCorsPolicy`, otherwise a `CorsPolicy`. At least one
    origin or one regular expression is required. Raises `PolicyError` with every problem.

    >>> build_policy({"allow_origins": ["https://app.example.com"], "allow_origin_regexes": []})
    CorsPolicy(allow_origins=['https://app.example.com'])
    """
    if not isinstance(settings, Mapping):
        raise TypeError(f"build_policy() takes a mapping, not a {type(settings).__name__}")
    reader = _SettingsReader(settings, dialect)
    values = reader.read()
    cls = RegexCorsPolicy if values[REGEXES] else CorsPolicy
    policy: CorsPolicy = object.__new__(cls)
    policy._accept(reader, values)
    return policy


class _SettingsReader(RegexReader):
    """Reads settings: an origin or a regular expression is required."""

    def __init__(self, given: Mapping[Any, object], dialect: Dialect) -> None:
        super().__init__(given, dialect)
        self.needs_origins = not given.get(REGEXES)


def _show_regex(regex: re.Pattern[str]) -> str:
    flags = regex.flags & ~re.UNICODE
    return f"re.compile({regex.pattern!r}{f', {flags}' if flags else ''})"
