"""The form of the playground: its text, read as a policy, a page and a fetch, and written back.

The page sends the content of its fields and has no rules. Each problem is a `Diagnostic` whose
subject is the field. The fields of the policy are its settings, as in a file; those of the call
are checked here, since a browser would throw before it sends anything.

The examples are forms too: the calls of the demo, and common mistakes. Nothing here says how an
example ends: the page compares the browser model with the real browser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from corekit import CorsPolicy, PolicyError
from corekit.arguments import REGEXES, SETTINGS
from corekit.browser import FORBIDDEN_METHODS, Fetch, is_token
from corekit.browser.local_network import PUBLIC
from corekit.browser.messages import CREDENTIALS_MODES
from corekit.compat import build_policy
from corekit.diagnostics import Diagnostic, show
from corekit.explain import read_origin
from corekit.guard import CrossOriginGuard
from corekit.problems import RISKS, Dialect

Form = dict[str, str | bool]

_LINES: Final = ("allow_origins", REGEXES)
"""The fields with one value per line."""

_DIALECT: Final = Dialect(regexes=f"Regular expressions are for {REGEXES}.")
_SPACE: Final = " \t\r\n"
"""HTTP whitespace: https://fetch.spec.whatwg.org/#http-whitespace"""

_is_number = re.compile(r"-?[0-9]{1,9}").fullmatch
# Browsers take a backslash for a slash, so two of either would begin another host.
_is_path = re.compile(r"/(?!/)[!\"$-\[\]-~]*").fullmatch


class FormError(ValueError):
    """A form that is not a valid policy or call, with all of its problems; values are shown."""

    def __init__(self, problems: Iterable[Diagnostic]) -> None:
        self.problems = tuple(replace(each, value=show(each.value)) for each in problems)
        super().__init__(self.problems)


class Call(NamedTuple):
    """What a form describes: a policy, the origin of a page, and its call to a path of the API.

    `address_space` is where the page comes from, None if Local Network Access is not checked.
    `guard` is the guard of the API, with the same policy, None without one.
    """

    policy: CorsPolicy
    page: str
    path: str
    method: str
    headers: tuple[tuple[str, str], ...]
    credentials: str
    body: bytes | None
    address_space: str | None = None
    guard: CrossOriginGuard | None = None

    def fetch(self, api: str) -> Fetch:
        """Build the fetch to the API whose origin is `api`."""
        url, credentials = f"{api}{self.path}", self.credentials
        return Fetch(url, self.method, self.headers, self.body, credentials=credentials)


def read_form(form: object) -> Call:
    """Read a form; its fields are those of `EMPTY`, and a missing one is empty.

    Raise `FormError` for what a user may have mistyped, and ValueError for what the page never
    sends.

    >>> read_form({"allow_origins": "https://a.example", "page": "https://a.example"}).method
    'GET'
    """
    if not isinstance(form, dict) or not form.keys() <= EMPTY.keys():
        raise ValueError("the form has other fields")
    if any(type(value) is not type(EMPTY[name]) for name, value in form.items()):
        raise ValueError("a field of the form has another type")
    fields: dict[str, Any] = {**EMPTY, **form}
    problems: list[Diagnostic] = []
    policy = _read_policy(fields, problems)
    page, method, path = (fields[name].strip() for name in ("page", "method", "path"))
    body = fields["body"].encode() or None
    problems += _check_call(page, method, path, fields["credentials"], body)
    headers = _read_headers(fields["headers"], problems)
    if policy is None or problems:
        raise FormError(problems)
    return Call(
        policy,
        page,
        path,
        method,
        headers,
        fields["credentials"],
        body,
        address_space=PUBLIC if fields["public_page"] else None,
        guard=CrossOriginGuard(policy) if fields["guard"] else None,
    )


def describe_arguments() -> list[dict[str, Any]]:
    """Describe the fields of the policy, for JSON; `options` are the only values, if not empty."""
    return [
        {
            "name": argument.name,
            "kind": argument.kind,
            "hint": argument.description,
            "options": sorted(RISKS) if argument.name == "accept_risks" else [],
        }
        for argument in SETTINGS.values()
    ]


def fill(arguments: Mapping[str, object], **fields: str | bool) -> Form:
    """Write arguments of a policy, and other fields, as a whole form.

    >>> fill({"allow_origins": ["https://a.example"]}, method="PUT")["method"]
    'PUT'
    """
    return {**EMPTY, **fill_policy(arguments), **fields}


