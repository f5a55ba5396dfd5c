"""The fix of a server that allows the page's origin: what is missing, and nothing else."""

from __future__ import annotations

import pytest

from corekit.browser import Fetch, HttpResponse
from tests.explain.calls import ITEMS, PAGE, live

ORIGIN = ("Access-Control-Allow-Origin", PAGE)
COOKIES = ("Access-Control-Allow-Credentials", "true")
METHODS, NAMES = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"
HEADERS = (("X-A", "1"),)

Headers = tuple[tuple[str, str], ...]


@pytest.mark.parametrize(
    ("fetch", "responses", "missing"),
    [
        # What the preflight allowed is not missing, although the last response does not repeat it.
        (
            Fetch(ITEMS, "PUT", HEADERS, credentials="include"),
            [(ORIGIN, COOKIES, (METHODS, "PUT"), (NAMES, "x-a")), (ORIGIN,)],
            "Set allow_credentials=True.",
        ),
        # Credentials are allowed already.
        (
            Fetch(ITEMS, "PUT", credentials="include"),
            [(ORIGIN, COOKIES)],
            "Add 'PUT' to allow_methods.",
        ),
        (
            Fetch(ITEMS, "PUT", HEADERS, credentials="include"),
            [(ORIGIN, COOKIES, (METHODS, "PUT"))],
            "Add 'x-a' to allow_headers.",
        ),
        (
            Fetch(ITEMS, "PUT", HEADERS, credentials="include"),
            [(ORIGIN, ("Access-Control-Allow-Credentials", "True"), (METHODS, "PUT"))],
            "Set allow_credentials=True and add 'x-a' to allow_headers.",
        ),
    ],
)
def test_only_what_is_missing_is_named(
    fetch: Fetch, responses: list[Headers], missing: str
) -> None:
    explanation = live(fetch, *(HttpResponse(200, headers) for headers in responses))
    (fix,) = (each for each in explanation.fixes if each.changes)
    assert fix.message.startswith(
        f"The server allows the page's origin, but not this request. {missing}"
    )


@pytest.mark.parametrize(
    ("page", "headers"),
    [
        # These lists cannot be read, so nobody knows what the server allows.
        (PAGE, ((METHODS, "a b"),)),
        (PAGE, ((NAMES, "a b"),)),
        # No policy can allow credentials for this page, unless a risk is accepted.
        ("http://app.example.com", ()),
    ],
)
def test_whole_policy_is_proposed_if_it_is_unknown(page: str, headers: Headers) -> None:
    call = Fetch(ITEMS, credentials="include")
    origin = ("Access-Control-Allow-Origin", page)
    explanation = live(call, HttpResponse(200, (origin, *headers)), page=page)
    assert explanation.fixes[0].message.startswith("Wrap the whole application ")
