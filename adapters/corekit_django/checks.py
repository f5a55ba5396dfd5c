"""System checks of the settings, of MIDDLEWARE, and of what cookies and CSRF protection need.

Each check has an id that does not change, and is described under it in docs/django.md. CORS
controls which origins may read; CSRF protection whether the user made a request. With cookies both
are needed, and browsers must send the cookies. Per-view policies are checked like those of the
settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - its name
from django.utils.http import is_same_domain
from django.utils.module_loading import import_string

from corekit import CorsPolicy, Problem
from corekit.arguments import REGEXES
from corekit.lint import find_cross_site
from corekit.lint.regexes import read_regexes, regexes_of

from .conf import (
    ALL_ORIGINS,
    KNOWN_SETTINGS,
    OTHER_NAMES,
    effective_name,
    read_settings,
)
from .middleware import CorsMiddleware
from .receivers import probe_receivers
from .resolving import find_marked_views


class _Text(NamedTuple):
    message: str
    hint: str


_COOKIE: Final = _Text(
    "{origins} is cross-site to the hosts in ALLOWED_HOSTS, so browsers do not send the {cookie}"
    " with its requests: {problems}.",
    "Set {prefix}_SAMESITE = 'None' and {prefix}_SECURE = True. If the server is same-site, add its"
    " host to ALLOWED_HOSTS.",
)

_PROBLEM: Final = _Text("{subject} = {value!a}: {message} [{code}]", "{hint}")
_TEXTS: Final = {
    "E001": _PROBLEM,
    "E002": _Text(
        "corekit_django is installed without its middleware, so no origins are allowed.",
        "Put 'corekit_django.middleware.CorsMiddleware' first in MIDDLEWARE.",
    ),
    "E003": _Text("The CORS middleware is in MIDDLEWARE more than once.", "Keep the first one."),
    "E004": _Text(
        "django-cors-headers is installed together with corekit_django, which replaces it.",
        "Remove 'corsheaders' from INSTALLED_APPS and its middleware from MIDDLEWARE. See"
        " https://github.com/corekit/corekit/blob/main/docs/migrating-from-django-cors-headers.md",
    ),
    "E005": _Text("{name} is not a setting of corekit_django and has no effect.", "{hint}"),
    "E006": _Text(
        "CORS_URLS_REGEX = {regex!r} must match whole paths; it does not cover the paths that begin"
        " with it.",
        "Write {longer!r} to cover the paths below, or {exact!r} for this path only.",
    ),
    "E007": _Text(
        "{receiver}, a receiver of check_request_enabled, allows {origin} with credentials on"
        " {path}: any website could make requests as the logged-in user.",
        "Compare request.headers['Origin'] in full with origins that you trust. If any website may"
        " read a view, use @cors(allow_origins=['*']), which allows no credentials.",
    ),
    "W001": _Text(
        "The CORS middleware comes after {names}, whose own responses (a redirect, an error, a"
        " file) then lack its headers, and which may respond to a preflight.",
        "Put it first in MIDDLEWARE.",
    ),
    "W002": _Text("{name} takes effect, but the name of the setting is {meant}.", "Write {meant}."),
    "W003": _Text("{name} has no effect together with {other}.", "Keep one of them."),
    "W004": _PROBLEM,
    "W005": _COOKIE,
    "W006": _COOKIE,
    "W007": _Text(
        "{origins} may send requests with cookies, but is not in CSRF_TRUSTED_ORIGINS, so its POST,"
        " PUT, PATCH and DELETE requests fail with 403.",
        "Add the origin to CSRF_TRUSTED_ORIGINS too: with cookies, requests must pass both CORS and"
        " the CSRF check. Change nothing if these pages only read.",
    ),
    "W008": _Text(
        "{origins} is allowed over http: a network attacker, or any program on the user's machine,"
        " can impersonate it.",
        "Allow only https origins in production. Move http origins to the settings for"
        " development.",
    ),
    "W009": _Text("{name} is not a setting of corekit_django and has no effect.", "{hint}"),
    "W010": _Text(
        "{subject} = {regex!r} also matches {origin}, a name that anyone can register.",
        r"Write '\.' for a dot, or use a pattern such as 'https://*.example.com' in {origins}. If"
        " any website may read the responses, use CORS_ALLOW_ALL_ORIGINS.",
    ),
    "W011": _Text(
        "{receiver}, a receiver of check_request_enabled, returns a value of type {type}, which"
        " allows no origin.",
        "Return True or False, for example bool(...), or .exists() of a QuerySet.",
    ),
}
"""The texts of each check by its number: E is an error, W a warning."""

_THEIRS: Final = "corsheaders.middleware.CorsMiddleware"
_SESSION: Final = "django.contrib.sessions.middleware.SessionMiddleware"
_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"

_PASSIVE: Final = frozenset(
    {
        "django.contrib.messages.middleware.MessageMiddleware",
        _SESSION,
        "django.contrib.sites.middleware.CurrentSiteMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        "django.middleware.csp.ContentSecurityPolicyMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django_prometheus.middleware.PrometheusBeforeMiddleware",
    }
)
"""Middleware that never responds itself, so that it may come first."""

_SECURITY: Final = "django.middleware.security.SecurityMiddleware"
"""It responds only if SECURE_SSL_REDIRECT is on, with a redirect that fails any preflight."""

_MISNOMERS: Final = {
    OTHER_NAMES[name]: name for name in ("CORS_ALLOW_METHODS", "CORS_ALLOW_HEADERS")
}
_HINTS: Final = {
    "CORS_REPLACE_HTTPS_REFERER": "It was removed. Use CSRF_TRUSTED_ORIGINS.",
    "CORS_MODEL": "It was removed. Connect a receiver to check_request_enabled.",
}

_UNKNOWN: Final = "Remove it, or rename it without CORS_ if it is your own setting."
_SHOWN_ORIGINS: Final = 3


@register(Tags.security)
def check_problems(**_: Any) -> Iterator[CheckMessage]:
    """E001: what the middleware would refuse to start with."""
    for problem in read_settings()[1]:
        yield _write_problem("E001", problem)


@register(Tags.security)
def check_names(**_: Any) -> Iterator[CheckMessage]:
    """E005, W009: settings that nothing reads. W002: those that are read by a mistaken name."""
    for name in sorted(name for name in dir(settings) if name.startswith("CORS_")):
        if name in _MISNOMERS:
            yield _write("W002", name=name, meant=_MISNOMERS[name])
        elif name not in KNOWN_SETTINGS:
            near = get_close_matches(name, sorted(KNOWN_SETTINGS), n=1, cutoff=0.75)
            if near:
                yield _write("E005", name=name, hint=f"Did you mean {near[0]}?")
            else:
                yield _write("W009", name=name, hint=_HINTS.get(name, _UNKNOWN))


@register(Tags.security)
def check_effect(**_: Any) -> Iterator[CheckMessage]:
    """W003: settings that another one overrides. W004: what is left out of the policy."""
    for name, other in OTHER_NAMES.items():
        if hasattr(settings, name) and hasattr(settings, other):
            yield _write("W003", name=other, other=name)
    everyone = effective_name(ALL_ORIGINS)
    if getattr(settings, everyone, False) is True:
        for setting in ("CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGIN_REGEXES"):
            for name in (setting, OTHER_NAMES[setting]):
                if getattr(settings, name, ()):
                    yield _write("W003", name=name, other=f"{everyone} = True")
    configuration = read_settings()[0]
    if configuration is not None:
        for policy in configuration.policies:
            for problem in policy.warnings:
                yield _write_problem("W004", problem)


@register(Tags.security)
def check_regexes(**_: Any) -> Iterator[CheckMessage]:
    """E006: CORS_URLS_REGEX without an end. W010: a regex matches origins of other people."""
    configuration = read_settings()[0]
    if configuration is None:
        return
    if configuration.urls is not None:
        regex = configuration.urls.pattern
        if not regex.endswith(("$", r"\Z", ".*", ".+", ".*)", ".+)", "(.*)?", ")?")):
            yield _write("E006", regex=regex, longer=f"{regex}.*", exact=f"{regex}$")
    for policy in configuration.policies:
        # With credentials this is a problem of the policy, or an accepted risk.
        if not policy.allow_credentials:
            yield from _check_openness(policy)


@register(Tags.security)
def check_middleware(**_: Any) -> Iterator[CheckMessage]:
    """E002 missing, E003 installed twice, E004 with django-cors-headers, W001 not the first."""
    middleware: Sequence[str] = settings.MIDDLEWARE
    places = [index for index, path in enumerate(middleware) if _is_ours(path)]
    if not places:
        yield _write("E002")
    elif len(places) > 1:
        yield _write("E003")
    if _THEIRS in middleware or "corsheaders" in settings.INSTALLED_APPS:
        yield _write("E004")
    before = [path for path in middleware[: places[0] if places else 0] if _can_answer(path)]
    if before:
        yield _write("W001", names=", ".join(before))


@register(Tags.security)
def check_cookies(**_: Any) -> Iterator[CheckMessage]:
    """W005, W006: a cookie that browsers do not send in cross-site requests."""
    regexes = _regexes(credentials=True)
    origins = find_cross_site(_origins(credentials=True), _hosts(), regexes)
    cookies: list[tuple[str, str, str]] = []
    if origins and _SESSION in settings.MIDDLEWARE:
        cookies.append(("W005", "session cookie", "SESSION_COOKIE"))
    if origins and _CSRF in settings.MIDDLEWARE and not settings.CSRF_USE_SESSIONS:
        cookies.append(("W006", "CSRF cookie", "CSRF_COOKIE"))
    for number, cookie, prefix in cookies:
        same_site = getattr(settings, f"{prefix}_SAMESITE")
        problems: list[str] = []
        if str(same_site).lower() != "none" or same_site is None:
            problems.append(f"{prefix}_SAMESITE is {same_site!r}")
        if not getattr(settings, f"{prefix}_SECURE"):
            problems.append(f"{prefix}_SECURE is False")
        if problems:
            reasons = " and ".join(problems)
            shown = _show(origins)
            yield _write(number, origins=shown, cookie=cookie, prefix=prefix, problems=reasons)


@register(Tags.security)
def check_csrf_trusted_origins(**_: Any) -> Iterator[CheckMessage]:
    """W007: an origin with credentials whose POST requests fail the CSRF check."""
    if _CSRF in settings.MIDDLEWARE:
        origins = [origin for origin in _origins(credentials=True) if not _is_trusted(origin)]
        trusted = list(map(_trusted_source, settings.CSRF_TRUSTED_ORIGINS))
        origins += [
            regex.source
            for regex in read_regexes(_regexes(credentials=True))
            if not any(map(regex.find_inside, trusted))
        ]
        if origins:
            yield _write("W007", origins=_show(origins))


@register(Tags.security)
def check_receivers(**_: Any) -> Iterator[CheckMessage]:
    """E007, W011: receivers of the signal that allow any origin, or return no bool."""
    if read_settings()[0] is None or not getattr(settings, "ROOT_URLCONF", None):
        return
    for receiver, origin, path, value in probe_receivers():
        if value is True:
            yield _write("E007", receiver=receiver, origin=origin, path=path)
        else:
            yield _write("W011", receiver=receiver, type=type(value).__name__)


@register(Tags.security, deploy=True)
def check_insecure_origins(**_: Any) -> Iterator[CheckMessage]:
    """W008, with --deploy: origins with http are allowed."""
    origins = [origin for origin in _origins(credentials=False) if origin.startswith("http://")]
    regexes = read_regexes(_regexes(credentials=False))
    origins += [regex.source for regex in regexes if regex.find_inside("http://.*")]
    if origins:
        yield _write("W008", origins=_show(origins))


def _write_problem(number: str, problem: Problem) -> CheckMessage:
    return _write(
        number,
        subject=problem.subject,
        value=problem.value,
        message=problem.message,
        code=problem.code,
        hint=problem.hint,
    )


def _write(number: str, **values: object) -> CheckMessage:
    message, hint = (text.format_map(values) for text in _TEXTS[number])
    kind = Error if number.startswith("E") else Warning
    return kind(message, hint=hint, id=f"corekit_django.{number}")


def _is_ours(path: str) -> bool:
    try:
        made = import_string(path)
    except ImportError:
        return False
    return isinstance(made, type) and issubclass(made, CorsMiddleware)


def _can_answer(path: str) -> bool:
    if path == _SECURITY:
        return bool(settings.SECURE_SSL_REDIRECT)
    return path not in _PASSIVE and path != _THEIRS


def _policies() -> Iterable[CorsPolicy]:
    configuration = read_settings()[0]
    if configuration is not None:
        yield from configuration.policies
    if getattr(settings, "ROOT_URLCONF", None):
        for marked in find_marked_views():
            if isinstance(marked.mark, CorsPolicy):
                yield marked.mark


def _check_openness(policy: CorsPolicy) -> Iterator[CheckMessage]:
    dialect = policy.engine.dialect
    for index, regex in enumerate(regexes_of(policy)):
        for found in read_regexes([regex]):
            if found.opening is not None:
                yield _write(
                    "W010",
                    subject=dialect.subject(REGEXES, index),
                    regex=found.source,
                    origin=found.opening.origin,
                    origins=dialect.origins,
                )


def _regexes(*, credentials: bool) -> list[re.Pattern[str]]:
    found = [
        regex
        for policy in _policies()
        if policy.allow_credentials or not credentials
        for regex in regexes_of(policy)
    ]
    return list(dict.fromkeys(found))


def _origins(*, credentials: bool) -> list[str]:
    found = [
        origin
        for policy in _policies()
        if policy.allow_credentials or not credentials
        for origin in policy.allow_origins
    ]
    return list(dict.fromkeys(found))


def _hosts() -> list[str]:
    if settings.DEBUG and not settings.ALLOWED_HOSTS:
        return ["localhost", "127.0.0.1", "[::1]"]  # what Django allows then
    return [host.removeprefix(".").lower() for host in settings.ALLOWED_HOSTS]


def _is_trusted(origin: str) -> bool:
    # A pattern is trusted if any origin that it matches is.
    origin = origin.replace("*", "any")
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    asked = urlsplit(origin)
    wild = [urlsplit(trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS if "*" in trusted]
    return any(
        trusted.scheme == asked.scheme
        and is_same_domain(asked.netloc, trusted.netloc.removeprefix("*"))
        for trusted in wild
    )


def _trusted_source(trusted: str) -> str:
    """Return the regular expression of the origins that an element of the setting trusts."""
    scheme, _, netloc = trusted.partition("://")
    if netloc.startswith("*"):
        return rf"{scheme}://(.*\.)?{re.escape(netloc.removeprefix('*').removeprefix('.'))}"
    return re.escape(trusted)


def _show(origins: Sequence[str]) -> str:
    more = len(origins) - _SHOWN_ORIGINS
    shown = ", ".join(origins[:_SHOWN_ORIGINS])
    return f"{shown} and {more} more" if more > 0 else shown
