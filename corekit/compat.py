"""Policies with regular expressions, for the adapters that replace other CORS libraries.

Other libraries take regular expressions of origins and allow an empty list of origins. Both are
possible here, under the rules of the core: a regular expression has to match the whole origin, and
only serialized origins are matched.

What a regular expression matches cannot be listed. So it is tried on origins that no operator can
mean, and on those that its own text suggests if a dot is not escaped or an end is left open.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ._engine import AnyOrigin, Origins
from ._origins import OPAQUE, is_loopback, split_origin
from ._validation import Reader
from .arguments import ARGUMENTS, REGEXES, Argument
from .diagnostics import show
from .policy import CorsPolicy
from .problems import ProblemKind

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Risks, Strings

__all__ = ["OriginRegexes", "RegexCorsPolicy", "is_path_too_long"]

_ROW: Final = Argument(
    REGEXES,
    "read_origin_regexes",
    "Regular expressions of origins; each has to match the whole origin.",
)

# `http://` and `https?://` at the start of a regular expression, except for this machine.
_is_plain_http = re.compile(
    r"\^?(?:\(\?:)?http(?:s\?|\(s\)\?)?:(?!//(?:\(\?:)?(?:localhost|127\\?\.|\\\[::1))"
).match
_is_https_only = re.compile(r"\^?(?:\(\?:)?https:").match
# Other regular expressions are matched in a time that is linear in the length of the path.
_may_backtrack = re.compile(r"[*+{].*[*+{]|\)[*+{]|\\[1-9]|\(\?P=", re.DOTALL).search
_LONGEST_PATH: Final = 2_048
"""In characters, for a regular expression that may backtrack."""

_host_literals = re.compile(r"(?:[a-z0-9-]+\\?\.)+[a-z]{2,}", re.IGNORECASE).findall

# Reserved names and addresses that nobody can own: RFC 6761 (6.4), RFC 5737, RFC 3849.
_UNTRUSTED_ORIGINS: Final = """
    https://untrusted.invalid https://www.untrusted.invalid https://untrusted.invalid:8443
    http://untrusted.invalid http://192.0.2.1 https://192.0.2.1 https://[2001:db8::1]
    http://localhost.untrusted.invalid https://localhost.untrusted.invalid untrusted://untrusted
""".split()

# Public suffixes that regular expressions are written for; registering a name takes a minute.
_OPEN_SUFFIXES: Final = """
    co.uk com dev io net org github.io gitlab.io herokuapp.com netlify.app onrender.com pages.dev
    vercel.app web.app workers.dev
""".split()
_LABELS: Final = ("a", "other", "other-1")


def is_path_too_long(path: str, regex: re.Pattern[str]) -> bool:
    """Return whether `path` may take too long to match, so that no origins may be allowed.

    A client chooses the path. If a regular expression has one repetition, of one character, the
    time to match is linear in the length of the path; with more, or with a repeated group or a
    back reference, it may grow faster. Then a path is too long if it has more than 2,048
    characters.

    >>> path = "/api/" + "a/" * 2_000
    >>> is_path_too_long(path, re.compile("/api/.*"))
    False
    >>> is_path_too_long(path, re.compile("/api/.*/items/.*"))
    True
    """
    return len(path) > _LONGEST_PATH and _may_backtrack(regex.pattern) is not None


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
        parts = split_origin(origin)
        if parts is None and origin != OPAQUE:
            return None
        if self._https_only and parts and parts[0] == "http" and not is_loopback(parts[1]):
            return None
        return next((each.pattern for each in self._regexes if each.fullmatch(origin)), None)


class RegexReader(Reader):
    """Reads the arguments of a `RegexCorsPolicy`: regular expressions, and possibly no origins."""

    arguments = MappingProxyType({**ARGUMENTS, REGEXES: _ROW})
    needs_origins = False

    def read_origin_regexes(self, name: str, value: object) -> tuple[re.Pattern[str], ...]:
        """Read regular expressions of origins, as strings or compiled."""
        items: list[object] = []
        sources = value
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            items = sorted(value, key=str) if isinstance(value, AbstractSet) else list(value)
            sources = [item.pattern if isinstance(item, re.Pattern) else item for item in items]
        regexes: list[re.Pattern[str]] = []
        for index, source in self.read_strings(name, sources):
            item = items[index]
            try:
                regex = item if isinstance(item, re.Pattern) else re.compile(source)
            except (re.error, OverflowError, RecursionError) as error:
                use = "Fix it, or use a pattern such as 'https://*.example.com'."
                kind, text = ProblemKind.INVALID_REGEX, show(str(error))
                self.report(kind, name, source, index=index, error=text, use=use)
                continue
            regexes.append(regex)
            if regex.fullmatch(OPAQUE):
                self.check_opaque(name, index)
            if self._credentials:
                self._check_scheme(name, index, source)
                self._check_untrusted(name, index, regex)
        return tuple(dict.fromkeys(regexes))

    def _check_scheme(self, name: str, index: int, source: str) -> None:
        if _is_plain_http(source):
            self.report(ProblemKind.INSECURE_REGEX, name, source, index=index)
        elif not _is_https_only(source):
            # Its http origins are matched only if the risk is accepted, so it may be accepted.
            self._present_risks.add("insecure-origin")

    def _check_untrusted(self, name: str, index: int, regex: re.Pattern[str]) -> None:
        source = regex.pattern
        for origin in (*_UNTRUSTED_ORIGINS, *_suggested_origins(source)):
            if regex.fullmatch(origin):
                self.report(ProblemKind.OPEN_REGEX, name, source, index=index, origin=origin)
                return
        for suffix in _OPEN_SUFFIXES:
            if any(regex.fullmatch(f"https://{label}.{suffix}") for label in _LABELS):
                self.report(ProblemKind.PUBLIC_SUFFIX, name, source, index=index, suffix=suffix)
                return


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


def _show_regex(regex: re.Pattern[str]) -> str:
    flags = regex.flags & ~re.UNICODE
    return f"re.compile({regex.pattern!r}{f', {flags}' if flags else ''})"


def _suggested_origins(source: str) -> Iterator[str]:
    # For `app.example.com`: names that match if a dot is not escaped or an end is open.
    for literal in dict.fromkeys(_host_literals(source)):
        host = literal.replace("\\", "").lower()
        for scheme in ("https", "http"):
            yield f"{scheme}://untrusted{host}"
            yield f"{scheme}://{host}.untrusted.invalid"
            for index, character in enumerate(host):
                if character == ".":
                    yield f"{scheme}://{host[:index]}x{host[index + 1 :]}"
