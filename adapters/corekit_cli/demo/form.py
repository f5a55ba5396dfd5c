"""The form of the playground: its texts, read into a policy, a page and a fetch; and written back.

The page sends what stands in its fields, and knows no rule. What is wrong is told as `Problem`s of
the field it stands in: those of the policy are the policy's own, those of the call are found here,
where a browser would throw before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from corekit import CorsPolicy, PolicyError, Problem
from corekit._names import FORBIDDEN_METHODS, is_token
from corekit._origins import is_serialized_origin
from corekit._spelling import find_misspelling
from corekit.browser import Fetch
from corekit.browser.messages import CREDENTIALS_MODES

__all__ = [
    "EMPTY",
    "POLICY_FIELDS",
    "Asked",
    "Form",
    "FormError",
    "fill",
    "fill_fetch",
    "fill_policy",
    "read_form",
]

Form = dict[str, str | bool]

EMPTY: Final[Mapping[str, str | bool]] = {
    "allow_origins": "",
    "allow_credentials": False,
    "allow_methods": "",
    "allow_headers": "",
    "expose_headers": "",
    "max_age": "",
    "allow_private_network": False,
    "preflight_status": "204",
    "accept_risks": "",
    "page": "",
    "method": "GET",
    "path": "/items",
    "headers": "",
    "credentials": "same-origin",
    "body": "",
}
"""Every field of the form, and what stands in it where nothing else does."""

_LISTS: Final = (
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "accept_risks",
)
_FLAGS: Final = ("allow_credentials", "allow_private_network")
_NUMBERS: Final = ("max_age", "preflight_status")
POLICY_FIELDS: Final = (*_LISTS, *_FLAGS, *_NUMBERS)
"""Those of the fields that are arguments of a policy."""

_LINES: Final = frozenset({"allow_origins"})
_SPACE: Final = " \t\r\n"
"""HTTP whitespace: https://fetch.spec.whatwg.org/#http-whitespace"""

_is_number = re.compile(r"-?[0-9]{1,9}").fullmatch
# A backslash is a slash to a browser, so that what follows two of them would be another host.
_is_path = re.compile(r"/(?!/)[!\"$-\[\]-~]*").fullmatch


class FormError(ValueError):
    """A form that is no policy or no call, with every one of its problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for: a page's origin, its fetch at a path of the API, and a policy."""

    policy: CorsPolicy
    page: str
    path: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: str
    body: bytes | None

    def fetch(self, api: str) -> Fetch:
        """Make the fetch, from the API at the origin `api`."""
        return Fetch(
            f"{api}{self.path}",
            method=self.method,
            headers=self.headers,
            body=self.body,
            credentials=self.credentials,
        )


def read_form(form: object) -> Asked:
    """Read a form; its fields are those of `EMPTY`, and one that is missing is empty.

    Raises `FormError` for what a person may have mistyped, with problems whose `field` begins with
    the name of the form's, and ValueError for what the page of the demo never sends.

    >>> read_form({"allow_origins": "https://a.example", "page": "https://a.example"}).method
    'GET'
    """
    if not isinstance(form, dict) or not form.keys() <= EMPTY.keys():
        raise ValueError("not the fields of the form")
    if any(type(value) is not type(EMPTY[name]) for name, value in form.items()):
        raise ValueError("a field of another type")
    texts: dict[str, Any] = {**EMPTY, **form}
    problems: list[Problem] = []
    policy = _read_policy(texts, problems)
    page, method, path = (texts[name].strip() for name in ("page", "method", "path"))
    body = texts["body"].encode() or None
    if not is_serialized_origin(page):
        problems.append(_find_misspelling_of_page(page))
    problems += _check_call(method, path, texts["credentials"], body)
    headers = _read_headers(texts["headers"], problems)
    if policy is None or problems:
        raise FormError(problems)
    return Asked(policy, page, path, method, headers, texts["credentials"], body)


def fill(arguments: Mapping[str, object], **fields: str | bool) -> Form:
    """Write arguments of a policy, and other fields, as a whole form.

    >>> fill({"allow_origins": ["https://a.example"]}, method="PUT")["method"]
    'PUT'
    """
    return {**EMPTY, **fill_policy(arguments), **fields}


