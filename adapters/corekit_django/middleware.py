"""The middleware: finds what covers a request, asks its engine, writes the answer.

Sync and async are one class; under ASGI nothing runs in a thread but a sync receiver of the signal.
An actual request is decided when its response returns, since Django has resolved the view by then;
a preflight is answered in place of the view. With CORS_GUARD, the guard judges a request before it
is passed on.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from corekit import CorsPolicy
from corekit.adapter import (
    MARKS,
    Applied,
    ReadPolicies,
    applying,
    check_lookup,
    find_widest,
    is_bridged,
    merge_headers,
    policy_for_preflight,
    preflight_response,
    shared_reads,
)

from .answers import Found, ask
from .conf import Configuration, get_configuration, read_again
from .grants import Grant
from .guarding import Judged, Refusal
from .lookups import Pending, find_engine, find_pending, has_two_lookups
from .messages import write_error
from .resolving import View, find_mark, find_marks, find_view_or_report, methods_of, policy_of_mark
from .signal_lookup import SignalLookup
from .signals import check_request_enabled, has_foreign_receivers

GetResponse = Callable[[HttpRequest], Any]
"""Returns a response, or an awaitable of one if it is async."""


# The key that corekit_asgi puts into the scope, and corekit_wsgi into the environ.
_APPLIED: Final = "corekit.applied"

_READ: Final = "_corekit_read"
"""The attribute of a request for what was read when it arrived."""

_LOGGER: Final = logging.getLogger("corekit.django")

_UNCALLED: Final = (
    "_url_in_whitelist",
    "add_response_headers",
    "check_preflight",
    "check_signal",
    "is_enabled",
    "origin_found_in_white_lists",
    "regex_domain_match",
)
"""The methods of django-cors-headers' middleware, which nothing calls here."""

_NOT_INSTALLED: Final = (
    "'corekit_django' is not in INSTALLED_APPS, so its checks do not run, and manage.py cors does"
    " not exist. Add it."
)

_HOOKS: Final = ("__acall__", "process_request", "process_response")
"""Methods that only a __call__ of the subclass could call."""


