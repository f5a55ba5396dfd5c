"""The settings: their names and old names, their defaults, and the policy built from them.

The core validates them; its problems get the names of the settings here. No other module reads the
CORS_* settings for the middleware. They are read once, and again if a test overrides them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from corekit import CorsPolicy, CorsRoutes, PolicyError, Problem
from corekit.adapter import ANY, OPAQUE, Engine, is_browser_header, is_serialized_origin
from corekit.compat import RegexCorsPolicy
from corekit.problems import PYTHON, Dialect, ProblemKind

from .defaults import default_headers, default_max_age, default_methods
from .observing import read_on_decision
from .signals import check_request_enabled

SETTINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "CORS_ALLOWED_ORIGINS": ("CORS_ORIGIN_WHITELIST",),
    "CORS_ALLOWED_ORIGIN_REGEXES": ("CORS_ORIGIN_REGEX_WHITELIST",),
    "CORS_ALLOW_ALL_ORIGINS": ("CORS_ORIGIN_ALLOW_ALL",),
    "CORS_URLS_REGEX": (),
    "CORS_ALLOW_METHODS": ("CORS_ALLOWED_METHODS",),
    "CORS_ALLOW_HEADERS": ("CORS_ALLOWED_HEADERS",),
    "CORS_EXPOSE_HEADERS": (),
    "CORS_PREFLIGHT_MAX_AGE": (),
    "CORS_ALLOW_CREDENTIALS": (),
    "CORS_ALLOW_PRIVATE_NETWORK": (),
    "CORS_ACCEPT_RISKS": (),
}
"""The settings that CORS_POLICY takes the place of, with their other names; the first counts."""

MISNOMERS: Final = {
    "CORS_ALLOWED_METHODS": "CORS_ALLOW_METHODS",
    "CORS_ALLOWED_HEADERS": "CORS_ALLOW_HEADERS",
}
"""Wrong names that have an effect; the other second names are old ones."""

ALL_ORIGINS: Final = ("CORS_ALLOW_ALL_ORIGINS", *SETTINGS["CORS_ALLOW_ALL_ORIGINS"])
"""The setting that allows any origin, and its old name."""

_COMBINABLE: Final = frozenset({"CORS_POLICY", "CORS_ON_DECISION"})
"""The settings that can be combined; CORS_POLICY replaces all others."""

KNOWN_SETTINGS: Final = _COMBINABLE.union(SETTINGS, *SETTINGS.values())
"""All names that are read here."""

_ARGUMENTS: Final = {
    "allow_origins": ("CORS_ALLOWED_ORIGINS", ()),
    "allow_origin_regexes": ("CORS_ALLOWED_ORIGIN_REGEXES", ()),
    "allow_credentials": ("CORS_ALLOW_CREDENTIALS", False),
    "allow_methods": ("CORS_ALLOW_METHODS", default_methods),
    "allow_headers": ("CORS_ALLOW_HEADERS", default_headers),
    "expose_headers": ("CORS_EXPOSE_HEADERS", ()),
    "max_age": ("CORS_PREFLIGHT_MAX_AGE", default_max_age),
    "allow_private_network": ("CORS_ALLOW_PRIVATE_NETWORK", False),
    "accept_risks": ("CORS_ACCEPT_RISKS", ()),
}
"""The argument of a policy: the setting that gives it, and its default."""


_PATHS: Final = "a regular expression of whole paths, such as r'^/api/.*$'"


class Grant(NamedTuple):
    """What covers a request: a policy, and an engine for origins that the signal admits.

    `admitting` grants the same to any origin; None if the signal does not apply, since the policy
    allows no origins, or belongs to a view. If `is_outside` is true, the path is outside of
    CORS_URLS_REGEX, where only the signal allows origins.
    """

    policy: CorsPolicy
    admitting: Engine | None
    is_outside: bool = False

    @classmethod
    def make(cls, policy: CorsPolicy) -> Grant:
        """Return the grant of a policy of the settings."""
        if policy == type(policy).deny_all():
            return cls(policy, None)
        admitted = _Admitted(credentials=policy.allow_credentials)
        return cls(policy, policy.engine_for(admitted))

    @property
    def engine(self) -> Engine:
        """The engine for origins that the signal does not admit."""
        return _NOTHING.engine if self.is_outside else self.policy.engine

    def replace(self, policy: CorsPolicy) -> Grant:
        """Return the grant for another policy."""
        if policy is self.policy:
            return self
        admitting = None if self.admitting is None else Grant.make(policy).admitting
        return Grant(policy, admitting, self.is_outside)


class _Admitted:
    """The origins that a receiver of the signal may allow: any, but ``null`` with credentials.

    Any page can send ``Origin: null`` by using a sandboxed iframe.
    """

    __slots__ = ("_credentials",)

    def __init__(self, *, credentials: bool) -> None:
        self._credentials = credentials

    def __contains__(self, origin: str) -> bool:
        if origin == OPAQUE:
            return not self._credentials
        return is_serialized_origin(origin)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings, read: a policy or routes, and the paths that they cover.

    `source` names the setting or settings; `urls` is CORS_URLS_REGEX, None for every path.
    """

    source: str
    policy: CorsPolicy | CorsRoutes
    urls: re.Pattern[str] | None
    _grants: dict[int, Grant]
    _everywhere: Grant | None

    @classmethod
    def make(
        cls, source: str, policy: CorsPolicy | CorsRoutes, urls: re.Pattern[str] | None
    ) -> Configuration:
        """Build the configuration, with an engine for the signal for each policy."""
        policies = [policy] if isinstance(policy, CorsPolicy) else [p for _, p in policy.routes]
        grants = {id(each): Grant.make(each) for each in policies}
        everywhere = grants.get(id(policy)) if urls is None else None
        return cls(source, policy, urls, grants, everywhere)

    @property
    def policies(self) -> Sequence[CorsPolicy]:
        """All policies, in order."""
        if isinstance(self.policy, CorsPolicy):
            return (self.policy,)
        return tuple(policy for _, policy in self.policy.routes)

    def find(self, path: str) -> Grant | None:
        """Return what covers a path (`request.path_info`); None if no policy does.

        Outside of CORS_URLS_REGEX only receivers of the signal allow origins, so without one no
        policy covers such a path.
        """
        if self._everywhere is not None:
            return self._everywhere
        if self.urls is not None and self.urls.fullmatch(path) is None:
            grant = self._grants[id(self.policy)]
            if grant.admitting is None or not check_request_enabled.has_listeners(None):
                return None
            return grant._replace(is_outside=True)
        policy = self.policy.policy_for(path)
        # An ambiguous path gets a policy that allows no origins, which no route has.
        return None if policy is None else self._grants.get(id(policy), Grant(policy, None))


