"""`manage.py cors`: prints the effective policy, or explains what happens to one request.

It finds the policy as the middleware does, and calls the receivers of the signal.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.http import HttpRequest
from django.test import RequestFactory

from corekit import CorsPolicy, PolicyError
from corekit.adapter import SAFELISTED_METHODS
from corekit.browser import Fetch
from corekit.explain import Explanation, explain
from corekit_django.conf import Configuration, get_configuration
from corekit_django.decorators import EXEMPT
from corekit_django.middleware import find_grant
from corekit_django.resolving import find_mark, find_marked_views, find_view, name_view
from corekit_django.signals import check_request_enabled, is_admitted


class Command(BaseCommand):
    """Prints the effective CORS policy, or explains what happens to the request of a page."""

    help = "Print the effective CORS policy, or explain what happens to one request."
    # The command prints the problems itself, with their hints.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options of the request to explain."""
        parser.add_argument("--origin", help="origin of the page, such as https://app.example.com")
        parser.add_argument("--method", help="method that the page calls; default: GET")
        parser.add_argument(
            "--header",
            action="append",
            default=[],
            metavar="NAME",
            help="header that the page sets; may be repeated",
        )
        parser.add_argument("--path", help="path that the page calls, such as /api/; default: /")

    def handle(self, **options: Any) -> None:
        """Run the command; raise CommandError with every problem of the settings."""
        try:
            configuration = get_configuration()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        origin, headers = options["origin"], options["header"]
        method, path = options["method"], options["path"]
        if origin is None:
            if method or path or headers:
                raise CommandError("Pass --origin to explain a request.", returncode=2)
            for line in _describe(configuration):
                self.stdout.write(line)
            return
        try:
            source, explanation = _explain(
                configuration, origin, method or "GET", headers, path or "/"
            )
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from None
        self.stdout.write(source)
        if explanation is not None:
            self.stdout.write(f"\n{explanation}")
            if not explanation.allowed:
                sys.exit(1)


def _describe(configuration: Configuration) -> Iterator[str]:
    if isinstance(configuration.policy, CorsPolicy):
        paths = "every path" if configuration.urls is None else configuration.urls.pattern
        yield f"From {configuration.source}, for {paths}:"
        yield from _describe_policy(configuration.policy)
    else:
        yield f"From {configuration.source}, the first match wins:"
        for path, policy in configuration.policy.routes:
            yield f"  {path}"
            yield from (f"  {line}" for line in _describe_policy(policy))
    receivers = len(check_request_enabled.receivers)
    if receivers:
        yield ""
        yield f"check_request_enabled has {receivers} receiver(s), which may allow other origins."
    marked = list(find_marked_views())
    if marked:
        yield ""
        yield "Per-view policies:"
    for path, view, method, mark in marked:
        yield f"  {method or 'all methods':<11} {path} ({name_view(view, method)})"
        if isinstance(mark, CorsPolicy):
            yield from (f"  {line}" for line in _describe_policy(mark))
        else:
            yield "    exempt: CORS does not apply"


def _describe_policy(policy: CorsPolicy) -> Iterator[str]:
    regexes = [regex.pattern for regex in getattr(policy, "allow_origin_regexes", ())]
    rows: dict[str, object] = {
        "origins": ", ".join(policy.allow_origins) or ("" if regexes else "none"),
        "origin regexes": ", ".join(regexes),
        "credentials": "yes" if policy.allow_credentials else "no",
        "methods": ", ".join(dict.fromkeys((*SAFELISTED_METHODS, *policy.allow_methods))),
        "request headers": ", ".join(policy.allow_headers),
        "exposed headers": ", ".join(policy.expose_headers),
        "max age": "" if policy.max_age is None else f"{policy.max_age} s",
        "private network": "yes" if policy.allow_private_network else "",
        "accepted risks": ", ".join(policy.accept_risks),
    }
    for name, value in rows.items():
        if value:
            yield f"  {name:<16} {value}"


def _explain(
    configuration: Configuration, origin: str, method: str, headers: list[str], path: str
) -> tuple[str, Explanation | None]:
    request = _make_request(origin, method, ",".join(headers), path)
    view = find_view(request)
    grant = find_grant(request, view, method)
    mark = None if view is None else find_mark(view, method)
    source = f"Policy: {configuration.source}"
    if view is not None and mark is not None:
        name = name_view(view, method)
        found = f"{name} is exempt" if mark is EXEMPT else f"the per-view policy of {name}"
        source = f"Policy: {found}"
    elif special := configuration.describe(path):
        source += f", but {special}"
    if grant is None:
        return f"{source}. CORS does not apply; only the headers of the view count.", None
    policy = CorsPolicy.deny_all() if grant.is_outside else grant.policy
    admitting = grant.admitting
    if (
        admitting is not None
        and not policy.decide("GET", origin=origin).allowed
        and admitting.actual(origin).origin_allowed
        and is_admitted(request)
    ):
        source += "; a receiver of check_request_enabled allows the origin"
        policy = _allow(grant.policy, origin)
    fetch = Fetch(
        f"https://{request.get_host()}{path}",
        method,
        tuple((name, "1") for name in headers),
        credentials="include" if policy.allow_credentials else "same-origin",
    )
    return source, explain(policy, fetch, page=origin)


def _allow(policy: CorsPolicy, origin: str) -> CorsPolicy:
    try:
        return policy.replace(allow_origins=[origin], accept_risks=())
    except PolicyError as error:  # a risk that the receiver accepts
        risks = [problem.code for problem in error.problems]
        return policy.replace(allow_origins=[origin], accept_risks=risks)


def _make_request(origin: str, method: str, names: str, path: str) -> HttpRequest:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if names:
        headers["Access-Control-Request-Headers"] = names
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    host = hosts[0] if hosts else "localhost"
    return RequestFactory().options(path, headers=headers, SERVER_NAME=host)
