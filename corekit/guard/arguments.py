"""The arguments of a guard, declared once, and the rules for their values.

The constructor, policy files, environment variables and the JSON Schema read this table. A new
argument is one row here, one rule, which is the method that `rule` names, and its place in the
signature of `CrossOriginGuard`, which a test compares with this table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from corekit._guard_problems import GuardProblem
from corekit._origins import ANY, split_origin
from corekit._reading import ArgumentReader
from corekit._spelling import canonical_spelling
from corekit._suffixes import find_open_suffix
from corekit.arguments import ARGUMENTS, Argument
from corekit.diagnostics import show
from corekit.problems import Problem, ProblemKind
from corekit.routes import is_plain_path

from .hosts import LOCAL_HOSTS, split_host

_ROWS: Final = (
    Argument(
        "hosts",
        "read_hosts",
        """Names that the server is called by, in Host. By default Host is not checked.
"example.com"       this name, with any port
"localhost:8000"    this name with this port
"*.example.com"     all names below it, not example.com itself
"127.*.*.*"         all loopback addresses""",
        aliases=("allowed_hosts", "trusted_hosts"),
        default=None,
    ),
    Argument(
        "own_origins",
        "read_own_origins",
        "Origins of this server, if a proxy in front of it changes Host: https://example.com.",
    ),
    Argument(
        "exempt",
        "read_exemptions",
        "Paths that other sites may write to, since the application checks who calls:"
        " /saml/acs is this path, /webhooks/ also everything below it.",
        aliases=("exemptions", "exempt_paths"),
    ),
    Argument(
        "writes",
        "read_choice",
        "Which requests that may change something are refused: judge refuses pages of other"
        " origins that the policy does not list, browsers also everything that no browser sent,"
        " ignore nothing.",
        kind="choice",
        default="judge",
        choices=("judge", "browsers", "ignore"),
    ),
    Argument(
        "websockets",
        "read_choice",
        "Which handshakes of WebSockets are refused: judge refuses pages of other origins that the"
        " policy does not list, browsers also everything without Origin, ignore nothing.",
        kind="choice",
        default="judge",
        choices=("judge", "browsers", "ignore"),
    ),
    Argument(
        "reads",
        "read_choice",
        "Which requests that only read are refused: ignore nothing, enforce what pages of origins"
        " that the policy does not allow ask for with fetch(), isolate whatever pages of other"
        " sites load.",
        kind="choice",
        default="ignore",
        choices=("ignore", "enforce", "isolate"),
    ),
    Argument(
        "mode",
        "read_choice",
        "Whether requests are refused (enforce), or only reported (report).",
        kind="choice",
        default="enforce",
        choices=("enforce", "report"),
    ),
)

GUARD_ARGUMENTS: Final[Mapping[str, Argument]] = MappingProxyType({row.name: row for row in _ROWS})
"""Every argument of a guard but the policy by its name, in the order of the constructor."""

_is_any_host = re.compile(r"\*(?:\.?\*)*(?::.*)?").fullmatch
_is_bind_address = re.compile(r"0\.0\.0\.0|\[?::\]?").fullmatch
_is_unroutable = re.compile(r"[{}<>*?#%]").search
_MAX_PORT: Final = 65_535


class GuardReader(ArgumentReader):
    """Reads the arguments of a guard."""

    arguments = GUARD_ARGUMENTS
    owner = "A guard"

    def problem_of_unknown(self, name: Any) -> Problem:
        """Return the problem of a name in `given` that is not an argument."""
        text = name.lower() if isinstance(name, str) else ""
        # An own origin may do everything, so it must not be suggested for another one.
        meant = "allow_origins" if "origin" in text and not text.startswith("own") else text
        if meant not in ARGUMENTS:
            return super().problem_of_unknown(name)
        subject = name if text.isidentifier() else show(name)
        return Problem.of(GuardProblem.POLICY_ARGUMENT, subject, self.given[name], fix=meant)

    def report(self, kind: ProblemKind, name: str, value: object, **parameters: Any) -> None:
        """Report a problem, whose texts may name the setting."""
        super().report(kind, name, value, setting=self.dialect.name(name), **parameters)

    def read_hosts(self, name: str, value: object) -> tuple[str, ...] | None:
        """Read the names of the server; None if Host is not checked."""
        if value is None:
            return None
        found = len(self.problems)
        hosts: dict[str, None] = {}
        for index, text in self.read_strings(name, value):
            if self._check_host(name, index, text):
                hosts[text] = None
        if not hosts and len(self.problems) == found:
            self.report(GuardProblem.NO_HOSTS, name, value)
        return tuple(hosts)

    def _check_host(self, name: str, index: int, text: str) -> bool:
        if text in LOCAL_HOSTS:
            return True
        if _is_any_host(text) is not None:
            self.report(GuardProblem.ANY_HOST, name, text, index=index)
            return False
        # What is meant may be rejected too: "0" means 0.0.0.0.
        meant = _canonical_host(text)
        host = text if meant is None else meant
        if any(map(_is_bind_address, (host, host.rpartition(":")[0]))):
            self.report(GuardProblem.BIND_ADDRESS, name, text, index=index)
            return False
        suffix = None
        if meant is not None and meant.startswith("*.") and meant not in LOCAL_HOSTS:
            suffix = find_open_suffix(meant[2:], below=True)
        if suffix is not None:
            self.report(GuardProblem.PUBLIC_SUFFIX_HOST, name, text, index=index, suffix=suffix)
        elif meant != text:
            kind = GuardProblem.MALFORMED_HOST
            use = kind.otherwise if meant is None else f"Did you mean {meant!r}?"
            self.report(kind, name, text, index=index, fix=meant, use=use)
        return suffix is None and meant == text

    def read_own_origins(self, name: str, value: object) -> tuple[str, ...]:
        """Read origins of websites, without patterns."""
        origins: dict[str, None] = {}
        for index, text in self.read_strings(name, value):
            parts = split_origin(text)
            if parts is not None and parts[0] in ("http", "https"):
                origins[text] = None
            elif ANY in text:
                self.report(GuardProblem.OWN_PATTERN, name, text, index=index)
            else:
                kind, meant = GuardProblem.MALFORMED_OWN_ORIGIN, canonical_spelling(text)
                if meant is not None and not meant.startswith(("http://", "https://")):
                    meant = None
                use = kind.otherwise if meant is None else f"Did you mean {meant!r}?"
                self.report(kind, name, text, index=index, fix=meant, use=use)
        return tuple(origins)

    def read_exemptions(self, name: str, value: object) -> tuple[str, ...]:
        """Read paths: one that ends with a slash also exempts everything below it."""
        paths: dict[str, None] = {}
        for index, text in self.read_strings(name, value):
            if text == "/" or not text.strip("/*"):
                self.report(GuardProblem.WIDE_EXEMPTION, name, text, index=index)
            elif _is_exemptible(text):
                paths[text] = None
            elif _is_exemptible(f"/{text}"):
                kind = GuardProblem.RELATIVE_EXEMPTION
                self.report(kind, name, text, index=index, fix=f"/{text}")
            else:
                self.report(GuardProblem.MALFORMED_EXEMPTION, name, text, index=index)
        return tuple(paths)

    def read_choice(self, name: str, value: object) -> str:
        """Read one of the words that the table names."""
        argument = self.arguments[name]
        if isinstance(value, str) and value in argument.choices:
            return str.__str__(value)
        choices = [repr(choice) for choice in argument.choices]
        listed = f"{', '.join(choices[:-1])} or {choices[-1]}"
        if isinstance(value, str):
            self.report(GuardProblem.UNKNOWN_CHOICE, name, value, choices=listed)
        else:
            self.report_type(name, value, listed)
        return str(argument.default)


def _is_exemptible(path: str) -> bool:
    return path.startswith("/") and _is_unroutable(path) is None and is_plain_path(path)


def _canonical_host(text: str) -> str | None:
    """Return the host of `text` as a browser writes it into Host, or None if it has none."""
    text = (text.partition("://")[2] or text).strip().partition("/")[0].removesuffix(":*")
    is_open = text.startswith(("*.", "."))
    text = text.removeprefix("*").removeprefix(".") if is_open else text
    if text.count(":") > 1 and not text.startswith("["):
        text = f"[{text}]"
    parts = split_host(text)
    # Only the name is spelled like that of an origin: a port of Host may be the default one.
    name, port = parts or (text, "")
    origin = canonical_spelling(f"http://{name}")
    found = None if origin is None or ANY in origin else split_origin(origin)
    if found is None:
        return None
    host, port = found[1].removesuffix("."), port or found[2]
    if is_open:
        return f"*.{host}"
    if port and not 1 <= int(port) <= _MAX_PORT:
        return None
    return f"{host}:{int(port)}" if port else host
