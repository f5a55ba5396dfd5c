"""Findings about missing, repeated and malformed headers: the request and the value."""

from __future__ import annotations

from typing import Any, Final

from corekit.browser import FAILURES
from tests.probe.bugs import BUGS
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    URL,
    WITH_COOKIES,
    is_preflight,
    probe,
    replace,
    texts,
    wrong,
)

MAX_AGE: Final = "Access-Control-Max-Age"
ONE_LAYER: Final = FAILURES["MultipleAllowOriginValues"].hint


def test_second_finding_of_a_preflight() -> None:
    _, missing = probe(BUGS["no methods at all"][0])
    assert (missing.code, missing.subject, missing.value) == ("no-methods", PAGE, None)
    _, malformed = probe(BUGS["a number twice"][0])
    assert (malformed.code, malformed.subject, malformed.value) == (
        "malformed-max-age",
        PAGE,
        "600, 600",
    )
    (wildcard,) = probe(
        wrong(replace("Access-Control-Allow-Headers", "*")), names=("authorization",)
    )
    assert (wildcard.code, wildcard.subject, wildcard.value) == (
        "authorization-not-covered",
        PAGE,
        "*",
    )


def test_every_header_that_is_repeated_is_named() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        if "HTTP_ORIGIN" not in environ:
            return status, [*headers, (CREDENTIALS, "true"), (CREDENTIALS.lower(), "true")]
        return status, headers + [(MAX_AGE, "600")] * is_preflight(environ)

    found = [each for each in probe(wrong(bug)) if each.code == "repeated-header"]
    assert [texts(each)[:3] for each in found] == [
        (URL, "true, true", None),
        (PAGE, "600, 600", None),
    ]
    assert [each.message.split()[3] for each in found] == [CREDENTIALS.lower(), MAX_AGE.lower()]
    assert {each.hint for each in found} == {ONE_LAYER}


def test_two_problems_with_credentials_are_both_reported() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        kept = [pair for pair in headers if pair[0] not in (ALLOW, CREDENTIALS)]
        if environ.get("HTTP_ORIGIN") != PAGE:
            return status, headers
        granted = ("*", "true") if is_preflight(environ) else (PAGE, "True")
        return status, [*kept, *zip((ALLOW, CREDENTIALS), granted, strict=True)]

    found = probe(wrong(bug, WITH_COOKIES))
    assert {(each.code, each.failure) for each in found} == {
        ("credentials-not-true", "InvalidAllowCredentials"),
        ("wildcard-with-credentials", "PreflightWildcardOriginNotAllowed"),
    }


def test_credentials_in_a_preflight_alone_are_checked() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return status, headers + [(CREDENTIALS, "1")] * is_preflight(environ)

    (found,) = (each for each in probe(wrong(bug)) if each.subject == PAGE)
    assert (found.code, found.value) == ("credentials-not-true", "1")


def test_every_malformed_or_literal_list_is_reported() -> None:
    methods, headers = "access-control-allow-methods", "access-control-allow-headers"

    def bug(environ: dict[str, Any], status: int, sent: Any) -> Any:
        kept = [pair for pair in sent if pair[0].lower() not in (methods, headers)]
        if environ.get("HTTP_ORIGIN") == PAGE and is_preflight(environ):
            kept += [(methods, "*, PUT"), (headers, "x-a, *")]
        return status, kept

    found = probe(wrong(bug, WITH_COOKIES))
    assert [texts(each)[:2] for each in found] == [(PAGE, "*, PUT"), (PAGE, "x-a, *")]
    assert [each.message.split()[0] for each in found] == [methods, headers]
    assert [each.hint for each in found] == ["Name the methods.", "Name the headers."]
