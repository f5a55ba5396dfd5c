"""The error reference: it has every failure, and finds one by its console message."""

from __future__ import annotations

import time
from dataclasses import asdict

import pytest

from corekit.browser import FAILURES
from corekit.explain import ERRORS, ErrorInfo, errors, find_error
from corekit.explain.other_errors import OTHER_ERRORS
from tests.loading import load_again

# The pages below https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors
REASONS = """
CORSDisabled CORSDidNotSucceed CORSOriginHeaderNotAdded CORSExternalRedirectNotAllowed
CORSRequestNotHttp CORSMissingAllowOrigin CORSMultipleAllowOriginNotAllowed
CORSAllowOriginNotMatchingOrigin CORSNotSupportingCredentials CORSMethodNotFound
CORSMissingAllowCredentials CORSPreflightDidNotSucceed CORSInvalidAllowMethod CORSInvalidAllowHeader
CORSMissingAllowHeaderFromPreflight
""".split()


def test_every_failure_and_every_reason_has_an_error() -> None:
    others = [error.name for error in OTHER_ERRORS]
    assert list(ERRORS) == [*FAILURES, *REASONS, *others]
    assert all("firefox" in ERRORS[name].console for name in REASONS)


def test_other_errors_blame_no_policy() -> None:
    for error in OTHER_ERRORS:
        assert error.console
        assert (error.reasons, error.failures) == ((), ())


@pytest.mark.parametrize("error", ERRORS.values(), ids=lambda error: error.name)
def test_error_is_complete(error: ErrorInfo) -> None:
    assert error is ERRORS[error.name]
    for text in (error.message, error.hint):
        assert text[0].isupper()
        assert text.endswith(".")
        assert "  " not in text
        assert "{" not in text
    for reason in error.reasons:
        assert error.name in ERRORS[reason].failures
    for failure in error.failures:
        assert error.name in ERRORS[failure].reasons


def test_each_cors_failure_has_a_message_in_chromium() -> None:
    of_cors = {name for name, kind in FAILURES.items() if kind.is_cors}
    in_chromium = {name for name in FAILURES if "chromium" in ERRORS[name].console}
    others = {"NoCorsRedirectModeNotFollow", "BadPort", "CorpNotSameOrigin", "CorpNotSameSite"}
    others |= {"LocalNetworkAccessPermissionDenied", "InsecureLocalNetwork"}
    assert in_chromium == of_cors | others | {"InvalidLocalNetworkAccess", "MixedContent"}


@pytest.mark.parametrize("name", ERRORS)
def test_name_finds_its_error_in_any_case(name: str) -> None:
    for text in (name, name.lower(), f"  {name.upper()}\n"):
        assert find_error(text) is ERRORS[name]


