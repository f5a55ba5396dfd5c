"""The rules of a policy: one method per kind of argument, named by `corekit.arguments`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ._names import (
    FORBIDDEN_METHODS,
    FORBIDDEN_RESPONSE_HEADERS,
    REGISTERED_METHODS,
    REQUEST_ONLY_HEADERS,
    RESPONSE_ONLY_HEADERS,
    is_browser_header,
    is_token,
)
from ._origins import (
    ANY,
    DEFAULT_PORTS,
    OPAQUE,
    OriginPattern,
    is_hostless,
    is_loopback,
    split_origin,
)
from ._reading import ArgumentReader
from ._spelling import (
    canonical_spelling,
    find_impossible_host,
    find_likely_scheme,
    find_misspelling,
    has_punctuation_around,
)
from ._suffixes import find_open_suffix
from .arguments import ARGUMENTS, REGEXES, is_regex_argument
from .diagnostics import show
from .problems import PYTHON, RISKS, Dialect, OriginProblem, Problem, ProblemKind, SettingProblem

MAX_MAX_AGE: Final = 86_400
"""Seconds; no browser caches a preflight response for longer."""

_UNUSUAL: Final = ("xn--", *"!$&'()+;=~")
"""What only some of the hosts that are well-formed contain."""


class Reader(ArgumentReader):
    """Reads the arguments of a policy."""

    arguments = ARGUMENTS
    owner = "A policy"
    needs_origins: bool = True

    def __init__(self, given: Mapping[Any, object], dialect: Dialect = PYTHON) -> None:
        super().__init__(given, dialect)
        self._credentials = given.get("allow_credentials") is True
        self._present_risks: set[str] = set()
        # The accepted risks are needed by the other arguments, but their problems come last.
        self._accepted = self._read_argument("accept_risks")
        self._risk_problems, self.problems = self.problems, []

    def read(self) -> dict[str, Any]:
        """Read every argument and return the values by name; `problems` has what is wrong."""
        names = [name for name in self.arguments if name != "accept_risks"]
        settings = {name: self._read_argument(name) for name in names}
        settings["accept_risks"] = self._accepted
        self.problems += self._risk_problems
        self._check_accepted_risks()
        found = self._find_unknown()
        # If the origins were given under a wrong name, do not also report them as missing.
        is_missing = "allow_origins" not in self.given
        meant = {self.dialect.origins, self.dialect.name(REGEXES)}
        if is_missing and any(problem.fix in meant for problem in found):
            self.problems = [each for each in self.problems if each.code != "no-origins"]
        self.problems += found
        return settings

    def problem_of_unknown(self, name: Any) -> Problem:
        """Return the problem of a name in `given` that is not an argument."""
        if REGEXES in self.arguments or not isinstance(name, str) or not is_regex_argument(name):
            return super().problem_of_unknown(name)
        kind, dialect = SettingProblem.REGEX_ARGUMENT, self.dialect
        subject = name if name.isidentifier() else show(name)
        return Problem.of(kind, subject, self.given[name], fix=dialect.origins, dialect=dialect)

    def _check_accepted_risks(self) -> None:
        for code in self._accepted:
            if code not in RISKS:
                risks = ", ".join(sorted(RISKS))
                self.report(SettingProblem.UNKNOWN_RISK, "accept_risks", code, risks=risks)
            elif code not in self._present_risks:
                self.report(SettingProblem.ABSENT_RISK, "accept_risks", code)

    def read_accepted_risks(self, name: str, value: object) -> tuple[str, ...]:
        """Read the codes of accepted risks."""
        return _unique(text for _, text in self.read_strings(name, value))

    def read_origins(self, name: str, value: object) -> tuple[str, ...]:
        """Read exact origins and patterns."""
        found = len(self.problems)
        items = self.read_strings(name, value)
        texts = _unique(text for _, text in items)
        if self.needs_origins and not texts and len(self.problems) == found:
            self.report(OriginProblem.NO_ORIGINS, name, self.given.get(name))
        # One search in all of them is faster than one in each.
        everything = "".join(texts)
        is_unusual = any(mark in everything for mark in _UNUSUAL)
        for index, text in items:
            if text == ANY:
                if self._credentials:
                    self.report(OriginProblem.ANY_ORIGIN_WITH_CREDENTIALS, name, text, index=index)
                elif len(texts) > 1:
                    self.report(OriginProblem.ANY_ORIGIN_WITH_OTHERS, name, text, index=index)
            elif text == OPAQUE:
                kinds = OriginProblem.OPAQUE_ORIGIN, OriginProblem.OPAQUE_ORIGIN_WITH_CREDENTIALS
                self._check_opaque(name, index, text, *kinds)
            elif not (is_unusual and self._has_impossible_host(name, index, text)):
                self._check_origin(name, index, text)
        return (ANY,) if ANY in texts else texts

    def read_methods(self, name: str, value: object) -> tuple[str, ...]:
        """Read methods: tokens, as they are sent."""
        kept: list[str] = []
        for index, method in self.read_strings(name, value):
            upper = method.upper()
            if method == ANY:
                kept.append(method)
            elif not is_token(method) or ANY in method:
                self.report(SettingProblem.INVALID_METHOD, name, method, index=index)
            elif upper in FORBIDDEN_METHODS:
                self.report(SettingProblem.FORBIDDEN_METHOD, name, method, index=index)
            elif upper in REGISTERED_METHODS and method != upper:
                self.report(SettingProblem.METHOD_CASE, name, method, index=index, fix=upper)
            else:
                kept.append(method)
        return _unique(kept)

    def read_request_headers(self, name: str, value: object) -> tuple[str, ...]:
        """Read names of request headers, which are kept in lower case."""
        kept: list[str] = []
        for index, given in self._read_header_names(name, value):
            header = given.lower()
            if is_browser_header(header):
                self.report(SettingProblem.FORBIDDEN_REQUEST_HEADER, name, given, index=index)
            elif header in RESPONSE_ONLY_HEADERS:
                self.report(SettingProblem.RESPONSE_HEADER, name, given, index=index)
            else:
                kept.append(header)
        return _unique(kept)

    def read_exposed_headers(self, name: str, value: object) -> tuple[str, ...]:
        """Read names of response headers, which are kept in lower case."""
        kept: list[str] = []
        for index, given in self._read_header_names(name, value):
            header = given.lower()
            if header == ANY and self._credentials:
                kind = SettingProblem.ANY_EXPOSED_HEADER_WITH_CREDENTIALS
                self.report(kind, name, given, index=index)
            elif header in FORBIDDEN_RESPONSE_HEADERS:
                self.report(SettingProblem.FORBIDDEN_RESPONSE_HEADER, name, given, index=index)
            elif header in REQUEST_ONLY_HEADERS:
                self.report(SettingProblem.REQUEST_HEADER, name, given, index=index)
            else:
                kept.append(header)
        return _unique(kept)

    def read_max_age(self, name: str, value: object) -> int | None:
        """Read whole seconds, as an int or a timedelta."""
        if value is None:
            return None
        seconds = value if isinstance(value, int) else _whole_seconds(value)
        if seconds is None:
            kind = SettingProblem.FRACTIONAL_MAX_AGE
        elif isinstance(seconds, bool) or not isinstance(seconds, int):
            self.report_type(name, value, self.dialect.seconds)
            return None
        elif seconds < 0:
            kind = SettingProblem.NEGATIVE_MAX_AGE
        elif seconds <= MAX_MAX_AGE:
            return int.__int__(seconds)
        else:
            self.report(SettingProblem.LONG_MAX_AGE, name, value, maximum=MAX_MAX_AGE)
            return MAX_MAX_AGE
        self.report(kind, name, value, maximum=MAX_MAX_AGE)
        return None

    def read_status(self, name: str, value: object) -> int:
        """Read the status of a preflight response: an ok status of the Fetch standard."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.report_type(name, value, self.dialect.status)
        elif 200 <= value <= 299:
            return int.__int__(value)  # an HTTPStatus has another repr
        else:
            self.report(SettingProblem.PREFLIGHT_STATUS, name, value)
        return 204

    def report(self, kind: ProblemKind, name: str, value: object, **parameters: Any) -> None:
        """Report a problem, unless it is a risk that was accepted, or a warning."""
        if kind.is_risk:
            self._present_risks.add(kind.code)
            if kind.code in self._accepted:
                return
        found = self.warnings if kind.is_left_out else self.problems
        found.append(Problem.of(kind, name, value, dialect=self.dialect, **parameters))

    def _check_origin(self, name: str, index: int, text: str) -> None:
        pattern = OriginPattern.parse(text) if ANY in text else None
        parts = split_origin(text) if pattern is None else (pattern.scheme, pattern.host)
        if parts is None:
            self._check_misspelled(name, index, text)
            return
        scheme, host = parts[:2]
        if find_likely_scheme(scheme) is not None:
            kind = OriginProblem.UNLIKELY_SCHEME
            fix, use = self._choose_fix(canonical_spelling(text))
            self.report(kind, name, text, index=index, fix=fix, scheme=scheme, use=use)
        if not self._credentials:
            return
        if scheme == "http" and not is_loopback(host):
            kind = OriginProblem.INSECURE_ORIGIN
            fix, use = self._secure(kind, text, host)
            self.report(kind, name, text, index=index, fix=fix, use=use)
        if pattern is None:
            return
        if scheme not in DEFAULT_PORTS:
            if host == ANY:
                kind = OriginProblem.ANY_EXTENSION
                use = kind.otherwise
                self.report(kind, name, text, index=index, origin=f"{scheme}://a", use=use)
        elif pattern.label is not None:
            # A wildcard for several labels also covers a public suffix below the host.
            suffix = find_open_suffix(host, below=pattern.label == ANY)
            if suffix is not None:
                self.report(OriginProblem.PUBLIC_SUFFIX, name, text, index=index, suffix=suffix)

    def _has_impossible_host(self, name: str, index: int, text: str) -> bool:
        pattern = OriginPattern.parse(text) if ANY in text else None
        parts = split_origin(text) if pattern is None else (pattern.scheme, pattern.host)
        if parts is None or parts[0] not in DEFAULT_PORTS:
            return False
        impossible = find_impossible_host(parts[1])
        if impossible is not None:
            if has_punctuation_around(text):
                self._check_misspelled(name, index, text)
            else:
                self.report(impossible, name, text, index=index)
        return impossible is not None

    def _check_misspelled(self, name: str, index: int, text: str) -> None:
        if is_hostless(text):
            kinds = OriginProblem.HOSTLESS_ORIGIN, OriginProblem.HOSTLESS_ORIGIN_WITH_CREDENTIALS
            self._check_opaque(name, index, text, *kinds)
            return
        found = find_misspelling(text)
        fix, use = self._choose_fix(found.meant)
        if found.meant is None:
            use = found.kind.otherwise or use
        self.report(found.kind, name, text, index=index, fix=fix, use=use, **found.parameters)

    def _check_opaque(
        self, name: str, index: int, text: str, kind: ProblemKind, with_credentials: ProblemKind
    ) -> None:
        # With credentials the risk can never be accepted.
        if self._credentials:
            self._present_risks.add(kind.code)
            kind = with_credentials
        self.report(kind, name, text, index=index)

    def _choose_fix(self, meant: str | None) -> tuple[str | None, str]:
        """Return an origin to write instead, if one has no problem, and the instruction."""
        if meant is None:
            return None, "Write it as a browser sends it, such as 'https://example.com'."
        problem = self._try(meant)
        if problem is None:
            return meant, f"Did you mean {meant!r}?"
        return (problem.fix if isinstance(problem.fix, str) else None), problem.hint

    def _secure(self, kind: ProblemKind, text: str, host: str) -> tuple[str | None, str]:
        # A server listens on 0.0.0.0; the page is opened as localhost.
        is_unspecified = host == "0.0.0.0"  # noqa: S104 - not bound
        secure = text.replace(host, "localhost") if is_unspecified else f"https{text[4:]}"
        fix = canonical_spelling(secure)
        if fix is None or self._try(fix) is not None:
            return None, kind.otherwise
        return fix, f"Use {fix!r}."

    def _try(self, text: str) -> Problem | None:
        """Return the first problem that an origin would have in this configuration."""
        given = {"allow_credentials": self._credentials, "accept_risks": self._accepted}
        trial = Reader(given, self.dialect)
        trial.read_origins("allow_origins", [text])
        return next(iter(trial.problems), None)

    def _meant_string(self, name: str, value: object) -> str | None:
        if name != "allow_origins":
            return None
        return self._choose_fix(canonical_spelling(_url_text(value)))[0]

    def _read_header_names(self, name: str, value: object) -> list[tuple[int, str]]:
        items: list[tuple[int, str]] = []
        for index, header in self.read_strings(name, value):
            if header != ANY and (not is_token(header) or ANY in header):
                self.report(SettingProblem.INVALID_HEADER, name, header, index=index)
            else:
                items.append((index, header))
        return items


def _url_text(value: object) -> str:
    # Some objects are URLs, such as pydantic's AnyHttpUrl.
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - any object can be in the list
        return ""
    return text if "://" in text else ""


def _whole_seconds(value: object) -> object:
    from datetime import timedelta  # noqa: PLC0415 - takes 2 ms, and most policies use an int

    if not isinstance(value, timedelta):
        return value
    whole, rest = divmod(value, timedelta(seconds=1))
    return None if rest else whole


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
