"""The CORS check, the preflight checks and the readable headers: tables from the standard."""

from __future__ import annotations

import pytest

from corekit.browser import CHROMIUM, STANDARD, HttpResponse, Quirks
from corekit.browser.checks import check_cors, check_preflight, readable_headers
from corekit.browser.fields import unsafe_names
from corekit.browser.messages import Headers, Tainting
from tests.core.steps import steps_of

ORIGIN = "https://app.example.com"

CHECKS: dict[str, tuple[list[str], list[str], str | None, str | None]] = {
    "the origin": ([ORIGIN], [], None, "InvalidAllowCredentials"),
    "the origin and true": ([ORIGIN], ["true"], None, None),
    "spaces around": ([f" {ORIGIN}\t"], [" true "], None, None),
    "True": ([ORIGIN], ["True"], None, "InvalidAllowCredentials"),
    "true twice": ([ORIGIN], ["true", "true"], None, "InvalidAllowCredentials"),
    "any": (["*"], [], None, "WildcardOriginNotAllowed"),
    "any and true": (["*"], ["true"], None, "WildcardOriginNotAllowed"),
    "nothing": ([], ["true"], "MissingAllowOriginHeader", "MissingAllowOriginHeader"),
    "empty": ([""], [], "InvalidAllowOriginValue", "InvalidAllowOriginValue"),
    "twice": ([ORIGIN, ORIGIN], ["true"], "MultipleAllowOriginValues", "MultipleAllowOriginValues"),
    "any twice": (["*", "*"], [], "MultipleAllowOriginValues", "MultipleAllowOriginValues"),
    "two by comma": (
        [f"{ORIGIN},{ORIGIN}"],
        [],
        "MultipleAllowOriginValues",
        "MultipleAllowOriginValues",
    ),
    "two by space": (
        [f"{ORIGIN} null"],
        [],
        "MultipleAllowOriginValues",
        "MultipleAllowOriginValues",
    ),
    "slash": ([f"{ORIGIN}/"], ["true"], "AllowOriginMismatch", "AllowOriginMismatch"),
    "upper case": ([ORIGIN.upper()], ["true"], "AllowOriginMismatch", "AllowOriginMismatch"),
    "default port": ([f"{ORIGIN}:443"], ["true"], "AllowOriginMismatch", "AllowOriginMismatch"),
    "another": (["https://other.example"], ["true"], "AllowOriginMismatch", "AllowOriginMismatch"),
    "null": (["null"], ["true"], "AllowOriginMismatch", "AllowOriginMismatch"),
    "no scheme": (
        ["app.example.com"],
        ["true"],
        "InvalidAllowOriginValue",
        "InvalidAllowOriginValue",
    ),
    # "*" is not a forbidden code point: https://url.spec.whatwg.org/#forbidden-domain-code-point
    "pattern": (
        ["https://*.example.com"],
        ["true"],
        "AllowOriginMismatch",
        "AllowOriginMismatch",
    ),
    "pattern of ports": (
        [f"{ORIGIN}:*"],
        ["true"],
        "InvalidAllowOriginValue",
        "InvalidAllowOriginValue",
    ),
    "quoted": ([f'"{ORIGIN}"'], ["true"], "InvalidAllowOriginValue", "InvalidAllowOriginValue"),
}


def header_lines(origins: list[str], credentials: list[str]) -> Headers:
    return tuple(("Access-Control-Allow-Origin", value) for value in origins) + tuple(
        ("access-control-allow-credentials", value) for value in credentials
    )


@pytest.mark.parametrize("name", CHECKS)
def test_cors_check_compares_bytes(name: str) -> None:
    origins, credentials, without, with_credentials = CHECKS[name]
    headers = header_lines(origins, credentials)
    for include, expected in ((False, without), (True, with_credentials)):
        fault = check_cors(ORIGIN, headers, include=include)
        assert (fault and fault[0]) == expected


@pytest.mark.parametrize("name", CHECKS)
def test_preflight_response_must_pass_the_cors_check(name: str) -> None:
    origins, credentials, without, with_credentials = CHECKS[name]
    response = HttpResponse(200, header_lines(origins, credentials))
    for include, expected in ((False, without), (True, with_credentials)):
        fault = check_preflight(
            ORIGIN,
            "GET",
            (),
            response,
            include=include,
            upload_listener=False,
            quirks=STANDARD,
        )
        assert (fault and fault[0]) == (expected and f"Preflight{expected}")


