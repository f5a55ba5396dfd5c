"""What the behavior of django-cors-headers is, request by request, and the differences to it.

Each row is sent to both. Unless it names a difference, both respond alike. A difference is the
beginning of a row in docs/migrating-from-django-cors-headers.md, which has the reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from corsheaders.checks import check_settings as their_check
from corsheaders.middleware import CorsMiddleware as Theirs
from corsheaders.signals import check_request_enabled as their_signal
from django.http import HttpRequest, HttpResponse
from django.test import override_settings

from corekit_django.checks import check_names, check_problems
from corekit_django.middleware import CorsMiddleware as Ours
from corekit_django.signals import check_request_enabled
from tests.django.test_parity import APP, EVIL, Seen, ask

GUIDE: Final = Path(__file__).parents[2] / "docs" / "migrating-from-django-cors-headers.md"
STATUS: Final = {"CORS_PREFLIGHT_STATUS": 200}
LISTED: Final = {**STATUS, "CORS_ALLOWED_ORIGINS": [APP]}
EVERYONE: Final = {**STATUS, "CORS_ALLOW_ALL_ORIGINS": True}
PREFLIGHT: Final = {"Access_Control_Request_Method": "PUT"}
SUBDOMAINS: Final = {**STATUS, "CORS_ALLOWED_ORIGIN_REGEXES": [r"^https://(\w+\.)?example\.com$"]}
PRIVATE: Final = {**LISTED, "CORS_ALLOW_PRIVATE_NETWORK": True}


class Row(NamedTuple):
    name: str
    settings: dict[str, Any]
    method: str
    headers: dict[str, str]
    difference: str = ""
    path: str = "/plain/"


def view(request: HttpRequest) -> HttpResponse:
    status = {"/missing/": 404, "/login/": 401, "/error/": 500}.get(request.path, 202)
    # Views of projects have deleted the attribute that django-cors-headers leaves there.
    vars(request).pop("_cors_enabled", None)
    return HttpResponse("from the view", status=status, headers={"Vary": "Accept"})


DENIED: Final = "preflight from any other origin"
VARY: Final = "preflight, with `CORS_ALLOW_PRIVATE_NETWORK`"
OPTIONS: Final = "OPTIONS from an allowed origin that is not a preflight"

ROWS: Final = [
    Row("no origin", LISTED, "GET", {}),
    Row("no origin, no settings", STATUS, "GET", {}),
    Row("listed", LISTED, "GET", {"Origin": APP}),
    Row("not listed", LISTED, "GET", {"Origin": EVIL}),
    Row("another scheme", LISTED, "GET", {"Origin": "http://app.example.com"}),
    Row("another port", LISTED, "GET", {"Origin": f"{APP}:8443"}),
    Row("suffix", LISTED, "GET", {"Origin": f"{APP}.evil.example"}),
    Row("a subdomain", LISTED, "GET", {"Origin": "https://www.app.example.com"}),
    Row("upper case", LISTED, "GET", {"Origin": "https://APP.example.com"}),
    Row("null", LISTED, "GET", {"Origin": "null"}),
    Row("empty", LISTED, "GET", {"Origin": ""}),
    Row("malformed", LISTED, "GET", {"Origin": "https://example.com]"}),
    Row("a path", LISTED, "GET", {"Origin": f"{APP}/x"}, "`Origin: https://app.example.com/path`"),
    Row(
        "a file, listed",
        {**STATUS, "CORS_ALLOWED_ORIGINS": ["file://"], "CORS_ACCEPT_RISKS": ["opaque-origin"]},
        "GET",
        {"Origin": "file://"},
    ),
    Row(
        "null, listed",
        {**STATUS, "CORS_ALLOWED_ORIGINS": ["null"], "CORS_ACCEPT_RISKS": ["opaque-origin"]},
        "GET",
        {"Origin": "null"},
    ),
    Row("post", LISTED, "POST", {"Origin": APP}),
    Row("head", LISTED, "HEAD", {"Origin": APP}),
    Row("delete", LISTED, "DELETE", {"Origin": APP}),
    Row("error 401", LISTED, "GET", {"Origin": APP}, path="/login/"),
    Row("error 404", LISTED, "GET", {"Origin": APP}, path="/missing/"),
    Row("error 500", LISTED, "GET", {"Origin": APP}, path="/error/"),
    Row("credentials", {**LISTED, "CORS_ALLOW_CREDENTIALS": True}, "GET", {"Origin": APP}),
    Row("exposed", {**LISTED, "CORS_EXPOSE_HEADERS": ["x-a", "x-b"]}, "GET", {"Origin": APP}),
    Row(
        "exposed request headers",
        {**LISTED, "CORS_EXPOSE_HEADERS": ["accept", "x-b"]},
        "GET",
        {"Origin": APP},
        "`accept`, `set-cookie`, ... in `CORS_EXPOSE_HEADERS`",
    ),
    Row("regex", SUBDOMAINS, "GET", {"Origin": APP}),
    Row("regex, the domain", SUBDOMAINS, "GET", {"Origin": "https://example.com"}),
    Row("regex, two labels", SUBDOMAINS, "GET", {"Origin": "https://a.b.example.com"}),
    Row("regex, another scheme", SUBDOMAINS, "GET", {"Origin": "http://app.example.com"}),
    Row("regex, a port", SUBDOMAINS, "GET", {"Origin": f"{APP}:8443"}),
    Row("regex, preflight", SUBDOMAINS, "OPTIONS", {"Origin": APP, **PREFLIGHT}),
    Row("everyone", EVERYONE, "GET", {"Origin": EVIL}, "all origins allowed"),
    Row("everyone, null", EVERYONE, "GET", {"Origin": "null"}, "all origins allowed"),
    Row("everyone, a file", EVERYONE, "GET", {"Origin": "file://"}, "all origins allowed"),
    Row("everyone, no origin", EVERYONE, "GET", {}, "all origins allowed"),
    Row(
        "everyone, preflight",
        EVERYONE,
        "OPTIONS",
        {"Origin": EVIL, **PREFLIGHT},
        "all origins allowed",
    ),
    Row("preflight", LISTED, "OPTIONS", {"Origin": APP, **PREFLIGHT}),
    Row(
        "preflight, status",
        {"CORS_ALLOWED_ORIGINS": [APP]},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "preflight from an allowed origin",
    ),
    Row("preflight, not listed", LISTED, "OPTIONS", {"Origin": EVIL, **PREFLIGHT}, DENIED),
    Row("preflight, null", LISTED, "OPTIONS", {"Origin": "null", **PREFLIGHT}, DENIED),
    Row("preflight, any path", LISTED, "OPTIONS", {"Origin": APP, **PREFLIGHT}, path="/missing/"),
    Row(
        "preflight, credentials",
        {**LISTED, "CORS_ALLOW_CREDENTIALS": True},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
    ),
    Row(
        "preflight, max-age",
        {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 1002},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
    ),
    Row(
        "preflight, max-age of 0",
        {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 0},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "`CORS_PREFLIGHT_MAX_AGE = 0`",
    ),
    Row(
        "preflight, max-age of a week",
        {**LISTED, "CORS_PREFLIGHT_MAX_AGE": 604_800},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "`CORS_PREFLIGHT_MAX_AGE` above 86400",
    ),
    Row(
        "preflight, methods",
        {**LISTED, "CORS_ALLOW_METHODS": ["OPTIONS"]},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "GET, HEAD and POST",
    ),
    Row(
        "preflight, headers",
        {**LISTED, "CORS_ALLOW_HEADERS": ["x-a", "X-B"]},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT, "Access_Control_Request_Headers": "x-b"},
    ),
    Row(
        "preflight, headers that scripts cannot set",
        {**LISTED, "CORS_ALLOW_HEADERS": ["x-a", "dnt"]},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "`origin`, `dnt`, `access-control-allow-origin`, ... in `CORS_ALLOW_HEADERS`",
    ),
    Row(
        "preflight, a method that scripts cannot send",
        {**LISTED, "CORS_ALLOW_METHODS": ["PUT", "TRACE"]},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
        "`origin`, `dnt`, `access-control-allow-origin`, ... in `CORS_ALLOW_HEADERS`, `TRACE`",
    ),
    Row("OPTIONS, no origin", LISTED, "OPTIONS", {}),
    Row("OPTIONS, not listed", LISTED, "OPTIONS", {"Origin": EVIL}),
    Row("OPTIONS, listed", LISTED, "OPTIONS", {"Origin": APP}, OPTIONS),
    Row(
        "OPTIONS, no origin, a method",
        LISTED,
        "OPTIONS",
        PREFLIGHT,
        "OPTIONS with `Access-Control-Request-Method`, without `Origin`",
    ),
    Row(
        "a method, not OPTIONS",
        LISTED,
        "GET",
        {"Origin": APP, **PREFLIGHT},
    ),
    Row("outside", {**LISTED, "CORS_URLS_REGEX": "^/api/"}, "GET", {"Origin": APP}),
    Row(
        "outside, preflight",
        {**LISTED, "CORS_URLS_REGEX": "^/api/"},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
    ),
    Row("inside", {**LISTED, "CORS_URLS_REGEX": "^/pl"}, "GET", {"Origin": APP}),
    Row(
        "inside, preflight",
        {**LISTED, "CORS_URLS_REGEX": re.compile("/plain")},
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT},
    ),
    Row(
        "private network, preflight",
        PRIVATE,
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT, "Access_Control_Request_Private_Network": "true"},
        VARY,
    ),
    Row(
        "private network, false",
        PRIVATE,
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT, "Access_Control_Request_Private_Network": "false"},
        VARY,
    ),
    Row(
        "private network, not allowed",
        LISTED,
        "OPTIONS",
        {"Origin": APP, **PREFLIGHT, "Access_Control_Request_Private_Network": "true"},
    ),
    Row(
        "private network, GET",
        PRIVATE,
        "GET",
        {"Origin": APP, "Access_Control_Request_Private_Network": "true"},
        "`Access-Control-Allow-Private-Network`",
    ),
]


def effect(seen: Seen) -> dict[str, object]:
    """Return what browsers and caches do with a response depends on."""
    lists = ("access-control-allow-headers", "access-control-expose-headers")
    single = (
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-max-age",
        "access-control-allow-private-network",
    )
    methods = seen.names("access-control-allow-methods")
    return {
        "status": seen.status,
        "vary": seen.vary,
        # Browsers allow HEAD in any case.
        "methods": methods - {"HEAD"},
        **{name: {each.lower() for each in seen.names(name)} for name in lists},
        **{name: seen.headers.get(name) for name in single},
    }


def assert_difference(difference: str, *, is_same: bool) -> None:
    rows = [line for line in GUIDE.read_text().splitlines() if line.startswith(f"| {difference}")]
    assert is_same is (not difference)
    assert difference == "" or len(rows) == 1


@pytest.mark.filterwarnings("ignore::corekit.PolicyWarning")
@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_response_is_the_same_or_the_guide_has_the_difference(row: Row) -> None:
    theirs, ours = (
        effect(ask(layer, row.settings, row.method, row.path, view, **row.headers))
        for layer in (Theirs, Ours)
    )
    assert_difference(row.difference, is_same=ours == theirs)


@pytest.mark.parametrize("path", ["/plain/", "/api/x"])
@pytest.mark.parametrize("origin", [APP, EVIL])
@pytest.mark.parametrize("reply", [True, False, None])
def test_signal_has_the_same_effect(path: str, origin: str, reply: bool | None) -> None:
    def receiver(sender: object, request: HttpRequest, **kwargs: object) -> bool | None:
        assert sender is None
        return reply

    settings = {**LISTED, "CORS_URLS_REGEX": "^/api/"}
    for method, asked in (("GET", {}), ("OPTIONS", PREFLIGHT)):
        found: list[Seen] = []
        for layer, signal in ((Theirs, their_signal), (Ours, check_request_enabled)):
            signal.connect(receiver)
            try:
                found.append(ask(layer, settings, method, path, view, Origin=origin, **asked))
            finally:
                signal.disconnect(receiver)
        theirs, ours = found
        assert ours.origin == theirs.origin
        if theirs.origin is not None:
            assert effect(ours) == effect(theirs)


class Checked(NamedTuple):
    """Settings, whether each of the two rejects them, and the row of the guide about them."""

    settings: dict[str, Any]
    theirs: bool
    ours: bool
    difference: str = ""


STRING: Final = "a string instead of a list"
MANY: Final = "`https://app.example.com/`, `https://App.example.com`"
CHECKED: Final = [
    Checked({}, theirs=False, ours=False),
    Checked(LISTED, theirs=False, ours=False),
    *(
        Checked({name: value}, theirs=True, ours=True)
        for name in (
            "CORS_ALLOW_HEADERS",
            "CORS_ALLOW_METHODS",
            "CORS_EXPOSE_HEADERS",
            "CORS_ALLOWED_ORIGINS",
            "CORS_ORIGIN_WHITELIST",
            "CORS_ALLOWED_ORIGIN_REGEXES",
            "CORS_ORIGIN_REGEX_WHITELIST",
            "CORS_ALLOW_CREDENTIALS",
            "CORS_ALLOW_PRIVATE_NETWORK",
            "CORS_ALLOW_ALL_ORIGINS",
            "CORS_ORIGIN_ALLOW_ALL",
            "CORS_PREFLIGHT_MAX_AGE",
            "CORS_URLS_REGEX",
        )
        for value in (object(), [object()])
    ),
    *(
        Checked({name: "a"}, theirs=False, ours=True, difference=STRING)
        for name in ("CORS_ALLOW_HEADERS", "CORS_ALLOW_METHODS", "CORS_EXPOSE_HEADERS")
    ),
    Checked({"CORS_ALLOWED_ORIGIN_REGEXES": "a"}, theirs=False, ours=True, difference=STRING),
    Checked({"CORS_ALLOWED_ORIGINS": ()}, theirs=False, ours=False),
    Checked({"CORS_ALLOWED_ORIGINS": {APP}}, True, False, "a set instead of a list"),
    Checked({"CORS_PREFLIGHT_MAX_AGE": "10"}, theirs=True, ours=True),
    Checked({"CORS_PREFLIGHT_MAX_AGE": -1}, theirs=True, ours=True),
    Checked({"CORS_PREFLIGHT_MAX_AGE": 0}, theirs=False, ours=False),
    Checked({"CORS_PREFLIGHT_MAX_AGE": None}, True, False, "`CORS_PREFLIGHT_MAX_AGE = None`"),
    *(
        Checked({"CORS_ALLOWED_ORIGINS": [origin]}, theirs=True, ours=True)
        for origin in (
            "example.com",
            "https://",
            "//example.com",
            "https://example.com/",
            "https://example.com/path",
            "https://example.com?a",
            "https://example.com#a",
            "",
            "localhost:8000",
        )
    ),
    *(
        Checked({"CORS_ALLOWED_ORIGINS": [origin]}, False, True, difference)
        for origin, difference in (
            ("https://App.example.com", MANY),
            ("https://example.com:443", MANY),
            ("null", "`null`, `file://`"),
            ("file://", "`null`, `file://`"),
        )
    ),
    Checked({"CORS_ALLOWED_ORIGINS": ["*"]}, theirs=True, ours=True),
    Checked({"CORS_ALLOWED_ORIGINS": ["https://*.example.com"]}, theirs=False, ours=False),
    Checked({"CORS_ALLOW_METHODS": ["put"]}, False, True, "`put`, `Patch` in"),
    Checked({"CORS_MODEL": "a.B"}, True, False, "`CORS_MODEL`, `CORS_REPLACE_HTTPS_REFERER`"),
    Checked(
        {"CORS_REPLACE_HTTPS_REFERER": True},
        True,
        False,
        "`CORS_MODEL`, `CORS_REPLACE_HTTPS_REFERER`",
    ),
    Checked(
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
        False,
        True,
        "`CORS_ALLOW_ALL_ORIGINS` with `CORS_ALLOW_CREDENTIALS`",
    ),
]


@pytest.mark.parametrize("row", CHECKED, ids=[f"{row.settings}"[:60] for row in CHECKED])
def test_settings_are_rejected_by_both_or_the_guide_has_the_difference(row: Checked) -> None:
    with override_settings(**row.settings):
        theirs = bool(their_check())
        ours = any(each.is_serious() for each in (*check_problems(), *check_names()))
    assert (theirs, ours) == (row.theirs, row.ours)
    assert_difference(row.difference, is_same=theirs is ours)
