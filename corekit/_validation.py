"""The rules of a configuration: each argument is read once, and every problem is reported.

One function per sort of argument. What is read is returned in the form that the policy keeps; what
is wrong becomes a `Problem`, and the reading goes on, so that all of them are known at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar, Final

from ._names import (
    CORS_REQUEST_HEADERS,
    FORBIDDEN_METHODS,
    FORBIDDEN_RESPONSE_HEADERS,
    REGISTERED_METHODS,
    REQUEST_ONLY_HEADERS,
    RESPONSE_ONLY_HEADERS,
    is_forbidden_request_header,
    is_token,
)
from ._origins import ANY, OPAQUE, OriginPattern, is_loopback, split_origin
from ._spelling import canonical_spelling, find_fault, find_likely_scheme
from ._suffixes import find_open_suffix
from .diagnostics import show
from .problems import RISKS, Problem

__all__ = ["MAX_MAX_AGE", "Reader"]

MAX_MAX_AGE: Final = 86_400
"""Seconds; no browser keeps a preflight longer."""


class Reader:
    """Reads the arguments of one configuration and collects what is wrong with them."""

    needs_origins: ClassVar[bool] = True

    def __init__(self, *, credentials: bool, accept_risks: object) -> None:
        self.problems: list[Problem] = []
        self._credentials = credentials
        self._present_risks: set[str] = set()
        self.accept_risks = _unique(self._read_strings("accept_risks", accept_risks))
        self._risk_problems, self.problems = self.problems, []

    def read(self, given: Mapping[str, object]) -> dict[str, object]:
        """Read every argument, by its name."""
        readers: dict[str, Callable[[str, object], object]] = {
            "allow_origins": self.read_origins,
            "allow_credentials": self.read_flag,
            "allow_methods": self.read_methods,
            "allow_headers": self.read_request_headers,
            "expose_headers": self.read_exposed_headers,
            "max_age": self.read_max_age,
            "allow_private_network": self.read_flag,
            "preflight_status": self.read_status,
        }
        settings = {name: read(name, given[name]) for name, read in readers.items()}
        return {**settings, "accept_risks": self.accept_risks}

    def finish(self) -> list[Problem]:
        """Check the accepted risks, which takes knowing all else, and return every problem."""
        self.problems += self._risk_problems
        for code in self.accept_risks:
            if code not in RISKS:
                risks = ", ".join(sorted(RISKS))
                message, hint = "There is no such risk.", f"The risks are {risks}."
            elif code not in self._present_risks:
                message = "Nothing in this policy runs this risk."
                hint = "Leave it out, so that the risk is reported when it comes up."
            else:
                continue
            self._report("unknown-risk", "accept_risks", code, message, hint)
        return self.problems

    def read_origins(self, field: str, value: object) -> tuple[str, ...]:
        """Read exact origins and patterns."""
        found = len(self.problems)
        items = self._read_strings(field, value)
        texts = _unique(items)
        if self.needs_origins and not texts and len(self.problems) == found:
            self._report(
                "no-origins",
                field,
                value,
                "Nothing is allowed.",
                "Name the origins of the pages that may call, or ['*'] for any.",
            )
        for index, text in items:
            if text == ANY:
                if self._credentials:
                    self._report(
                        "any-origin-with-credentials",
                        f"{field}[{index}]",
                        text,
                        "Every site could act as the user who is logged in here.",
                        "Name the origins, or leave the credentials out.",
                    )
                if len(texts) > 1:
                    self._report(
                        "any-origin-with-others",
                        f"{field}[{index}]",
                        text,
                        "It covers the other origins, which then mean nothing.",
                        "Keep either '*' or the others.",
                    )
            elif text == OPAQUE:
                self._check_opaque(f"{field}[{index}]")
            else:
                self._check_origin(field, index, text)
        return texts

    def read_methods(self, field: str, value: object) -> tuple[str, ...]:
        """Read methods: tokens, as they go over the wire."""
        items = self._read_strings(field, value)
        for index, method in items:
            upper = method.upper()
            if method == ANY:
                continue
            if not is_token(method) or ANY in method:
                code = "invalid-method"
                message = "A method is a token, such as PUT, or '*' alone for any."
                hint = "Write each method as a string of its own."
            elif upper in FORBIDDEN_METHODS:
                code, message = "forbidden-method", "No page can send this method."
                hint = "Leave it out."
            elif upper in REGISTERED_METHODS and method != upper:
                code = "method-case"
                message = "Methods are case-sensitive, and servers know this one in upper case."
                hint = f"Did you mean {upper!r}?"
            else:
                continue
            self._report(code, f"{field}[{index}]", method, message, hint)
        return _unique(items)

    def read_request_headers(self, field: str, value: object) -> tuple[str, ...]:
        """Read names of request headers; they are kept in lower case."""
        items = self._read_header_names(field, value)
        for index, given in items:
            name = given.lower()
            if name in CORS_REQUEST_HEADERS or is_forbidden_request_header(name):
                code, message = "forbidden-header", "No page can set this request header."
                hint = "Leave it out; where the browser sends it, no permission is needed."
            elif name in RESPONSE_ONLY_HEADERS:
                code, message = "misplaced-header", "This is a response header."
                hint = "Leave it out of the request headers."
            else:
                continue
            self._report(code, f"{field}[{index}]", given, message, hint)
        return _unique_names(items)

    def read_exposed_headers(self, field: str, value: object) -> tuple[str, ...]:
        """Read names of response headers; they are kept in lower case."""
        items = self._read_header_names(field, value)
        for index, given in items:
            name = given.lower()
            if name == ANY and self._credentials:
                code = "any-exposed-header-with-credentials"
                message = "With credentials a browser takes '*' for the name of a header."
                hint = "Name the headers that pages may read."
            elif name in FORBIDDEN_RESPONSE_HEADERS:
                code, message = "forbidden-header", "No page can read this response header."
                hint = "Leave it out; cookies are kept without being read."
            elif name in REQUEST_ONLY_HEADERS:
                code, message = "misplaced-header", "This is a request header."
                hint = "Leave it out of the exposed headers."
            else:
                continue
            self._report(code, f"{field}[{index}]", given, message, hint)
        return _unique_names(items)

    def read_flag(self, field: str, value: object) -> bool:
        """Read a bool, and nothing that is merely truthy."""
        if not isinstance(value, bool):
            self._report_type(field, value, "True or False")
        return value is True

    def read_max_age(self, field: str, value: object) -> int | None:
        """Read whole seconds, as an int or a timedelta."""
        if value is None:
            return None
        seconds = value if isinstance(value, int) else _whole_seconds(value)
        if seconds is None:
            message = "The header has whole seconds only."
        elif isinstance(seconds, bool) or not isinstance(seconds, int):
            self._report_type(field, value, "seconds as an int, a timedelta, or None")
            return None
        elif 0 <= seconds <= MAX_MAX_AGE:
            return int.__int__(seconds)
        else:
            message = f"It is {'below 0' if seconds < 0 else 'longer than any browser heeds'}."
        hint = f"Give 0 (no caching) to {MAX_MAX_AGE} seconds, or None for the browser's default."
        self._report("max-age", field, value, message, hint)
        return None

    def read_status(self, field: str, value: object) -> int:
        """Read the status of a granted preflight: an ok status of the Fetch standard."""
        if isinstance(value, bool) or not isinstance(value, int):
            self._report_type(field, value, "a status code as an int")
        elif 200 <= value <= 299:
            return int.__int__(value)  # an HTTPStatus is shown in another way
        else:
            message = "Browsers take a preflight as granted with status 200 to 299 only."
            self._report("preflight-status", field, value, message, "Use 204 or 200.")
        return 204

    def _check_opaque(self, field: str) -> None:
        message = "Any page can get this origin, through a sandboxed frame."
        if self._credentials:
            # Never acceptable: every site could act as the user.
            self._present_risks.add("opaque-origin")
            hint = "Leave it out, or leave the credentials out; this cannot be accepted."
            self.problems.append(Problem("opaque-origin", field, OPAQUE, message, hint))
        else:
            self._report("opaque-origin", field, OPAQUE, message, "Leave it out.")

    def _report_public_suffix(self, field: str, value: str, suffix: str) -> None:
        self._report(
            "public-suffix",
            field,
            value,
            f"Anybody can register a name below {suffix!r}, and then act as the user.",
            "Name the hosts that are yours.",
        )

    def _check_origin(self, field: str, index: int, text: str) -> None:
        pattern = OriginPattern.parse(text) if ANY in text else None
        parts = split_origin(text) if pattern is None else (pattern.scheme, pattern.host)
        if parts is None:
            code, message, hint = find_fault(text)
            self._report(code, f"{field}[{index}]", text, message, hint)
            return
        scheme, host = parts[:2]
        if find_likely_scheme(scheme) is not None:
            hint = f"Did you mean {canonical_spelling(text)!r}?"
            message = f"No browser has pages of the scheme {scheme!r}."
            self._report("malformed-origin", f"{field}[{index}]", text, message, hint)
        if not self._credentials:
            return
        if scheme == "http" and not is_loopback(host):
            self._report(
                "insecure-origin",
                f"{field}[{index}]",
                text,
                "Whoever sits on the network can answer for it, and then act as the user.",
                f"Use {canonical_spelling('https' + text[4:])!r}.",
            )
        if pattern is not None and pattern.label is not None:
            # Labels in the plural reach below a public suffix that is itself below the host.
            open_suffix = find_open_suffix(host, below=pattern.label == ANY)
            if open_suffix is not None:
                self._report_public_suffix(f"{field}[{index}]", text, open_suffix)

    def _read_header_names(self, field: str, value: object) -> list[tuple[int, str]]:
        items: list[tuple[int, str]] = []
        for index, name in self._read_strings(field, value):
            if name != ANY and (not is_token(name) or ANY in name):
                self._report(
                    "invalid-header",
                    f"{field}[{index}]",
                    name,
                    "A header name is a token, such as x-request-id, or '*' alone for any.",
                    "Write each name as a string of its own, without value and colon.",
                )
            else:
                items.append((index, name))
        return items

    def _read_strings(self, field: str, value: object) -> list[tuple[int, str]]:
        if isinstance(value, str | bytes | bytearray | Mapping):
            kind = type(value).__name__
            message = f"It is a single {kind}, not a collection of strings."
            self._report("string-not-collection", field, value, message, _list_hint(value))
            return []
        if not isinstance(value, Iterable):
            self._report_type(field, value, "a collection of strings")
            return []
        if isinstance(value, AbstractSet):
            # It has another order in every process; what is sent, and what is said, should not.
            value = sorted(value, key=lambda item: item if isinstance(item, str) else "")
        items: list[tuple[int, str]] = []
        for index, item in enumerate(value):
            if isinstance(item, str):
                items.append((index, str.__str__(item)))
            else:
                self._report_type(f"{field}[{index}]", item, "a string")
        return items

    def _report_type(self, field: str, value: object, expected: str) -> None:
        message = f"It is of type {type(value).__name__}."
        self._report("wrong-type", field, value, message, f"Give {expected}.")

    def _report(self, code: str, field: str, value: object, message: str, hint: str) -> None:
        if code in RISKS:
            self._present_risks.add(code)
            if code in self.accept_risks:
                return
            hint = f"{hint} To accept the risk: accept_risks=[{code!r}]."
        self.problems.append(Problem(code, field, value, message, hint))


def _whole_seconds(value: object) -> object:
    from datetime import timedelta  # noqa: PLC0415 - takes 2 ms, and most give an int

    if not isinstance(value, timedelta):
        return value
    whole, rest = divmod(value, timedelta(seconds=1))
    return None if rest else whole


def _unique(items: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for _, text in items))


def _unique_names(items: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return _unique((index, name.lower()) for index, name in items)


def _list_hint(value: object) -> str:
    if isinstance(value, str) and value.lstrip().startswith("["):
        return "It looks like JSON: give json.loads(...) of it."
    if isinstance(value, str) and "," in value:
        return "It looks like a list in one string: split it at the commas."
    if isinstance(value, str):
        return f"Did you mean [{show(value)}]?"
    return "Give a list of strings."
