"""Regular expressions of origins, as peers' configurations have them: reading and trying them.

What an expression matches cannot be listed. So it is tried on origins that nobody can mean, and on
those that its own text suggests where a dot is not escaped or an end is left open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from ._origins import OPAQUE
from ._validation import Reader
from .diagnostics import show

__all__ = ["RegexReader"]

# `http://` and `https?://` at the start of an expression, unless for this very machine.
_is_plain_http = re.compile(
    r"\^?(?:\(\?:)?http(?:s\?|\(s\)\?)?:(?!//(?:\(\?:)?(?:localhost|127\\?\.|\\\[::1))"
).match
_is_https_only = re.compile(r"\^?(?:\(\?:)?https:").match
_host_literals = re.compile(r"(?:[a-z0-9-]+\\?\.)+[a-z]{2,}", re.IGNORECASE).findall

# Reserved names and addresses, which nobody can own: RFC 6761 (6.4), RFC 5737, RFC 3849.
_STRANGERS: Final = """
    https://stranger.invalid https://www.stranger.invalid https://stranger.invalid:8443
    http://stranger.invalid http://192.0.2.1 https://192.0.2.1 https://[2001:db8::1]
    http://localhost.stranger.invalid https://localhost.stranger.invalid stranger://stranger
""".split()

# Public suffixes that expressions are written for, and below which a name is had in a minute.
_OPEN_SUFFIXES: Final = """
    co.uk com dev io net org github.io gitlab.io herokuapp.com netlify.app onrender.com pages.dev
    vercel.app web.app workers.dev
""".split()
_LABELS: Final = ("a", "strange", "stranger-1")


class RegexReader(Reader):
    """Reads the arguments of a policy in a peer's terms: expressions, and no origin at all."""

    needs_origins = False

    def read(self, given: Mapping[str, object]) -> dict[str, object]:
        """Read every argument, the expressions after those of any policy."""
        name = "allow_origin_regexes"
        settings = super().read(given)
        return {**settings, name: self.read_origin_regexes(name, given[name])}

    def read_origin_regexes(self, field: str, value: object) -> tuple[re.Pattern[str], ...]:
        """Read regular expressions of origins, as strings or compiled."""
        items: list[object] = []
        given = value
        if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
            items = sorted(value, key=str) if isinstance(value, AbstractSet) else list(value)
            given = [item.pattern if isinstance(item, re.Pattern) else item for item in items]
        regexes: list[re.Pattern[str]] = []
        for index, source in self._read_strings(field, given):
            item, label = items[index], f"{field}[{index}]"
            try:
                regex = item if isinstance(item, re.Pattern) else re.compile(source)
            except (re.error, OverflowError, RecursionError) as error:
                message = f"It does not compile: {show(str(error))}."
                hint = "Fix it, or write a pattern such as 'https://*.example.com'."
                self._report("invalid-regex", label, source, message, hint)
                continue
            regexes.append(regex)
            if regex.fullmatch(OPAQUE):
                self._check_opaque(label)
            if self._credentials:
                self._check_scheme(label, source)
                self._check_strangers(label, source, regex)
        return tuple(dict.fromkeys(regexes))

    def _check_scheme(self, field: str, source: str) -> None:
        if _is_plain_http(source):
            message = "Whoever sits on the network can answer for it, and then act as the user."
            self._report("insecure-origin", field, source, message, "Write 'https://'.")
        elif not _is_https_only(source):
            # Unless the risk is accepted its http origins are not matched, so it may be given.
            self._present_risks.add("insecure-origin")

    def _check_strangers(self, field: str, source: str, regex: re.Pattern[str]) -> None:
        for stranger in (*_STRANGERS, *_suggested_strangers(source)):
            if regex.fullmatch(stranger):
                message = f"It matches {stranger!r}, and strangers could act as the user."
                hint = "Write the scheme and the host out, escape the dots, and leave no end open."
                self._report("any-origin-with-credentials", field, source, message, hint)
                return
        for suffix in _OPEN_SUFFIXES:
            if any(regex.fullmatch(f"https://{label}.{suffix}") for label in _LABELS):
                self._report_public_suffix(field, source, suffix)
                return


def _suggested_strangers(source: str) -> Iterator[str]:
    # Of `app.example.com` in an expression: names that differ where it is easily written too wide.
    for literal in dict.fromkeys(_host_literals(source)):
        host = literal.replace("\\", "").lower()
        for scheme in ("https", "http"):
            yield f"{scheme}://stranger{host}"
            yield f"{scheme}://{host}.stranger.invalid"
            for index, character in enumerate(host):
                if character == ".":
                    yield f"{scheme}://{host[:index]}x{host[index + 1 :]}"
