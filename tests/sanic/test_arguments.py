"""What `install` accepts and refuses, and when it may be called."""

from __future__ import annotations

from typing import Any

import pytest
from sanic import HTTPResponse, Request, Sanic, text

from corekit_sanic import install
from tests.frameworks.sanic_app import App, make_app
from tests.sanic.serving import APP, serve
from tests.sanic.site import make, policy


def make_plain() -> App:
    app = make_app()

    @app.get("/")
    async def hello(request: Request) -> HTTPResponse:
        return text("hello")

    return app


class TestArguments:
    def test_other_types_than_policies_are_refused(self) -> None:
        with pytest.raises(TypeError, match=r"install\(\) got a str: .*Pass a CorsPolicy"):
            install(make_app(), "*")  # type: ignore[arg-type]

    def test_arguments_of_a_policy_are_accepted(self) -> None:
        app = make()
        assert install(app, allow_origins=[APP]) is app
        with serve(app) as server:
            assert server.get("/").allowed == [APP]
        with pytest.raises(TypeError, match=r"install\(\) got a policy and max_age\."):
            install(make_app(), policy, max_age=5)

    def test_second_policy_is_refused(self) -> None:
        app = make_app()
        install(app, policy)
        with pytest.raises(RuntimeError, match="already has a policy"):
            install(app, policy)

    def test_started_application_is_wrapped(self) -> None:
        app = make_plain()
        with serve(app) as server:
            assert server.get("/").allowed is None
            install(app, policy)
            assert server.get("/").allowed == [APP]

    def test_policy_may_be_installed_in_a_listener(self) -> None:
        app = make_plain()

        @app.before_server_start
        async def read_origins(app: App) -> None:
            install(app, policy)

        with serve(app) as server:
            assert server.get("/").allowed == [APP]

    def test_application_keeps_its_class(self) -> None:
        class Shop(Sanic[Any, Any]):
            pass

        app = Shop("shop", configure_logging=False)
        install(app, policy)
        assert isinstance(app, Shop)
        assert type(app).__name__ == "Shop"
        Sanic.unregister_app(app)
