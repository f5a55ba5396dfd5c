"""System checks of the settings, and of what cookies and CSRF protection need.

Each check has an id that does not change, and is described under it in docs/django.md. CORS
controls which origins may read; CSRF protection whether the user made a request. With cookies both
are needed, and browsers must send the cookies. Per-view policies are checked like those of the
settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Tags, register
from django.urls import resolve
from django.utils.http import is_same_domain

from corekit import CorsPolicy, CorsRoutes
from corekit.arguments import ARGUMENTS, REGEXES
from corekit.diagnostics import Diagnostic
from corekit.lint import find_cross_site, lint_lookup
from corekit.lint.regexes import read_regexes, regexes_of

from .conf import KNOWN_SETTINGS, read_settings
from .messages import show_some, write_message
from .middleware_checks import middleware_after, middleware_before
from .middleware_code import sets_attribute
from .names import ALL_ORIGINS, ARGUMENT_SETTINGS, OTHER_NAMES, effective_name
from .policies import find_policies, has_urlconf
from .receivers import probe_receivers
from .resolving import fill_path, find_mark, find_paths, methods_of

_SESSION: Final = "django.contrib.sessions.middleware.SessionMiddleware"
_CSRF: Final = "django.middleware.csrf.CsrfViewMiddleware"

_MISNOMERS: Final = {
    OTHER_NAMES[name]: name for name in ("CORS_ALLOW_METHODS", "CORS_ALLOW_HEADERS")
}
_HINTS: Final = {
    "CORS_REPLACE_HTTPS_REFERER": "It was removed. Use CSRF_TRUSTED_ORIGINS.",
    "CORS_MODEL": "It was removed. Connect a receiver to check_request_enabled.",
}

UNKNOWN: Final = "Remove it, or rename it without CORS_ if it is your own setting."
"""The hint for a setting that nothing reads."""

_ANY_PORT: Final = ":*"
_PORTS: Final = (
    " CSRF_TRUSTED_ORIGINS has no wildcard for ports: list those in use, such as"
    " 'http://localhost:5173'."
)
_REGEXES: Final = (
    " CSRF_TRUSTED_ORIGINS has no regular expressions: list the origins in use, or write"
    " 'https://*.example.com' for subdomains."
)
_port = re.compile(r":\d*$")
_MOST_PATHS: Final = 1_000
_OF_COOKIES: Final = frozenset({"auser", "session", "user"})
_FORMATS: Final = ("json", "api", "html", "csv", "xml", "yaml", "txt")
"""Formats that a path may end with in Django REST framework."""
_PARAMETERS: Final = ("1", "a")
"""Values that the parameters of paths are filled with."""


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
            yield write_message("W002", name=name, meant=_MISNOMERS[name])
        elif name not in KNOWN_SETTINGS:
            near = _find_setting(name)
            if near is not None:
                yield write_message("E005", name=name, hint=f"Did you mean {near}?")
            else:
                yield write_message("W009", name=name, hint=_HINTS.get(name, UNKNOWN))


@register(Tags.security)
def check_effect(**_: Any) -> Iterator[CheckMessage]:
    """W003: settings that another one overrides. W004: what is left out of the policy."""
    for name, other in OTHER_NAMES.items():
        if hasattr(settings, name) and hasattr(settings, other):
            yield write_message("W003", name=other, other=name)
    everyone = effective_name(ALL_ORIGINS)
    if getattr(settings, everyone, False) is True:
        for setting in ("CORS_ALLOWED_ORIGINS", "CORS_ALLOWED_ORIGIN_REGEXES"):
            for name in (setting, OTHER_NAMES[setting]):
                if getattr(settings, name, ()):
                    yield write_message("W003", name=name, other=f"{everyone} = True")
    configuration = read_settings()[0]
    if configuration is not None:
        for policy in configuration.policies:
            for problem in policy.warnings:
                yield _write_problem("W004", problem)


@register(Tags.security)
def check_regexes(**_: Any) -> Iterator[CheckMessage]:
    """W010: a regular expression matches origins of other people."""
    configuration = read_settings()[0]
    if configuration is None:
        return
    for policy in configuration.policies:
        # With credentials this is a problem of the policy, or an accepted risk.
        if not policy.allow_credentials:
            yield from _check_openness(policy)


@register(Tags.security)
def check_paths(**_: Any) -> Iterator[CheckMessage]:
    """W012: CORS_URLS_REGEX covers no path of the URLconf. W013: it covers more than it says."""
    configuration = read_settings()[0]
    if configuration is None or configuration.urls is None or not has_urlconf():
        return
    regex = configuration.urls
    paths = list(dict.fromkeys(islice(find_paths(), _MOST_PATHS)))
    tried = {path: {fill_path(path, value) for value in _PARAMETERS} for path in paths}
    covered = {path: list(filter(configuration.covers, tried[path])) for path in paths}
    if paths and not any(covered.values()):
        yield write_message("W012", regex=regex.pattern, count=len(paths), paths=show_some(paths))
    cut = [path for path in paths if any(_is_cut(regex, each) for each in covered[path])]
    if cut:
        yield write_message("W013", regex=regex.pattern, paths=show_some(cut))


@register(Tags.security)
def check_suffixes(**_: Any) -> Iterator[CheckMessage]:
    """W020: the view of a route has another policy if the path ends with a format."""
    configuration = read_settings()[0]
    policies = None if configuration is None else configuration.policy
    if not isinstance(policies, CorsRoutes) or not has_urlconf():
        return
    for route in (path for path, _ in policies.routes):
        bare = route.removesuffix("/")
        policy = policies.policy_for(bare)
        views = list(filter(None, map(_view_of, (bare, f"{bare}/"))))
        for path in (f"{bare}.{each}" for each in _FORMATS):
            view = None if policies.policy_for(path) == policy else _view_of(path)
            if view in views and not _has_own_policies(view):
                yield write_message("W020", route=route, path=path)
                break


@register(Tags.security)
def check_cookies(**_: Any) -> Iterator[CheckMessage]:
    """W005, W006: a cookie that browsers do not send in cross-site requests."""
    regexes = _regexes(credentials=True)
    origins = find_cross_site(_origins(credentials=True), _hosts(), regexes)
    cookies: list[tuple[str, str, str]] = []
    if origins and _SESSION in settings.MIDDLEWARE:
        cookies.append(("W005", "session cookie", "SESSION_COOKIE"))
    if origins and _needs_token() and not settings.CSRF_USE_SESSIONS:
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
            shown = show_some(origins)
            yield write_message(
                number, origins=shown, cookie=cookie, prefix=prefix, problems=reasons
            )


@register(Tags.security)
def check_csrf_trusted_origins(**_: Any) -> Iterator[CheckMessage]:
    """W007: an origin with credentials whose POST requests fail the CSRF check."""
    if _needs_token():
        origins = [origin for origin in _origins(credentials=True) if not _is_trusted(origin)]
        trusted = list(map(_trusted_source, settings.CSRF_TRUSTED_ORIGINS))
        regexes = [
            regex.source
            for regex in read_regexes(_regexes(credentials=True))
            if not any(map(regex.find_inside, trusted))
        ]
        if origins or regexes:
            forms = _PORTS if any(each.endswith(_ANY_PORT) for each in origins) else ""
            forms += _REGEXES if regexes else ""
            yield write_message("W007", origins=show_some([*origins, *regexes]), forms=forms)


@register(Tags.security)
def check_receivers(**_: Any) -> Iterator[CheckMessage]:
    """E007, W011, W016: receivers that allow any origin, return no bool, or fail a preflight."""
    if read_settings()[0] is None or not has_urlconf():
        return
    for receiver, origin, path, value, missing in probe_receivers():
        if missing:
            if not any(sets_attribute(each, {missing}) for each in middleware_before()):
                hint = _advise(missing)
                yield write_message("W016", receiver=receiver, name=missing, hint=hint)
        elif value is True:
            yield write_message("E007", receiver=receiver, origin=origin, path=path)
        else:
            yield write_message("W011", receiver=receiver, type=type(value).__name__)


@register(Tags.security)
def check_lookup_age(**_: Any) -> Iterator[CheckMessage]:
    """I002: browsers cache preflight responses for longer than the look-up remembers origins."""
    configuration = read_settings()[0]
    if configuration is not None:
        for advice in lint_lookup(configuration.lookup, configuration.policy):
            yield _write_problem("I002", advice)


@register(Tags.security, deploy=True)
def check_insecure_origins(**_: Any) -> Iterator[CheckMessage]:
    """W008, with --deploy: origins with http are allowed."""
    origins = [origin for origin in _origins(credentials=False) if origin.startswith("http://")]
    regexes = read_regexes(_regexes(credentials=False))
    origins += [regex.source for regex in regexes if regex.find_inside("http://.*")]
    if origins:
        yield write_message("W008", origins=show_some(origins))


def _view_of(path: str) -> Any:
    """Return the view of a path; None if it has none, or if a converter of the URLconf fails."""
    with suppress(Exception):
        return resolve(path).func
    return None


def _has_own_policies(view: Any) -> bool:
    """Return whether a view has a policy for each of its methods, whatever its path is."""
    return all(find_mark(view, method) is not None for method in methods_of(view) or [""])


def _needs_token() -> bool:
    """Return whether requests of listed origins need a CSRF token: with a guard they need none."""
    configuration = read_settings()[0]
    guard = None if configuration is None else configuration.guard
    return _CSRF in settings.MIDDLEWARE and (guard is None or not guard.replaces_tokens)


def _write_problem(number: str, problem: Diagnostic) -> CheckMessage:
    return write_message(
        number,
        subject=problem.subject,
        value=problem.value,
        message=problem.message,
        code=problem.code,
        hint=problem.hint,
    )


def _advise(name: str) -> str:
    """Return what to do about an attribute that preflights do not have."""
    if name in _OF_COOKIES:
        return "A preflight has no cookies, so it has no user and no session. Use the origin only."
    setters = [path for path in middleware_after() if sets_attribute(path, {name})]
    shown = ", ".join(setters) or "the middleware that sets it"
    return f"Put {shown} before the CORS middleware."


def _find_setting(name: str) -> str | None:
    """Return the setting that a misspelled name means, or one of a policy's arguments, or None."""
    word = name.removeprefix("CORS_").lower()
    for argument, (setting, _) in ARGUMENT_SETTINGS.items():
        row = ARGUMENTS.get(argument)
        if word == argument or (row is not None and word in row.aliases):
            return setting
    near = get_close_matches(name, sorted(KNOWN_SETTINGS), n=1, cutoff=0.75)
    return near[0] if near else None


