"""The path that chooses the policy is the one that Sanic routes."""

from __future__ import annotations

import pytest
from sanic import HTTPResponse, Request

from corekit import CorsPolicy, CorsRoutes
from corekit_sanic import install
from tests.frameworks.sanic_app import make_app
from tests.sanic.serving import APP, UNTRUSTED, serve
from tests.sanic.site import hello, make, policy, public


async def hello_both(request: Request, one: str, other: str) -> HTTPResponse:
    return await hello(request)


def test_path_that_is_slow_to_route_gets_no_permission() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.get("/" * 19).allowed == [APP]
        assert server.get("/" * 20).allowed is None
        assert server.get("/" * 7_000).allowed is None


def test_request_without_a_path_fails_as_without_a_policy() -> None:
    app = make()
    install(app, policy)
    with serve(app) as server:
        assert server.get("http://api.example.com").status == 500


def test_path_without_a_policy_is_not_changed() -> None:
    app = make()
    install(app, CorsRoutes([("/forbid", policy)]))
    with serve(app) as server:
        assert server.get("/forbid").allowed == [APP]
        assert server.get("/stream", UNTRUSTED).allowed == ["*"]
        assert server.get("/").vary == ["Accept"]
        assert server.preflight("/").status == 405


class TestPath:
    """The path that chooses the policy is the one that Sanic routes."""

    routes = CorsRoutes([("/closed", CorsPolicy.deny_all()), ("/é/", policy), ("/", public)])

    @pytest.mark.parametrize("path", ["/closed", "/closed/", "/closed//", "/closed/?a=/"])
    def test_slash_at_the_end_does_not_change_the_policy(self, path: str) -> None:
        app = make_app()
        app.add_route(hello, "/closed")
        install(app, self.routes)
        with serve(app) as server:
            response = server.get(path)
            assert (response.status, response.allowed) == (200, None)

    def test_slash_at_the_end_of_an_unrouted_path(self) -> None:
        app = make()
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/closed/")
            assert (response.status, response.allowed) == (404, None)
            assert server.get("/").allowed == ["*"]

    def test_strict_route_with_a_slash_has_the_policy_of_the_one_without(self) -> None:
        app = make_app()
        app.add_route(hello, "/closed/", strict_slashes=True)
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/closed/")
            assert (response.status, response.allowed) == (200, None)

    def test_path_encoded_by_a_browser_has_the_policy_of_its_text(self) -> None:
        app = make_app()
        app.add_route(hello, "/é/<rest>")
        install(app, self.routes)
        with serve(app) as server:
            response = server.get("/%C3%A9/a%20b")
            assert (response.status, response.allowed) == (200, [APP])

    @pytest.mark.parametrize("unquote", [False, True])
    def test_encoded_letter_never_leads_to_a_wider_policy(self, unquote: bool) -> None:
        app = make_app()
        app.add_route(hello, "/<rest:path>", unquote=unquote)
        install(app, self.routes)
        with serve(app) as server:
            assert server.get("/%63losed").allowed is None
            assert server.get("/%6fpen").allowed == ["*"]
            assert server.get("/%c3%a9/%61").allowed is None

    @pytest.mark.parametrize("unquote", [False, True])
    @pytest.mark.parametrize("path", ["/é%2Fx", "/é%2fx%2Fy", "/é/x%2Fy", "/%2Fé/x"])
    def test_encoded_slash_never_leads_to_a_wider_policy(self, path: str, unquote: bool) -> None:
        app = make_app()
        app.add_route(hello, "/<rest>", unquote=unquote)
        app.add_route(hello_both, "/<one>/<other>", unquote=unquote)
        install(app, CorsRoutes([("/é/", public), ("/", policy)]))
        with serve(app) as server:
            assert server.get(path.replace("é", "%C3%A9"), UNTRUSTED).allowed is None
            assert server.get("/%C3%A9/x", UNTRUSTED).allowed == ["*"]