class CorsMiddleware:
    """Applies the project's policy to all views; put it first in MIDDLEWARE.

    Raise ImproperlyConfigured when the server starts, with all problems of the settings, and
    TypeError for a subclass with methods that nothing calls.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        # Read now and not with the first request: a server with unsafe settings does not start.
        read_again()
        uncalled = find_uncalled(type(self))
        if uncalled:
            path = f"{type(self).__module__}.{type(self).__qualname__}"
            raise TypeError(write_error("E006", path=path, names=", ".join(uncalled)))
        if has_foreign_receivers():
            raise ImproperlyConfigured(write_error("E008"))
        if has_two_lookups(get_configuration()):
            raise ImproperlyConfigured(write_error("E009"))
        try:
            check_lookup(get_configuration().lookup, is_async=self._is_async)
        except TypeError as error:
            raise ImproperlyConfigured(f"CORS_LOOKUP: {error}") from None
        if not apps.is_installed("corekit_django"):
            _LOGGER.warning(_NOT_INSTALLED)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        response = None if is_preflight(request) else self._respond(request)
        found = _find(request, response)
        if found is None:
            return response or self._respond(request)
        pending = _find_pending(request, found)
        if pending is not None:
            pending.ask()
        found = found.look_up(request, is_preflight=response is None)
        if found.admitting is not None:
            outcome = _signal(request).ask(request)
            found = found.admit(request, outcome, is_preflight=response is None)
        return _finish(request, response, found)

    def _respond(self, request: HttpRequest) -> HttpResponseBase:
        pending = _find_pending_for_guard(request)
        if pending is not None:
            pending.ask()
        judged = _judge(request)
        if judged is not None:
            if judged.admitted is not None and _signal(request).ask(request).allowed:
                judged = judged.admitted
            refusal = judged.apply(request)
            if refusal is not None:
                return refusal
        response: HttpResponseBase
        if _is_authority(request):
            with _applying(request):
                response = self.get_response(request)
        else:
            response = self.get_response(request)
        if judged is not None:
            judged.add_vary(response)
        return response

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        response = None if is_preflight(request) else await self._respond_async(request)
        found = _find(request, response)
        if found is None:
            return response or await self._respond_async(request)
        pending = _find_pending(request, found)
        if pending is not None:
            await pending.ask_async()
        found = found.look_up(request, is_preflight=response is None)
        if found.admitting is not None:
            outcome = await _signal(request).ask_async(request)
            found = found.admit(request, outcome, is_preflight=response is None)
        return _finish(request, response, found)

    def _respond_async(self, request: HttpRequest) -> Awaitable[HttpResponseBase]:
        pending = _find_pending_for_guard(request)
        if pending is not None:
            return self._respond_looked_up_async(request, pending)
        judged = _judge(request)
        if judged is None and not _is_authority(request):
            # Without a coroutine in between, which takes time.
            response: Awaitable[HttpResponseBase] = self.get_response(request)
            return response
        return self._respond_judged_async(request, judged)

    async def _respond_looked_up_async(
        self, request: HttpRequest, pending: Pending
    ) -> HttpResponseBase:
        await pending.ask_async()
        return await self._respond_judged_async(request, _judge(request))

    async def _respond_judged_async(
        self, request: HttpRequest, judged: Judged | None
    ) -> HttpResponseBase:
        if judged is not None:
            if judged.admitted is not None:
                outcome = await _signal(request).ask_async(request)
                judged = judged.admitted if outcome.allowed else judged
            refusal = judged.apply(request)
            if refusal is not None:
                return refusal
        with _applying(request) if _is_authority(request) else nullcontext():
            response: HttpResponseBase = await self.get_response(request)
        if judged is not None:
            judged.add_vary(response)
        return response


def find_uncalled(cls: type[CorsMiddleware]) -> list[str]:
    """Return the methods of a subclass that are meant to override some, but are not called."""
    names = _UNCALLED if cls.__call__ is not CorsMiddleware.__call__ else (*_UNCALLED, *_HOOKS)
    return [name for name in names if hasattr(cls, name)]


def is_preflight(request: HttpRequest) -> bool:
    """Return whether a request is a preflight: https://fetch.spec.whatwg.org/#cors-preflight-request

    A plain OPTIONS request is not, and reaches the view.
    """
    return (
        request.method == "OPTIONS"
        and "HTTP_ORIGIN" in request.META
        and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in request.META
    )


def find_grant(request: HttpRequest, view: View | None, method: str) -> Grant | None:
    """Return what covers a request for `method`; for a preflight, the one that it asks for.

    `view` is the view of the request. None if the response must not be changed.
    """
    configuration, read = _read(request)
    mark = None if view is None else find_mark(view, method)
    if mark is None:
        return configuration.find(request.path_info)
    policy = policy_of_mark(mark, request.path_info, read)
    return None if policy is None else Grant(policy.of_handler)


def _read(request: HttpRequest) -> tuple[Configuration, ReadPolicies]:
    """Return the configuration and the live policies that a request found when it arrived."""
    found: tuple[Configuration, ReadPolicies] | None = vars(request).get(_READ)
    if found is None:
        # A layer of ASGI or WSGI around Django may have read the policy.
        outer: dict[str, Any] = getattr(request, "environ", None) or getattr(request, "scope", {})
        read = MARKS.read(shared_reads(outer))
        found = vars(request)[_READ] = get_configuration(read), read
    return found


def _find_view(request: HttpRequest, *, is_redirected: bool = False) -> View | None:
    observer = _read(request)[0].observer
    return find_view_or_report(request, observer, is_redirected=is_redirected)


def _signal(request: HttpRequest) -> SignalLookup:
    return _read(request)[0].signal


def _judge(request: HttpRequest) -> Judged | None:
    """Return a request with the verdict of the guard; None if there is nothing to judge."""
    # This is the first that reads the policy, which may be replaced while the view runs.
    guard = _read(request)[0].guard
    if guard is None or guard.skips(request):
        return None
    grant = _find_grant_for_guard(request)
    return guard.judge(
        request, grant, None if grant is None else find_engine(request, grant.engine)
    )


def _find_grant_for_guard(request: HttpRequest) -> Grant | None:
    """Return what covers a request, or the one that it may be redirected to."""
    view = _find_view(request, is_redirected=True)
    return find_grant(request, view, request.method or "")


def _find_pending(request: HttpRequest, found: Found) -> Pending | None:
    """Return what has to be looked up before the response is written."""
    if not found.answer.may_be_denied or found.answer.origin_allowed:
        return None
    return find_pending(request, _read(request)[0], found.engine)


def _find_pending_for_guard(request: HttpRequest) -> Pending | None:
    """Return what has to be looked up before the guard judges a request."""
    configuration = _read(request)[0]
    guard = configuration.guard
    if configuration.lookup is None or guard is None or guard.skips(request):
        return None
    grant = _find_grant_for_guard(request)
    return None if grant is None else find_pending(request, configuration, grant.engine)


def _is_authority(request: HttpRequest) -> bool:
    """Return whether views must know what this middleware applies: no layer is outside of it."""
    if not MARKS.exist or _APPLIED in _carrier(request):
        return False
    return not is_bridged(_interface(request), request.META.items())


def _carrier(request: HttpRequest) -> MutableMapping[str, Any]:
    """Return what says which layer is outermost: the context may be that of another request."""
    scope: MutableMapping[str, Any] | None = getattr(request, "scope", None)
    return request.META if scope is None else scope


def _interface(request: HttpRequest) -> str:
    return "asgi" if hasattr(request, "scope") else "wsgi"


@contextmanager
def _applying(request: HttpRequest) -> Iterator[None]:
    carrier = _carrier(request)
    carrier[_APPLIED] = True
    try:
        applied = partial(_find_applied, request)
        with applying(applied, _interface(request), request.META.items()):
            yield
    finally:
        # An outer application may call Django again.
        carrier.pop(_APPLIED, None)


def _find_applied(request: HttpRequest) -> Applied:
    """Return what is applied to a request whose view is about to run."""
    method = request.method or ""
    view = _find_view(request)
    grant = find_grant(request, view, method)
    marks = [] if view is None else find_marks(view, method)
    if grant is None:
        return Applied(None)
    configuration, read = _read(request)
    # An engine that receivers of the signal, or a look-up, may widen when the view has run.
    admitting = grant.admitting if check_request_enabled.receivers else None
    origin, site = (request.META.get(f"HTTP_{name}") for name in ("ORIGIN", "SEC_FETCH_SITE"))
    engine = admitting or find_widest(configuration.lookup, grant.engine, origin, site)
    return Applied(engine, marks, read)


def _find(request: HttpRequest, response: HttpResponseBase | None) -> Found | None:
    """Return the answer to a request; None if the response must not be changed."""
    is_redirected = (
        response is None or isinstance(response, Refusal) or 300 <= response.status_code < 400
    )
    view = _find_view(request, is_redirected=is_redirected)
    meta = request.META
    if response is None and view is not None:
        grant = _find_preflight_grant(request, view, meta["HTTP_ACCESS_CONTROL_REQUEST_METHOD"])
    else:
        grant = find_grant(request, view, request.method or "")
    if grant is None:
        return None
    answer = ask(grant.engine, meta, is_preflight=response is None)
    admitting = None
    if answer.may_be_denied and not answer.origin_allowed and check_request_enabled.receivers:
        admitting = grant.admitting
        if admitting is not None and not admitting.allows(meta["HTTP_ORIGIN"]):
            admitting = None
    return Found(grant.engine, answer, admitting)


def _find_preflight_grant(request: HttpRequest, view: View, method: str) -> Grant | None:
    def find(method: str) -> CorsPolicy | None:
        grant = find_grant(request, view, method)
        return None if grant is None else grant.policy

    grant = find_grant(request, view, method)
    policy = policy_for_preflight(find, method, methods_of(view))
    if policy is None:
        return None
    grants = () if grant is None else (grant, grant.uncached)
    return next((each for each in grants if each.policy is policy), Grant(policy))


def _finish(
    request: HttpRequest, response: HttpResponseBase | None, found: Found
) -> HttpResponseBase:
    engine, answer, _ = found
    meta = request.META
    origin = meta.get("HTTP_ORIGIN")
    configuration = _read(request)[0]
    observer = configuration.observer
    if observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin)):
        observer.observe(
            engine,
            answer,
            method=request.method or "",
            path=request.path,
            origin=origin,
            request_method=meta.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"),
            request_headers=meta.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
            host=meta.get("HTTP_HOST"),
            sec_fetch_site=meta.get("HTTP_SEC_FETCH_SITE"),
            request=request,
            find_policy=lambda policies: policies.policy_for(request.path_info),
        )
    if response is None:
        status, headers, body = preflight_response(answer, meta["HTTP_ORIGIN"])
        response = HttpResponse(body, status=status)
    else:
        given = list(response.headers._store.values())
        headers = merge_headers(given, answer, origin)
        if configuration.removed is not None:
            configuration.removed.log(request.path, given, headers)
    # Into the dict of Django's mapping: all values are ASCII or were there before, and the mapping
    # itself, which encodes each value to check that, takes three times as long as all else here.
    response.headers._store = {name.lower(): (name, value) for name, value in headers}
    return response
