"""The policy that an application was given is found from the application, for the command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from aiohttp import web
from fastapi import FastAPI
from flask import Blueprint, Flask
from litestar import Litestar
from quart import Quart
from sanic import Sanic
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_sanic
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.adapter import Policies
from corekit_config import ConfigError, import_policy
from corekit_config.finding import find_file
from corekit_flask.compat import CORS
from corekit_lookups import OriginLookup
from corekit_starlette.compat import CORSMiddleware

APP: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(allow_origins=[APP])
ROUTES: Final = CorsRoutes([("/api/", POLICY)])


def starlette(policy: Policies | None) -> Any:
    app = Starlette()
    corekit_starlette.install(app, policy)
    return app


def fastapi(policy: Policies | None) -> Any:
    app = FastAPI()
    corekit_starlette.install(app, policy)
    return app


def flask(policy: Policies | None) -> Any:
    app = Flask("shop")
    corekit_flask.Cors(app, policy)
    app.register_blueprint(corekit_flask.cors(ROUTES)(Blueprint("own", "own")))
    return app


def aiohttp(policy: Policies | None) -> Any:
    app = web.Application()
    corekit_aiohttp.install(app, policy)
    return app


def sanic(policy: Policies | None) -> Any:
    app: Any = Sanic(f"shop{id(policy)}", configure_logging=False)
    Sanic.unregister_app(app)
    corekit_sanic.install(app, policy)
    return app


INSTALLS: Final = [starlette, fastapi, flask, aiohttp, sanic]


APPS: Final = [
    *(make(policy) for make in INSTALLS for policy in (POLICY, ROUTES)),
    *(corekit_asgi.install(Quart("shop"), policy) for policy in (POLICY, ROUTES)),
    *(corekit_asgi.install(Litestar(logging_config=None), policy) for policy in (POLICY, ROUTES)),
    corekit_asgi.CorsMiddleware(print, POLICY),  # type: ignore[arg-type]
    corekit_asgi.CorsMiddleware(print, ROUTES),  # type: ignore[arg-type]
    corekit_wsgi.CorsMiddleware(print, POLICY),  # type: ignore[arg-type]
    corekit_wsgi.CorsMiddleware(print, ROUTES),  # type: ignore[arg-type]
]
app: Any = None


@pytest.mark.parametrize("number", range(len(APPS)))
def test_import_path_may_name_an_application(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "app", APPS[number])
    assert import_policy(f"{__name__}:app") is (POLICY, ROUTES)[number % 2]


@pytest.mark.parametrize("make", [*INSTALLS, lambda _: FastAPI()])
def test_application_without_a_policy_has_none(
    make: Callable[[Policies | None], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "app", make(None))
    with pytest.raises(ConfigError, match="This is of type"):
        import_policy(f"{__name__}:app")


def add_middleware() -> Any:
    app = FastAPI()
    app.add_middleware(CORSMiddleware, allow_origins=[APP])
    return app


def flask_cors(**options: Any) -> Any:
    app = Flask("shop")
    CORS(app, **options)
    return app


@pytest.mark.parametrize(
    "make",
    [
        add_middleware,
        lambda: Starlette(middleware=[Middleware(CORSMiddleware, [APP])]),
        lambda: Starlette(middleware=[Middleware(corekit_asgi.CorsMiddleware, POLICY)]),
        lambda: CORSMiddleware(FastAPI(), [APP]),
        lambda: flask_cors(origins=[APP]),
        lambda: flask_cors(resources={"/*": {"origins": APP}}),
    ],
)
def test_import_path_may_name_an_application_of_another_layer(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "app", make())
    policy = import_policy(f"{__name__}:app")
    assert isinstance(policy, CorsPolicy)
    assert policy.allow_origins == (APP,)


@pytest.mark.parametrize(
    "make",
    [
        lambda: flask_cors(resources={"/api/*": {"origins": APP}}),
        lambda: flask_cors(resources={"/x": {"origins": APP}, "/*": {"origins": "*"}}),
        lambda: Starlette(middleware=[Middleware(GZipMiddleware, minimum_size=5)]),
    ],
)
def test_application_without_one_policy(
    make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "app", make())
    with pytest.raises(ConfigError, match="This is of type"):
        import_policy(f"{__name__}:app")


def test_wrong_policy_of_a_middleware_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Starlette(middleware=[Middleware(CORSMiddleware, ["app.example.com"])])
    monkeypatch.setattr(sys.modules[__name__], "app", app)
    with pytest.raises(PolicyError, match="allow_origins"):
        import_policy(f"{__name__}:app")


LOOKUP: Final = OriginLookup(lambda origin: False)


def install_flask(policy: Policies, *, lookup: OriginLookup | None) -> Flask:
    app = Flask("shop")
    corekit_flask.Cors(app, policy, lookup=lookup)
    return app


def install_sanic(policy: Policies, *, lookup: OriginLookup | None) -> Any:
    app: Any = Sanic(f"shop{id(lookup)}", configure_logging=False)
    Sanic.unregister_app(app)
    return corekit_sanic.install(app, policy, lookup=lookup)


def install_litestar(policy: Policies, *, lookup: OriginLookup | None) -> Any:
    return corekit_asgi.install(Litestar(logging_config=None), policy, lookup=lookup)


WITH_LOOKUP: Final[dict[str, Callable[..., Any]]] = {
    "starlette": lambda *policy, **more: corekit_starlette.install(Starlette(), *policy, **more),
    "fastapi": lambda *policy, **more: corekit_starlette.install(FastAPI(), *policy, **more),
    "flask": install_flask,
    "flask extension": lambda policy, **more: corekit_flask.Cors(policy=policy, **more),
    "aiohttp": lambda *policy, **more: corekit_aiohttp.install(web.Application(), *policy, **more),
    "sanic": install_sanic,
    "quart": lambda *policy, **more: corekit_asgi.install(Quart("shop"), *policy, **more),
    "litestar": install_litestar,
    "asgi": partial(corekit_asgi.CorsMiddleware, print),  # type: ignore[arg-type]
    "wsgi": partial(corekit_wsgi.CorsMiddleware, print),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", WITH_LOOKUP)
@pytest.mark.parametrize("has_lookup", [True, False])
def test_look_up_of_an_application_is_found(
    name: str, has_lookup: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = LOOKUP if has_lookup else None
    app = WITH_LOOKUP[name](POLICY, lookup=lookup)
    monkeypatch.setattr(sys.modules[__name__], "found_app", app, False)
    file = find_file(f"{__name__}:found_app")
    assert file.policy == POLICY
    assert file.lookup is lookup


def test_look_up_of_a_middleware_of_starlette_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Starlette()
    app.add_middleware(corekit_asgi.CorsMiddleware, policy=POLICY, lookup=LOOKUP)
    monkeypatch.setattr(sys.modules[__name__], "found_app", app, False)
    assert find_file(f"{__name__}:found_app").lookup is LOOKUP


def test_attribute_of_the_same_name_is_not_a_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Starlette()
    corekit_starlette.install(app, POLICY)
    for wrong in ("lookup", OriginLookup, None):
        app.lookup = wrong  # type: ignore[attr-defined]
        monkeypatch.setattr(sys.modules[__name__], "found_app", app, False)
        assert find_file(f"{__name__}:found_app").lookup is None