def policy_settings(policy: CorsPolicy) -> dict[str, Any]:
    """Return the settings of a policy; regular expressions as they are written.

    >>> policy_settings(CorsPolicy(allow_origins=["https://a.example"]))["allow_origin_regexes"]
    []
    """
    values = {name: getattr(policy, name, row.default) for name, row in SETTINGS.items()}
    return {**values, REGEXES: [each.pattern for each in values[REGEXES]]}


def fill_policy(arguments: Mapping[str, object]) -> Form:
    """Write arguments of a policy as fields of the form.

    >>> fill_policy({"allow_methods": ["PUT", "DELETE"], "max_age": 600})
    {'allow_methods': 'PUT, DELETE', 'max_age': '600'}
    """
    return {name: _write(name, value) for name, value in arguments.items()}


def fill_fetch(fetch: Fetch) -> Form:
    """Write a fetch as the fields of the form that a fix may change.

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


EMPTY: Final[Mapping[str, str | bool]] = {
    **{name: _write(name, argument.default) for name, argument in SETTINGS.items()},
    "guard": False,
    "page": "",
    "public_page": False,
    "method": "GET",
    "path": "/items",
    "headers": "",
    "credentials": "same-origin",
    "body": "",
}
"""Every field of the form, with its default."""


def _read_policy(fields: Mapping[str, Any], problems: list[Diagnostic]) -> CorsPolicy | None:
    arguments: dict[str, Any] = {}
    for name, argument in SETTINGS.items():
        text = fields[name]
        if argument.kind == "flag":
            arguments[name] = text
        elif name == REGEXES:
            # A regular expression may contain commas.
            arguments[name] = text.split()
        elif argument.kind == "strings":
            arguments[name] = [part for part in re.split(r"[\s,]+", text) if part]
        elif _is_number(text.strip()):
            arguments[name] = int(text)
        elif text.strip():
            message, hint = f"{name} must be a whole number.", "Enter digits, or nothing."
            problems.append(Diagnostic("wrong-type", "error", message, hint, name, text))
    try:
        return build_policy(arguments, dialect=_DIALECT)
    except PolicyError as error:
        problems[:0] = error.problems
        return None


def _check_call(
    page: str, method: str, path: str, credentials: str, body: bytes | None
) -> Iterator[Diagnostic]:
    # https://fetch.spec.whatwg.org/#dom-request
    _, problem = read_origin(page, "page")
    if problem is not None:
        yield problem
    if not is_token(method):
        message, hint = "The method is not valid.", "Use a method such as GET or PUT."
        yield Diagnostic("invalid-method", "error", message, hint, "method", method)
    elif method.upper() in FORBIDDEN_METHODS:
        message, hint = "Browsers do not let scripts send this method.", "Use another method."
        yield Diagnostic("forbidden-method", "error", message, hint, "method", method)
    if not _is_path(path):
        message, hint = "The path is not valid.", "Use one of the API, such as /items/1."
        yield Diagnostic("malformed-path", "error", message, hint, "path", path)
    if credentials not in CREDENTIALS_MODES:
        message, hint = "The mode is unknown.", f"Use one of {', '.join(CREDENTIALS_MODES)}."
        yield Diagnostic("wrong-type", "error", message, hint, "credentials", credentials)
    if body is not None and method.upper() in ("GET", "HEAD"):
        message = f"A {method.upper()} request cannot have a body."
        hint = "Remove it, or use POST or PUT."
        yield Diagnostic("wrong-type", "error", message, hint, "body", body)


def _read_headers(text: str, problems: list[Diagnostic]) -> tuple[tuple[str, str], ...]:
    headers = []
    # Python ends lines at other characters too, but browsers allow those in a value.
    lines = (line.strip(_SPACE) for line in text.split("\n"))
    for index, line in enumerate(filter(None, lines)):
        name, colon, value = (part.strip(_SPACE) for part in line.partition(":"))
        if not colon or not is_token(name):
            message, hint = "The line is not a header.", "Write a name, a colon and a value."
        elif any(character > "\xff" or character in "\0\r\n" for character in value):
            message, hint = "A header value must be Latin-1 text.", "Encode it, or remove it."
        else:
            headers.append((name, value))
            continue
        subject = f"headers[{index}]"
        problems.append(Diagnostic("invalid-header", "error", message, hint, subject, line))
    return tuple(headers)


class Origins(NamedTuple):
    """The serialized origins of the three sites; the policy allows `page`."""

    api: str
    page: str
    untrusted: str


class Example(NamedTuple):
    """A form to fill in, with a stable name and a title."""

    name: str
    title: str
    form: Form


_Rows = Mapping[str, tuple[str, Form]]
"""The title of each example by its name, and the fields of its form that are special to it."""

_PUT: Final = {"method": "PUT", "path": "/items/1", "body": '{"name": "lamp", "price": 40}'}
_PUT_JSON: Final[Form] = {**_PUT, "headers": "content-type: application/json"}
_COOKIES: Final = {"credentials": "include"}

_CALLS: Final[_Rows] = {
    "simple-get": ("Simple GET", {}),
    "sign-in": ("POST that sets a cookie", {"method": "POST", "path": "/session", **_COOKIES}),
    "get-with-cookies": ("GET with cookies", {"path": "/me", **_COOKIES}),
    "put-json": ("PUT with JSON", _PUT_JSON),
    "delete": ("DELETE", {"method": "DELETE", "path": "/items/2", **_COOKIES}),
    "custom-header": ("Custom header", {"headers": "x-request-id: demo-1"}),
    "method-not-allowed": ("Method that is not allowed", {**_PUT_JSON, "method": "PATCH"}),
    "header-not-allowed": ("Header that is not allowed", {"headers": "x-debug: 1"}),
}
"""The calls of the allowed page, in this order: a cookie must be set before it can be sent."""

_UNTRUSTED: Final[_Rows] = {
    "untrusted-get": ("GET from an untrusted origin", {}),
    "untrusted-put": ("PUT from an untrusted origin", _PUT_JSON),
}


def make_policy(page: str) -> CorsPolicy:
    """Build the policy of the demo, which allows the origin `page` and no other.

    >>> make_policy("http://localhost:3000").allow_origins
    ('http://localhost:3000',)
    """
    return CorsPolicy(
        allow_origins=[page],
        allow_credentials=True,
        allow_methods=["PUT", "DELETE"],
        allow_headers=["content-type", "x-request-id"],
        expose_headers=["x-items-total", "x-request-id"],
        max_age=600,
    )


def list_calls(origins: Origins, here: str) -> list[Example]:
    """List the calls of the demo, for a page whose origin is `here`.

    All are made under the policy of the demo; those of the untrusted page only if `here` is the
    allowed page, since otherwise all are.
    """
    policy = make_policy(origins.page)
    form = fill(policy_settings(policy), page=here, credentials="omit")
    untrusted = _UNTRUSTED if here == origins.page else {}
    return _list(form, _CALLS) + _list({**form, "page": origins.untrusted}, untrusted)


def list_examples(origins: Origins, here: str) -> list[Example]:
    """List all examples for a page whose origin is `here`."""
    public: Form = {"allow_origins": "*", "expose_headers": "*"}
    others: _Rows = {
        "any-origin": ("Public API", public),
        "any-origin-with-credentials": (
            "Any origin with credentials",
            {**public, "allow_credentials": True, **_COOKIES},
        ),
        "credentials-not-allowed": (
            "Credentials that are not allowed",
            {"path": "/me", **_COOKIES},
        ),
        "sandboxed": ("Sandboxed iframe", {"page": "null"}),
        "sandboxed-allowed": (
            "Sandboxed iframe that is allowed",
            {"page": "null", "allow_origins": "null", "accept_risks": "opaque-origin"},
        ),
        "authorization-under-wildcard": (
            "Authorization under *",
            {"allow_headers": "*", "headers": "authorization: Bearer demo"},
        ),
        "method-in-lower-case": (
            "patch in lower case",
            {**_PUT, "allow_methods": "PATCH", "method": "patch"},
        ),
        "trailing-slash": ("Origin with a trailing slash", {"allow_origins": f"{here}/"}),
        "scheme-differs": (
            "http instead of https",
            {"allow_origins": "https://app.example.com", "page": "http://app.example.com"},
        ),
        "public-page": (
            "Public page that calls this computer",
            {
                "allow_origins": "https://app.example.com",
                "page": "https://app.example.com",
                "public_page": True,
            },
        ),
    }
    form = fill({"allow_origins": [here]}, page=here)
    return list_calls(origins, here) + _list(form, others)


def _list(form: Form, rows: _Rows) -> list[Example]:
    return [Example(name, title, {**form, **fields}) for name, (title, fields) in rows.items()]
