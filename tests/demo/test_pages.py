"""The sites of the playground: what they serve, to whom, and how they respond to a form."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import pytest

from corekit import CorsPolicy
from corekit.diagnostics import Diagnostic
from corekit.guard import CrossOriginGuard
from corekit_cli.demo.api import Api, Sessions, serve_api
from corekit_cli.demo.form import Origins, fill, make_policy
from corekit_cli.demo.pages import (
    MAX_FORM,
    MAX_PROBLEMS,
    describe,
    serve_page,
    write_python,
)
from corekit_cli.demo.servers import Site
from corekit_wsgi import CorsMiddleware
from tests.demo.sites import ask, ask_as_page, read, read_error

ORIGINS: Final = Origins("http://localhost:8000", "http://localhost:3000", "http://localhost:4000")
POLICY: Final = make_policy(ORIGINS.page)


class Sites(NamedTuple):
    api: Site
    page: Site
    untrusted: Site

    def form(self, **fields: str | bool) -> dict[str, str | bool]:
        """Return the form of a GET that the policy allows."""
        return {**fill({"allow_origins": [self.page.origin]}, page=self.page.origin), **fields}


@pytest.fixture
def sites() -> Iterator[Sites]:
    with ExitStack() as stack:
        api, page, untrusted = (stack.enter_context(closing(Site(0))) for _ in range(3))
        origins = Origins(api.origin, page.origin, untrusted.origin)
        shop, sessions = Api(), Sessions()
        api.start(serve_api(make_policy(page.origin), api=shop, sessions=sessions))
        for site in (page, untrusted):
            site.start(serve_page(describe(origins, site.origin), api=shop, sessions=sessions))
        yield Sites(api, page, untrusted)


def test_page_and_description_are_served(sites: Sites) -> None:
    home = ask(sites.page, "GET", "/")
    assert (home.status, home.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert home.body.startswith(b"<!doctype html>")
    for site in (sites.page, sites.untrusted):
        result = read(ask(site, "GET", "/demo.json"))
        assert result["here"] == site.origin
        assert (result["page"], result["untrusted"]) == (sites.page.origin, sites.untrusted.origin)
    assert read_error(ask(sites.page, "GET", "/elsewhere")) == "Not found."
    assert ask(sites.page, "POST", "/").status == 404
    assert ask(sites.page, "GET", "/run").status == 404


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_ip_address_redirects_to_localhost(sites: Sites, host: str) -> None:
    response = ask(sites.page, "GET", "/", Host=f"{host}:{sites.page.port}")
    assert (response.status, response.headers["Location"]) == (307, f"{sites.page.origin}/")


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:1"])
def test_forwarded_port_is_explained(sites: Sites, host: str) -> None:
    response = ask(sites.page, "GET", "/", Host=host)
    assert response.status == 421
    assert read_error(response) == f"The playground works only at {sites.page.origin}."


def test_no_response_is_shared_with_other_origins(sites: Sites) -> None:
    for target in ("/", "/frame", "/demo.json", "/requests?run=x", "/elsewhere"):
        headers = ask(sites.page, "GET", target, Origin="https://evil.example").headers
        assert not [name for name in headers if name.lower().startswith("access-control-")]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_only_the_demo_can_embed_the_frame(sites: Sites) -> None:
    security = ask(sites.untrusted, "GET", "/frame").headers["Content-Security-Policy"]
    framers = f"frame-ancestors {sites.page.origin} {sites.untrusted.origin}"
    assert framers in security.split("; ")
    home = ask(sites.untrusted, "GET", "/").headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in home.split("; ")


def test_run_opens_a_session_that_the_api_uses(sites: Sites) -> None:
    result = read(ask_as_page(sites.page, "/run", sites.form(allow_origins="https://b.example")))
    assert not result["verdict"]["allowed"]
    assert result["policy"] == "CorsPolicy(\n    allow_origins=['https://b.example'],\n)"
    asked = ask(sites.api, "GET", f"/items?run={result['run']}", Origin="https://b.example")
    assert asked.headers["Access-Control-Allow-Origin"] == "https://b.example"
    usual = ask(sites.api, "GET", "/items", Origin="https://b.example")
    assert "Access-Control-Allow-Origin" not in usual.headers
    preflight = ask(
        sites.api,
        "OPTIONS",
        f"/items/1?run={result['run']}",
        Origin="https://b.example",
        Access_Control_Request_Method="PUT",
    )
    assert preflight.status == 204


def test_run_with_the_guard_refuses_writes_of_other_pages(sites: Sites) -> None:
    form = sites.form(guard=True, method="POST", path="/session", page=sites.untrusted.origin)
    result = read(ask_as_page(sites.page, "/run", form))
    assert result["verdict"]["guard"]["reason"] == "SAME_SITE"
    for run, status in ((result["run"], 403), ("", 200)):
        response = ask(
            sites.api,
            "POST",
            f"/session?run={run}",
            b"x",
            Origin=sites.untrusted.origin,
            Sec_Fetch_Site="same-site",
            Content_Type="text/plain",
        )
        assert response.status == status
        assert ("Set-Cookie" in response.headers) == (status == 200)
    code = "def hello(environ, start_response): ...\napp = hello\n" + result["policy"]
    names: dict[str, Any] = {
        "CorsMiddleware": CorsMiddleware,
        "CorsPolicy": CorsPolicy,
        "CrossOriginGuard": CrossOriginGuard,
    }
    exec(code, names)
    assert names["app"].guard.policy.allow_origins == (sites.page.origin,)
    assert "    guard=CrossOriginGuard(policy),\n" in result["policy"]


def test_check_opens_no_session(sites: Sites) -> None:
    assert read(ask_as_page(sites.page, "/check", sites.form())) == {"problems": []}


@pytest.mark.parametrize("target", ["/check", "/run"])
def test_problems_are_diagnostics(sites: Sites, target: str) -> None:
    form = sites.form(allow_methods="put", method="TRACE")
    result = read(ask_as_page(sites.page, target, form))
    assert list(result) == ["problems"]
    shown = [(each["code"], each["subject"], each["value"]) for each in result["problems"]]
    assert shown == [
        ("method-case", "allow_methods[0]", "'put'"),
        ("forbidden-method", "method", "'TRACE'"),
    ]
    for problem in result["problems"]:
        assert problem.keys() == Diagnostic("", "error", "", "", "").to_dict().keys()


def test_size_of_problems_is_bounded(sites: Sites) -> None:
    form = sites.form(allow_methods="put " * 3000, allow_headers="\u00fc" * 400)
    response = ask_as_page(sites.page, "/check", form)
    problems = read(response)["problems"]
    assert len(problems) <= MAX_PROBLEMS
    assert len(response.body) < 20_000
    assert max(len(problem["value"]) for problem in problems) < 200


@pytest.mark.parametrize(
    ("page", "status"),
    [("page", 200), ("untrusted", 200), ("null", 401), ("https://a.example", 401)],
)
def test_model_sends_the_cookie_where_a_browser_would(sites: Sites, page: str, status: int) -> None:
    signed_in = ask(sites.api, "POST", "/session").headers["Set-Cookie"].partition(";")[0]
    origin = getattr(sites, page).origin if page in ("page", "untrusted") else page
    form = sites.form(page=origin, path="/me", credentials="include")
    result = read(ask_as_page(sites.page, "/run", form, Cookie=signed_in))
    assert result["verdict"]["exchanges"][0]["response"]["status"] == status


HOSTILE: Final = {
    "another website": ({"Origin": "https://evil.example"}, 403),
    "another port": ({"Origin": "http://localhost:1"}, 403),
    "a sandboxed iframe": ({"Origin": "null"}, 403),
    "no origin": ({"Origin": ""}, 403),
    "Sec-Fetch-Site: same-site": ({"Sec_Fetch_Site": "same-site"}, 403),
    "Sec-Fetch-Site: cross-site": ({"Sec_Fetch_Site": "cross-site"}, 403),
    "a content type without preflight": ({"Content_Type": "text/plain"}, 415),
    "a content type that looks like JSON": ({"Content_Type": "text/plain;application/json"}, 415),
    "another host name": ({"Host": "evil.example"}, 421),
    "a host name that starts with localhost": ({"Host": "localhost.evil.example"}, 421),
    "a long form": ({"Content_Length": str(MAX_FORM + 1)}, 413),
    "a long length": ({"Content_Length": "9" * 100}, 413),
}


@pytest.mark.parametrize("target", ["/check", "/run"])
@pytest.mark.parametrize("who", HOSTILE)
def test_only_the_page_can_send_a_form(sites: Sites, target: str, who: str) -> None:
    headers, status = HOSTILE[who]
    response = ask_as_page(sites.page, target, sites.form(), **headers)
    assert response.status == status
    assert b"allowed" not in response.body


def test_form_sent_to_an_ip_address_is_refused(sites: Sites) -> None:
    host = f"127.0.0.1:{sites.page.port}"
    assert ask_as_page(sites.page, "/run", sites.form(), Host=host).status == 403


def test_sec_fetch_site_is_optional(sites: Sites) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    body = json.dumps(sites.form()).encode()
    assert ask(sites.page, "POST", "/run", body, **headers).status == 200


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"[" * 9000])
def test_body_that_is_not_a_form_is_refused(sites: Sites, body: bytes) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    assert ask(sites.page, "POST", "/run", body, **headers).status == 400


def test_missing_body_is_refused_at_once(sites: Sites) -> None:
    headers = {"Origin": sites.page.origin, "Content_Type": "application/json"}
    assert ask(sites.page, "POST", "/run", None, **headers, Content_Length="0").status == 400


def test_site_passes_on_the_log_of_the_api(sites: Sites) -> None:
    ask(sites.api, "GET", "/items?run=r")
    result = read(ask(sites.page, "GET", "/requests?run=r"))
    assert [(one["method"], one["run"]) for one in result] == [("GET", "r")]


@pytest.mark.parametrize("query", ["run=%ff", "run=\xe9", "run=a\x01b", "run=%0d%0aHost:+a", ""])
def test_unknown_run_has_an_empty_log(sites: Sites, query: str) -> None:
    with closing(socket.create_connection(("127.0.0.1", sites.page.port), timeout=10)) as line:
        line.sendall(f"GET /requests?{query} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode("latin-1"))
        head, _, body = line.makefile("rb").read().partition(b"\r\n\r\n")
    assert (head.split()[1], body) == (b"200", b"[]")


def test_stopped_api_is_reported(sites: Sites) -> None:
    sites.api.close()
    response = ask(sites.page, "GET", f"/requests?run={quote('r')}")
    assert (response.status, read_error(response)) == (502, "The API does not respond.")


def test_site_works_with_an_api_in_another_process() -> None:
    with closing(Site(0)) as page:
        origins = Origins(ORIGINS.api, page.origin, ORIGINS.untrusted)
        page.start(serve_page(describe(origins, page.origin)))
        form = fill({"allow_origins": [page.origin]}, page=page.origin)
        result = read(ask_as_page(page, "/run", form))
    assert result["verdict"]["allowed"]


@pytest.mark.parametrize("policy", [POLICY, CorsPolicy(allow_origins=["*"], max_age=0)])
def test_python_code_builds_the_policy(policy: CorsPolicy) -> None:
    assert eval(write_python(policy), {"CorsPolicy": CorsPolicy}) == policy