def fill_policy(arguments: Mapping[str, object]) -> Form:
    """Write arguments of a policy as the fields of the form.

    >>> fill_policy({"allow_methods": ["PUT", "DELETE"], "max_age": 600})
    {'allow_methods': 'PUT, DELETE', 'max_age': '600'}
    """
    return {name: _write(name, value) for name, value in arguments.items()}


def fill_fetch(fetch: Fetch) -> Form:
    """Write a fetch as the fields of the form that a mend of it may change.

    >>> fill_fetch(Fetch("/", method="PATCH", headers=(("x-a", "1"),)))
    {'method': 'PATCH', 'headers': 'x-a: 1', 'credentials': 'same-origin'}
    """
    return {
        "method": fetch.method,
        "headers": "\n".join(f"{name}: {value}" for name, value in fetch.headers),
        "credentials": fetch.credentials,
    }


def _write(name: str, value: object) -> str | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, list | tuple):
        return ("\n" if name in _LINES else ", ").join(map(str, value))
    return "" if value is None else str(value)


def _read_policy(texts: Mapping[str, Any], problems: list[Problem]) -> CorsPolicy | None:
    given: dict[str, Any] = {name: texts[name] for name in _FLAGS}
    for name in _LISTS:
        given[name] = [part for part in re.split(r"[\s,]+", texts[name]) if part]
    for name in _NUMBERS:
        text = texts[name].strip()
        if _is_number(text):
            given[name] = int(text)
        elif text:
            message, hint = "It is no whole number.", "Write digits, or leave it empty."
            problems.append(Problem("wrong-type", "error", message, hint, name, text))
    try:
        return CorsPolicy(**given)
    except PolicyError as error:
        problems[:0] = error.problems
        return None


def _find_misspelling_of_page(page: str) -> Problem:
    if page and "*" not in page:
        return find_misspelling(page).problem("page", page)
    code, message = "malformed-origin", "A page has one origin."
    hint = "Write it as a browser sends it, such as 'https://app.example.com'."
    return Problem(code, "error", message, hint, "page", page)


def _check_call(method: str, path: str, credentials: str, body: bytes | None) -> Iterable[Problem]:
    # https://fetch.spec.whatwg.org/#dom-request
    if not is_token(method):
        message, hint = "A method is a token.", "Write one such as GET or PUT."
        yield Problem("invalid-method", "error", message, hint, "method", method)
    elif method.upper() in FORBIDDEN_METHODS:
        message, hint = "No page can send this method.", "Choose another."
        yield Problem("forbidden-method", "error", message, hint, "method", method)
    if not _is_path(path):
        message = "It is no path of the API."
        yield Problem(
            "malformed-path", "error", message, "Write one such as /items/1.", "path", path
        )
    if credentials not in CREDENTIALS_MODES:
        message, hint = "There is no such mode.", f"The modes are {', '.join(CREDENTIALS_MODES)}."
        yield Problem("wrong-type", "error", message, hint, "credentials", credentials)
    if body is not None and method.upper() in ("GET", "HEAD"):
        message = f"A request with {method.upper()} cannot have a body."
        yield Problem(
            "wrong-type", "error", message, "Leave it empty, or choose POST or PUT.", "body", body
        )


def _read_headers(text: str, problems: list[Problem]) -> tuple[tuple[str, str], ...]:
    headers = []
    # Other characters that Python ends lines with may stand in a value, and do on the page.
    lines = (line.strip(_SPACE) for line in text.split("\n"))
    for index, line in enumerate(filter(None, lines)):
        name, colon, value = (part.strip(_SPACE) for part in line.partition(":"))
        if not colon or not is_token(name):
            message, hint = "It is no header.", "Write a name, a colon and a value on each line."
        elif not _is_value(value):
            message, hint = "A header's value is latin-1 text.", "Encode it, or leave it out."
        else:
            headers.append((name, value))
            continue
        problems.append(
            Problem("invalid-header", "error", message, hint, f"headers[{index}]", line)
        )
    return tuple(headers)


def _is_value(value: str) -> bool:
    return all(character <= "\xff" and character not in "\0\r\n" for character in value)
