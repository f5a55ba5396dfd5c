"""The middleware: finds what covers a request, asks its engine, writes the answer.

It holds no rule of its own. Sync and async are one class; under ASGI nothing runs in a thread but a
plain receiver of the signal. An actual request is judged when its response comes back, since by
then Django has resolved the view; a preflight is answered in place of the view.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from corekit import Answer, RequestKind
from corekit._engine import Engine
from corekit._headers import merge_vary
from corekit.decision import ALLOW_ORIGIN

from .conf import Grant, get_configuration
from .decorators import EXEMPT, is_in_use
from .observing import TOLD
from .resolving import View, find_mark, find_view, has_one_policy
from .signals import check_request_enabled

__all__ = ["CorsMiddleware", "find_grant", "is_preflight"]

GetResponse = Callable[[HttpRequest], Any]
"""Gives a response, or an awaitable of one where it is async."""

_REFUSED: Final = b"CORS: the origin is not allowed.\n"
_MAX_AGE: Final = "Access-Control-Max-Age"
_PREFIX: Final = "access-control-"
_ALLOW_ORIGIN: Final = ALLOW_ORIGIN.lower()


class CorsMiddleware:
    """Puts the project's policy around every view; let it stand first in MIDDLEWARE.

    Raises ImproperlyConfigured as the server starts, with every problem of the settings.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        # Read here and not with the first request: what is unsafe does not start.
        get_configuration()
        TOLD.read()

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        response: HttpResponseBase | None = None
        if not is_preflight(request):
            response = self.get_response(request)
        answer, answer_if_admitted, grant = _find_answers(request, response)
        if answer is None:
            return response or self.get_response(request)
        if answer_if_admitted is not None:
            said = check_request_enabled.send(None, request=request)
            if any(yes for _, yes in said):
                answer = answer_if_admitted
        if grant is not None:
            _tell(request, answer, grant, admitted=answer is answer_if_admitted)
        return _write(request, response, answer)

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase | None = None
        if not is_preflight(request):
            response = await self.get_response(request)
        answer, answer_if_admitted, grant = _find_answers(request, response)
        if answer is None:
            return response or await self.get_response(request)
        if answer_if_admitted is not None:
            said = await check_request_enabled.asend(None, request=request)
            if any(yes for _, yes in said):
                answer = answer_if_admitted
        if grant is not None:
            _tell(request, answer, grant, admitted=answer is answer_if_admitted)
        return _write(request, response, answer)


def is_preflight(request: HttpRequest) -> bool:
    """Say whether a request is a CORS preflight: https://fetch.spec.whatwg.org/#cors-preflight-request

    A plain OPTIONS request is none, and reaches the view.
    """
    return (
        request.method == "OPTIONS"
        and "HTTP_ORIGIN" in request.META
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )


def find_grant(request: HttpRequest, view: View | None, method: str) -> Grant | None:
    """Find what covers a request for `method`, the one that a preflight asks for.

    `view` is what the request leads to. None where the request is to stay untouched.
    """
    mark = None if view is None else find_mark(view, method)
    if mark is EXEMPT:
        return None
    if mark is not None:
        return Grant(mark, None)
    return get_configuration().find(request.path_info)


def _find_answers(
    request: HttpRequest, response: HttpResponseBase | None
) -> tuple[Answer | None, Answer | None, Grant | None]:
    """Find the answer to a request, and the one instead where a receiver of the signal says yes.

    No answer: the request is to stay untouched. The grant is given where somebody may be told.
    """
    preflight = response is None
    meta = request.META
    view = None
    # A request that was resolved has loaded the views, which are marked as they are loaded.
    if (is_in_use() or request.resolver_match is None) and not _has_failed(request, response):
        view = find_view(request)
    if view is None:
        grant = get_configuration().find(request.path_info)
    else:
        asked = meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] if preflight else request.method
        grant = find_grant(request, view, asked or "")
    if grant is None:
        return None, None, None
    engine = grant.policy.engine
    told = grant if TOLD.observer.hears_all else None
    origin = meta.get("HTTP_ORIGIN")
    if origin is None:
        return engine.no_origin, None, told
    answer = _ask(engine, origin, meta, preflight=preflight)
    admitted = None
    if not answer.origin_allowed:
        told = grant
        admitted = _find_admitted(grant, origin, meta, preflight=preflight)
    if preflight:
        told = grant
        if view is not None and not has_one_policy(view):
            answer = _uncached(answer)
            admitted = admitted and _uncached(admitted)
    return answer, admitted, told


