"""Requests and responses of any size, and the layers that have to handle them.

A kind is what a client, or an application that reflects a request, can send more of. A layer is
whatever handles a request: each adapter and each module for migration, with one policy, with
routes, with regular expressions of paths, and with per-view policies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from flask import Flask
from flask import Response as FlaskResponse
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

import corekit_flask
import corekit_flask.compat
import corekit_starlette
import corekit_starlette.compat
from corekit import CorsPolicy, CorsRoutes
from corekit.browser import HttpRequest
from corekit_testing.transports import WsgiTransport
from tests.properties.adapters import ADAPTERS, asgi_sender, django_sender
from tests.properties.application import Application, Send

__all__ = ["KINDS", "LAYERS", "Kind"]

Pairs = list[tuple[str, str]]

APP: Final = "https://app.example.com"
_URL: Final = "https://api.example.com"
_ORIGIN: Final = ("Origin", APP)
_PREFLIGHT: Final = [_ORIGIN, ("Access-Control-Request-Method", "PUT")]


class Kind(NamedTuple):
    """A request and the headers of its response, in which something is repeated `count` times.

    With `many` repetitions, work that grows with the square of the size takes half a second or
    much longer.
    """

    request: Callable[[int], HttpRequest]
    many: int = 8_000
    response: Callable[[int], Pairs] = lambda _: []


def _request(
    method: str, headers: Pairs, more: Callable[[int], Pairs] = lambda _: []
) -> Callable[[int], HttpRequest]:
    return lambda count: HttpRequest(method, f"{_URL}/api", (*headers, *more(count)))


def _lines(name: str, value: str) -> Callable[[int], Pairs]:
    return lambda count: [(name, value)] * count


def _value(name: str, unit: str, before: str = "") -> Callable[[int], Pairs]:
    return lambda count: [(name, before + unit * count)]


def _kinds() -> Iterator[tuple[str, Kind]]:
    long = "x" * 300
    get, preflight = partial(_request, "GET"), partial(_request, "OPTIONS")
    for value, many in ((APP, 50_000), (long, 8_000)):
        name, more = f"Origin: {value[:8]}...", _lines("Origin", value)
        yield f"{name} lines", Kind(get([], more), many)
        yield f"{name} lines of a preflight", Kind(preflight(_PREFLIGHT, more), many)
    for end in ("Method", "Headers", "Private-Network"):
        name = f"Access-Control-Request-{end}"
        yield f"{name} lines", Kind(preflight(_PREFLIGHT, _lines(name, long)))
        yield f"long {name}", Kind(preflight(_PREFLIGHT, _value(name, "x-a, ")), 300_000)
    # The names of one length, and of one that no adapter reads.
    for name in ("x" * 29, "x" * 30, "y" * 200):
        yield f"{len(name)}-byte names", Kind(preflight(_PREFLIGHT, _lines(name, long)))
    yield "other names", Kind(preflight(_PREFLIGHT, _names), 30_000)
    for before, unit in (("https://", "a"), ("https://", "a."), ("", f"{APP}, "), ("", "null")):
        more = _value("Origin", unit, before)
        yield f"Origin: {before}{unit * 2}...", Kind(get([], more), 300_000)
    for unit in "a /a / /. /.. /../ /a/.. /%2e%2e %2F %5C /%5c.. % /%25".split():
        for method, headers in (("GET", [_ORIGIN]), ("OPTIONS", _PREFLIGHT)):
            yield f"{method} /api/{unit * 2}...", Kind(_path(method, headers, unit), 30_000)
    for name in ("Vary", "Access-Control-Allow-Origin", "a-b", "Set-Cookie"):
        yield f"{name} lines of the response", Kind(get([_ORIGIN]), 30_000, _lines(name, "x-a"))
        yield f"long {name} of the response", Kind(get([_ORIGIN]), 300_000, _value(name, "x-a, "))


def _names(count: int) -> Pairs:
    return [(f"x-{number:030}", "y") for number in range(count)]


def _path(method: str, headers: Pairs, unit: str) -> Callable[[int], HttpRequest]:
    return lambda count: HttpRequest(method, f"{_URL}/api/{unit * count}", tuple(headers))


KINDS: Final[Mapping[str, Kind]] = dict(_kinds())

_POLICY: Final = CorsPolicy(
    allow_origins=[APP, "https://*.example.com", "https://pr-*.example.com:*"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
    allow_private_network=True,
)
_ROUTES: Final = CorsRoutes(
    [("/api/public/", CorsPolicy(allow_origins=["*"])), ("/api/a/b", _POLICY), ("/", _POLICY)]
)


def _flask(application: Application) -> Flask:
    app = Flask(__name__)

    @app.before_request
    def answer() -> FlaskResponse:
        return FlaskResponse(b"secret", application.status, application.headers)

    return app


def _flask_routes(application: Application, decorate: Callable[[Any], Any]) -> Flask:
    app = Flask(__name__)

    def answer(path: str) -> FlaskResponse:
        return FlaskResponse(path, application.status, application.headers)

    app.add_url_rule("/<path:path>", view_func=decorate(answer), methods=["GET", "PUT"])
    return app


def _through_flask_compat(application: Application) -> Send:
    app = _flask(application)
    resources: dict[Any, Any] = {
        re.compile(r"/api/(.*)/(.*)x$"): {"origins": APP},
        r"/api/.*/admin": {"origins": APP},
        "/*": {"origins": [APP, r"https://(.*)\.example\.com"]},
    }
    corekit_flask.compat.CORS(app, resources=resources)
    return WsgiTransport(app, raise_exceptions=True).send


def _through_cross_origin(application: Application) -> Send:
    app = _flask_routes(application, corekit_flask.compat.cross_origin(origins=APP))
    return WsgiTransport(app, raise_exceptions=True).send


def _through_flask_views(application: Application) -> Send:
    app = _flask_routes(application, corekit_flask.cors(_ROUTES))
    corekit_flask.Cors(app, _POLICY)
    return WsgiTransport(app, raise_exceptions=True).send


def _through_starlette_routes(application: Application) -> Send:
    async def answer(request: Any) -> Response:
        response = Response(b"secret", application.status)
        response.raw_headers += [(n.lower().encode(), v.encode()) for n, v in application.headers]
        return response

    corekit_starlette.cors(_ROUTES)(answer)
    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "PUT"])])
    corekit_starlette.install(app, _POLICY)
    return asgi_sender(app)


def _through_django_paths(application: Application) -> Send:
    return django_sender(
        application, CORS_ALLOWED_ORIGINS=[APP], CORS_URLS_REGEX=r"/api(|/(.*)/(.*)/(.*)x)"
    )


def _through_starlette_compat(application: Application) -> Send:
    middleware = corekit_starlette.compat.CORSMiddleware(
        application.asgi,
        allow_origins=[APP],
        allow_origin_regex=r"https://(.*)\.example\.com",
        allow_credentials=True,
        allow_headers=["*"],
    )
    return asgi_sender(middleware)


def _adapter(name: str, policy: Any, application: Application) -> Send:
    return ADAPTERS[name](policy, application, lambda event: event.decision.reason)


LAYERS: Final[Mapping[str, Callable[[Application], Send]]] = {
    **{f"{name}, a policy": partial(_adapter, name, _POLICY) for name in ADAPTERS},
    **{f"{name}, routes": partial(_adapter, name, _ROUTES) for name in ADAPTERS},
    "django, a regular expression of paths": _through_django_paths,
    "flask, views": _through_flask_views,
    "flask compat": _through_flask_compat,
    "flask compat, a view": _through_cross_origin,
    "starlette, routes with policies": _through_starlette_routes,
    "starlette compat": _through_starlette_compat,
}
"""Each returns a function that sends a request to an application."""
