"""The guard of the settings: judges requests by the policy of their view.

The middleware asks it before anything else sees the request. A receiver of the signal that allows
an origin to read also allows it to write.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.adapter import (
    CrossOriginGuard,
    Engine,
    GuardedRequest,
    GuardObserver,
    OnVerdict,
    Policies,
    Verdict,
    is_handshake,
    path_readings,
    read_fetch_site,
)
from corekit.guard import GUARD_ARGUMENTS, GuardReason
from corekit.problems import Dialect, SettingProblem

from .grants import Grant
from .signals import check_request_enabled

_LOGGER: Final = logging.getLogger("corekit.django")
_DIALECT: Final = Dialect({name: f'CORS_GUARD["{name}"]' for name in GUARD_ARGUMENTS})
_EXPECTED: Final = "True, or a dict of the arguments of a guard"


class Refusal(HttpResponse):
    """The response to a request that the guard refuses, which no view has seen."""


class SettingsGuard:
    """The guard that CORS_GUARD describes, and what reports its verdicts."""

    def __init__(self, guard: CrossOriginGuard, on_verdict: OnVerdict | None) -> None:
        self.guard = guard
        self.observer = GuardObserver("django", _LOGGER, on_verdict=on_verdict)

    @property
    def replaces_tokens(self) -> bool:
        """Whether requests of trusted pages need no CSRF token."""
        return self.guard.mode == "enforce" and self.guard.writes != "ignore"

    def with_policy(self, policy: CorsPolicy | CorsRoutes) -> CrossOriginGuard:
        """Return the same guard for another policy, such as that of a view."""
        arguments = {name: getattr(self.guard, name) for name in GUARD_ARGUMENTS}
        return CrossOriginGuard.from_mapping(policy, arguments, dialect=self.guard.dialect)

    def skips(self, request: HttpRequest) -> bool:
        """Return whether the guard allows a request whatever its headers are."""
        return request.method in self.guard.skipped_methods and not _is_handshake(request)

    def judge(
        self, request: HttpRequest, grant: Grant | None, engine: Engine | None = None
    ) -> Judged:
        """Judge a request that `grant` covers; `engine` is that for its origin."""
        meta = request.META
        origin, site = meta.get("HTTP_ORIGIN"), meta.get("HTTP_SEC_FETCH_SITE")
        for each in () if grant is None else (engine, grant.admitting):
            site = read_fetch_site(site, origin, each)
        guarded = GuardedRequest(
            guard=self.guard,
            method=request.method or "",
            paths=path_readings(request.path_info),
            engine=engine,
            host=meta.get("HTTP_HOST"),
            origin=origin,
            sec_fetch_site=site,
            sec_fetch_mode=meta.get("HTTP_SEC_FETCH_MODE"),
            sec_fetch_dest=meta.get("HTTP_SEC_FETCH_DEST"),
            # The test client sends an empty one.
            cookie=meta.get("HTTP_COOKIE") or None,
            # A server that checks passwords itself may keep the header.
            authorization=meta.get("HTTP_AUTHORIZATION", meta.get("AUTH_TYPE")),
            # With SECURE_PROXY_SSL_HEADER what the proxy says, as in Django's own CSRF check.
            scheme=request.scheme,
            is_websocket=_is_handshake(request),
        )
        judged = Judged(self, guarded, self.guard.judge_request(guarded))
        admitting = None if grant is None else grant.admitting
        if judged.verdict.allowed or admitting is None or not check_request_enabled.receivers:
            return judged
        guarded = replace(guarded, engine=admitting)
        admitted = Judged(self, guarded, self.guard.judge_request(guarded))
        return judged._replace(admitted=admitted) if admitted.verdict.allowed else judged


class Judged(NamedTuple):
    """A request with its verdict.

    `admitted` is the same for an origin that a receiver of the signal allows; None if no receiver
    has to be asked, since that would change nothing.
    """

    guard: SettingsGuard
    request: GuardedRequest
    verdict: Verdict
    admitted: Judged | None = None

    def apply(self, request: HttpRequest) -> Refusal | None:
        """Report the verdict, and return the response to a request that is refused.

        If the page is known and may act as the user, the request needs no CSRF token.
        """
        verdict = self.verdict
        observer = self.guard.observer
        observer.observe(verdict, self.request, path=request.path, request=request)
        if verdict.status is not None:
            status, headers, body = verdict.response()
            return Refusal(body, status=status, headers=dict(headers))
        if self.guard.replaces_tokens and self._is_of_trusted_page():
            # Django's check of tokens would raise DisallowedHost here.
            request.get_host()
            request.csrf_processing_done = True  # type: ignore[attr-defined]
            # django-ninja's own check resets the first one.
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
        return None

    def _is_of_trusted_page(self) -> bool:
        # Without credentials a page may not act as the user, so it may not log one in either.
        engine = self.request.engine
        return self.verdict.reason is GuardReason.SAME_ORIGIN or (
            self.verdict.is_proven and engine is not None and engine.allows_credentials
        )

    def add_vary(self, response: HttpResponseBase) -> None:
        """Add what the verdict depends on to the response of the application."""
        if self.verdict.vary:
            patch_vary_headers(response, self.verdict.vary)


def read_guard(policy: Policies | None, problems: list[Problem]) -> CrossOriginGuard | None:
    """Return the guard that CORS_GUARD describes, None for none; append the problems."""
    given: Any = getattr(settings, "CORS_GUARD", None)
    if given is None or given is False:
        return None
    arguments = {} if given is True else given
    if not isinstance(arguments, Mapping):
        kind, found = SettingProblem.WRONG_TYPE, type(given).__name__
        problems.append(Problem.of(kind, "CORS_GUARD", given, type=found, expected=_EXPECTED))
        return None
    try:
        policy = policy or CorsPolicy.deny_all()
        return CrossOriginGuard.from_mapping(policy, arguments, dialect=_DIALECT)
    except PolicyError as error:
        problems += map(_name_setting, error.problems)
    return None


def _name_setting(problem: Problem) -> Problem:
    if problem.argument in GUARD_ARGUMENTS:
        return problem
    return replace(problem, subject=f'CORS_GUARD["{problem.subject}"]')


def _is_handshake(request: HttpRequest) -> bool:
    # Some WSGI servers open a WebSocket from within a view.
    return is_handshake(request.method or "", request.META.get("HTTP_UPGRADE"))
