"""The model's verdict on a form: what a browser would do at the demo's API under that policy.

The model's browser calls the very application that the demo serves, with the middleware around it,
without a connection; so what it says can be compared with what a real browser did.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from corekit.browser import (
    ENGINES,
    STANDARD,
    BrowserModel,
    Exchange,
    HttpRequest,
    HttpResponse,
    Outcome,
    Quirks,
)

from .api import Api, cover
from .forms import Asked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["judge_form"]


def judge_form(asked: Asked, api: Api, origin: str, cookie: str = "") -> dict[str, Any]:
    """Tell what a browser by the standard does, ready for JSON, and which engines depart from it.

    `origin` is the API's; `cookie` the Cookie header that a browser would send with credentials.
    """
    app = cover(api, asked.policy)

    def ask(quirks: Quirks) -> Outcome:
        model = BrowserModel(clock=lambda: 0.0, quirks=quirks)
        return model.fetch(_connect(app, cookie), asked.page, asked.fetch(origin))

    outcome = ask(STANDARD)
    allowed = outcome.failure is None
    departing = [
        name
        for name, quirks in ENGINES.items()
        if quirks is not STANDARD and (ask(quirks).failure is None) != allowed
    ]
    return {**_explain(outcome, asked), "departing": departing}


def _explain(outcome: Outcome, asked: Asked) -> dict[str, Any]:
    failure = outcome.failure
    steps = [
        {"actor": "page", "title": f"The page calls fetch with {asked.method}.", "details": []}
    ]
    for exchange in outcome.exchanges:
        sent = exchange.request.method
        steps.append({"actor": "browser", "title": f"It sends {sent}.", "details": []})
        status = exchange.response.status
        steps.append({"actor": "server", "title": f"It answers {status}.", "details": []})
    sentence = failure.sentence if failure else "The page may read the answer."
    steps.append({"actor": "browser", "title": sentence, "details": []})
    return {
        "allowed": failure is None,
        "summary": sentence,
        "steps": steps,
        "failure": failure and {"name": failure.name, "sentence": failure.sentence},
        "near_misses": [],
        "mends": [{"sentence": failure.mend, "changes": {}}] if failure else [],
        "exchanges": [_tell(exchange) for exchange in outcome.exchanges],
    }


def _tell(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    return {
        "method": request.method,
        "target": urlsplit(request.url).path,
        "preflight": request.is_preflight,
        "request": request.headers,
        "status": response.status,
        "response": response.headers,
    }


def _connect(app: WSGIApplication, cookie: str) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        parts, body = urlsplit(request.url), request.body or b""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
        for name, value in request.headers:
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value
        if request.credentials and cookie:
            environ["HTTP_COOKIE"] = cookie
        setup_testing_defaults(environ)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Any:
            started.append((int(status[:3]), tuple(headers)))

        content = b"".join(app(environ, start_response))
        [(status, headers)] = started
        return HttpResponse(status, headers, content)

    return answer
