"""A live policy of a guard and of another layer: both see one policy for each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from flask import Flask
from sanic import Sanic
from starlette.applications import Starlette

import corekit_asgi
import corekit_flask
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, LivePolicy
from corekit.adapter import MARKS
from corekit.browser import HttpRequest, HttpResponse
from corekit.guard import CrossOriginGuard
from tests.frameworks import live_apps
from tests.frameworks.live_apps import LIVE_APPS, Setup
from tests.properties.adapters import asgi_sender, wsgi_sender
from tests.properties.application import Application, Send, shared_loop

APP: Final = "https://app.example.com"
OLD: Final = CorsPolicy(allow_origins=[APP], allow_credentials=True, allow_methods=["PUT"])
NEW: Final = CorsPolicy.deny_all()

Wrap = Callable[[Any], Any]


def put(path: str = "/own") -> HttpRequest:
    fields = (("Origin", APP), ("Sec-Fetch-Site", "cross-site"))
    return HttpRequest("PUT", f"https://api.example.org{path}", fields)


def read(response: HttpResponse) -> tuple[int, str | None]:
    headers = {name.lower(): value for name, value in response.headers}
    return response.status, headers.get("access-control-allow-origin")


class Between:
    """A layer that replaces the policy as a request passes."""

    def __init__(self, app: Any, live: LivePolicy) -> None:
        self.app = app
        self._live = live

    def __call__(self, *arguments: Any) -> Any:
        self._live.replace(NEW)
        return self.app(*arguments)


def serve_starlette(live: LivePolicy, wrap: Wrap, application: Application) -> Send:
    app = Starlette()
    app.mount("/", wrap(application.asgi))
    return asgi_sender(corekit_starlette.install(app, live))


def serve_flask(live: LivePolicy, wrap: Wrap, application: Application) -> Send:
    app = Flask("inner")
    app.wsgi_app = wrap(application.wsgi)  # type: ignore[method-assign]
    corekit_flask.Cors(app, live)
    return wsgi_sender(app)


INNER: Final[dict[str, tuple[Any, Callable[..., Send]]]] = {
    "asgi": (
        corekit_asgi.GuardMiddleware,
        lambda live, wrap, app: asgi_sender(corekit_asgi.CorsMiddleware(wrap(app.asgi), live)),
    ),
    "wsgi": (
        corekit_wsgi.GuardMiddleware,
        lambda live, wrap, app: wsgi_sender(corekit_wsgi.CorsMiddleware(wrap(app.wsgi), live)),
    ),
    "starlette": (corekit_asgi.GuardMiddleware, serve_starlette),
    "flask": (corekit_wsgi.GuardMiddleware, serve_flask),
}

both = pytest.mark.parametrize("has_marks", [True, False])


@both
@pytest.mark.parametrize("name", INNER)
def test_guard_judges_by_the_policy_that_the_layer_outside_found(
    monkeypatch: pytest.MonkeyPatch, name: str, has_marks: bool
) -> None:
    monkeypatch.setattr(MARKS, "exist", has_marks)
    live = LivePolicy(OLD)
    guard_layer, serve = INNER[name]
    application = Application(200, [])
    send = serve(
        live, lambda app: Between(guard_layer(app, CrossOriginGuard(live)), live), application
    )
    assert read(send(put())) == (200, APP)
    assert read(send(put())) == (403, None)
    assert len(application.reached) == 1


@both
@pytest.mark.parametrize("name", ["asgi", "wsgi"])
def test_layer_inside_writes_the_headers_of_the_policy_of_the_guard(
    monkeypatch: pytest.MonkeyPatch, name: str, has_marks: bool
) -> None:
    monkeypatch.setattr(MARKS, "exist", has_marks)
    live, application = LivePolicy(OLD), Application(200, [])
    kits: dict[str, tuple[Any, Any, Any]] = {
        "asgi": (asgi_sender, corekit_asgi, application.asgi),
        "wsgi": (wsgi_sender, corekit_wsgi, application.wsgi),
    }
    sender, kit, app = kits[name]
    inside = Between(kit.CorsMiddleware(app, live), live)
    send = sender(kit.GuardMiddleware(inside, CrossOriginGuard(live)))
    assert read(send(put())) == (200, APP)
    assert read(send(put())) == (403, None)


@pytest.fixture
def site() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start_sanic(app: Sanic[Any, Any]) -> Any:
    app.asgi = True
    shared_loop().run_until_complete(app._startup())  # type: ignore[no-untyped-call]
    Sanic.unregister_app(app)
    return app


@pytest.mark.parametrize(
    "make",
    [each for each in LIVE_APPS if each.__name__ != "aiohttp"],
    ids=lambda each: each.__name__,
)
def test_framework_inside_writes_the_headers_of_the_policy_of_the_guard(
    monkeypatch: pytest.MonkeyPatch, site: ExitStack, make: Callable[[Setup], Send]
) -> None:
    live = LivePolicy(OLD)
    guard = CrossOriginGuard(live)

    def guarded(sender: Callable[[Any], Send], layer: Any) -> Callable[[Any], Send]:
        return lambda app: sender(layer(Between(app, live), guard))

    send_asgi = guarded(asgi_sender, corekit_asgi.GuardMiddleware)
    monkeypatch.setattr(live_apps, "asgi_sender", send_asgi)
    monkeypatch.setattr(live_apps, "send_to", lambda app: send_asgi(start_sanic(app)))
    send_wsgi = guarded(wsgi_sender, corekit_wsgi.GuardMiddleware)
    monkeypatch.setattr(live_apps, "wsgi_sender", send_wsgi)
    for default in (live, CorsPolicy(allow_origins=["*"])):
        live.replace(OLD)
        send = make(Setup(default, live, lambda: None, is_named=True, site=site))
        assert read(send(put())) == (200, APP)
        assert read(send(put())) == (403, None)