# Messages as consoles print them.
PASTED = {
    "WebSocketRefused": [
        (
            "WebSocket connection to 'ws://localhost:8000/live' failed: Error during WebSocket"
            " handshake: Unexpected response code: 403"
        ),
        "[Error] WebSocket connection to 'wss://a.example/' failed: Unexpected response code: 401",
        (
            "[Error] WebSocket connection to 'ws://localhost:8000/live' failed: There was a bad"
            " response from the server."
        ),
    ],
    "WebSocketFailed": [
        "Firefox can\u2019t establish a connection to the server at ws://localhost:8000/live.",
        "Firefox can't establish a connection to the server at wss://api.example.com/. app.js:1:2",
        "Nightly can\u2019t establish a connection to the server at wss://api.example.com/.",
    ],
    "CORSMissingAllowOrigin": [
        "Reason: CORS header 'Access-Control-Allow-Origin' missing",
        (
            "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote"
            " resource at https://api.example.com/. (Reason: CORS header"
            " \u2018Access-Control-Allow-Origin\u2019 missing). Status code: 200."
        ),
        "CORSMissingAllowOrigin2",
    ],
    "CORSAllowOriginNotMatchingOrigin": [
        (
            "CORS header \u2018Access-Control-Allow-Origin\u2019 does not match"
            " \u2018https://a.example\u2019"
        ),
    ],
    "CORSPreflightDidNotSucceed": [
        "Reason: CORS preflight channel did not succeed",
        "(Reason: CORS preflight response did not succeed). Status code: 405.",
    ],
    "CORSDidNotSucceed": [
        "(Reason: CORS request did not succeed). Status code: (null).",
    ],
    "CORSMissingAllowHeaderFromPreflight": [
        (
            "Reason: missing token 'x-a' in CORS header 'Access-Control-Allow-Headers' from CORS"
            " preflight channel"
        ),
        (
            "Reason: header \u2018x-a\u2019 is not allowed according to header"
            " \u2018Access-Control-Allow-Headers\u2019 from CORS preflight response"
        ),
    ],
    "MissingAllowOriginHeader": [
        (
            "Access to XMLHttpRequest at 'http://api.localhost/' from origin"
            " 'http://app.localhost' has been blocked by CORS policy: No"
            " 'Access-Control-Allow-Origin' header is\npresent on the requested resource."
        ),
        (
            "[Error] Origin http://app.localhost is not allowed by Access-Control-Allow-Origin."
            " Status code: 200"
        ),
    ],
    "PreflightMissingAllowOriginHeader": [
        (
            "blocked by CORS policy: Response to preflight request doesn't pass access control"
            " check: No 'Access-Control-Allow-Origin' header is present on the requested resource."
        ),
    ],
    "PreflightInvalidStatus": [
        (
            "has been blocked by CORS policy: Response to preflight request doesn\u2019t pass"
            " access control check: It does not have HTTP ok status."
        ),
        "Preflight response is not successful. Status code: 404",
    ],
    "HeaderDisallowedByPreflightResponse": [
        (
            "Request header field x-a is not allowed by Access-Control-Allow-Headers in preflight"
            " response."
        ),
        "Request header field X-A is not allowed by Access-Control-Allow-Headers.",
    ],
    "LocalNetworkAccessPermissionDenied": [
        (
            "Access to fetch at 'http://localhost:8080/status' from origin"
            " 'https://app.example.com' has been blocked by CORS policy: Permission was denied for"
            f" this request to access the `{space}` address space."
        )
        for space in ("loopback", "local", "unknown")
    ],
    "InsecureLocalNetwork": [
        (
            "Access to XMLHttpRequest at 'http://192.168.1.5:8000/api/' from origin"
            " 'http://app.example.com' has been blocked by CORS policy: The request client is not a"
            f" secure context and the resource is in more-private address space `{space}`."
        )
        for space in ("local", "private")
    ],
    "InvalidLocalNetworkAccess": [
        (
            "has been blocked by CORS policy: Request had a target IP address space of `local` yet"
            " the resource is in address space `loopback`."
        ),
    ],
    "PreflightMissingAllowPrivateNetwork": [
        (
            "has been blocked by CORS policy: No 'Access-Control-Allow-Private-Network' header was"
            " present in the preflight response for this private network request targeting the"
            " `local` address space."
        ),
    ],
    "CsrfFailed": [
        (
            "Forbidden (Origin checking failed - http://localhost:3000 does not match any trusted"
            " origins.): /api/login/"
        ),
        "CSRF Failed: CSRF token missing or incorrect.",
        '{"detail":"CSRF Failed: CSRF token from the \'X-Csrftoken\' HTTP header incorrect."}',
        "Forbidden (CSRF cookie not set.): /api/login/",
    ],
    "CookieRejected": [
        (
            "Cookie \u201csession\u201d has been rejected because it is in a cross-site context and"
            " its \u201cSameSite\u201d is \u201cLax\u201d or \u201cStrict\u201d."
        ),
        (
            "This Set-Cookie header did not specify a \u201cSameSite\u201d attribute and was"
            " defaulted to \u201cSameSite=Lax,\u201d and was blocked because it came from a"
            " cross-site response which was not the response to a top-level navigation."
        ),
    ],
    "BlockedByContentSecurityPolicy": [
        (
            "Refused to connect to 'http://127.0.0.1:8000/' because it violates the following"
            " Content Security Policy directive: \"connect-src 'self'\"."
        ),
        (
            "Content-Security-Policy: The page\u2019s settings blocked the loading of a resource"
            " (connect-src) at http://127.0.0.1:8000/ because it violates the following directive"
        ),
    ],
    "ConnectionFailed": [
        "GET http://localhost:8001/ net::ERR_CONNECTION_REFUSED",
        (
            "WebSocket connection to 'ws://localhost:1/' failed: Error in connection establishment:"
            " net::ERR_CONNECTION_REFUSED"
        ),
    ],
    "CertificateInvalid": ["ERR_CERT_AUTHORITY_INVALID", "net::ERR_CERT_DATE_INVALID"],
    "CorpNotSameOrigin": [
        "GET http://a.example/ net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin 200 (OK)",
        "ERR_BLOCKED_BY_RESPONSE.NotSameOrigin",
    ],
    "MixedActiveContent": ["Blocked loading mixed active content \u201chttp://a.example/\u201d"],
    "MixedContent": [
        (
            "Mixed Content: The page at 'https://app.example.com/' was loaded over HTTPS, but"
            f" requested an insecure {kind} 'http://api.example.com/'. This request has been"
            " blocked; the content must be served over HTTPS."
        )
        for kind in ("resource", "XMLHttpRequest endpoint", "EventSource endpoint", "script")
    ],
    "MixedContentWarning": [
        f"Mixed Content: The page at 'https://a.example/' was loaded over HTTPS, but {rest}"
        for rest in (
            (
                "requested an insecure resource 'http://nas.local/'. This content should also be"
                " served over HTTPS."
            ),
            (
                "requested an insecure XMLHttpRequest endpoint 'http://nas.local/'. This content"
                " should also be served over HTTPS."
            ),
            (
                "attempted to connect to the insecure WebSocket endpoint 'ws://nas.local/'. This"
                " endpoint should be available via WSS. Insecure access is deprecated."
            ),
            (
                "requested an insecure element 'http://a.example/a.png'. This request was"
                " automatically upgraded to HTTPS, For more information see https://a.example/"
            ),
        )
    ],
}


