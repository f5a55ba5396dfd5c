"""What a console's message says about the call, and the texts with its names."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit._names import is_token
from corekit.browser import FAILURES
from corekit.explain import ERRORS, ConsoleMessage, find_error, read_message

CALL = "Access to fetch at 'https://api.example.com/x' from origin 'https://app.example.com'"
TOKENS = st.text("!#$%&*+-.^_|~abcXYZ019", min_size=1, max_size=30).filter(is_token)


def read(message: str) -> ConsoleMessage:
    found = read_message(message)
    assert found is not None
    return found


def read_chromium(text: str) -> ConsoleMessage:
    return read(f"{CALL} has been blocked by CORS policy: {text}")


@given(TOKENS)
def test_method_and_header_are_named(name: str) -> None:
    of_method = read_chromium(
        f"Method {name} is not allowed by Access-Control-Allow-Methods in preflight response."
    )
    assert (of_method.method, of_method.header) == (name, None)
    assert of_method.message == f"The preflight response does not allow the method {name}."
    assert of_method.hint.startswith(f"Add '{name}' to allow_methods. ")
    of_header = read_chromium(
        f"Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight"
        " response."
    )
    assert (of_header.method, of_header.header) == (None, name)
    assert of_header.hint.startswith(f"Add '{name}' to allow_headers. ")
    assert of_header.has_preflight
    assert of_header.is_repeatable


def test_page_is_named_in_the_hint() -> None:
    found = read_chromium(
        "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    )
    assert (found.url, found.page) == ("https://api.example.com/x", "https://app.example.com")
    assert "so https://app.example.com cannot read it" in found.message
    assert found.hint.startswith("Add 'https://app.example.com' to allow_origins.")
    assert not found.has_preflight


@pytest.mark.parametrize(("value", "shown"), [("yes", "'yes'"), ("", "missing")])
def test_value_of_credentials_is_named(value: str, shown: str) -> None:
    found = read_chromium(
        "The value of the 'Access-Control-Allow-Credentials' header in the response is"
        f" '{value}' which must be 'true' when the request's credentials mode is 'include'."
    )
    assert f"in the response is {shown}, not 'true'." in found.message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("https://other.example", "is 'https://other.example', not https://app.example.com."),
        ("", "is another origin, not https://app.example.com."),
    ],
)
def test_value_of_a_header_is_named(value: str, message: str) -> None:
    found = read_chromium(
        f"The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the"
        " supplied origin."
    )
    assert found.message == f"Access-Control-Allow-Origin in the response {message}"


def test_value_of_another_kind_is_not_named() -> None:
    found = read(
        "Mixed Content: The page at 'https://app.example.com/' was loaded over HTTPS, but requested"
        " an insecure resource 'http://api.example.com/'."
    )
    assert found.message == found.error.message


def test_end_of_a_long_message_is_not_read() -> None:
    text = "Method PATCH is not allowed by Access-Control-Allow-Methods."
    call = " cannot load https://api.example.com/ due to access control checks."
    assert read(f"{text}{' ' * 9_000}{call}").url == "https://api.example.com/"
    assert read(f"{text}{' ' * 10_000}{call}").url is None


def test_texts_of_firefox_stay_its_own() -> None:
    name = "CORSAllowOriginNotMatchingOrigin"
    found = read("CORS header 'Access-Control-Allow-Origin' does not match 'https://a.example'")
    assert found == ConsoleMessage(
        ERRORS[name], ERRORS[name].message, ERRORS[name].hint, is_repeatable=True
    )


@pytest.mark.parametrize("name", ERRORS)
def test_name_alone_has_the_texts_of_its_error(name: str) -> None:
    found = read(name)
    assert found.error is find_error(name)
    assert (found.message, found.hint) == (found.error.message, found.error.hint)
    assert (found.url, found.page, found.method, found.header) == (None, None, None, None)


@pytest.mark.parametrize("name", FAILURES)
def test_credentials_and_preflights_are_known(name: str) -> None:
    found = read(name)
    assert found.credentials == (
        name.removeprefix("Preflight") in {"WildcardOriginNotAllowed", "InvalidAllowCredentials"}
    )
    assert found.has_preflight == ("Preflight" in name)
    assert found.is_repeatable == FAILURES[name].is_cors


def test_reason_of_both_requests_needs_no_preflight() -> None:
    assert not read("CORSMissingAllowOrigin").has_preflight
    assert read("CORSPreflightDidNotSucceed").has_preflight
    assert not read("CORSDisabled").is_repeatable


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://api.example.com/x", "$(reboot)"),
        ("https://api.example.com/x", "https://App.example.com"),
        ("https://api.example.com:99999/x", "https://app.example.com"),
        ("https://a b/", "https://app.example.com"),
    ],
)
def test_what_no_browser_prints_is_not_repeated(url: str, page: str) -> None:
    found = read(
        f"Access to fetch at '{url}' from origin '{page}' has been blocked by CORS policy: No"
        " 'Access-Control-Allow-Origin' header is present on the requested resource."
    )
    assert (found.url, found.page) == (None, None)
    # What has a space is not read as a URL, so nothing is known about the call.
    assert found.is_repeatable is (" " in url)


@pytest.mark.parametrize(
    ("text", "url", "page"),
    [
        (
            (
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote"
                " resource at https://api.example.com/x. (Reason: CORS header"
                " 'Access-Control-Allow-Origin' missing). Status code: 200."
            ),
            "https://api.example.com/x",
            None,
        ),
        (
            (
                "Origin https://app.example.com is not allowed by Access-Control-Allow-Origin."
                " Status code: 200"
            ),
            None,
            "https://app.example.com",
        ),
        (
            (
                "Fetch API cannot load https://api.example.com/x due to access control checks."
                " Origin https://app.example.com is not allowed by Access-Control-Allow-Origin."
            ),
            "https://api.example.com/x",
            "https://app.example.com",
        ),
    ],
)
def test_ends_of_a_call_are_read_from_each_browser(
    text: str, url: str | None, page: str | None
) -> None:
    found = read(text)
    assert (found.url, found.page) == (url, page)
    assert found.is_repeatable


def test_name_that_is_not_a_token_is_not_repeated() -> None:
    found = read("Method a;reboot is not allowed by Access-Control-Allow-Methods.")
    assert found.method is None
    assert "a;reboot" in found.message


def test_unknown_message_is_not_read() -> None:
    assert read_message("it does not work") is None


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    found = read_message(f"{text} net::ERR_FAILED {text}")
    assert found is not None


@pytest.mark.parametrize(
    "piece", [" at 'http://a", "cannot load http://a ", "Origin a", "remote resource at http://a."]
)
def test_long_message_takes_bounded_time(piece: str) -> None:
    start = time.process_time()
    read_message(f"CORSMissingAllowOrigin {piece * 100_000}")
    read_message(f"CORS header 'Access-Control-Allow-Origin' missing {piece * 100_000}")
    assert time.process_time() - start < 1.0
