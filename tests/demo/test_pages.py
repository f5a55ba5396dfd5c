"""The sites of the playground: what they serve, to whom, and what they say to a form."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Final, NamedTuple
from urllib.parse import quote

import pytest

from corekit import CorsPolicy
from corekit_cli.demo.api import Api, serve_api
from corekit_cli.demo.cases import CASES, Origins, make_policy
from corekit_cli.demo.form import fill
from corekit_cli.demo.pages import (
    MAX_FORM,
    MAX_PROBLEMS,
    describe,
    describe_case,
    serve_page,
    spell,
)
from corekit_cli.demo.servers import Site
from corekit_cli.demo.sessions import Sessions
from tests.demo.sites import ask, ask_as_page, tell

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
POLICY: Final = make_policy(ORIGINS.page)


class Sites(NamedTuple):
    api: Site
    page: Site
    foreign: Site

    def form(self, **fields: str | bool) -> dict[str, str | bool]:
        """Make the form of a GET that the page is granted."""
        return {**fill({"allow_origins": [self.page.origin]}, page=self.page.origin), **fields}


@pytest.fixture
def sites() -> Iterator[Sites]:
    with ExitStack() as stack:
        api, page, foreign = (stack.enter_context(closing(Site(0))) for _ in range(3))
        origins = Origins(api.origin, page.origin, foreign.origin)
        shop, sessions = Api(), Sessions()
        api.start(serve_api(make_policy(page.origin), api=shop, sessions=sessions))
        for site in (page, foreign):
            site.start(serve_page(describe(origins, site.origin), api=shop, sessions=sessions))
        yield Sites(api, page, foreign)


def test_the_page_and_where_it_is_are_served(sites: Sites) -> None:
    home = ask(sites.page, "GET", "/")
    assert (home.status, home.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert home.body.startswith(b"<!doctype html>")
    for site in (sites.page, sites.foreign):
        told = tell(ask(site, "GET", "/demo.json"))
        assert told["here"] == site.origin
        assert (told["page"], told["foreign"]) == (sites.page.origin, sites.foreign.origin)
    assert ask(sites.page, "GET", "/elsewhere").status == 404
    assert ask(sites.page, "POST", "/").status == 404
    assert ask(sites.page, "GET", "/run").status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_by_an_address_the_page_leads_to_its_own_origin(sites: Sites, host: str) -> None:
    answer = ask(sites.page, "GET", "/", Host=f"{host}:{sites.page.port}")
    assert (answer.status, answer.headers["Location"]) == (307, f"{sites.page.origin}/")


def test_nothing_that_a_site_serves_is_for_pages_of_others(sites: Sites) -> None:
    for target in ("/", "/frame", "/demo.json", "/requests?run=x", "/elsewhere"):
        headers = ask(sites.page, "GET", target, Origin="https://evil.example").headers
        assert not [name for name in headers if name.lower().startswith("access-control-")]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_the_frame_can_be_framed_by_the_demo_only(sites: Sites) -> None:
    security = ask(sites.foreign, "GET", "/frame").headers["Content-Security-Policy"]
    framers = f"frame-ancestors {sites.page.origin} {sites.foreign.origin}"
    assert framers in security.split("; ")
    home = ask(sites.foreign, "GET", "/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in home.split("; ")


def test_a_run_has_the_verdict_and_a_session_that_the_api_answers_by(sites: Sites) -> None:
    told = tell(ask_as_page(sites.page, "/run", sites.form(allow_origins="https://b.example")))
    assert not told["verdict"]["allowed"]
    assert told["policy"] == "CorsPolicy(\n    allow_origins=['https://b.example'],\n)"
    asked = ask(sites.api, "GET", f"/items?run={told['run']}", Origin="https://b.example")
    assert asked.headers["Access-Control-Allow-Origin"] == "https://b.example"
    usual = ask(sites.api, "GET", "/items", Origin="https://b.example")
    assert "Access-Control-Allow-Origin" not in usual.headers
    preflight = ask(
        sites.api,
        "OPTIONS",
        f"/items/1?run={told['run']}",
        Origin="https://b.example",
        Access_Control_Request_Method="PUT",
    )
    assert preflight.status == 204


def test_a_check_finds_problems_and_runs_nothing(sites: Sites) -> None:
    assert tell(ask_as_page(sites.page, "/check", sites.form())) == {"problems": []}


@pytest.mark.parametrize("target", ["/check", "/run"])
def test_problems_are_told_with_their_fields_and_open_nothing(sites: Sites, target: str) -> None:
    form = sites.form(allow_methods="put", method="TRACE")
    told = tell(ask_as_page(sites.page, target, form))
    assert list(told) == ["problems"]
    assert told["problems"] == [
        {
            "code": "method-case",
            "field": "allow_methods[0]",
            "value": "'put'",
            "message": "Method names are case-sensitive; servers expect this one in upper case.",
            "hint": "Did you mean 'PUT'?",
        },
        {
            "code": "forbidden-method",
            "field": "method",
            "value": "'TRACE'",
            "message": "No page can send this method.",
            "hint": "Choose another.",
        },
    ]


def test_what_is_told_of_problems_is_bounded(sites: Sites) -> None:
    form = sites.form(allow_methods="put " * 3000, allow_headers="\u00fc" * 400)
    answer = ask_as_page(sites.page, "/check", form)
    problems = tell(answer)["problems"]
    assert len(problems) <= MAX_PROBLEMS
    assert len(answer.body) < 20_000
    assert max(len(problem["value"]) for problem in problems) < 200


@pytest.mark.parametrize(
    ("page", "status"), [("page", 200), ("foreign", 200), ("null", 401), ("https://a.example", 401)]
)
def test_the_cookie_is_the_models_where_a_browser_would_send_it(
    sites: Sites, page: str, status: int
) -> None:
    signed_in = ask(sites.api, "POST", "/session").headers["Set-Cookie"].partition(";")[0]
    origin = getattr(sites, page).origin if page in ("page", "foreign") else page
    form = sites.form(page=origin, path="/me", credentials="include")
    told = tell(ask_as_page(sites.page, "/run", form, Cookie=signed_in))
    assert told["verdict"]["exchanges"][0]["response"]["status"] == status


HOSTILE: Final = {
    "another site": ({"Origin": "https://evil.example"}, 403),
    "a page of another port": ({"Origin": "http://localhost:1"}, 403),
    "a sandboxed frame": ({"Origin": "null"}, 403),
    "no browser": ({"Origin": ""}, 403),
    "a browser that says so": ({"Sec_Fetch_Site": "same-site"}, 403),
    "a cross-site browser": ({"Sec_Fetch_Site": "cross-site"}, 403),
    "what needs no preflight": ({"Content_Type": "text/plain"}, 415),
    "what needs no preflight either": ({"Content_Type": "text/plain;application/json"}, 415),
    "a name that leads here": ({"Host": "evil.example"}, 421),
    "a name like ours": ({"Host": "localhost.evil.example"}, 421),
    "too much": ({"Content_Length": str(MAX_FORM + 1)}, 413),
    "too many digits": ({"Content_Length": "9" * 100}, 413),
}


@pytest.mark.parametrize("target", ["/check", "/run"])
@pytest.mark.parametrize("who", HOSTILE)
def test_a_form_is_taken_from_the_page_only(sites: Sites, target: str, who: str) -> None:
    headers, status = HOSTILE[who]
    answer = ask_as_page(sites.page, target, sites.form(), **headers)
    assert answer.status == status
    assert b"allowed" not in answer.body


def test_the_name_of_the_demo_is_no_proof_of_its_page(sites: Sites) -> None:
    host = f"127.0.0.1:{sites.page.port}"
    assert ask_as_page(sites.page, "/run", sites.form(), Host=host).status == 403


def test_an_old_browser_is_known_by_its_origin(sites: Sites) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    body = json.dumps(sites.form()).encode()
    assert ask(sites.page, "POST", "/run", body, **headers).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"[" * 9000])
def test_what_is_no_form_is_refused(sites: Sites, body: bytes) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    assert ask(sites.page, "POST", "/run", body, **headers).status == 400


def test_a_form_is_not_kept_waiting_for_what_does_not_come(sites: Sites) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    assert ask(sites.page, "POST", "/run", None, **headers, Content_Length="0").status == 400


def test_the_page_reads_the_log_of_the_api_through_its_own_server(sites: Sites) -> None:
    ask(sites.api, "GET", "/items?run=r&case=c")
    told = tell(ask(sites.page, "GET", "/requests?run=r"))
    assert [one["case"] for one in told] == ["c"]


@pytest.mark.parametrize("query", ["run=%ff", "run=\xe9", "run=a\x01b", "run=%0d%0aHost:+a", ""])
def test_a_run_of_any_name_is_asked_for_and_not_found(sites: Sites, query: str) -> None:
    with closing(socket.create_connection(("127.0.0.1", sites.page.port), timeout=10)) as line:
        line.sendall(f"GET /requests?{query} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode("latin-1"))
        head, _, body = line.makefile("rb").read().partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (b"200", b"[]")


def test_the_page_is_told_when_the_api_has_gone(sites: Sites) -> None:
    sites.api.close()
    answer = ask(sites.page, "GET", f"/requests?run={quote('r')}")
    assert (answer.status, answer.body) == (502, b"The API does not answer.\n")


def test_a_site_by_itself_has_an_api_of_its_own() -> None:
    with closing(Site(0)) as page:
        origins = Origins(ORIGINS.api, page.origin, ORIGINS.foreign)
        page.start(serve_page(describe(origins, page.origin)))
        form = fill({"allow_origins": [page.origin]}, page=page.origin)
        told = tell(ask_as_page(page, "/run", form))
    assert told["verdict"]["allowed"]


def test_a_call_is_told_with_the_headers_that_the_policy_answers() -> None:
    told = {case.name: describe_case(POLICY, case, ORIGINS.page) for case in CASES}
    assert told["simple-get"]["policy"]["preflight"] is None
    preflight = told["put-json"]["policy"]["preflight"]
    assert preflight["status"] == 204
    assert dict(preflight["headers"])["Access-Control-Max-Age"] == "600"
    assert preflight["vary"] == ("Origin",)
    [foreign] = [case for case in CASES if case.name == "foreign-put"]
    refused = describe_case(POLICY, foreign, ORIGINS.foreign)["policy"]["preflight"]
    assert (refused["status"], refused["headers"]) == (403, ())


@pytest.mark.parametrize("policy", [POLICY, CorsPolicy(allow_origins=["*"], max_age=0)])
def test_the_policy_is_shown_as_python_that_makes_it(policy: CorsPolicy) -> None:
    assert eval(spell(policy), {"CorsPolicy": CorsPolicy}) == policy
