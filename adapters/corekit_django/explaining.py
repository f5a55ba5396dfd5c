"""Explain what happens to one request of a page: what `manage.py cors --origin` prints.

The request passes through the middleware before the CORS middleware, as it does in the server. Its
policy is then found as the middleware finds it, and the receivers of the signal are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.module_loading import import_string

from corekit import CorsPolicy, PolicyError
from corekit.adapter import RoutingError
from corekit.browser import Fetch
from corekit.explain import Explanation, explain, read_origin
from corekit.explain.explanation import verdict_to_dict
from corekit.guard import Verdict as GuardVerdict

from .conf import Configuration
from .decorators import EXEMPT
from .grants import Grant
from .middleware import find_grant
from .middleware_checks import middleware_before
from .resolving import find_mark, find_view, name_view
from .signals import call, find_receivers, judge, settle

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class PageCall(NamedTuple):
    """What a page calls; `host` is empty for the first one in ALLOWED_HOSTS.

    `host` may begin with a scheme. By default, it is http for a local host with DEBUG, as with
    runserver, and https otherwise.
    """

    origin: str
    method: str
    headers: tuple[str, ...]
    path: str
    host: str = ""


class Verdict(NamedTuple):
    """What happens to a call, and whether the page can read the response; None if it depends.

    `source` names what decides, `notes` are about the arguments. Without an explanation, `summary`
    says why not, and `guarded` is the verdict of the guard, None if that was not asked.
    """

    source: str
    summary: str
    allowed: bool | None
    notes: tuple[str, ...] = ()
    explanation: Explanation | None = None
    guarded: GuardVerdict | None = None

    @property
    def succeeds(self) -> bool | None:
        """Whether the page can read the response, and no guard refused the request."""
        if self.explanation is None:
            return self.allowed
        return None if self.explanation.lookup is not None else self.explanation.succeeds

    def to_dict(self) -> dict[str, Any]:
        """Return everything for JSON, with the keys of `corekit explain`."""
        explained: dict[str, Any] = {"guard": self.guarded and verdict_to_dict(self.guarded)}
        if self.explanation is not None:
            explained = self.explanation.to_dict()
        verdict = {"allowed": self.allowed, "summary": self.summary}
        return {"policy": self.source, "notes": list(self.notes), **explained, **verdict}


def explain_call(configuration: Configuration, call: PageCall) -> Verdict:
    """Explain what happens to the call of a page; raise ValueError if no page can make it."""
    origin, problem = read_origin(call.origin)
    notes: tuple[str, ...] = ()
    if problem is not None:
        if origin is None:
            raise ValueError(f"{problem.message} {problem.hint}")
        notes = (f"--origin {call.origin}: {problem.message} It is read as {origin}.",)
        call = call._replace(origin=origin)
    fetch = _make_fetch(call, "include")
    is_preflight = bool(explain(CorsPolicy.deny_all(), fetch, page=call.origin).outcome.preflights)
    request = _make_request(call, is_preflight=is_preflight)
    earlier, response, request = _pass_earlier(request)
    if response is None:
        verdict = _explain(configuration, call, request)
        return verdict._replace(notes=(*notes, *verdict.notes))
    source = f"{earlier} responds before the CORS middleware"
    summary = f"Its response, {response.status_code}, has no CORS headers of corekit."
    allowed = None if _ALLOW_ORIGIN in response else False
    return Verdict(source, summary, allowed, notes)


def _explain(configuration: Configuration, call: PageCall, request: HttpRequest) -> Verdict:
    try:
        view = find_view(request, is_redirected=True)
    except RoutingError as error:
        cause = error.__cause__
        source = f"the URLconf raised {type(cause).__name__} for {call.path}: {cause}"
        return Verdict(source, "No origins are allowed, since the view is not known.", False)
    grant = find_grant(request, view, call.method)
    mark = None if view is None else find_mark(view, call.method)
    source = configuration.source
    if view is not None and mark is not None:
        name = name_view(view, call.method)
        source = f"{name} is exempt" if mark is EXEMPT else f"the per-view policy of {name}"
    elif special := configuration.describe(call.path):
        source += f", but {special}"
    if grant is None:
        return _explain_uncovered(configuration, call, source, is_exempt=mark is EXEMPT)
    policy = CorsPolicy.deny_all() if grant.is_outside else grant.policy
    admitted = _is_admitted(grant, policy, call.origin, request)
    if admitted:
        source += "; a receiver of check_request_enabled allows the origin"
        policy = _allow(grant.policy, call.origin)
    fetch = _make_fetch(call, "include" if policy.allow_credentials else "same-origin")
    guard = None if configuration.guard is None else configuration.guard.with_policy(policy)
    lookup = configuration.lookup if policy.engine.may_look_up else None
    explanation = explain(policy, fetch, page=call.origin, guard=guard, lookup=lookup)
    return Verdict(source, explanation.summary, explanation.allowed, (), explanation)


def _explain_uncovered(
    configuration: Configuration, call: PageCall, source: str, *, is_exempt: bool
) -> Verdict:
    """Return the verdict on a call that no policy covers: the guard still judges it."""
    summary = "CORS does not apply; only the headers of the view count."
    allowed = None if is_exempt else False
    request, guard = _make_request(call, is_preflight=False), configuration.guard
    if guard is None or guard.skips(request):
        return Verdict(source, summary, allowed)
    verdict = guard.judge(request, None).verdict
    if not verdict.allowed:
        does = f"refuses the request with {verdict.status}" if verdict.status else "only reports it"
        message = f"{verdict.reason.value} {verdict.hint} [{verdict.reason.name}]"
        summary = f"The guard {does}: {message} {summary}"
        allowed = False if verdict.status else allowed
    return Verdict(source, summary, allowed, guarded=verdict)


def _is_admitted(grant: Grant, policy: CorsPolicy, origin: str, request: HttpRequest) -> bool:
    admitting = grant.admitting
    if (
        admitting is None
        or policy.decide("GET", origin=origin).allowed
        or not admitting.actual(origin).origin_allowed
    ):
        return False
    plain, later = find_receivers()
    is_allowed, error = judge(settle(call([*plain, *later], request)))
    if error is not None and not is_allowed:
        kind = type(error).__name__
        raise ValueError(
            f"A receiver of check_request_enabled raised {kind}: {error}. In the server, it is not"
            " known then whether the origin is allowed: a preflight fails with 503."
        ) from error
    return is_allowed


def _allow(policy: CorsPolicy, origin: str) -> CorsPolicy:
    try:
        return policy.replace(allow_origins=[origin], accept_risks=())
    except PolicyError as error:  # a risk that the receiver accepts
        risks = [problem.code for problem in error.problems]
        return policy.replace(allow_origins=[origin], accept_risks=risks)


def _make_fetch(call: PageCall, credentials: str) -> Fetch:
    headers = tuple((name, "1") for name in call.headers)
    scheme, host = _scheme_and_host(call)
    url = f"{scheme}://{host}{call.path}"
    return Fetch(url, call.method, headers, credentials=credentials)


def _scheme_and_host(call: PageCall) -> tuple[str, str]:
    scheme, separator, host = call.host.rstrip("/").partition("://")
    if separator:
        if scheme not in ("http", "https"):
            raise ValueError(f"--host {call.host}: The scheme is neither http nor https.")
        return scheme, host
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    host = call.host or (hosts[0] if hosts else "localhost")
    is_local = re.sub(r":\d+$", "", host) in _LOCAL
    return "http" if settings.DEBUG and is_local else "https", host


def _make_request(call: PageCall, *, is_preflight: bool) -> HttpRequest:
    scheme, host = _scheme_and_host(call)
    headers = {"Origin": call.origin, "Host": host}
    if is_preflight:
        headers["Access-Control-Request-Method"] = call.method
        if call.headers:
            headers["Access-Control-Request-Headers"] = ",".join(call.headers)
    else:
        headers |= dict.fromkeys(call.headers, "1")
    method = "OPTIONS" if is_preflight else call.method
    is_secure = scheme == "https"
    request = RequestFactory().generic(method, quote(call.path), headers=headers, secure=is_secure)
    request.get_host()  # raises DisallowedHost, as Django does for most requests
    return request


def _pass_earlier(request: HttpRequest) -> tuple[str, HttpResponse | None, HttpRequest]:
    """Pass a request through the middleware before the CORS middleware.

    Return the middleware that responds instead and its response, or None, and the request that the
    CORS middleware gets.
    """
    passed: list[HttpRequest] = []
    reached: list[str] = []

    def finish(request: HttpRequest) -> HttpResponse:
        passed.append(request)
        return HttpResponse()

    handler: Callable[[HttpRequest], Any] = finish
    for path in reversed(middleware_before()):
        handler = _add_middleware(path, handler, reached)
    response = handler(request)
    return ("", None, passed[0]) if passed else (reached[-1], response, request)


def _add_middleware(
    path: str, handler: Callable[[HttpRequest], Any], reached: list[str]
) -> Callable[[HttpRequest], Any]:
    made: Any = import_string(path)
    is_sync = getattr(made, "sync_capable", True)
    try:
        layer = made(handler if is_sync else sync_to_async(handler))
    except MiddlewareNotUsed:
        return handler
    call = convert_exception_to_response(layer if is_sync else async_to_sync(layer))

    def respond(request: HttpRequest) -> Any:
        reached.append(path)
        return call(request)

    return respond
