"""The model's verdict on a form: what a browser would do at the demo's API under that policy.

The model's browser calls the very application that the demo serves, with the middleware around it,
without a connection; so what it says can be compared with what a real browser did.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from wsgiref.util import setup_testing_defaults

from corekit.browser import (
    ENGINES,
    STANDARD,
    BrowserModel,
    HttpRequest,
    HttpResponse,
    Outcome,
    Quirks,
)
from corekit.explain import explain_outcome

from .api import Api, cover
from .form import Asked, fill_fetch, fill_policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["judge_form"]


def judge_form(asked: Asked, api: Api, origin: str, cookie: str = "") -> dict[str, Any]:
    """Explain what a browser by the standard does, ready for JSON, and who departs from it.

    `origin` is the API's; `cookie` the Cookie header that a browser would send with credentials.
    To the explanation's data come ``departing``, the engines that end otherwise, and to each mend
    its ``fields``, which are those of the form to change.
    """
    app, fetch = cover(api, asked.policy), asked.fetch(origin)

    def ask(quirks: Quirks) -> Outcome:
        model = BrowserModel(clock=lambda: 0.0, quirks=quirks)
        return model.fetch(_connect(app, cookie), asked.page, fetch)

    outcome = ask(STANDARD)
    explanation = explain_outcome(outcome, fetch, page=asked.page, policy=asked.policy)
    told = explanation.to_dict()
    for mend, described in zip(explanation.fixes, told["fixes"], strict=True):
        changed = {} if mend.fetch is None else fill_fetch(mend.fetch)
        described["fields"] = {**fill_policy(mend.changes), **changed}
    told["departing"] = [
        name
        for name, quirks in ENGINES.items()
        if quirks is not STANDARD and (ask(quirks).failure is None) != explanation.allowed
    ]
    return told


def _connect(app: WSGIApplication, cookie: str) -> Callable[[HttpRequest], HttpResponse]:
    def answer(request: HttpRequest) -> HttpResponse:
        parts, body = urlsplit(request.url), request.body or b""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": unquote(parts.path, "latin-1"),  # as a WSGI server has it
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
