"""Cases with preflights, and with OPTIONS requests that are not preflights."""

from __future__ import annotations

from typing import Final

from corekit import CorsPolicy
from tests.conformance.case import (
    APP,
    GET_ONLY_PATH,
    MISSING_PATH,
    UNTRUSTED,
    Case,
    Expected,
    Request,
    Response,
    actual,
    denied,
    granted,
    preflight,
)
from tests.conformance.policies import (
    API,
    CREDENTIALS_ALL,
    EXACT,
    NOTHING,
    OPAQUE,
    PATTERNS,
    PRIVATE,
    PRIVATE_PUBLIC,
    PUBLIC,
    PUBLIC_ALL,
)

__all__ = ["CASES"]

_SAFELISTED: Final = "GET, HEAD, POST"
_COMMON: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REFLECTED_VARY: Final = (
    "origin",
    "access-control-request-method",
    "access-control-request-headers",
)
_PRIVATE_FIELD: Final = "Access-Control-Request-Private-Network"
_PRIVATE_VARY: Final = ("origin", _PRIVATE_FIELD.lower())

_EXACT_GRANT: Final = granted(status=204, methods=_SAFELISTED, ran=False)
_API_GRANT: Final = granted(
    status=204,
    credentials=True,
    methods=f"{_SAFELISTED}, PUT, PATCH, DELETE",
    headers="authorization, content-type, x-csrftoken",
    max_age=600,
    ran=False,
)
_PUBLIC_GRANT: Final = granted("*", status=204, methods=_SAFELISTED, vary=(), ran=False)
_PUBLIC_ALL_GRANT: Final = granted(
    "*",
    status=204,
    methods=f"{_COMMON}, *",
    headers="*, authorization",
    max_age=86400,
    vary=(),
    ran=False,
)
_REFUSED: Final = denied(status=403, ran=False)


def _reflected(methods: str = _COMMON, headers: str | None = None) -> Expected:
    return granted(
        status=204,
        credentials=True,
        methods=methods,
        headers=headers,
        vary=_REFLECTED_VARY,
        ran=False,
    )


# The response does not depend on what is requested: the browser compares.
_API_REQUESTS: Final[dict[str, tuple[str, str | None]]] = {
    "an allowed method": ("PUT", None),
    "another allowed method": ("DELETE", None),
    "a safelisted method with an allowed header": ("POST", "content-type"),
    "all allowed headers": ("PUT", "authorization,content-type,x-csrftoken"),
    "headers in mixed case with spaces": ("PUT", "Content-Type , X-CSRFToken"),
    "empty elements in the list of headers": ("PUT", ",content-type,,x-csrftoken,"),
    "an empty list of headers": ("PUT", ""),
    "a method that is not allowed": ("PROPFIND", None),
    "a method in lower case": ("patch", None),
    "a forbidden method": ("TRACE", None),
    "a method that is not a token": ("PU T", None),
    "a header that is not allowed": ("PUT", "x-secret"),
    "a malformed list of headers": ("PUT", "x-a; x-b"),
    "markup in the list of headers": ("PUT", "<script>alert(1)</script>"),
    "5 000 commas": ("PUT", "," * 5000),
    "a header of 5 000 letters": ("PUT", "x" * 5000),
    "a method of 1 000 letters": ("P" * 1000, None),
}

_REFUSALS: Final[dict[str, tuple[CorsPolicy, Request]]] = {
    "an untrusted origin": (EXACT, preflight(UNTRUSTED)),
    "an untrusted origin, with credentials": (API, preflight(UNTRUSTED, "PUT", "authorization")),
    "an untrusted origin, a safelisted method": (EXACT, preflight(UNTRUSTED, "GET")),
    "the opaque origin": (API, preflight("null")),
    "an untrusted origin that starts with an allowed one": (
        PATTERNS,
        preflight("https://example.com.evil.test"),
    ),
    "an untrusted origin, any method and header allowed": (
        CREDENTIALS_ALL,
        preflight(UNTRUSTED, "PUT", "x-a"),
    ),
    "any origin, nothing allowed": (NOTHING, preflight()),
    "an untrusted origin, private network allowed": (PRIVATE, preflight(UNTRUSTED, "PUT", None)),
}