_NOTHING: Final = CorsPolicy.deny_all()


@cache
def get_configuration() -> Configuration:
    """Return the configuration; raise ImproperlyConfigured with all problems and their fixes."""
    configuration, problems = read_settings()
    if configuration is None:
        raise ImproperlyConfigured(str(PolicyError(problems)))
    return configuration


def read_settings() -> tuple[Configuration | None, tuple[Problem, ...]]:
    """Return the configuration and no problems, or None and all problems."""
    is_whole = hasattr(settings, "CORS_POLICY")
    configuration, problems = _read_policy(settings.CORS_POLICY) if is_whole else _read_parts()
    problems += read_on_decision()[1]
    return (None if problems else configuration), problems


def _read_parts() -> tuple[Configuration | None, tuple[Problem, ...]]:
    given: dict[str, Any] = {
        argument: getattr(settings, effective_name(name), default)
        for argument, (name, default) in _ARGUMENTS.items()
    }
    problems: list[Problem] = []
    urls = _read_urls_regex(problems)
    names = {argument: effective_name(name) for argument, (name, _) in _ARGUMENTS.items()}
    if _allows_all(problems):
        given |= {"allow_origins": [ANY], "allow_origin_regexes": ()}
        names["allow_origins"] = effective_name("CORS_ALLOW_ALL_ORIGINS")
    dialect = Dialect(names=names, accept="To accept the risk: {risks} = [{code!r}].")
    headers = list(_items(given["allow_headers"]))
    kept = [(index, name) for index, name in headers if not _is_useless(name)]
    if len(kept) < len(headers):
        given["allow_headers"] = [name for _, name in kept]
    try:
        policy = RegexCorsPolicy.from_mapping(given, dialect=dialect)
    except PolicyError as error:
        problems += [_restore_index(problem, kept, dialect) for problem in error.problems]
        return None, tuple(problems)
    if problems:
        return None, tuple(problems)
    return Configuration.make("the CORS_* settings", policy, urls), ()


