"""The examples of the playground, as forms: the calls of the demo, and common mistakes.

Nothing here says how an example ends: the page compares the browser model with the real browser.
"""

from __future__ import annotations

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


_PUT: Final = {"method": "PUT", "path": "/items/1", "body": '{"name": "lamp", "price": 40}'}
_PUT_JSON: Final = {**_PUT, "headers": "content-type: application/json"}

_CALLS: Final[tuple[tuple[str, str, Form], ...]] = (
    ("simple-get", "Simple GET", {}),
    (
        "sign-in",
        "POST that sets a cookie",
        {"method": "POST", "path": "/session", "credentials": "include"},
    ),
    ("get-with-cookies", "GET with cookies", {"path": "/me", "credentials": "include"}),
    ("put-json", "PUT with JSON", {**_PUT_JSON}),
    ("delete", "DELETE", {"method": "DELETE", "path": "/items/2", "credentials": "include"}),
    ("custom-header", "Custom header", {"headers": "x-request-id: demo-1"}),
    ("method-not-allowed", "Method that is not allowed", {**_PUT_JSON, "method": "PATCH"}),
    ("header-not-allowed", "Header that is not allowed", {"headers": "x-debug: 1"}),
)
"""The calls of the allowed page, in this order: a cookie must be set before it can be sent."""

_UNTRUSTED: Final[tuple[tuple[str, str, Form], ...]] = (
    ("untrusted-get", "GET from an untrusted origin", {}),
    ("untrusted-put", "PUT from an untrusted origin", {**_PUT_JSON}),
)


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
    arguments = {name: getattr(policy, name) for name in ARGUMENTS}

    def fill_in(page: str, calls: tuple[tuple[str, str, Form], ...]) -> list[Example]:
        defaults: Form = {"page": page, "credentials": "omit"}
        return [
            Example(name, title, fill(arguments, **{**defaults, **fields}))
            for name, title, fields in calls
        ]

    untrusted = fill_in(origins.untrusted, _UNTRUSTED) if here == origins.page else []
    return [*fill_in(here, _CALLS), *untrusted]


def list_examples(origins: Origins, here: str) -> list[Example]:
    """List all examples for a page whose origin is `here`."""
    public = {"allow_origins": ["*"], "expose_headers": ["*"]}
    only_here = {"allow_origins": [here]}
    return [
        *list_calls(origins, here),
        Example("any-origin", "Public API", fill(public, page=here)),
        Example(
            "any-origin-with-credentials",
            "Any origin with credentials",
            fill({**public, "allow_credentials": True}, page=here, credentials="include"),
        ),
        Example(
            "credentials-not-allowed",
            "Credentials that are not allowed",
            fill(only_here, page=here, path="/me", credentials="include"),
        ),
        Example("sandboxed", "Sandboxed iframe", fill(only_here, page="null")),
        Example(
            "sandboxed-allowed",
            "Sandboxed iframe that is allowed",
            fill({"allow_origins": ["null"], "accept_risks": ["opaque-origin"]}, page="null"),
        ),
        Example(
            "authorization-under-wildcard",
            "Authorization under *",
            fill(
                {**only_here, "allow_headers": ["*"]},
                page=here,
                headers="authorization: Bearer demo",
            ),
        ),
        Example(
            "method-in-lower-case",
            "patch in lower case",
            fill(
                {**only_here, "allow_methods": ["PATCH"]}, page=here, **{**_PUT, "method": "patch"}
            ),
        ),
        Example(
            "trailing-slash",
            "Origin with a trailing slash",
            fill({"allow_origins": [f"{here}/"]}, page=here),
        ),
        Example(
            "scheme-differs",
            "http instead of https",
            fill({"allow_origins": ["https://app.example.com"]}, page="http://app.example.com"),
        ),
    ]