_MALFORMED: Final[dict[str, tuple[CorsPolicy, Request]]] = {
    "an origin with a trailing slash": (EXACT, preflight(f"{APP}/")),
    "an origin in upper case": (EXACT, preflight(APP.upper())),
    "an empty origin": (EXACT, preflight("")),
    "a malformed origin": (EXACT, preflight("nonsense")),
    "two origins in one header": (EXACT, preflight(f"{APP},{UNTRUSTED}")),
    "an origin of 4 KiB": (EXACT, preflight(f"https://{'a' * 4096}.example.com")),
    "two Origin headers": (EXACT, preflight(APP, "PUT", None, ("Origin", APP))),
    "bytes above ASCII": (EXACT, preflight("https://\xe4.example")),
}

# For a policy that allows any origin, the response is a constant: it repeats nothing.
_ANYTHING: Final[dict[str, Request]] = {
    "a local file": preflight("file://"),
    "an app without a host": preflight("app://"),
    "an odd host": preflight("https://a;b..example"),
    "a malformed origin": preflight("nonsense"),
    "two origins in one header": preflight(f"{APP},{UNTRUSTED}"),
    "two Origin headers": preflight(APP, "PUT", None, ("Origin", UNTRUSTED)),
    "an empty origin": preflight(""),
    "an origin of 4 KiB": preflight(f"https://{'a' * 4096}.example.com"),
    "bytes above ASCII": preflight("https://\xe4.example"),
}

_REFLECTED: Final[dict[str, tuple[Request, Expected]]] = {
    "a common method": (preflight(APP, "PUT"), _reflected()),
    "an uncommon method is reflected": (
        preflight(APP, "PROPFIND"),
        _reflected(f"{_COMMON}, PROPFIND"),
    ),
    "a method in lower case is reflected unchanged": (
        preflight(APP, "patch"),
        _reflected(f"{_COMMON}, patch"),
    ),
    "headers are reflected": (preflight(APP, "PUT", "x-a,x-b"), _reflected(headers="x-a, x-b")),
    "headers are reflected once, in lower case": (
        preflight(APP, "PUT", "X-B,x-a, x-b"),
        _reflected(headers="x-a, x-b"),
    ),
    "authorization is reflected": (
        preflight(APP, "PUT", "authorization"),
        _reflected(headers="authorization"),
    ),
    "a forbidden method is not reflected": (preflight(APP, "TRACE"), _reflected()),
    "a forbidden method in mixed case is not reflected": (preflight(APP, "tRaCk"), _reflected()),
    "a method that is not a token is not reflected": (preflight(APP, "PUT, EVIL"), _reflected()),
    "a method longer than the maximum is not reflected": (preflight(APP, "P" * 65), _reflected()),
    "a malformed list is not reflected": (preflight(APP, "PUT", "x-a: 1"), _reflected()),
    "a list with a quote is not reflected": (preflight(APP, "PUT", '"x-a"'), _reflected()),
    "a list longer than the maximum is not reflected": (
        preflight(APP, "PUT", ",".join(f"x-{number}" for number in range(900))),
        _reflected(),
    ),
    "commas alone reflect nothing": (preflight(APP, "PUT", ",,,"), _reflected()),
}

