"""The steps of a request: what the browser does and sends, why, and the result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.explain.calls import ITEMS, PAGE, explained, titles


def test_steps_of_a_preflighted_request() -> None:
    explanation = explained(
        fetch={"method": "put", "headers": (("X-A", "1"),), "credentials": "include"},
        allow_origins=["https://*.example.com"],
        allow_credentials=True,
        allow_methods=["PUT"],
        allow_headers=["x-a"],
        expose_headers=["x-request-id"],
        max_age=600,
    )
    assert explanation.allowed
    assert explanation.failure is None
    assert (
        explanation.summary
        == f"A page from {PAGE} can read the response to PUT {ITEMS}: the server allows it."
    )
    assert [(step.actor, step.title, *step.details) for step in explanation.steps] == [
        (
            "page",
            f"Requests put {ITEMS} from {PAGE}",
            f"https://api.example.com is a different origin than {PAGE}: the host differs.",
            "The method put is sent as PUT: browsers write it in upper case.",
            "The page asks to send cookies and HTTP authentication (credentials: 'include').",
        ),
        (
            "browser",
            "Needs a preflight: it asks the server before it sends the request",
            "The method PUT is not GET, HEAD or POST.",
            "The header x-a is not safelisted.",
        ),
        (
            "browser",
            f"Sends the preflight: OPTIONS {ITEMS}",
            "Access-Control-Request-Method: PUT",
            "Access-Control-Request-Headers: x-a",
            f"Origin: {PAGE}",
            "Without cookies.",
        ),
        (
            "server",
            "Responds to the preflight: 204",
            "The policy allows the origin by the pattern 'https://*.example.com'.",
            f"Access-Control-Allow-Origin: {PAGE}",
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Allow-Methods: GET, HEAD, POST, PUT",
            "Access-Control-Allow-Headers: x-a",
            "Access-Control-Max-Age: 600",
            "Vary: Origin",
        ),
        (
            "browser",
            "Accepts the preflight response",
            "The method PUT is listed.",
            "The header x-a is listed.",
            "The browser caches this response for 600 seconds.",
        ),
        (
            "browser",
            f"Sends the request: PUT {ITEMS}",
            f"Origin: {PAGE}",
            "With the cookies that it has for the site.",
        ),
        (
            "server",
            "Responds to the request: 200",
            "The policy allows the origin by the pattern 'https://*.example.com'.",
            f"Access-Control-Allow-Origin: {PAGE}",
            "Access-Control-Allow-Credentials: true",
            "Access-Control-Expose-Headers: x-request-id",
            "Vary: Origin",
        ),
        (
            "browser",
            "Gives the page the response, status 200",
            "The page can read the safelisted headers and x-request-id.",
        ),
    ]


def test_text_has_every_step_wrapped() -> None:
    explanation = explained("http://app.example.com", url="http://api.example.com/items")
    text = str(explanation)
    assert text.startswith(explanation.summary)
    for number, step in enumerate(explanation.steps, 1):
        assert f"\n{number}. {step.actor}: {step.title[:30]}" in text
    assert "\nNear misses:\n   - 'https://app.example.com' is allowed" in text
    assert "\nHow to fix it:\n   - Add 'http://app.example.com' to allow_origins." in text
    assert all(len(line) <= 100 for line in text.splitlines()[2:])


ORIGINS = {
    "host": (
        PAGE,
        ITEMS,
        f"https://api.example.com is a different origin than {PAGE}: the host differs.",
    ),
    "port": (
        "http://localhost:3000",
        "http://localhost:8000/",
        (
            "http://localhost:8000 is a different origin than http://localhost:3000: the port"
            " differs."
        ),
    ),
    "scheme": (
        "http://a.example",
        "https://a.example/",
        "https://a.example is a different origin than http://a.example: the scheme differs.",
    ),
    "scheme and host": (
        PAGE,
        "http://localhost/",
        f"http://localhost is a different origin than {PAGE}: the scheme and the host differ.",
    ),
    "scheme and port": (
        "http://localhost",
        "https://localhost:8000/",
        (
            "https://localhost:8000 is a different origin than http://localhost: the scheme and"
            " the port differ."
        ),
    ),
    "IPv6": (
        "http://[::1]",
        "http://[::1]:8000/",
        "http://[::1]:8000 is a different origin than http://[::1]: the port differs.",
    ),
    "own": (
        PAGE,
        f"{PAGE}/items",
        f"{PAGE}/items has the page's own origin, so CORS does not apply.",
    ),
    "relative": (
        PAGE,
        "/items",
        f"{PAGE}/items has the page's own origin, so CORS does not apply.",
    ),
    "opaque": (
        "null",
        ITEMS,
        (
            "The page has an opaque origin ('null'), as sandboxed iframes, data: URLs and files"
            " have, so every URL is cross-origin."
        ),
    ),
    "not http": (
        PAGE,
        "ftp://api.example.com/",
        "ftp://api.example.com/ is not an HTTP or HTTPS URL.",
    ),
}


@pytest.mark.parametrize("mode", ["cors", "no-cors"])
def test_nothing_is_sent_for_a_data_url(mode: str) -> None:
    # https://fetch.spec.whatwg.org/#main-fetch
    explanation = explained(url="data:,x", fetch={"mode": mode, "credentials": "include"})
    assert explanation.allowed
    assert [(step.kind, *step.details) for step in explanation.steps] == [
        ("call", "A data: URL contains the response, so the browser sends nothing."),
        ("end",),
    ]


@pytest.mark.parametrize("name", ORIGINS)
def test_what_makes_a_request_cross_origin(name: str) -> None:
    page, url, message = ORIGINS[name]
    assert explained(page, url=url).steps[0].details[0] == message


CAUSES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "GET": ({}, []),
    "POST as a form": ({"method": "POST", "headers": (("Content-Type", "text/plain"),)}, []),
    "method": ({"method": "DELETE"}, ["The method DELETE is not GET, HEAD or POST."]),
    "lower case": ({"method": "patch"}, ["The method patch is not GET, HEAD or POST."]),
    "header": ({"headers": (("X-A", "1"),)}, ["The header x-a is not safelisted."]),
    "content type": (
        {"method": "POST", "headers": (("Content-Type", "application/json"),)},
        [
            (
                "The value of content-type, 'application/json', is not"
                " application/x-www-form-urlencoded, multipart/form-data or text/plain."
            )
        ],
    ),
    "language": (
        {"headers": (("Accept-Language", "de_AT"), ("Content-Language", "a/b"))},
        [
            "The value of accept-language, 'de_AT', has a character that is not safelisted.",
            "The value of content-language, 'a/b', has a character that is not safelisted.",
        ],
    ),
    "content type of a form, with quotes": (
        {"method": "POST", "headers": (("Content-Type", 'text/plain; a="b"; c=d'),)},
        [
            (
                "The value of content-type, 'text/plain; a=\"b\"; c=d', has a character that is"
                " not safelisted."
            )
        ],
    ),
    "accept": (
        {"headers": (("Accept", '"a"'),)},
        ["The value of accept, '\"a\"', has a character that is not safelisted."],
    ),
    "a form's content type with quotes": (
        {"method": "POST", "headers": (("Content-Type", 'Text/Plain ; charset="utf-8"'),)},
        [
            (
                "The value of content-type, 'Text/Plain ; charset=\"utf-8\"', has a character"
                " that is not safelisted."
            )
        ],
    ),
    "a control character": (
        {"headers": (("Accept", "a\x01"),)},
        ["The value of accept, 'a\\x01', has a character that is not safelisted."],
    ),
    "the first of two": (
        {"headers": (("Accept", '"a"'), ("accept", "b"))},
        ["The value of accept, '\"a\"', has a character that is not safelisted."],
    ),
    "range": (
        {"headers": (("Range", "bytes=-5"),)},
        ["The value of range, 'bytes=-5', is not a single range such as bytes=0-255."],
    ),
    "long": (
        {"headers": (("Accept", "x" * 129),)},
        [f"The value of accept, '{'x' * 129}', is longer than 128 bytes."],
    ),
    "long together": (
        {"headers": (*(("Accept", "x" * 128),) * 8, ("Accept-Language", "de"))},
        [
            (
                f"The value of accept, '{'x' * 128}', makes the safelisted headers longer than"
                " 1024 bytes in total."
            ),
            (
                "The value of accept-language, 'de', makes the safelisted headers longer than"
                " 1024 bytes in total."
            ),
        ],
    ),
    "upload": (
        {"method": "POST", "upload_listener": True},
        ["The page listens for upload progress."],
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_what_makes_a_preflight_necessary(name: str) -> None:
    fetch, causes = CAUSES[name]
    explanation = explained(fetch=fetch, allow_methods=["*"], allow_headers=["*"])
    step = explanation.steps[1]
    if causes:
        assert step.title == "Needs a preflight: it asks the server before it sends the request"
        assert list(step.details) == causes
    else:
        assert step.title == "Needs no preflight"
        assert step.details == (
            "The method and all headers are safelisted: a form or a link could send them too.",
        )


NOTES: dict[str, tuple[dict[str, Any], str]] = {
    "upper-cased": (
        {"method": "post"},
        "The method post is sent as POST: browsers write it in upper case.",
    ),
    "patch": (
        {"method": "patch"},
        (
            "The method is sent as patch, in lower case: browsers write only DELETE, GET, HEAD,"
            " OPTIONS, POST and PUT in upper case, and method names are case-sensitive."
        ),
    ),
    "forbidden": (
        {"headers": (("Cookie", "a=b"),)},
        "The header Cookie is not sent: scripts cannot set it.",
    ),
    "method override": (
        {"headers": (("X-HTTP-Method-Override", "TRACE"),)},
        "The header X-HTTP-Method-Override is not sent: scripts cannot set it.",
    ),
    "a header of responses": (
        {"headers": (("Access-Control-Allow-Origin", "*"),)},
        "Access-Control-Allow-Origin is a response header; it has no effect in a request.",
    ),
    "no-cors": (
        {"mode": "no-cors"},
        "With mode 'no-cors' the page cannot read the response, whatever the server allows.",
    ),
    "no cookies": ({"credentials": "omit"}, "Cookies are not sent (credentials: 'omit')."),
    "no cookies by default": (
        {},
        "Cookies are not sent to another origin (credentials: 'same-origin', the default).",
    ),
}


@pytest.mark.parametrize("name", NOTES)
def test_what_is_not_sent_as_written(name: str) -> None:
    fetch, note = NOTES[name]
    assert note in explained(fetch=fetch).steps[0].details


@pytest.mark.parametrize("method", ["GET", "PATCH", "fly"])
def test_request_sent_as_written_has_no_notes(method: str) -> None:
    assert explained(fetch={"method": method}).steps[0].details[1:] == (
        "Cookies are not sent to another origin (credentials: 'same-origin', the default).",
    )


def test_policy_does_not_apply_to_same_origin_requests() -> None:
    explanation = explained(url="/items", allow_origins=["https://other.example.com"])
    assert explanation.allowed
    assert explanation.summary.endswith("CORS does not apply.")
    assert titles(explanation) == [
        f"page: Requests GET {PAGE}/items from {PAGE}",
        f"browser: Sends the request: GET {PAGE}/items",
        "server: Responds to the request: 200",
        "browser: Gives the page the response, status 200",
    ]
    assert "policy" not in str(explanation)


def test_same_origin_cookies_are_noted_if_requested() -> None:
    assert len(explained(url="/items").steps[0].details) == 1
    assert explained(url="/items", fetch={"credentials": "include"}).steps[0].details[1:] == (
        "The page asks to send cookies and HTTP authentication (credentials: 'include').",
    )


def test_policy_does_not_apply_to_same_origin_forms() -> None:
    explanation = explained(
        url="/items", fetch={"method": "POST"}, allow_origins=["https://a.test"]
    )
    assert explanation.allowed
    assert "policy" not in str(explanation)


def test_twenty_details_of_a_step_are_complete() -> None:
    headers = tuple((f"X-{at}", "1") for at in range(20))
    causes = explained(fetch={"headers": headers}).steps[1].details
    assert len(causes) == 20
    assert "..." not in causes


def test_opaque_response_is_not_a_success() -> None:
    explanation = explained(fetch={"mode": "no-cors"})
    assert not explanation.allowed
    assert explanation.failure is None
    assert (
        explanation.summary
        == f"A page from {PAGE} can send GET {ITEMS}, but cannot read the response."
    )
    assert titles(explanation)[-1] == "browser: Gives the page a response that it cannot read"


def test_blocked_request_is_not_sent() -> None:
    explanation = explained(url="http://api.example.com/")
    assert titles(explanation)[1:] == ["browser: Does not send the request: MixedContent"]


def test_blocked_response_was_processed_by_the_server() -> None:
    explanation = explained(allow_origins=["https://other.example.com"])
    assert titles(explanation)[-1] == ("browser: Blocks the response: MissingAllowOriginHeader")
    (consequence,) = explanation.steps[-1].details[1:]
    assert (
        consequence
        == "The server received and processed the request; only the response is blocked."
    )


def test_rejected_preflight_stops_the_request() -> None:
    explanation = explained(fetch={"method": "PUT"})
    assert explanation.steps[-1].details[-1] == "The request itself is not sent."
