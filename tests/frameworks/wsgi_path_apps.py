"""WSGI applications with a secret path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from corekit import CorsPolicy
from tests.frameworks.django_path_apps import django_wsgi
from tests.frameworks.path_policies import ADMIN, PREFIX, ROUTES, SECRET, mark

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def _flask(*, is_marked: bool = False) -> Any:
    from flask import Flask

    app = Flask("paths")

    def secret() -> str:
        return "secret"

    @app.get("/<path:rest>")
    def public(rest: str) -> str:
        return "public"

    if is_marked:
        from corekit_flask import cors

        secret = mark(cors, secret)
    app.get(SECRET)(secret)
    return app


def _flask_extension() -> Any:
    from corekit_flask import Cors

    app = _flask()
    Cors(app, ROUTES)
    return app


def _flask_marked() -> Any:
    from corekit_flask import Cors

    app = _flask(is_marked=True)
    Cors(app, CorsPolicy(allow_origins=["*"]))
    return app


def _flask_resources() -> Any:
    from corekit_flask.compat import CORS

    app = _flask()
    CORS(
        app,
        resources={
            "/admin/*": {"origins": ADMIN, "supports_credentials": True},
            "/*": {"origins": "*"},
        },
    )
    return app


def _dispatched(app: Any) -> Any:
    from werkzeug.exceptions import NotFound
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    return DispatcherMiddleware(NotFound(), {PREFIX: app})


def _bottle() -> Any:
    import bottle  # type: ignore[import-untyped]

    app = bottle.Bottle()
    app.route(SECRET, callback=lambda: "secret")
    return app


def _pyramid() -> Any:
    from pyramid.config import Configurator  # type: ignore[import-untyped]
    from pyramid.response import Response  # type: ignore[import-untyped]

    with Configurator() as config:
        config.add_route("secret", SECRET)
        config.add_view(lambda _: Response("secret"), route_name="secret")
        return config.make_wsgi_app()


def _traversal() -> Any:
    from pyramid.config import Configurator
    from pyramid.response import Response

    class Admin(dict[str, object]):
        pass

    with Configurator(root_factory=lambda _: {"admin": Admin()}) as config:
        config.add_view(lambda _: Response("secret"), name="secret", context=Admin)
        return config.make_wsgi_app()


def _bare_wsgi(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("200 OK", [])
    return [b"secret" if environ["PATH_INFO"].rstrip("/") == SECRET else b"public"]


def _covered_by_wsgi(app: Any) -> Any:
    from corekit_wsgi import CorsMiddleware

    return CorsMiddleware(app, ROUTES)


WSGI_APPS: Final[Mapping[str, Callable[[], Any]]] = {
    "flask": _flask_extension,
    "flask dispatched": lambda: _dispatched(_flask_extension()),
    "flask with a marked view": _flask_marked,
    "flask with a marked view, dispatched": lambda: _dispatched(_flask_marked()),
    "django with a marked view": django_wsgi,
    "django with CORS_URLS_REGEX": django_wsgi,
    "flask with resources": _flask_resources,
    "flask with resources, dispatched": lambda: _dispatched(_flask_resources()),
    "flask in the middleware": lambda: _covered_by_wsgi(_flask()),
    "bottle": lambda: _covered_by_wsgi(_bottle()),
    "pyramid": lambda: _covered_by_wsgi(_pyramid()),
    "pyramid with traversal": lambda: _covered_by_wsgi(_traversal()),
    "wsgi": lambda: _covered_by_wsgi(_bare_wsgi),
}


def serve_wsgi() -> WSGIApplication:
    """Return one WSGI callable for all applications."""
    apps = {name: make() for name, make in WSGI_APPS.items()}

    def dispatch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found: Iterable[bytes] = apps[environ["HTTP_X_APP"]](environ, start_response)
        return found

    return dispatch