@pytest.mark.parametrize("name", PASTED)
def test_pasted_message_finds_its_error(name: str) -> None:
    for message in PASTED[name]:
        assert find_error(message) is ERRORS[name], message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (error.name, message)
        for error in ERRORS.values()
        for messages in error.console.values()
        for message in messages
    ],
)
def test_each_console_message_finds_its_error(name: str, message: str) -> None:
    filled = message.replace("{}", "https://app.example.com/'x' y")
    assert find_error(f"[12:00:01] {filled} (index.js:3)") is ERRORS[name]


@pytest.mark.parametrize(
    "text", ["", "   ", "TypeError: Failed to fetch", "404", "CORS", "CORSDisabledX"]
)
def test_unrelated_message_finds_nothing(text: str) -> None:
    assert find_error(text) is None


@pytest.mark.parametrize(
    "piece", ["Method ", "The 'Access-Control-Allow-Origin' header ", "a", " "]
)
def test_long_message_takes_bounded_time(piece: str) -> None:
    start = time.process_time()
    assert find_error(piece * 1_000_000) is None
    assert time.process_time() - start < 1.0


def test_case_and_final_period_of_a_message_are_ignored() -> None:
    text = "No 'Access-Control-Allow-Origin' header is present on the requested resource"
    for message in (text, text.upper(), text.lower()):
        assert find_error(message) is ERRORS["MissingAllowOriginHeader"]


def test_tables_are_the_same_each_time_they_are_built() -> None:
    again = load_again(errors)
    assert {name: asdict(each) for name, each in again.ERRORS.items()} == {
        name: asdict(each) for name, each in ERRORS.items()
    }
    for error in ERRORS.values():
        for message in (each for messages in error.console.values() for each in messages):
            filled = message.rstrip(".").replace("{}", "https://app.example.com/'x' y").upper()
            assert again.find_error(f"[12:00:01] {filled} (index.js:3)").name == error.name
    assert again.find_error("(failed) ERR_BLOCKED_BY_ORB").name == "OpaqueResponseBlocked"
