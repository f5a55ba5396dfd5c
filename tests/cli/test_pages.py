"""The sites of the page: what they serve, what the page is told, and what it is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from http.client import HTTPConnection
from importlib.resources import files
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit_cli.api import serve_api
from corekit_cli.cases import CASES, Origins, make_policy
from corekit_cli.pages import describe, serve_page, spell
from corekit_cli.servers import Site

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
POLICY: Final = make_policy(ORIGINS.page)
PAGE_HTML: Final = files("corekit_cli").joinpath("page.html").read_text("utf-8")


def fetch(site: Site, method: str, target: str, body: bytes | None = None) -> tuple[int, bytes]:
    with closing(HTTPConnection("127.0.0.1", site.port, timeout=10)) as connection:
        connection.request(method, target, body)
        response = connection.getresponse()
        return response.status, response.read()


@pytest.fixture
def api() -> Iterator[Site]:
    with closing(Site(0)) as site:
        site.start(serve_api(POLICY))
        yield site


@pytest.fixture
def page(api: Site) -> Iterator[Site]:
    origins = Origins(api.origin, ORIGINS.page, ORIGINS.foreign)
    with closing(Site(0)) as site:
        site.start(serve_page(describe(POLICY, origins, "page")))
        yield site


def test_the_page_and_what_it_has_to_do_are_served(page: Site) -> None:
    assert fetch(page, "GET", "/?report=1") == (200, PAGE_HTML.encode())
    status, body = fetch(page, "GET", "/demo.json")
    assert status == 200
    assert [one["name"] for one in json.loads(body)["calls"]] == [case.name for case in CASES]
    assert fetch(page, "GET", "/elsewhere")[0] == 404


def test_the_page_reads_the_log_of_the_api_through_its_own_server(api: Site, page: Site) -> None:
    fetch(api, "GET", "/items?run=r&case=c")
    status, body = fetch(page, "GET", "/requests?run=r")
    assert (status, [one["case"] for one in json.loads(body)]) == (200, ["c"])


def test_the_page_is_told_when_the_api_has_gone(api: Site, page: Site) -> None:
    api.close()
    assert fetch(page, "GET", "/requests?run=r") == (502, b"The API does not answer.\n")


def test_reports_are_taken_only_where_somebody_wants_them(page: Site) -> None:
    assert fetch(page, "POST", "/report", b'{"a": 1}')[0] == 404
    reports: list[Any] = []
    with closing(Site(0)) as site:
        site.start(serve_page(describe(POLICY, ORIGINS, "page"), reports.append))
        assert fetch(site, "POST", "/report", b'{"a": 1}') == (204, b"")
    assert reports == [{"a": 1}]


def test_the_allowed_page_shows_all_cases_each_with_its_origin() -> None:
    told = describe(POLICY, ORIGINS, "page")
    assert [one["name"] for one in told["calls"]] == [case.name for case in CASES]
    assert {one["name"] for one in told["calls"] if one["origin"] == ORIGINS.foreign} == {
        "foreign-get",
        "foreign-put",
    }
    assert told["framed"] == []


def test_the_foreign_page_makes_the_same_calls_and_those_of_the_frame() -> None:
    told = describe(POLICY, ORIGINS, "foreign")
    assert [one["name"] for one in told["calls"]] == [
        case.name for case in CASES if case.page == "page"
    ]
    assert [one["name"] for one in told["framed"]] == ["foreign-get", "foreign-put"]
    for one in told["calls"] + told["framed"]:
        assert one["origin"] == ORIGINS.foreign
        assert not one["policy"]["allowed"]


def test_a_call_is_told_with_the_headers_that_the_policy_answers() -> None:
    told = {one["name"]: one for one in describe(POLICY, ORIGINS, "page")["calls"]}
    assert told["simple-get"]["policy"]["preflight"] is None
    preflight = told["put-json"]["policy"]["preflight"]
    assert preflight["status"] == 204
    assert dict(preflight["headers"])["Access-Control-Max-Age"] == "600"
    assert preflight["vary"] == ("Origin",)
    refused = told["foreign-put"]["policy"]["preflight"]
    assert (refused["status"], refused["headers"]) == (403, ())


@pytest.mark.parametrize("policy", [POLICY, CorsPolicy(allow_origins=["*"], max_age=0)])
def test_the_policy_is_shown_as_python_that_makes_it(policy: CorsPolicy) -> None:
    assert eval(spell(policy), {"CorsPolicy": CorsPolicy}) == policy


class Tags(HTMLParser):
    """Collects the tags of a document with their attributes."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_loads_nothing_from_anywhere_and_has_no_inline_handlers() -> None:
    for tag, attributes in Tags(PAGE_HTML).tags:
        assert "src" not in attributes, tag
        assert attributes.get("href", "data:,") == "data:,", tag
        assert not [name for name in attributes if name.startswith("on")], tag
    assert not re.search(r"https?://|@import|url\(|innerHTML", PAGE_HTML)


def test_the_page_can_be_read_aloud() -> None:
    tags = Tags(PAGE_HTML).tags
    assert ("html", {"lang": "en"}) in tags
    assert "caption" in [tag for tag, _ in tags]
    assert {attributes.get("scope") for tag, attributes in tags if tag == "th"} == {"col"}
    assert 'head.scope = "row"' in PAGE_HTML
    assert [attributes["id"] for _, attributes in tags if "aria-live" in attributes] == ["progress"]
    assert ":focus-visible" in PAGE_HTML


def luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *((ink, paper) for ink in ("ink", "soft", "link") for paper in ("paper", "card", "code")),
        ("yes", "card"),
        ("no", "card"),
        ("yes", "yes-back"),
        ("alarm", "alarm-back"),
    ],
)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_all_text_has_contrast_enough(scheme: int, ink: str, paper: str) -> None:
    colours = {
        name: re.findall(rf"--{name}: (#[0-9a-f]{{6}});", PAGE_HTML)[scheme]
        for name in (ink, paper)
    }
    lighter, darker = sorted(map(luminance, colours.values()), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5, colours