def test_null_origin_is_compared_like_any_other() -> None:
    assert check_cors("null", header_lines(["null"], ["true"]), include=True) is None


def test_same_origin_preflight_does_not_need_allow_origin() -> None:
    def fail(methods: str) -> object:
        headers = (("Access-Control-Allow-Methods", methods),)
        return check_preflight(
            None,
            "PUT",
            (),
            HttpResponse(200, headers),
            include=True,
            upload_listener=False,
            quirks=STANDARD,
        )

    assert fail("PUT") is None
    assert fail("GET") == (METHOD, "PUT")


def judge(
    method: str = "GET",
    names: tuple[str, ...] = (),
    *,
    status: int = 204,
    methods: str | None = None,
    headers: str | None = None,
    include: bool = False,
    upload_listener: bool = False,
    quirks: Quirks = STANDARD,
    extra: Headers = (),
) -> str | None:
    answer = header_lines([ORIGIN], ["true"]) + extra
    if methods is not None:
        answer += (("Access-Control-Allow-Methods", methods),)
    if headers is not None:
        answer += (("Access-Control-Allow-Headers", headers),)
    fault = check_preflight(
        ORIGIN,
        method,
        unsafe_names(tuple((name, "x") for name in names)),
        HttpResponse(status, answer),
        include=include,
        upload_listener=upload_listener,
        quirks=quirks,
    )
    return fault and fault[0]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (199, "PreflightInvalidStatus"),
        (200, None),
        (299, None),
        (300, "PreflightInvalidStatus"),
        (304, "PreflightInvalidStatus"),
        (404, "PreflightInvalidStatus"),
        (500, "PreflightInvalidStatus"),
    ],
)
def test_preflight_status_must_be_200_to_299(status: int, expected: str | None) -> None:
    assert judge(status=status) == expected


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (None, "PreflightInvalidStatus"),
        ("", "PreflightInvalidStatus"),
        ("/x", "PreflightDisallowedRedirect"),
        ("https://[", "PreflightDisallowedRedirect"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_preflight_is_redirected_only_with_a_location(
    status: int, location: str | None, expected: str
) -> None:
    # A redirect status is not an ok status: https://fetch.spec.whatwg.org/#cors-preflight-fetch-0
    extra = () if location is None else (("Location", location),)
    assert judge(status=status, extra=extra) == expected


METHOD, HEADER = "MethodDisallowedByPreflightResponse", "HeaderDisallowedByPreflightResponse"


@pytest.mark.parametrize(
    ("method", "methods", "without", "with_credentials"),
    [
        ("GET", None, None, None),
        ("HEAD", "PUT", None, None),
        ("POST", "", None, None),
        ("PUT", None, METHOD, METHOD),
        ("PUT", "PUT", None, None),
        ("PUT", "DELETE,PUT", None, None),
        ("PUT", "put", METHOD, METHOD),
        ("patch", "PATCH", METHOD, METHOD),
        ("patch", "patch", None, None),
        ("PUT", "*", None, METHOD),
        ("*", "*", None, None),
        ("PUT", "PUT (x)", *["InvalidAllowMethodsPreflightResponse"] * 2),
        ("GET", "/", *["InvalidAllowMethodsPreflightResponse"] * 2),
    ],
)
def test_method_must_be_safelisted_or_listed(
    method: str, methods: str | None, without: str | None, with_credentials: str | None
) -> None:
    assert judge(method, methods=methods) == without
    assert judge(method, methods=methods, include=True) == with_credentials


@pytest.mark.parametrize(
    ("names", "headers", "without", "with_credentials"),
    [
        (("x-a",), None, HEADER, HEADER),
        (("x-a",), "x-a", None, None),
        (("X-A",), "X-a", None, None),
        (("x-a", "x-b"), "x-a", HEADER, HEADER),
        (("x-a", "x-b"), "x-b, ,x-a", None, None),
        (("x-a",), "*", None, HEADER),
        (("*",), "*", None, None),
        (("authorization",), "*", HEADER, HEADER),
        (("authorization",), "*, Authorization", None, None),
        (("authorization", "x-a"), "*, Authorization", None, HEADER),
        (("x-a",), "x-a; x-b", *["InvalidAllowHeadersPreflightResponse"] * 2),
        ((), "(", *["InvalidAllowHeadersPreflightResponse"] * 2),
    ],
)
def test_header_must_be_listed_and_authorization_by_name(
    names: tuple[str, ...],
    headers: str | None,
    without: str | None,
    with_credentials: str | None,
) -> None:
    assert judge(names=names, headers=headers) == without
    assert judge(names=names, headers=headers, include=True) == with_credentials


def test_browsers_allow_authorization_under_a_wildcard() -> None:
    assert judge(names=("authorization",), headers="*", quirks=CHROMIUM) is None
    assert judge(names=("authorization",), headers="*", quirks=CHROMIUM, include=True) == HEADER
    assert judge(names=("authorization",), headers="x-a", quirks=CHROMIUM) == HEADER


def test_upload_listener_allows_any_method_if_none_are_listed() -> None:
    assert judge("PUT", upload_listener=True) is None
    assert judge("PUT", upload_listener=True, quirks=CHROMIUM) == METHOD
    assert judge("PUT", upload_listener=True, methods="") == METHOD
    assert judge("PUT", upload_listener=True, methods="PATCH") == METHOD


def test_failed_check_has_the_value_that_caused_it() -> None:
    def fail(**changes: object) -> object:
        return check_preflight(
            ORIGIN,
            "PUT",
            ("x-a", "x-b"),
            HttpResponse(
                int(str(changes.get("status", 200))),
                (
                    *header_lines([ORIGIN], []),
                    ("Location", "/elsewhere"),
                    ("Access-Control-Allow-Methods", str(changes.get("methods", "PUT"))),
                    ("Access-Control-Allow-Headers", str(changes.get("headers", "x-a, x-b"))),
                ),
            ),
            include=False,
            upload_listener=False,
            quirks=STANDARD,
        )

    assert fail() is None
    assert fail(status=308) == ("PreflightDisallowedRedirect", "/elsewhere")
    assert fail(status=500) == ("PreflightInvalidStatus", "500")
    assert fail(methods="[") == ("InvalidAllowMethodsPreflightResponse", "[")
    assert fail(headers="[") == ("InvalidAllowHeadersPreflightResponse", "[")
    assert fail(methods="GET") == (METHOD, "PUT")
    assert fail(headers="x-a") == (HEADER, "x-b")
    assert fail(headers="x-c") == (HEADER, "x-a")


SENT = (
    ("Content-Type", "text/plain"),
    ("Cache-Control", "no-store"),
    ("Content-Language", "en"),
    ("Content-Length", "3"),
    ("Expires", "0"),
    ("Last-Modified", "x"),
    ("Pragma", "x"),
    ("X-A", "1"),
    ("x-a", "2"),
    ("ETag", '"e"'),
    ("*", "star"),
    ("Set-Cookie", "a=b"),
    ("Set-Cookie2", "a=b"),
)
SAFE = {
    "cache-control",
    "content-language",
    "content-length",
    "content-type",
    "expires",
    "last-modified",
    "pragma",
}
ALL = SAFE | {"x-a", "etag", "*"}


@pytest.mark.parametrize(
    ("exposed", "without", "with_credentials"),
    [
        (None, SAFE, SAFE),
        ("x-a", SAFE | {"x-a"}, SAFE | {"x-a"}),
        ("X-A, etag, x-missing", SAFE | {"x-a", "etag"}, SAFE | {"x-a", "etag"}),
        ("set-cookie, Set-Cookie2", SAFE, SAFE),
        ("*", ALL, SAFE | {"*"}),
        ("x-a, *", ALL, SAFE | {"x-a", "*"}),
        ("x-a (etag)", SAFE, SAFE),
    ],
)
def test_page_reads_safelisted_and_exposed_headers(
    exposed: str | None, without: set[str], with_credentials: set[str]
) -> None:
    headers = SENT if exposed is None else (*SENT, ("Access-Control-Expose-Headers", exposed))
    for include, expected in ((False, without), (True, with_credentials)):
        readable = dict(readable_headers(headers, "cors", include=include))
        assert set(readable) - {"access-control-expose-headers"} == expected
        assert readable.get("x-a") in (None, "1, 2")


def test_same_origin_page_reads_everything_but_cookies() -> None:
    assert {name for name, _ in readable_headers(SENT, "basic", include=True)} == ALL


@pytest.mark.parametrize("tainting", ["basic", "cors"])
def test_work_on_readable_headers_is_linear(tainting: Tainting) -> None:
    exposed = ("Access-Control-Expose-Headers", "*")
    few, many = (
        steps_of(
            readable_headers,
            (exposed, *((f"X-{number:03}", "1") for number in range(count))),
            tainting,
            include=False,
        )
        for count in (50, 400)
    )
    assert many < 8 * few
