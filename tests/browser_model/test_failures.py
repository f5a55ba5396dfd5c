"""Failures: their messages and hints, and what they name."""

from __future__ import annotations

import pytest

from corekit.browser import FAILURES, Failure, Fetch, HttpResponse
from corekit.browser.failures import FetchFailedError
from tests.browser_model.servers import API, OPEN, PAGE, blamed, browse


def test_failure_has_the_request_and_the_value() -> None:
    (outcome,) = browse(
        HttpResponse(200, (("access-control-allow-origin", "https://x.example\r"),)), Fetch(API)
    )
    assert outcome.failure == Failure("AllowOriginMismatch", "GET", API, PAGE, "https://x.example")
    assert str(outcome.failure) == (
        "AllowOriginMismatch: Access-Control-Allow-Origin in the response is 'https://x.example',"
        " not https://app.example.com."
    )
    assert outcome.failure is not None
    assert outcome.failure.hint.startswith("Add the page's origin to allow_origins.")
    assert outcome.failure.is_cors


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_has_a_message_and_a_hint(name: str) -> None:
    failure = Failure(name, "PUT", API, PAGE, "the value\x1b")
    for text in (failure.message, failure.hint):
        assert text.endswith(".")
        assert "{" not in text
    assert failure.is_cors == (
        name
        not in {
            *("NoCorsRedirectModeNotFollow", "BadPort", "CorpNotSameOrigin", "CorpNotSameSite"),
            *("MixedContent", "RedirectNotFollowed", "TooManyRedirects", "InvalidRedirect"),
            *("LocalNetworkAccessPermissionDenied", "InsecureLocalNetwork"),
            "InvalidLocalNetworkAccess",
        }
    )
    if name.startswith("Preflight"):
        assert "preflight" in failure.message
    assert str(FetchFailedError(failure)) == str(failure)


@pytest.mark.parametrize(
    ("fetch", "expected"),
    [
        (Fetch("ftp://a.example/"), "ftp://a.example/"),
        (Fetch("http://a.example/"), "http://a.example/"),
        (Fetch(API, mode="same-origin"), API),
    ],
)
def test_failure_has_the_url(fetch: Fetch, expected: str) -> None:
    assert blamed(browse(OPEN, fetch)[0]) == expected


@pytest.mark.parametrize("prefix", ["", "Preflight"])
def test_missing_allow_credentials_is_reported_as_missing(prefix: str) -> None:
    name = f"{prefix}InvalidAllowCredentials"
    missing = Failure(name, "GET", API, PAGE, None).message
    assert missing.endswith("response is missing, not 'true'.")
    different = Failure(name, "GET", API, PAGE, "True").message
    assert different.endswith("response is 'True', not 'true'.")