def _is_cut(regex: re.Pattern[str], path: str) -> bool:
    """Return whether the match of a path ends within one of its parts."""
    found = regex.match(path)
    end = found.end() if found else len(path)
    return 0 < end < len(path) and "/" not in path[end - 1 : end + 1]


def _check_openness(policy: CorsPolicy) -> Iterator[CheckMessage]:
    dialect = policy.engine.dialect
    for index, regex in enumerate(regexes_of(policy)):
        for found in read_regexes([regex]):
            if found.opening is not None:
                yield write_message(
                    "W010",
                    subject=dialect.subject(REGEXES, index),
                    regex=found.source,
                    origin=found.opening.origin,
                    origins=dialect.origins,
                )


def _regexes(*, credentials: bool) -> list[re.Pattern[str]]:
    found = [
        regex
        for policy in find_policies()
        if policy.allow_credentials or not credentials
        for regex in regexes_of(policy)
    ]
    return list(dict.fromkeys(found))


def _origins(*, credentials: bool) -> list[str]:
    found = [
        origin
        for policy in find_policies()
        if policy.allow_credentials or not credentials
        for origin in policy.allow_origins
    ]
    return list(dict.fromkeys(found))


def _hosts() -> list[str]:
    if settings.DEBUG and not settings.ALLOWED_HOSTS:
        return ["localhost", "127.0.0.1", "[::1]"]  # what Django allows then
    return [host.removeprefix(".").lower() for host in settings.ALLOWED_HOSTS]


def _is_trusted(origin: str) -> bool:
    # A subdomain of a pattern has to be trusted, and any port of it: the setting cannot have all.
    any_port = origin.endswith(_ANY_PORT)
    asked = urlsplit(origin.removesuffix(_ANY_PORT).replace("*", "any"))
    for trusted in map(urlsplit, settings.CSRF_TRUSTED_ORIGINS):
        netloc = _port.sub("", trusted.netloc) if any_port else trusted.netloc
        is_same = netloc == asked.netloc or (
            netloc.startswith("*") and is_same_domain(asked.netloc, netloc.removeprefix("*"))
        )
        if is_same and trusted.scheme == asked.scheme:
            return True
    return False


def _trusted_source(trusted: str) -> str:
    """Return the regular expression of the origins that an element of the setting trusts."""
    scheme, _, netloc = trusted.partition("://")
    if netloc.startswith("*"):
        return rf"{scheme}://(.*\.)?{re.escape(netloc.removeprefix('*').removeprefix('.'))}"
    return re.escape(trusted)
