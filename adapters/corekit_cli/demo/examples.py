"""The examples of the playground, as forms: the calls of the demo, and common mistakes.

Nothing here says how an example ends: the page compares the browser model with the real browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from corekit import CorsPolicy
from corekit.arguments import ARGUMENTS

from .form import Form, fill


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
    form = fill({name: getattr(policy, name) for name in ARGUMENTS}, page=here, credentials="omit")
    untrusted = _UNTRUSTED if here == origins.page else {}
    return _list(form, _CALLS) + _list({**form, "page": origins.untrusted}, untrusted)


def list_examples(origins: Origins, here: str) -> list[Example]:
    """List all examples for a page whose origin is `here`."""
    public: Form = {"allow_origins": "*", "expose_headers": "*"}
    mistakes: _Rows = {
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
    }
    form = fill({"allow_origins": [here]}, page=here)
    return list_calls(origins, here) + _list(form, mistakes)


def _list(form: Form, rows: _Rows) -> list[Example]:
    return [Example(name, title, {**form, **fields}) for name, (title, fields) in rows.items()]
