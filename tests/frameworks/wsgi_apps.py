"""Applications under test in WSGI frameworks, each written as its users would write it.

A function returns one application with one policy, through the adapter for its framework.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import corekit_flask
import corekit_wsgi
from tests.conformance.bare import bare_wsgi
from tests.conformance.case import CASE_HEADER
from tests.conformance.table import response_of
from tests.frameworks.dispatch import METHODS, Policy, record_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["bottle", "django", "falcon", "flask", "plain", "pyramid", "werkzeug"]


def wrap(app: Any, policy: Policy) -> WSGIApplication:
    return corekit_wsgi.CorsMiddleware(record_wsgi(app), policy)


def plain(policy: Policy) -> WSGIApplication:
    return wrap(bare_wsgi, policy)


def flask(policy: Policy) -> WSGIApplication:
    from flask import Flask, Response, request

    app = Flask("application")
    app.logger.disabled = True
    app.wsgi_app = record_wsgi(app.wsgi_app)  # type: ignore[assignment, method-assign]
    corekit_flask.Cors(app, policy)

    @app.route("/app/<path:path>", methods=METHODS, provide_automatic_options=False)
    @app.route("/get-only", endpoint="get_only")
    def respond(path: str = "") -> Response:
        case = response_of(request.headers[CASE_HEADER])
        response = Response(iter(case.chunks) if case.streamed else case.chunks, case.status)
        response.headers.extend(case.headers)
        return response

    return app


def werkzeug(policy: Policy) -> WSGIApplication:
    from werkzeug import Request, Response
    from werkzeug.exceptions import HTTPException, InternalServerError
    from werkzeug.routing import Map, Rule

    urls = Map(
        [Rule("/app/<path:path>", methods=METHODS), Rule("/get-only", methods=["GET"])],
        merge_slashes=False,
    )

    @Request.application
    def app(request: Request) -> Response | HTTPException:
        try:
            urls.bind_to_environ(request.environ).match()
            case = response_of(request.headers[CASE_HEADER])
        except HTTPException as error:
            return error
        except RuntimeError:
            return InternalServerError()
        response = Response(case.chunks, case.status)
        response.headers.extend(case.headers)
        return response

    return wrap(app, policy)


def bottle(policy: Policy) -> WSGIApplication:
    import bottle  # type: ignore[import-untyped]

    app = bottle.Bottle()

    def respond(path: str = "") -> Any:
        case = response_of(bottle.request.get_header(CASE_HEADER))
        bottle.response.status = case.status
        for name, value in case.headers:
            bottle.response.add_header(name, value)
        return iter(case.chunks) if case.streamed else b"".join(case.chunks)

    app.route("/app/<path:path>", list(METHODS), respond)
    app.route("/get-only", "GET", respond)
    return wrap(app, policy)


def pyramid(policy: Policy) -> WSGIApplication:
    from pyramid.config import Configurator  # type: ignore[import-untyped]
    from pyramid.httpexceptions import (  # type: ignore[import-untyped]
        HTTPInternalServerError,
        HTTPMethodNotAllowed,
    )
    from pyramid.response import Response  # type: ignore[import-untyped]

    def respond(request: Any) -> Any:
        case = response_of(request.headers[CASE_HEADER])
        response = Response(status=f"{case.status} {HTTPStatus(case.status).phrase}")
        response.headerlist.extend(case.headers)
        if case.streamed:
            response.app_iter = iter(case.chunks)
        elif case.chunks:
            response.body = b"".join(case.chunks)
        return response

    def refuse(request: Any) -> Any:
        return HTTPMethodNotAllowed()

    def fail(error: Exception, request: Any) -> Any:
        return HTTPInternalServerError()

    config = Configurator()
    config.add_route("app", "/app/*path")
    config.add_route("get_only", "/get-only")
    config.add_view(respond, route_name="app")
    config.add_view(refuse, route_name="get_only")
    config.add_view(respond, route_name="get_only", request_method="GET")
    config.add_exception_view(fail, context=RuntimeError)
    return wrap(config.make_wsgi_app(), policy)


def falcon(policy: Policy) -> WSGIApplication:
    import falcon

    def respond(req: Any, resp: Any, **kwargs: Any) -> None:
        case = response_of(req.get_header(CASE_HEADER))
        resp.status = case.status
        for name, value in case.headers:
            resp.append_header(name, value)
        if case.streamed:
            resp.stream = iter(case.chunks)
        else:
            resp.data = b"".join(case.chunks)

    class GetOnly:
        def on_get(self, req: Any, resp: Any) -> None:
            respond(req, resp)

    app = falcon.App()
    app.add_sink(respond, "/app/")
    app.add_route("/get-only", GetOnly())
    return wrap(app, policy)


def django(policy: Policy) -> WSGIApplication:
    from django.core.wsgi import get_wsgi_application

    from tests.frameworks import django_site

    django_site.configure()
    return wrap(get_wsgi_application(), policy)
