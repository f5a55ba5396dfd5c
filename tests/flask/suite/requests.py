"""What a row sends to flask-cors and to corekit, and the fields of the two responses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import iscoroutine
from traceback import walk_tb
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import flask_cors
from flask import Flask, Response, abort, got_request_exception, request
from werkzeug.test import TestResponse

from corekit_flask import compat
from tests.frameworks.granting import is_granted

APP: Final = "https://app.example.com"
OTHER: Final = "https://other.example"
EVIL: Final = "https://evil.test"
FROM_APP: Final = {"Origin": APP}
FROM_OTHER: Final = {"Origin": OTHER}
FROM_EVIL: Final = {"Origin": EVIL}
NO_ORIGIN: Final[dict[str, str]] = {}
LOCAL: Final = {"Access-Control-Request-Private-Network": "true"}
PREFLIGHT: Final = ("OPTIONS",)
READING: Final = ("GET", "HEAD")
EVERY: Final = ("GET", "HEAD", "OPTIONS")
METHODS: Final = ("GET", "POST", "PUT")

# Options.
ANY: Final[dict[str, Any]] = {}
TWO: Final = {"origins": [APP, OTHER]}

# What differs: the field of the response, and the beginning of its row in the guide.
REFLECTED: Final = dict.fromkeys(
    ("allow-origin", "vary"), "the origin is reflected if any origin is allowed"
)
VARIES: Final = {"vary": "no `Vary` if there is a single origin"}
ALLOW: Final = {"allow": "a preflight response has an `Allow` header"}
NAMED: Final = {**REFLECTED, **ALLOW}
GRANTED: Final = {**ALLOW, "allow-headers": "a preflight response names the requested headers"}
ANY_GRANTED: Final = {**REFLECTED, **GRANTED}
SAFELISTED: Final = {"allow-methods": '`methods=["GET"]` blocks a POST that needs a preflight'}
NO_METHODS: Final = {"allow-methods": "a preflight for a method or header that is not allowed"}
PRIVATE_ON_ANY: Final = {
    "allow-private-network": "`Access-Control-Allow-Private-Network: true` on any response"
}
PRIVATE_VARIES: Final = {"vary": "with `allow_private_network`, `Vary`"}
PRIVATE_FALSE: Final = {"allow-private-network": "`Access-Control-Allow-Private-Network: false`"}
LISTED: Final = dict.fromkeys(
    ("allow-origin", "vary"), "with `always_send`, a response to a request without Origin lists"
)
ASYNC: Final = dict.fromkeys(
    ("status", "text", "vary", "cookies"), "`@cross_origin` on an asynchronous view"
)
ASYNC_ALLOWED: Final = {**ASYNC, **dict.fromkeys(("allow-origin", "granted"), ASYNC["status"])}
ASYNC_CREDENTIALS: Final = {"allow-credentials": ASYNC["status"]}
BRACKETS: Final = dict.fromkeys(
    ("allow-origin", "granted", "vary"), "an IPv6 address in brackets is a regular"
)
DENIED: Final = {
    **ALLOW,
    **VARIES,
    **dict.fromkeys(("status", "text"), "a preflight from an origin that is not allowed: 200"),
}


Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]


class Row(NamedTuple):
    """A request with each of the methods, to an application and to a decorated view."""

    options: Mapping[str, Any]
    headers: Mapping[str, str]
    differences: Mapping[str, str] = MappingProxyType({})
    methods: tuple[str, ...] = EVERY
    path: str = "/"
    decorated: tuple[bool, ...] = (False, True)


Rows = Mapping[str, list[Row]]


def asking(method: str, *names: str, origin: str = APP) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return {**asked, "Access-Control-Request-Headers": ", ".join(names)} if names else asked


def respond(path: str) -> Response:
    if path.endswith("404"):
        abort(404)
    if path.endswith("500"):
        abort(500)
    if path.endswith("raise"):
        raise RuntimeError
    response = Response(f"view of {path}", headers={"Vary": "Accept", "X-Own": "1"})
    response.headers.add("Set-Cookie", "a=1")
    response.headers.add("Set-Cookie", "b=2")
    return response


def handle(error: Exception) -> Any:
    return ("handled", 200) if "handled" in request.path else error


def close_coroutines(sender: Flask, exception: Exception) -> None:
    """Close what flask-cors' decorator returns for an asynchronous view: nothing awaits it."""
    for frame, _ in walk_tb(exception.__traceback__):
        for value in frame.f_locals.values():
            if iscoroutine(value):
                value.close()


LIBRARIES: Final = ((flask_cors.CORS, flask_cors.cross_origin), (compat.CORS, compat.cross_origin))


def make_app(library: tuple[Any, Any], options: Mapping[str, Any], *, decorated: bool) -> Flask:
    """Build an application with the options for all of it, or for each of its views."""
    extension, decorator = library
    wrap: Wrap = decorator(**options) if decorated else lambda function: function
    app = Flask("shop")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    got_request_exception.connect(close_coroutines, app)
    app.register_error_handler(404, handle)
    app.register_error_handler(500, handle)

    # Defined here since flask-cors' decorator changes the attributes of the view itself.
    @app.route("/", methods=METHODS)
    @app.route("/<path:path>", methods=METHODS)
    @wrap
    def view(path: str = "") -> Response:
        return respond(path)

    @app.route("/later/<path:path>", methods=METHODS)
    @wrap
    async def later(path: str) -> Response:
        return respond(path)

    @app.route("/own/<path:path>", methods=[*METHODS, "OPTIONS"])
    @wrap
    def own(path: str) -> Response:
        return respond(path)

    if not decorated:
        extension(app, **options)
    return app


def names(value: str) -> list[str]:
    return sorted(value.lower().split(", "))


def fields(response: TestResponse, asked: Mapping[str, str]) -> dict[str, object]:
    """Return what the tests look at in a response. Names are compared without order and case."""
    headers = response.headers
    found: dict[str, object] = {
        name.lower().removeprefix("access-control-"): names(", ".join(headers.getlist(name)))
        for name in headers.keys()  # noqa: SIM118 - they are pairs
        if name.lower().startswith(("access-control-", "vary", "allow"))
    }
    return {
        **found,
        "granted": is_granted(asked, response.status_code, dict(headers)),
        "status": response.status_code,
        "text": response.text,
        "cookies": headers.getlist("Set-Cookie"),
    }


def differing(row: Row, method: str, *, decorated: bool) -> dict[str, tuple[object, object]]:
    """Return the fields that differ, with the values of flask-cors and of corekit."""
    theirs, ours = (
        fields(
            make_app(library, row.options, decorated=decorated)
            .test_client()
            .open(row.path, method=method, headers=dict(row.headers)),
            row.headers,
        )
        for library in LIBRARIES
    )
    return {
        name: (theirs.get(name), ours.get(name))
        for name in {*theirs, *ours}
        if theirs.get(name) != ours.get(name)
    }
