"""What findings say: the message, the hint, and the values that programs read."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit.browser import FAILURES, Fetch
from corekit.diagnostics import Diagnostic
from corekit.probe import UNTRUSTED, Plan, is_judged, make_probe_origins, run_probe
from tests.probe.bugs import BUGS, SIMILAR
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    URL,
    WITH_COOKIES,
    admit,
    codes,
    connect,
    is_get,
    is_preflight,
    probe,
    replace,
    wrong,
)

MAX_AGE: Final = "Access-Control-Max-Age"
LIMITS: Final = "more than any browser honors (chromium: 7200, firefox: 86400, webkit: 600)"
SET_MAX_AGE: Final = "Set max_age, for example to 600 seconds"
VARY: Final = (
    "have no Vary: Origin, although responses differ by origin. A cache may serve the response for"
    " one origin to pages of another."
)
ONE_LAYER: Final = FAILURES["MultipleAllowOriginValues"].hint

# The bug; the value and the failure; the message; the hint, or the failure that it is for.
ON_THE_PAGE: Final[list[tuple[str, object, str | None, str, str]]] = [
    (
        "the page is refused",
        None,
        "MissingAllowOriginHeader",
        f"GET: The response has no Access-Control-Allow-Origin header, so {PAGE} cannot read it.",
        "MissingAllowOriginHeader",
    ),
    (
        "two origins in one response",
        f"{PAGE}, *",
        "MultipleAllowOriginValues",
        f"GET: Access-Control-Allow-Origin in the response has more than one value: '{PAGE}, *'.",
        "MultipleAllowOriginValues",
    ),
    (
        "a wildcard",
        "*",
        None,
        "Pages of any origin may read the response without credentials ('*').",
        "Name the origins, unless the response is public.",
    ),
    (
        "a wildcard, with credentials",
        "true",
        "WildcardOriginNotAllowed",
        (
            "The response has '*' in Access-Control-Allow-Origin and allows credentials,"
            " a combination that browsers reject."
        ),
        "WildcardOriginNotAllowed",
    ),
    (
        "a wildcard in preflights, with credentials",
        "true",
        "PreflightWildcardOriginNotAllowed",
        (
            "The preflight response has '*' in Access-Control-Allow-Origin and allows credentials,"
            " a combination that browsers reject."
        ),
        "WildcardOriginNotAllowed",
    ),
    (
        "a number twice",
        "600, 600",
        None,
        "The response has access-control-max-age more than once, and browsers join the values.",
        "MultipleAllowOriginValues",
    ),
    (
        "True for true",
        "True",
        "InvalidAllowCredentials",
        "The response has Access-Control-Allow-Credentials: 'True', which allows no credentials.",
        "Send exactly 'true', or omit the header; corekit does.",
    ),
    (
        "True for true in preflights",
        "True",
        "PreflightInvalidAllowCredentials",
        (
            "The preflight response has Access-Control-Allow-Credentials: 'True', which allows no"
            " credentials."
        ),
        "Send exactly 'true', or omit the header; corekit does.",
    ),
    (
        "preflights need a login",
        "401",
        "PreflightInvalidStatus",
        "The status of the preflight response is not in the range 200 to 299: 401.",
        "PreflightInvalidStatus",
    ),
    (
        "the method is not allowed",
        "PUT",
        "MethodDisallowedByPreflightResponse",
        "The preflight response does not allow the method PUT.",
        "MethodDisallowedByPreflightResponse",
    ),
    (
        "malformed exposed headers",
        "x b",
        None,
        (
            "access-control-expose-headers: 'x b' is not a list of exposed headers, so browsers"
            " ignore it."
        ),
        "Separate the names with commas, and send nothing else.",
    ),
    (
        "a wildcard among the exposed headers, with credentials",
        "*",
        None,
        (
            "access-control-expose-headers contains '*', which browsers take literally in requests"
            " with credentials."
        ),
        "Name the exposed headers.",
    ),
    (
        "no max-age",
        None,
        None,
        (
            "The preflight response has no Access-Control-Max-Age, so browsers cache it for only 5"
            " seconds."
        ),
        f"{SET_MAX_AGE}.",
    ),
    (
        "a max-age of 0",
        "0",
        None,
        (
            "The preflight response has Access-Control-Max-Age: 0, so browsers send a preflight"
            " before every request."
        ),
        f"{SET_MAX_AGE}, unless the policy changes all the time.",
    ),
    (
        "a malformed max-age",
        "10m",
        None,
        (
            "The preflight response has Access-Control-Max-Age: '10m', which is not a number of"
            " seconds: browsers cache it for 5 seconds, or not at all."
        ),
        "Send whole seconds.",
    ),
    (
        "a max-age above every limit",
        "86401",
        None,
        f"The preflight response may be cached for '86401' seconds, which is {LIMITS}.",
        "No change is necessary; 86400 has the same effect.",
    ),
    (
        "errors without headers",
        404,
        "MissingAllowOriginHeader",
        (
            "A response with status 404 has none of the headers that other responses have, so"
            " browsers report a CORS error and hide the status."
        ),
        (
            "Make the CORS layer the outermost one, around routing and error pages. If its policy"
            " is meant for this path only, no change is necessary."
        ),
    ),
    (
        "a redirect",
        "/items/",
        None,
        "The response to GET has status 301 and redirects to '/items/'.",
        "Call that URL directly, since browsers do not follow redirects of preflights.",
    ),
    (
        "a missing page",
        404,
        None,
        "The response to GET has status 404, so the findings are about an error page.",
        "Probe a URL that responds with success.",
    ),
    (
        "a login",
        401,
        None,
        (
            "The response to GET has status 401, so the server is not judged: a response with"
            " success may have other headers."
        ),
        "Pass what the server requires with --header or --cookie, or probe another URL.",
    ),
    (
        "a broken server",
        502,
        None,
        (
            "The response to GET has status 502, so the server is not judged: a response with"
            " success may have other headers."
        ),
        "Check the log of the server, or probe another URL.",
    ),
    (
        "the private network",
        "true",
        None,
        "The preflight response allows access to the private network.",
        "Leave allow_private_network off: browsers ask the user instead.",
    ),
]


def texts(finding: Diagnostic) -> tuple[object, ...]:
    return finding.subject, finding.value, finding.failure, finding.message, finding.hint


@pytest.mark.parametrize("row", ON_THE_PAGE, ids=lambda row: row[0])
def test_finding_about_a_page(row: tuple[str, object, str | None, str, str]) -> None:
    case, value, failure, message, hint = row
    found, *_ = probe(BUGS[case][0])
    hint = FAILURES[hint].hint if hint in FAILURES else hint
    assert texts(found) == (PAGE, value, failure, message, hint)


@pytest.mark.parametrize(
    ("case", "row"),
    [
        (
            "credentials for a refused origin",
            (
                UNTRUSTED,
                "true",
                None,
                "A refused origin gets Access-Control-Allow-Credentials.",
                "Send no Access-Control header to an origin that is not allowed; corekit does not.",
            ),
        ),
        (
            "the private network for any origin",
            (
                UNTRUSTED,
                "true",
                None,
                "The preflight response allows access to the private network.",
                "Leave allow_private_network off: browsers ask the user instead.",
            ),
        ),
        (
            "no Vary without Origin",
            (
                URL,
                None,
                None,
                f"The responses to a request without Origin {VARY}",
                "Send it with every response, also to requests without Origin; corekit does.",
            ),
        ),
        (
            "no Vary",
            (
                UNTRUSTED,
                None,
                None,
                (
                    "The responses to a request without Origin and to requests from"
                    f" {PAGE} and from {UNTRUSTED} {VARY}"
                ),
                "Send it with every response, also to requests without Origin; corekit does.",
            ),
        ),
    ],
)
def test_finding_about_another_request(case: str, row: tuple[object, ...]) -> None:
    (found,) = probe(BUGS[case][0])
    assert texts(found) == row


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


MEANINGS: Final = {
    "any-origin": "any origin",
    "opaque-origin": "the opaque origin, which any page can send by using a sandboxed iframe",
    "denied-origin": "an origin that the policy does not allow",
    "prefix": "a host that begins with the name of the allowed one",
    "suffix": "a host that ends with the name of the allowed one",
    "unescaped-dot": "a host with another character in place of a dot",
    "cut-short": "an origin that is the beginning of the allowed one",
    "scheme-downgrade": "the same host over plain HTTP, which a network attacker can control",
    "any-port": "the same host on another port, which may be another program",
    "any-sibling": "another subdomain of the allowed site",
    "any-subdomain": "a subdomain of the allowed host",
}


def test_every_probe_origin_has_a_meaning() -> None:
    made = make_probe_origins(PAGE, ["https://denied.example"])
    assert {each.code: each.meaning for each in made} == MEANINGS


@pytest.mark.parametrize("code", MEANINGS)
def test_finding_about_an_untrusted_origin(code: str) -> None:
    others = {"any-origin": UNTRUSTED, "opaque-origin": "null", "denied-origin": "https://d.test"}
    origin = others[code] if code in others else SIMILAR[code][0]
    denied = (others["denied-origin"],)
    (found,) = probe(wrong(admit(origin, credentials=True)), denied=denied)
    assert (found.code, found.subject, found.value, found.failure) == (code, origin, origin, None)
    assert found.message == (
        f"The server allows {MEANINGS[code]}. Such pages can make requests as the logged-in user"
        " and read the responses."
    )


@pytest.mark.parametrize(
    ("status", "context", "code"),
    [
        (399, "", None),
        (400, ", status 400", "error-status"),
        (401, ", status 401", "not-judged"),
        (402, ", status 402", "error-status"),
        (403, ", status 403", "not-judged"),
        (404, ", status 404", "error-status"),
        (499, ", status 499", "error-status"),
        (500, ", status 500", "not-judged"),
        (599, ", status 599", "not-judged"),
    ],
)
def test_status_of_an_error_page_is_named(status: int, context: str, code: str | None) -> None:
    app = wrong(lambda environ, _, headers: (status, []) if is_get(environ) else (204, headers))
    found = {each.code: each for each in probe(app)}
    assert found["refused"].message.startswith(f"GET{context}: The response has no ")
    assert [each for each in found if each in ("error-status", "not-judged")] == [code] * bool(code)


@pytest.mark.parametrize(
    ("status", "has_headers", "hint"),
    [
        (499, False, None),
        (500, False, "the application let out an exception"),
        (500, True, "Check the log of the server, or probe another URL."),
        (403, False, "--header"),
    ],
)
def test_hint_for_an_error_of_the_server(status: int, has_headers: bool, hint: str | None) -> None:
    app = wrong(
        lambda environ, code, headers: (
            (status, headers if has_headers else []) if is_get(environ) else (code, headers)
        )
    )
    found = [each.hint for each in probe(app) if each.code == "not-judged"]
    assert [hint in each for each in found if hint] == [True] * (hint is not None)
    assert any("exception" in each for each in found) == (status == 500 and not has_headers)


def test_only_the_responses_to_get_of_pages_are_judged() -> None:
    def judged(bug: Any, **plan: Any) -> tuple[bool, set[str]]:
        responses, found = run_probe(Plan((PAGE,), Fetch(URL, "PUT"), **plan), connect(wrong(bug)))
        return is_judged(responses), codes(found)

    def refuse_others(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (200 if environ.get("HTTP_ORIGIN") == PAGE else 403), headers

    def refuse_put(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (403 if environ["REQUEST_METHOD"] == "PUT" else status), headers

    def refuse_page(environ: dict[str, Any], status: int, headers: Any) -> Any:
        return (403 if is_get(environ) else status), headers

    assert judged(refuse_others) == (True, set())
    assert judged(refuse_put, send_unsafe=True) == (True, {"error-status"})
    assert judged(refuse_page) == (False, {"not-judged"})


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
