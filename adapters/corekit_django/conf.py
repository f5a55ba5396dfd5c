"""What is built from the settings: the policy, the paths that it covers, and the observer.

The core validates them; its problems get the names of the settings here. No other module reads the
CORS_* settings for the middleware. They are read when the middleware is created,
and again if a test changes them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import replace
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.adapter import (
    AMBIGUOUS,
    ANY,
    CrossOriginGuard,
    LivePolicy,
    Lookup,
    Observer,
    Policies,
    ReadPolicies,
    check_on_decision,
    check_on_verdict,
    path_readings,
    read_policy,
)
from corekit.compat import (
    TOO_LONG,
    RegexCorsPolicy,
    RegexError,
    compile_path_regex,
    is_path_too_long,
    longest_path,
)
from corekit.problems import PYTHON, Dialect, SettingProblem
from corekit.routes import LONGEST_AMBIGUOUS_PATH

from .defaults import default_headers, default_methods
from .function_settings import read_lookups, read_object
from .grants import Grant
from .guarding import SettingsGuard, read_guard
from .names import ALL_ORIGINS, ARGUMENT_SETTINGS, POLICY_SETTINGS, POLICY_VALUE, effective_name
from .removed import RemovedHeaders
from .signal_lookup import SignalLookup
from .signals import check_request_enabled

KNOWN_SETTINGS: Final = POLICY_SETTINGS | {
    "CORS_GUARD",
    "CORS_LOOKUP",
    "CORS_ON_DECISION",
    "CORS_ON_VERDICT",
    "CORS_POLICY",
}
"""All names that are read here."""

_LOGGER: Final = logging.getLogger("corekit.django")
_OUTSIDE: Final = "the path is outside of CORS_URLS_REGEX"
_FOR_CODE: Final = "For origins that code finds, connect a receiver to check_request_enabled."
_LOCAL: Final = "CORS_ALLOWED_ORIGINS = ['http://localhost:*', 'http://127.0.0.1:*']"
_PATHS: Final = "a regular expression that paths begin with, such as r'^/api/'"


class Configuration:
    """The settings, read: a policy or routes, and the paths that they cover.

    If a `LivePolicy` was passed, `policy` is what that was when it was read; see `now()`. `source`
    names the setting or settings; `urls` is CORS_URLS_REGEX, None for every path;
    `policies` has all policies, in order, `values` the settings as they were. `guard` is None
    without CORS_GUARD, `lookup` without CORS_LOOKUP; `signal` asks receivers of the signal.
    `removed` logs headers that are removed, with DEBUG only.
    """

    def __init__(
        self,
        source: str,
        policy: Policies,
        urls: re.Pattern[str] | None,
        observer: Observer,
        *,
        signal: SignalLookup,
        guard: SettingsGuard | None = None,
        lookup: Lookup | None = None,
        removed: RemovedHeaders | None = None,
    ) -> None:
        self.values = _read_values()
        self.source = source
        self.live = policy if isinstance(policy, LivePolicy) else None
        self.urls = urls
        self.observer = observer
        self.guard = guard
        self.lookup = lookup
        self.signal = signal
        self.removed = removed
        self._now: Configuration | None = None
        self._use(read_policy(policy))

    def _use(self, policy: CorsPolicy | CorsRoutes) -> None:
        self.policy = policy
        routes = [("", policy)] if isinstance(policy, CorsPolicy) else policy.routes
        self.policies = tuple(each for _, each in routes)
        self._grants = {id(each): Grant.make(each) for each in self.policies}
        self._everywhere = self._grants.get(id(policy)) if self.urls is None else None

    def now(self, read: ReadPolicies | None = None) -> Configuration:
        """Return the configuration with what a live policy is now, made once for each policy.

        `read` has the live policies that were read for the same request: see `read_policy`.
        """
        if self.live is None:
            return self
        policy, now = read_policy(self.live, read), self._now
        if now is None or now.policy is not policy:
            now = copy(self)
            now._now = None
            now._use(policy)
            self._now = now
        return now

    def find(self, path: str) -> Grant | None:
        """Return what covers a path (`request.path_info`); None if no policy does.

        Outside of CORS_URLS_REGEX only receivers of the signal allow origins, so without one no
        policy covers such a path. If the path is too long for this regular expression, or if a
        layer behind may read it as one on the other side of it, no origins are allowed.
        """
        if self._everywhere is not None:
            return self._everywhere
        readings = path_readings(path)
        is_inside = {self.covers(each, len(readings)) for each in readings}
        if len(is_inside) != 1 or None in is_inside:
            return Grant(TOO_LONG if None in is_inside else AMBIGUOUS)
        if False in is_inside:
            grant = self._grants[id(self.policy)]
            if grant.admitting is None or not check_request_enabled.has_listeners(None):
                return None
            return grant._replace(is_outside=True)
        policy = self.policy.policy_for(path)
        # An ambiguous path gets a policy that allows no origins, which no route has.
        return None if policy is None else self._grants.get(id(policy)) or Grant(policy)

    def describe(self, path: str) -> str:
        """Return what is special about a path, as the end of a sentence; empty if nothing is."""
        if self._everywhere is not None:
            return ""
        readings = path_readings(path)
        if not readings:
            longest = LONGEST_AMBIGUOUS_PATH
            is_long = len(path) > longest
            why = f"longer than {longest} characters" if is_long else "has many readings"
            return f"the path is ambiguous and {why}, so no origins are allowed"
        many = len(readings)
        if self.urls and any(is_path_too_long(each, self.urls, many) for each in readings):
            limit = longest_path(self.urls)
            return (
                f"the path is longer than the {limit} characters that CORS_URLS_REGEX is tried on"
            )
        grant = self.find(path)
        if grant is None or grant.is_outside:
            return "no route covers the path" if self.urls is None else _OUTSIDE
        is_known = any(grant.policy is each for each in self.policies)
        return "" if is_known else "the path is ambiguous, so no origins are allowed"

    def covers(self, path: str, readings: int = 1) -> bool | None:
        """Return whether CORS_URLS_REGEX covers a path; None if the path is too long to tell."""
        if self.urls is None:
            return True
        return None if is_path_too_long(path, self.urls, readings) else bool(self.urls.match(path))


def get_configuration(read: ReadPolicies | None = None) -> Configuration:
    """Return the configuration; raise ImproperlyConfigured with all problems and their fixes."""
    return _configure().now(read)


@cache
def _configure() -> Configuration:
    configuration, problems = read_settings()
    if configuration is None:
        raise ImproperlyConfigured(str(PolicyError(problems)))
    return configuration


def read_again() -> None:
    """Read the settings, again if they have been assigned or patched, which sends no signal."""
    if get_configuration().values != _read_values():
        _configure.cache_clear()
        get_configuration()


def get_policy() -> Policies:
    """Return the policy of the settings, for what Django's middleware does not reach.

    Wrap a consumer of Channels or another ASGI application in `corekit_asgi.CorsMiddleware` with
    it. It covers every path that it is used for: CORS_URLS_REGEX, per-view policies and the signal
    apply in Django only. Raise ImproperlyConfigured as the middleware does.
    """
    configuration = get_configuration()
    return configuration.live or configuration.policy


def get_guard() -> CrossOriginGuard:
    """Return the guard of the settings, for what Django's middleware does not reach.

    Wrap the WebSockets of Channels in `corekit_asgi.GuardMiddleware` with it. Raise
    ImproperlyConfigured as the middleware does, and if CORS_GUARD is not set.
    """
    guard = get_configuration().guard
    if guard is None:
        raise ImproperlyConfigured("CORS_GUARD is not set. Write CORS_GUARD = True.")
    return guard.guard


def read_settings() -> tuple[Configuration | None, tuple[Problem, ...]]:
    """Return the configuration and no problems, or None and all problems."""
    problems: list[Problem] = []
    policy: Policies | None
    if hasattr(settings, "CORS_POLICY"):
        source, urls, policy = "CORS_POLICY", None, _read_policy(problems)
    else:
        source, urls = "the CORS_* settings", _read_urls_regex(problems)
        policy = _read_parts(problems)
    on_decision = read_object(
        "CORS_ON_DECISION", check_on_decision, SettingProblem.INVALID_ON_DECISION, problems
    )
    lookup, signal = read_lookups(policy, problems)
    found = read_guard(policy, problems)
    on_verdict = read_object(
        "CORS_ON_VERDICT", check_on_verdict, SettingProblem.INVALID_ON_VERDICT, problems
    )
    if on_verdict is not None and not getattr(settings, "CORS_GUARD", None):
        kind = SettingProblem.NO_GUARD
        problems.append(Problem.of(kind, "CORS_ON_VERDICT", settings.CORS_ON_VERDICT))
    if policy is None or problems:
        return None, tuple(problems)
    is_debug = bool(settings.DEBUG)
    observer = Observer(
        "django",
        _LOGGER,
        on_decision=on_decision,
        debug=is_debug,
        own_origins=() if found is None else found.own_origins,
    )
    guard = None if found is None else SettingsGuard(found, on_verdict)
    removed = RemovedHeaders(_LOGGER) if is_debug else None
    configuration = Configuration(
        source, policy, urls, observer, guard=guard, lookup=lookup, signal=signal, removed=removed
    )
    return configuration, ()


def _read_values() -> dict[str, object]:
    names = (*KNOWN_SETTINGS, "DEBUG")
    return {name: getattr(settings, name) for name in names if hasattr(settings, name)}


def _read_parts(problems: list[Problem]) -> CorsPolicy | None:
    names = {
        argument: effective_name(setting) for argument, (setting, _) in ARGUMENT_SETTINGS.items()
    }
    given: dict[str, Any] = {
        argument: getattr(settings, names[argument], default)
        for argument, (_, default) in ARGUMENT_SETTINGS.items()
    }
    indexes: dict[str, list[int | None]] = {}
    everyone = effective_name(ALL_ORIGINS)
    allows_all = getattr(settings, everyone, False)
    if not isinstance(allows_all, bool):
        problems.append(_wrong_type(everyone, allows_all, PYTHON.flag))
    elif allows_all:
        given |= {"allow_origins": [ANY], "allow_origin_regexes": ()}
        names["allow_origins"] = everyone
        indexes["allow_origins"] = [None]
    else:
        _refuse_any_origin(given, names, indexes, problems)
    dialect = Dialect(
        names,
        indexes,
        accept="To accept the risk: {risks} = [{code!r}].",
        regexes=f"Regular expressions are for {names['allow_origin_regexes']}.",
        added=_find_added(given),
    )
    try:
        return RegexCorsPolicy.from_mapping(given, dialect=dialect)
    except PolicyError as error:
        problems += [_adapt(problem, everyone, allows_all) for problem in error.problems]
    return None


def _find_added(given: Mapping[str, Any]) -> dict[str, Collection[str]]:
    """Return the defaults in the settings, which are not judged: the lists were added to them."""
    defaults: dict[str, Collection[str]] = {
        "allow_methods": default_methods,
        "allow_headers": default_headers,
    }
    return {
        argument: names
        for argument, names in defaults.items()
        if isinstance(given[argument], Collection)
        and all(name in given[argument] for name in names)
    }


def _adapt(problem: Problem, everyone: str, allows_all: bool) -> Problem:
    """Return a problem with the value of the setting for all origins, and with Django's hints."""
    if problem.subject == everyone:
        # All origins with credentials are common in development.
        hint = f"Write {_LOCAL} for the ports of your machine, which may have credentials."
        hint = hint if settings.DEBUG else problem.hint
        return replace(problem, value=allows_all, hint=hint)
    if problem.argument == "allow_origins" and callable(problem.value):
        return replace(problem, hint=f"{problem.hint} {_FOR_CODE}")
    return problem


