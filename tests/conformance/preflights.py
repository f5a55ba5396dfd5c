"""Cases: preflights, and OPTIONS requests that only look like one."""

from __future__ import annotations

from typing import Final

from corekit import CorsPolicy
from tests.conformance.case import (
    APP,
    EVIL,
    GET_ONLY_PATH,
    MISSING_PATH,
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
_USUAL: Final = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_ECHO_VARY: Final = (
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
    methods=f"{_USUAL}, *",
    headers="*, authorization",
    max_age=86400,
    vary=(),
    ran=False,
)
_REFUSED: Final = denied(status=403, ran=False)


def _echoed(methods: str = _USUAL, headers: str | None = None) -> Expected:
    return granted(
        status=204, credentials=True, methods=methods, headers=headers, vary=_ECHO_VARY, ran=False
    )


# One answer, whatever is asked: the browser compares.
_ASKED_OF_API: Final[dict[str, tuple[str, str | None]]] = {
    "a granted method": ("PUT", None),
    "another granted method": ("DELETE", None),
    "a safelisted method with a granted header": ("POST", "content-type"),
    "all granted headers": ("PUT", "authorization,content-type,x-csrftoken"),
    "headers in mixed case with spaces": ("PUT", "Content-Type , X-CSRFToken"),
    "empty elements in the list of headers": ("PUT", ",content-type,,x-csrftoken,"),
    "an empty list of headers": ("PUT", ""),
    "a method that is not granted": ("PROPFIND", None),
    "a method in lower case": ("patch", None),
    "a forbidden method": ("TRACE", None),
    "a method that is no token": ("PU T", None),
    "a header that is not granted": ("PUT", "x-secret"),
    "a list of headers that is none": ("PUT", "x-a; x-b"),
    "markup in the list of headers": ("PUT", "<script>alert(1)</script>"),
    "5 000 commas": ("PUT", "," * 5000),
    "a header of 5 000 letters": ("PUT", "x" * 5000),
    "a method of 1 000 letters": ("P" * 1000, None),
}

_REFUSALS: Final[dict[str, tuple[CorsPolicy, Request]]] = {
    "a stranger": (EXACT, preflight(EVIL)),
    "a stranger, with credentials at stake": (API, preflight(EVIL, "PUT", "authorization")),
    "a stranger who asks for a safelisted method": (EXACT, preflight(EVIL, "GET")),
    "the opaque origin": (API, preflight("null")),
    "a stranger below another domain": (PATTERNS, preflight("https://example.com.evil.test")),
    "a stranger who asks for everything": (CREDENTIALS_ALL, preflight(EVIL, "PUT", "x-a")),
    "everybody, where nothing is granted": (NOTHING, preflight()),
    "a stranger on the private network": (PRIVATE, preflight(EVIL, "PUT", None)),
}

_MALFORMED: Final[dict[str, tuple[CorsPolicy, Request]]] = {
    "an origin with a trailing slash": (EXACT, preflight(f"{APP}/")),
    "an origin in upper case": (EXACT, preflight(APP.upper())),
    "an empty origin": (EXACT, preflight("")),
    "a malformed origin, any allowed": (PUBLIC, preflight("nonsense")),
    "two origins in one header, any allowed": (PUBLIC, preflight(f"{APP},{EVIL}")),
    "an origin of 4 KiB": (PUBLIC, preflight(f"https://{'a' * 4096}.example.com")),
    "two Origin headers": (EXACT, preflight(APP, "PUT", None, ("Origin", APP))),
    "bytes above ASCII, any allowed": (PUBLIC, preflight("https://\xe4.example")),
}

_ECHOES: Final[dict[str, tuple[Request, Expected]]] = {
    "a usual method": (preflight(APP, "PUT"), _echoed()),
    "an unusual method is named": (preflight(APP, "PROPFIND"), _echoed(f"{_USUAL}, PROPFIND")),
    "a method in lower case is named so": (preflight(APP, "patch"), _echoed(f"{_USUAL}, patch")),
    "headers are named": (preflight(APP, "PUT", "x-a,x-b"), _echoed(headers="x-a, x-b")),
    "headers are named in lower case and once": (
        preflight(APP, "PUT", "X-B,x-a, x-b"),
        _echoed(headers="x-a, x-b"),
    ),
    "authorization is named": (
        preflight(APP, "PUT", "authorization"),
        _echoed(headers="authorization"),
    ),
    "a forbidden method is not": (preflight(APP, "TRACE"), _echoed()),
    "a forbidden method in odd case is not": (preflight(APP, "tRaCk"), _echoed()),
    "a method that is no token is not": (preflight(APP, "PUT, EVIL"), _echoed()),
    "a method longer than any is not": (preflight(APP, "P" * 65), _echoed()),
    "a list that is none is not": (preflight(APP, "PUT", "x-a: 1"), _echoed()),
    "a list with a quote is not": (preflight(APP, "PUT", '"x-a"'), _echoed()),
    "a list longer than any is not": (
        preflight(APP, "PUT", ",".join(f"x-{number}" for number in range(900))),
        _echoed(),
    ),
    "commas alone name nothing": (preflight(APP, "PUT", ",,,"), _echoed()),
}

CASES: Final = [
    *(
        Case(f"preflight, one answer: {name}", API, preflight(APP, method, headers), _API_GRANT)
        for name, (method, headers) in _ASKED_OF_API.items()
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
        Case(f"preflight, * with credentials: {name}", CREDENTIALS_ALL, request, expected)
        for name, (request, expected) in _ECHOES.items()
    ),
    Case("preflight: nothing but safelisted methods granted", EXACT, preflight(), _EXACT_GRANT),
    Case("preflight: an empty method is asked for", EXACT, preflight(APP, ""), _EXACT_GRANT),
    Case(
        "preflight: field names in odd case",
        EXACT,
        Request("OPTIONS", (("ORIGIN", APP), ("aCCESS-cONTROL-rEQUEST-mETHOD", "PUT"))),
        _EXACT_GRANT,
    ),
    Case(
        "preflight: the list of headers on two lines",
        CREDENTIALS_ALL,
        preflight(APP, "PUT", "x-a", ("Access-Control-Request-Headers", "x-b")),
        _echoed(headers="x-a, x-b"),
        may_refuse=True,
    ),
    Case(
        "preflight: 64 KiB of commas",
        CREDENTIALS_ALL,
        preflight(APP, "PUT", "," * 65_000),
        _echoed(),
        may_refuse=True,
    ),
    Case("preflight: any origin, named methods", PUBLIC, preflight(EVIL), _PUBLIC_GRANT),
    Case("preflight: any origin, the opaque one", PUBLIC, preflight("null"), _PUBLIC_GRANT),
    Case("preflight: any origin, everything", PUBLIC_ALL, preflight(EVIL), _PUBLIC_ALL_GRANT),
    Case(
        "preflight: any origin, everything asked for by name",
        PUBLIC_ALL,
        preflight(EVIL, "PROPFIND", "x-a,authorization"),
        _PUBLIC_ALL_GRANT,
    ),
    Case(
        "preflight: any origin, everything, malformed",
        PUBLIC_ALL,
        preflight("https://Evil.example"),
        _REFUSED,
    ),
    Case(
        "preflight: the opaque origin where it was accepted",
        OPAQUE,
        preflight("null"),
        granted("null", status=204, methods=_SAFELISTED, ran=False),
    ),
    Case(
        "preflight: an origin of a pattern",
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
    Case(
        "preflight: of a path that is not routed", EXACT, preflight(path=MISSING_PATH), _EXACT_GRANT
    ),
    Case(
        "preflight: of a path without OPTIONS", EXACT, preflight(path=GET_ONLY_PATH), _EXACT_GRANT
    ),
    Case(
        "preflight: never meets the application's refusal",
        API,
        preflight(),
        _API_GRANT,
        Response(401, (("WWW-Authenticate", "Basic"),)),
    ),
    Case(
        "preflight: never meets the application's redirect",
        API,
        preflight(),
        _API_GRANT,
        Response(301, (("Location", "/app/items/"),)),
    ),
    Case(
        "preflight: never meets the application's fault",
        API,
        preflight(),
        _API_GRANT,
        Response(raises=True),
    ),
    Case(
        "private network: asked for and granted",
        PRIVATE,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "true")),
        granted(
            status=204, methods=_SAFELISTED, private_network=True, vary=_PRIVATE_VARY, ran=False
        ),
    ),
    Case(
        "private network: granted but not asked for",
        PRIVATE,
        preflight(),
        granted(status=204, methods=_SAFELISTED, vary=_PRIVATE_VARY, ran=False),
    ),
    Case(
        "private network: asked for in a way no browser does",
        PRIVATE,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "TRUE")),
        granted(status=204, methods=_SAFELISTED, vary=_PRIVATE_VARY, ran=False),
    ),
    Case(
        "private network: asked for, off, and the preflight does not fail",
        EXACT,
        preflight(APP, "PUT", None, (_PRIVATE_FIELD, "true")),
        _EXACT_GRANT,
    ),
    Case(
        "private network: asked for by a stranger",
        PRIVATE,
        preflight(EVIL, "PUT", None, (_PRIVATE_FIELD, "true")),
        _REFUSED,
    ),
    Case(
        "private network: any origin",
        PRIVATE_PUBLIC,
        preflight(EVIL, "PUT", None, (_PRIVATE_FIELD, "true")),
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
        "private network: an actual request is told nothing of it",
        PRIVATE,
        actual(APP, "GET", (_PRIVATE_FIELD, "true")),
        granted(),
    ),
    Case("no preflight: a plain OPTIONS", EXACT, Request("OPTIONS"), denied()),
    Case("no preflight: OPTIONS with Origin alone", EXACT, actual(APP, "OPTIONS"), granted()),
    Case("no preflight: OPTIONS of a stranger", EXACT, actual(EVIL, "OPTIONS"), denied()),
    Case(
        "no preflight: OPTIONS, any origin",
        PUBLIC,
        actual(EVIL, "OPTIONS"),
        granted("*", vary=()),
    ),
    Case(
        "no preflight: OPTIONS without Origin",
        EXACT,
        Request("OPTIONS", (("Access-Control-Request-Method", "PUT"),)),
        denied(),
    ),
    Case(
        "no preflight: OPTIONS without Origin, any origin",
        PUBLIC,
        Request("OPTIONS", (("Access-Control-Request-Method", "PUT"),)),
        granted("*", vary=()),
    ),
    Case(
        "no preflight: only the list of headers",
        EXACT,
        actual(APP, "OPTIONS", ("Access-Control-Request-Headers", "x-a")),
        granted(),
    ),
    Case(
        "no preflight: POST with a preflight's fields",
        EXACT,
        actual(APP, "POST", ("Access-Control-Request-Method", "PUT")),
        granted(),
    ),
    Case(
        "no preflight: GET with a preflight's fields, of a stranger",
        EXACT,
        actual(EVIL, "GET", ("Access-Control-Request-Method", "PUT")),
        denied(),
    ),
    Case(
        "no preflight: OPTIONS that the application answers with its own headers",
        EXACT,
        actual(APP, "OPTIONS"),
        granted(status=204),
        Response(204, (("Allow", "GET, OPTIONS"),), ()),
    ),
]
