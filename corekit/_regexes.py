"""Regular expressions of origins, as other CORS libraries take them: reading and judging them.

What a regular expression matches cannot be listed. So it is tried on origins that no operator can
mean, and on those that its own text suggests if a dot is not escaped or an end is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final

from ._origins import OPAQUE
from ._validation import Reader
from .arguments import ARGUMENTS, REGEXES, Argument
from .diagnostics import show
from .problems import ProblemKind

_ROW: Final = Argument(
    REGEXES,
    "strings",
    (),
    "read_origin_regexes",
    "Regular expressions of origins; each has to match the whole origin.",
)

# `http://` and `https?://` at the start of a regular expression, except for this machine.
_is_plain_http = re.compile(
    r"\^?(?:\(\?:)?http(?:s\?|\(s\)\?)?:(?!//(?:\(\?:)?(?:localhost|127\\?\.|\\\[::1))"
).match
_is_https_only = re.compile(r"\^?(?:\(\?:)?https:").match
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
