"""`manage.py cors`: print the effective policy, or explain the decision on one request.

It does what the middleware does, including the signal, without any network access.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.http import HttpRequest
from django.test import RequestFactory

from corekit import CorsPolicy, Decision, Reason
from corekit._names import SAFELISTED_METHODS, SAFELISTED_REQUEST_HEADERS, parse_field_names
from corekit._spelling import canonical_spelling
from corekit.adapter import Engine
from corekit_django.conf import Configuration, get_configuration
from corekit_django.decorators import EXEMPT, Mark
from corekit_django.middleware import find_grant
from corekit_django.resolving import View, find_mark, find_marked_views, find_view, name_view
from corekit_django.signals import check_request_enabled

__all__ = ["Command"]

_NONE: Final[frozenset[str]] = frozenset()

_HINTS: Final = {
    Reason.ORIGIN_NOT_ALLOWED: "Add it to the origins, exactly as written here.",
    Reason.METHOD_NOT_ALLOWED: "Add it to the methods, in the same case.",
    Reason.HEADER_NOT_ALLOWED: "Add the missing headers to the request headers.",
}


class Command(BaseCommand):
    """Prints the effective CORS policy, or explains what an origin may do."""

    help = "Print the effective CORS policy, or explain the decision on one request."
    # The command prints the problems itself, with their fixes.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options for the request to explain."""
        parser.add_argument("--origin", help="the page's origin, such as https://app.example.com")
        parser.add_argument("--method", help="the method of the request; default: GET")
        parser.add_argument(
            "--header",
            action="append",
            default=[],
            metavar="NAME",
            help="a header that the script sets; may be repeated",
        )
        parser.add_argument("--path", help="the path of the request, such as /api/; default: /")

    def handle(self, **options: Any) -> None:
        """Print the result; raise CommandError with all problems if the settings are not valid."""
        try:
            configuration = get_configuration()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        origin, headers = options["origin"], options["header"]
        if origin is not None:
            method, path = options["method"] or "GET", options["path"] or "/"
            lines = _explain(configuration, origin, method, headers, path)
        elif options["method"] or options["path"] or headers:
            raise CommandError("--method, --header and --path need --origin.")
        else:
            lines = _describe(configuration)
        for line in lines:
            self.stdout.write(line)


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
        yield "Views with their own policy:"
    for path, view, method, mark in marked:
        yield f"  {method or 'all methods':<11} {path} ({name_view(view, method)})"
        if isinstance(mark, CorsPolicy):
            yield from (f"  {line}" for line in _describe_policy(mark))
        else:
            yield "    exempt: no policy applies"


def _describe_policy(policy: CorsPolicy) -> Iterator[str]:
    regexes = [regex.pattern for regex in getattr(policy, "allow_origin_regexes", ())]
    rows: dict[str, object] = {
        "origins": ", ".join(policy.allow_origins) or ("" if regexes else "none"),
        "origin regexes": ", ".join(regexes),
        "credentials": "yes" if policy.allow_credentials else "no",
        "methods": ", ".join(dict.fromkeys((*SAFELISTED_METHODS, *policy.allow_methods))),
        "request headers": ", ".join(policy.allow_headers),
        "exposed headers": ", ".join(policy.expose_headers),
        "preflight cache": "" if policy.max_age is None else f"{policy.max_age} s",
        "private network": "yes" if policy.allow_private_network else "",
        "risks accepted": ", ".join(policy.accept_risks),
    }
    for name, value in rows.items():
        if value:
            yield f"  {name:<16} {value}"


def _explain(
    configuration: Configuration, origin: str, method: str, headers: list[str], path: str
) -> Iterator[str]:
    asked = ",".join(sorted(name.lower() for name in headers)) or None
    request = _make_request(origin, method, asked, path)
    view = find_view(request)
    grant = find_grant(request, view, method)
    yield f"{method} {path} from {origin}{f' with {asked}' if asked else ''}"
    mark = None if view is None else find_mark(view, method)
    yield f"  policy:    {_name_source(configuration, view, method, mark)}"
    if grant is None:
        yield "  verdict:   no policy applies; the response of the view is not changed."
        return
    engine = grant.engine
    if grant.admitting is not None and not engine.actual(origin).origin_allowed:
        engine = _ask_receivers(request, origin, grant.admitting) or engine
        if engine is grant.admitting:
            yield "  signal:    a receiver of check_request_enabled allows the origin"
    decisions = [engine.decide("GET", **_values(origin, None, None))]
    if method not in SAFELISTED_METHODS or not SAFELISTED_REQUEST_HEADERS.issuperset(
        name.lower() for name in headers
    ):
        preflight = engine.decide("OPTIONS", **_values(origin, method, asked))
        yield f"  preflight: {preflight.status}"
        yield from (f"    {name}: {value}" for name, value in preflight.headers)
        decisions.insert(0, preflight)
    else:
        yield "  preflight: not needed"
    yield from _judge(decisions, origin, asked)


def _judge(decisions: list[Decision], origin: str, asked: str | None) -> Iterator[str]:
    denied = next((decision for decision in decisions if not decision.allowed), None)
    if denied is None:
        yield "  response:"
        yield from (f"    {name}: {value}" for name, value in decisions[-1].headers)
        yield "  verdict:   allowed. The page can read the response."
        return
    yield f"  verdict:   denied. {denied.reason.value}"
    meant = canonical_spelling(origin)
    if denied.reason is Reason.ORIGIN_MALFORMED and meant is not None:
        yield f"  hint:      A browser would send {meant!r}."
    elif denied.reason in _HINTS:
        yield f"  hint:      {_HINTS[denied.reason]}"
    if denied.reason is Reason.HEADER_NOT_ALLOWED:
        granted = dict(denied.headers).get("Access-Control-Allow-Headers", "")
        missing = (parse_field_names(asked or "") or _NONE) - (parse_field_names(granted) or _NONE)
        yield f"  missing:   {', '.join(sorted(missing))}"


def _make_request(origin: str, method: str, asked: str | None, path: str) -> HttpRequest:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if asked is not None:
        headers["Access-Control-Request-Headers"] = asked
    hosts = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    host = hosts[0] if hosts else "localhost"
    return RequestFactory().options(path, headers=headers, SERVER_NAME=host)


def _ask_receivers(request: HttpRequest, origin: str, admitting: Engine) -> Engine | None:
    if not admitting.actual(origin).origin_allowed:
        return None
    said = check_request_enabled.send(None, request=request)
    return admitting if any(yes for _, yes in said) else None


def _values(origin: str, method: str | None, asked: str | None) -> dict[str, Any]:
    return {
        "origin": origin,
        "request_method": method,
        "request_headers": asked,
        "request_private_network": None,
    }


def _name_source(
    configuration: Configuration, view: View | None, method: str, mark: Mark | None
) -> str:
    if view is None or mark is None:
        return configuration.source
    name = name_view(view, method)
    return f"{name} is exempt" if mark is EXEMPT else f"that of {name}"