CASES: Final = [
    *(
        Case(f"preflight, same response: {name}", API, preflight(APP, method, headers), _API_GRANT)
        for name, (method, headers) in _API_REQUESTS.items()
    ),
    *(
        Case(f"preflight refused: {name}", policy, request, _REFUSED)
        for name, (policy, request) in _REFUSALS.items()
    ),
    *(
        Case(f"preflight refused, malformed: {name}", policy, request, _REFUSED, may_refuse=True)
        for name, (policy, request) in _MALFORMED.items()
    ),
    *(
        Case(f"preflight, any origin: {name}", PUBLIC, request, _PUBLIC_GRANT, may_refuse=True)
        for name, request in _ANYTHING.items()
    ),
    *(
        Case(f"preflight, * with credentials: {name}", CREDENTIALS_ALL, request, expected)
        for name, (request, expected) in _REFLECTED.items()
    ),
    Case("preflight: safelisted methods only", EXACT, preflight(), _EXACT_GRANT),
    Case("preflight: an empty requested method", EXACT, preflight(APP, ""), _EXACT_GRANT),
    Case(
        "preflight: header names in mixed case",
        EXACT,
        Request("OPTIONS", (("ORIGIN", APP), ("aCCESS-cONTROL-rEQUEST-mETHOD", "PUT"))),
        _EXACT_GRANT,
    ),
    Case(
        "preflight: the list of headers on two lines",
        CREDENTIALS_ALL,
        preflight(APP, "PUT", "x-a", ("Access-Control-Request-Headers", "x-b")),
        _reflected(headers="x-a, x-b"),
        may_refuse=True,
    ),
    Case(
        "preflight: 64 KiB of commas",
        CREDENTIALS_ALL,
        preflight(APP, "PUT", "," * 65_000),
        _reflected(),
        may_refuse=True,
    ),
    Case("preflight: any origin, listed methods", PUBLIC, preflight(UNTRUSTED), _PUBLIC_GRANT),
    Case("preflight: any origin, the opaque one", PUBLIC, preflight("null"), _PUBLIC_GRANT),
    Case("preflight: any origin, everything", PUBLIC_ALL, preflight(UNTRUSTED), _PUBLIC_ALL_GRANT),
    Case(
        "preflight: any origin, everything, uncommon names requested",
        PUBLIC_ALL,
        preflight(UNTRUSTED, "PROPFIND", "x-a,authorization"),
        _PUBLIC_ALL_GRANT,
    ),
    Case(
        "preflight: any origin, everything, malformed",
        PUBLIC_ALL,
        preflight("https://Evil.example"),
        _PUBLIC_ALL_GRANT,
    ),
    Case(
        "preflight: the opaque origin as an accepted risk",
        OPAQUE,
        preflight("null"),
        granted("null", status=204, methods=_SAFELISTED, ran=False),
    ),
    Case(
        "preflight: an origin that matches a pattern",
        PATTERNS,
        preflight("https://pr-17.preview.example.org"),
        granted("https://pr-17.preview.example.org", status=204, methods=_SAFELISTED, ran=False),
    ),
    Case(
        "preflight: max-age 0 is sent",
        EXACT.replace(max_age=0),
        preflight(),
        granted(status=204, methods=_SAFELISTED, max_age=0, ran=False),
    ),
    Case(
        "preflight: the status of the policy",
        EXACT.replace(preflight_status=200),
        preflight(),
        granted(status=200, methods=_SAFELISTED, ran=False),
    ),
    Case(
        "preflight: exposed headers are for the actual response only",
        EXACT.replace(expose_headers=["x-request-id"]),
        preflight(),
        _EXACT_GRANT,
    ),
    Case(
        "preflight: headers without credentials, * for any",
        EXACT.replace(allow_headers=["*"]),
        preflight(APP, "PUT", "x-a"),
        granted(status=204, methods=_SAFELISTED, headers="*", ran=False),
    ),
    Case("preflight: to a path without a route", EXACT, preflight(path=MISSING_PATH), _EXACT_GRANT),
    Case(
        "preflight: to a path without OPTIONS", EXACT, preflight(path=GET_ONLY_PATH), _EXACT_GRANT
    ),
    Case(
        "preflight: does not reach the application's 401",
        API,
        preflight(),
        _API_GRANT,
        Response(401, (("WWW-Authenticate", "Basic"),)),
    ),
    Case(
        "preflight: does not reach the application's redirect",
        API,
        preflight(),
        _API_GRANT,
        Response(301, (("Location", "/app/items/"),)),
    ),
    Case(
        "preflight: does not reach the application's exception",
        API,
        preflight(),
        _API_GRANT,
        Response(raises=True),
    ),
    Case(
        "private network: requested and allowed",
        PRIVATE,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "true")),
        granted(
            status=204, methods=_SAFELISTED, private_network=True, vary=_PRIVATE_VARY, ran=False
        ),
    ),
    Case(
        "private network: allowed but not requested",
        PRIVATE,
        preflight(),
        granted(status=204, methods=_SAFELISTED, vary=_PRIVATE_VARY, ran=False),
    ),
    Case(
        "private network: requested with a value that no browser sends",
        PRIVATE,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "TRUE")),
        granted(status=204, methods=_SAFELISTED, vary=_PRIVATE_VARY, ran=False),
    ),
    Case(
        "private network: requested, not allowed, and the preflight succeeds",
        EXACT,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "true")),
        _EXACT_GRANT,
    ),
    Case(
        "private network: requested by an untrusted origin",
        PRIVATE,
        preflight(UNTRUSTED, "PUT", None, (_PRIVATE_FIELD, "true")),
        _REFUSED,
    ),
    Case(
        "private network: any origin",
        PRIVATE_PUBLIC,
        preflight(UNTRUSTED, "PUT", None, (_PRIVATE_FIELD, "true")),
        granted(
            "*",
            status=204,
            methods=_SAFELISTED,
            private_network=True,
            vary=_PRIVATE_VARY[1:],
            ran=False,
        ),
    ),
    Case(
        "private network: no header on an actual response",
        PRIVATE,
        actual(APP, "GET", (_PRIVATE_FIELD, "true")),
        granted(),
    ),
    Case("not a preflight: a plain OPTIONS", EXACT, Request("OPTIONS"), denied()),
    Case("not a preflight: OPTIONS with Origin alone", EXACT, actual(APP, "OPTIONS"), granted()),
    Case(
        "not a preflight: OPTIONS from an untrusted origin",
        EXACT,
        actual(UNTRUSTED, "OPTIONS"),
        denied(),
    ),
    Case(
        "not a preflight: OPTIONS, any origin",
        PUBLIC,
        actual(UNTRUSTED, "OPTIONS"),
        granted("*", vary=()),
    ),
    Case(
        "not a preflight: OPTIONS without Origin",
        EXACT,
        Request("OPTIONS", (("Access-Control-Request-Method", "PUT"),)),
        denied(),
    ),
    Case(
        "not a preflight: OPTIONS without Origin, any origin",
        PUBLIC,
        Request("OPTIONS", (("Access-Control-Request-Method", "PUT"),)),
        granted("*", vary=()),
    ),
    Case(
        "not a preflight: only the list of headers",
        EXACT,
        actual(APP, "OPTIONS", ("Access-Control-Request-Headers", "x-a")),
        granted(),
    ),
    Case(
        "not a preflight: POST with a preflight's headers",
        EXACT,
        actual(APP, "POST", ("Access-Control-Request-Method", "PUT")),
        granted(),
    ),
    Case(
        "not a preflight: GET with a preflight's headers, from an untrusted origin",
        EXACT,
        actual(UNTRUSTED, "GET", ("Access-Control-Request-Method", "PUT")),
        denied(),
    ),
    Case(
        "not a preflight: OPTIONS that the application answers with its own headers",
        EXACT,
        actual(APP, "OPTIONS"),
        granted(status=204),
        Response(204, (("Allow", "GET, OPTIONS"),), ()),
    ),
]
