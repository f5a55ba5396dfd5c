"""What findings say: the message, the hint, and the values that programs read."""

from __future__ import annotations

from typing import Final

import pytest

from corekit.browser import FAILURES
from corekit.probe import UNTRUSTED, make_probe_origins
from tests.probe.bugs import BUGS, SIMILAR
from tests.probe.servers import (
    PAGE,
    URL,
    admit,
    probe,
    texts,
    wrong,
)

LIMITS: Final = "more than any browser honors (chromium: 7200, firefox: 86400, webkit: 600)"
SET_MAX_AGE: Final = "Set max_age, for example to 600 seconds"
VARY: Final = (
    "have no Vary: Origin, although responses differ by origin. A cache may serve the response for"
    " one origin to pages of another."
)

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