def _refuse_any_origin(
    given: dict[str, Any],
    names: Mapping[str, str],
    indexes: dict[str, list[int | None]],
    problems: list[Problem],
) -> None:
    """Report "*" in the list of origins, where it allows nothing in django-cors-headers."""
    value = given["allow_origins"]
    origins = [value] if value == ANY else value
    if not isinstance(origins, list | tuple | set | frozenset) or ANY not in origins:
        return
    kept = {index: origin for index, origin in enumerate(origins) if origin != ANY}
    given["allow_origins"] = list(kept.values())
    indexes["allow_origins"] = [*kept]
    problems.append(
        Problem(
            "malformed-origin",
            "error",
            "'*' is not an origin, and would allow every website.",
            f"List the origins, or write {ALL_ORIGINS} = True if any website may read the"
            " responses.",
            names["allow_origins"],
            value,
            argument="allow_origins",
        )
    )


def _read_policy(problems: list[Problem]) -> Policies | None:
    problems += [
        Problem.of(SettingProblem.CONFLICTING_SETTINGS, name, getattr(settings, name))
        for name in sorted(POLICY_SETTINGS)
        if hasattr(settings, name)
    ]
    policy = settings.CORS_POLICY
    if isinstance(policy, Policies):
        return policy
    problems.append(_wrong_type("CORS_POLICY", policy, POLICY_VALUE))
    return None


def _read_urls_regex(problems: list[Problem]) -> re.Pattern[str] | None:
    value = getattr(settings, "CORS_URLS_REGEX", None)
    if value is None:
        return None
    pattern = value.pattern if isinstance(value, re.Pattern) else value
    if isinstance(pattern, str):
        try:
            # Judged now, so that no request has to wait for it.
            return compile_path_regex(value)
        except RegexError as error:
            use = f"Use {_PATHS}."
            problem = Problem.of(
                error.kind, "CORS_URLS_REGEX", pattern, use=use, **error.parameters
            )
    else:
        problem = _wrong_type("CORS_URLS_REGEX", value, _PATHS)
    problems.append(problem)
    return None


def _wrong_type(name: str, value: object, expected: str) -> Problem:
    kind = SettingProblem.WRONG_TYPE
    return Problem.of(kind, name, value, type=type(value).__name__, expected=expected)


def _forget(*, setting: str, **_: object) -> None:
    if setting == "DEBUG" or setting.startswith("CORS_"):
        _configure.cache_clear()


setting_changed.connect(_forget)
