"""Which request headers need a preflight in each engine: tables of what the engines do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corekit.browser import CHROMIUM, FIREFOX, STANDARD, WEBKIT, Fetch, Quirks
from corekit.browser.fields import join_lines, unsafe_names
from corekit.browser.messages import Headers
from tests.browser_model.servers import API, GRANT, asked, browse, header, sent

ENGINES = [STANDARD, CHROMIUM, FIREFOX, WEBKIT]
HINTS = [
    ("Save-Data", "on", True),
    ("save-data", "ON", True),
    ("Save-Data", "off", False),
    ("DPR", "2", True),
    ("DPR", "2.5", True),
    ("DPR", "x", False),
    ("DPR", ".5", False),
    ("DPR", "1.", False),
    ("DPR", "+1", False),
    ("DPR", "1e1", False),
    ("DPR", "", False),
    ("DPR", "2" * 129, False),
    ("Device-Memory", "3.3", True),
    ("Downlink", "1.5", True),
    ("Downlink", "inf", False),
    ("RTT", "007", True),
    ("RTT", "99999999999999999999", True),
    ("RTT", "1e3", False),
    ("Width", "100", True),
    ("Width", "1.5", False),
    ("Viewport-Width", "100", True),
    ("Viewport-Width", "-1", False),
    ("ECT", "slow-2g", True),
    ("ECT", "4g", True),
    ("ECT", "4G", False),
    ("ECT", "5g", False),
    ("Sec-CH-Width", "1", False),
]


@pytest.mark.parametrize(("name", "value", "is_safelisted"), HINTS)
def test_only_chromium_safelists_client_hints(name: str, value: str, is_safelisted: bool) -> None:
    for quirks in ENGINES:
        unsafe = not (is_safelisted and quirks is CHROMIUM)
        assert unsafe_names(((name, value),), quirks) == ((name.lower(),) if unsafe else ())


@pytest.mark.parametrize(
    ("value", "preflighted"),
    [
        ("bytes=0-9223372036854775806", []),
        ("bytes=9223372036854775806-", []),
        ("bytes=9223372036854775807-", ["chromium"]),
        ("bytes=0-9223372036854775807", ["chromium"]),
        ("bytes=18446744073709551615-", ["chromium"]),
        ("bytes=18446744073709551616-", ["chromium", "firefox", "webkit"]),
        ("bytes=0-99999999999999999999", ["chromium", "firefox", "webkit"]),
        ("BYTES=1-", ["standard", "chromium", "firefox"]),
        ("bytes=+1-5", ["standard", "chromium", "firefox"]),
        ("bytes=1-+5", ["standard", "chromium", "firefox"]),
        ("bytes=5-4", ["standard", "chromium", "firefox", "webkit"]),
        ("bytes= 0-5", ["standard", "chromium", "firefox", "webkit"]),
    ],
)
def test_range_is_safelisted_up_to_a_limit(value: str, preflighted: list[str]) -> None:
    found = [quirks.name for quirks in ENGINES if unsafe_names((("Range", value),), quirks)]
    assert found == preflighted


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("Accept", "a" * 100),) * 3, {"chromium": "accept", "webkit": "accept"}),
        ((("Accept", "a" * 50),) * 2, {}),
        ((("Range", "bytes=0-1"),) * 2, {"chromium": "range", "webkit": "range"}),
        (
            (("Content-Type", "text/plain"),) * 2,
            {"chromium": "content-type", "webkit": "content-type"},
        ),
        (
            (("X-B", "1"), ("X-A", "2"), ("x-b", "3")),
            {
                "standard": "x-a,x-b",
                "chromium": "x-a,x-b",
                "firefox": "x-a,x-b,x-b",
                "webkit": "x-a,x-b",
            },
        ),
        (
            (*(("Accept", "a" * 128),) * 8, ("Content-Language", "en")),
            {"standard": "accept,content-language", "chromium": "accept", "webkit": "accept"},
        ),
    ],
)
def test_repeated_headers(headers: Headers, expected: dict[str, str]) -> None:
    found = {}
    for quirks in ENGINES:
        (outcome,) = browse(GRANT, Fetch(API, "POST", headers), quirks=quirks)
        if names := asked(outcome):
            found[quirks.name] = names[0]
    assert found == expected


def test_joined_headers_are_one_line_at_the_first_place() -> None:
    assert join_lines((("X-b", "1"), ("A", "2"), ("x-B", "3"), ("X-B", ""))) == (
        ("X-b", "1, 3, "),
        ("A", "2"),
    )
    headers = (("X-B", "1"), ("x-b", "2"))
    listening = Fetch(API, "POST", headers, b"x", upload_listener=True)
    for quirks in ENGINES:
        (outcome,) = browse(GRANT, listening, quirks=quirks)
        assert asked(outcome) == ["x-b"], "XMLHttpRequest joins them by its standard"


def test_only_chromium_forbids_user_agent() -> None:
    fetch = Fetch(API, headers=(("User-Agent", "me"),))
    for quirks in ENGINES:
        (outcome,) = browse(GRANT, fetch, quirks=quirks)
        assert asked(outcome) == ([] if quirks is CHROMIUM else ["user-agent"])


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_upload_listener_without_a_body(method: str) -> None:
    for quirks in ENGINES:
        without = Fetch(API, method, upload_listener=True)
        (outcome,) = browse(GRANT, without, quirks=quirks)
        is_simple = quirks is CHROMIUM and method != "PUT"
        assert outcome.preflights == (0 if is_simple else 1)
    (outcome,) = browse(GRANT, Fetch(API, "POST", body=b"", upload_listener=True), quirks=CHROMIUM)
    assert outcome.preflights == 1


def sent_type(fetch: Fetch, quirks: Quirks = STANDARD) -> str | None:
    (outcome,) = browse(GRANT, fetch, quirks=quirks)
    return header(outcome.exchanges[-1].request, "content-type")


TEXT = "text/plain;charset=UTF-8"


@pytest.mark.parametrize(
    ("fetch", "expected", "preflights"),
    [
        (Fetch(API, "POST", body=b"x"), None, 0),
        (Fetch(API, "POST", body=b"x", body_type=TEXT), TEXT, 0),
        (Fetch(API, "POST", body=b"x", body_type="application/json"), "application/json", 1),
        (Fetch(API, "POST", body_type="application/json"), None, 0),
        (
            Fetch(API, "POST", (("Content-Type", "text/html"),), b"x", body_type=TEXT),
            "text/html",
            1,
        ),
    ],
)
def test_body_brings_its_type(fetch: Fetch, expected: str | None, preflights: int) -> None:
    (outcome,) = browse(GRANT, fetch)
    assert header(outcome.exchanges[-1].request, "content-type") == expected
    assert outcome.preflights == preflights
    # In addition to the headers that the page sets.
    tagged = replace(fetch, headers=(*fetch.headers, ("Content-Language", "en")))
    request = browse(GRANT, tagged)[0].exchanges[-1].request
    assert header(request, "content-type") == expected
    assert header(request, "content-language") == "en"


@pytest.mark.parametrize(
    ("headers", "body_type", "expected", "webkit"),
    [
        ((), TEXT, TEXT, TEXT),
        ((), "application/json", None, "application/json"),
        ((("Content-Type", "application/json"),), TEXT, TEXT, TEXT),
        ((("Content-Type", "application/json"),), "text/xml", None, "text/xml"),
        ((("Content-Type", "text/plain"),), "text/xml", "text/plain", "text/plain"),
    ],
)
def test_no_cors_body_brings_a_safelisted_type_but_any_in_webkit(
    headers: Headers, body_type: str, expected: str | None, webkit: str | None
) -> None:
    fetch = Fetch(API, "POST", headers, b"{}", mode="no-cors", body_type=body_type)
    found = [sent_type(fetch, quirks) for quirks in ENGINES]
    assert found == [expected, expected, expected, webkit]
    (outcome,) = browse(GRANT, fetch, quirks=WEBKIT)
    assert sent(outcome) == [f"POST {API}"]


def test_type_of_a_body_is_a_header_value() -> None:
    with pytest.raises(ValueError, match="not a header value: Content-Type: 'a"):
        browse(GRANT, Fetch(API, "POST", body=b"", body_type="a\nb"))