def _restore_index(
    problem: Problem, kept_headers: Sequence[tuple[int, str]], dialect: Dialect
) -> Problem:
    # Headers were removed before the list was validated, and CORS_ALLOW_ALL_ORIGINS is not a list.
    if problem.argument == "allow_origins" and dialect.origins in ALL_ORIGINS:
        return replace(problem, subject=dialect.origins, index=None, value=True)
    if problem.argument == "allow_headers" and problem.index is not None:
        index = kept_headers[problem.index][0]
        return replace(problem, subject=dialect.subject(problem.argument, index), index=index)
    return problem


def effective_name(setting: str) -> str:
    """Return the name that a setting is set by; its own name if it is not set."""
    names = (setting, *SETTINGS[setting])
    return next((name for name in names if hasattr(settings, name)), setting)


def argument_settings() -> dict[str, str]:
    """Return the arguments of a policy that are set, each with the name of its setting."""
    names = {argument: effective_name(name) for argument, (name, _) in _ARGUMENTS.items()}
    return {argument: name for argument, name in names.items() if hasattr(settings, name)}


def dropped_headers() -> Iterator[str]:
    """Return the names in CORS_ALLOW_HEADERS that scripts cannot set, which are ignored."""
    value = getattr(settings, effective_name("CORS_ALLOW_HEADERS"), ())
    return (name for _, name in _items(value) if _is_useless(name))


def _read_policy(policy: Any) -> tuple[Configuration | None, tuple[Problem, ...]]:
    problems = [
        Problem.of(ProblemKind.CONFLICTING_SETTINGS, name, getattr(settings, name))
        for name in sorted(KNOWN_SETTINGS - _COMBINABLE)
        if hasattr(settings, name)
    ]
    if not isinstance(policy, CorsPolicy | CorsRoutes):
        problems.append(_wrong_type("CORS_POLICY", policy, "a CorsPolicy or a CorsRoutes"))
    if problems:
        return None, tuple(problems)
    return Configuration.make("CORS_POLICY", policy, None), ()


def _allows_all(problems: list[Problem]) -> bool:
    name = effective_name("CORS_ALLOW_ALL_ORIGINS")
    value = getattr(settings, name, False)
    if not isinstance(value, bool):
        problems.append(_wrong_type(name, value, PYTHON.flag))
    return value is True


def _read_urls_regex(problems: list[Problem]) -> re.Pattern[str] | None:
    value = getattr(settings, "CORS_URLS_REGEX", None)
    if value is None or (isinstance(value, re.Pattern) and isinstance(value.pattern, str)):
        return value
    if isinstance(value, str):
        try:
            return re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            kind = ProblemKind.INVALID_REGEX
            use = f"Use {_PATHS}."
            problem = Problem.of(kind, "CORS_URLS_REGEX", value, error=error, use=use)
    else:
        problem = _wrong_type("CORS_URLS_REGEX", value, _PATHS)
    problems.append(problem)
    return None


def _wrong_type(name: str, value: object, expected: str) -> Problem:
    kind = ProblemKind.WRONG_TYPE
    return Problem.of(kind, name, value, type=type(value).__name__, expected=expected)


def _items(value: object) -> Iterator[tuple[int, str]]:
    if isinstance(value, list | tuple | set | frozenset):
        yield from enumerate(value)


def _is_useless(name: object) -> bool:
    # Old projects list what they saw in a browser; it needs no permission and can have none.
    return isinstance(name, str) and is_browser_header(name.lower())


def _forget(*, setting: str, **_: object) -> None:
    if setting.startswith("CORS_"):
        get_configuration.cache_clear()


setting_changed.connect(_forget)