def _find_admitted(
    grant: Grant, origin: str, meta: dict[str, Any], *, preflight: bool
) -> Answer | None:
    if grant.admitting is None or not check_request_enabled.receivers:
        return None
    answer = _ask(grant.admitting, origin, meta, preflight=preflight)
    return answer if answer.origin_allowed else None


def _has_failed(request: HttpRequest, response: HttpResponseBase | None) -> bool:
    # The URLconf itself may be broken: asked again, it would fail again, here.
    return response is not None and response.status_code == 500 and request.resolver_match is None


def _ask(engine: Engine, origin: str, meta: dict[str, Any], *, preflight: bool) -> Answer:
    # Servers join a header that came twice with a comma, which no origin has.
    if not preflight:
        return engine.actual(origin)
    return engine.preflight(
        origin,
        meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"],
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
        meta.get("HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"),
    )


def _tell(request: HttpRequest, answer: Answer, grant: Grant, *, admitted: bool) -> None:
    observer = TOLD.observer
    if not observer.hears_all and not observer.logger.isEnabledFor(observer.level):
        return
    meta = request.META
    asked = asked_headers = None
    if answer.kind is RequestKind.PREFLIGHT:
        asked = meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"]
        asked_headers = meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
    engine = grant.admitting if admitted and grant.admitting is not None else grant.policy.engine
    event = observer.event(
        engine,
        answer,
        method=request.method or "",
        path=request.path,
        origin=meta.get("HTTP_ORIGIN"),
        request_method=asked,
        request_headers=asked_headers,
        request=request,
    )
    observer.tell(event)


def _uncached(answer: Answer) -> Answer:
    # A browser keeps an answer for all the methods that it names; here another would answer them.
    if not answer.origin_allowed:
        return answer
    others = tuple(header for header in answer.headers if header[0] != _MAX_AGE)
    return replace(answer, headers=(*others, (_MAX_AGE, "0")))


def _write(
    request: HttpRequest, response: HttpResponseBase | None, answer: Answer
) -> HttpResponseBase:
    if response is None:
        response = _make_preflight_response(answer)
    # Into the mapping below Django's: what is written is ASCII by its nature, and Django's own
    # setter, which has to see to that, takes three times as long as all else here.
    fields: dict[str, tuple[str, str]] = response.headers._store
    # All names at once: looking at one after the other takes an eighth of a request more.
    if _PREFIX in "\n".join(fields):
        for name in [name for name in fields if name.startswith(_PREFIX)]:
            del fields[name]
    if answer.echoes_origin:
        fields[_ALLOW_ORIGIN] = (ALLOW_ORIGIN, request.META["HTTP_ORIGIN"])
    for name, value in answer.headers:
        fields[name.lower()] = (name, value)
    if "vary" in fields:
        vary = merge_vary([fields["vary"][1]], answer.vary)
        if vary is not None:
            fields["vary"] = ("Vary", vary)
    elif answer.vary:
        fields["vary"] = answer.lines[-1]
    return response


def _make_preflight_response(answer: Answer) -> HttpResponse:
    body = b"" if answer.origin_allowed else _REFUSED
    response = HttpResponse(body, status=answer.status, content_type="text/plain; charset=utf-8")
    if answer.status == 204:
        del response.headers["Content-Type"]
    else:
        response.headers["Content-Length"] = str(len(body))
    return response
