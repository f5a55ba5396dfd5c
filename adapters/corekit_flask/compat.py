"""The extension and the decorator of flask-cors, for applications that migrate from it.

They read its options into policies: keywords, CORS_* keys, origins in any form. The policies are
validated like any other. An unknown option is an error, and so is a value that corekit does not
support. docs/migrating-from-flask-cors.md lists the differences.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial, reduce
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask

from corekit import CorsPolicy, PolicyError, Problem
from corekit.adapter import (
    ANY,
    OnDecision,
    OriginPattern,
    check_on_decision,
    is_serialized_origin,
    own_mark,
)
from corekit.compat import RegexCorsPolicy
from corekit.problems import Dialect

from .extension import cover, cover_blueprint
from .resources import Resources, read_resources
from .views import View, answer_in_view

_DEFAULTS: Final[Mapping[str, Any]] = {
    "origins": "*",
    "methods": ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"),
    "allow_headers": "*",
    "expose_headers": None,
    "supports_credentials": False,
    "max_age": None,
    "allow_private_network": False,
    "accept_risks": (),
}

# Further options of flask-cors: the values that corekit supports, and why it does not support the
# others. `send_wildcard` only changes how the same grant is written.
_FIXED: Final[Mapping[str, tuple[frozenset[object], str]]] = {
    "send_wildcard": (frozenset({True, False}), "it is a flag"),
    "vary_header": (frozenset({True}), "caches would serve one origin's response to another"),
    "always_send": (frozenset({True}), "caches would store a response without headers"),
    "intercept_exceptions": (frozenset({True}), "the page could not read the error"),
    "automatic_options": (frozenset({True, False}), "it is a flag"),
}

_VIEW_OPTIONS: Final = frozenset({*_DEFAULTS, *_FIXED} - {"intercept_exceptions"})
"""The options of `cross_origin`."""

_APP_OPTIONS: Final = frozenset({*_DEFAULTS, *_FIXED, "resources"})
"""The options of `CORS`."""

_OWN_OPTIONS: Final = _APP_OPTIONS - {"resources"}
"""The options of a resource."""

_PREFIX: Final = "CORS_"
_NEARLY: Final = 0.8
"""How similar a key is to an option that was probably meant: 1 is the same."""

_OLD_KEYS: Final = {"headers": "Remove it: every request header is allowed by default."}

_NAMES: Final = {
    "allow_origins": "origins",
    "allow_origin_regexes": "origins",
    "allow_credentials": "supports_credentials",
    "allow_methods": "methods",
}

# With nothing but a star it is a pattern, or meant as one: as a regular expression its dots would
# match any character, and so other sites.
_has_regex_syntax = re.compile(r"[\\\]?$^\[()+|{}]").search
_is_bracketed_address = re.compile(r"[a-z]+://\[[0-9a-f:.]+\](?::\d+)?/?", re.IGNORECASE).fullmatch
_REGEXES: Final = r"A regular expression has a backslash, or is compiled: re.compile(r'https://.*\.example\.com')."
_ANY_REGEXES: Final = frozenset({ANY, ".*", r".*\Z", "^.*$"})


class CORS:
    """Replaces flask-cors' CORS and takes its options: only the import changes.

    ``CORS(app, resources=..., origins=..., ...)``, or ``CORS(...)`` and later ``init_app(app)``;
    `app` may be a blueprint. A second call for the same application or blueprint adds resources
    that none of the first ones overlap. The options of a resource override the keywords, which
    override the CORS_* keys of the application's configuration. Resources are tried in the order of
    flask-cors. `on_decision`, as in `Cors`, exists in corekit only, for a whole application only.
    Raise TypeError for an unknown option, ValueError for a value that corekit does not support, and
    `corekit.PolicyError` with all problems of a policy.

    >>> app = Flask("shop")
    >>> extension = CORS(app, resources={r"/api/*": {"origins": "https://app.example.com"}})
    """

    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *,
        on_decision: OnDecision | None = None,
        **options: Any,
    ) -> None:
        _check_names({"CORS()": options}, _APP_OPTIONS)
        check_on_decision(on_decision)
        self._options = options
        self._on_decision = on_decision
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, **options: Any) -> None:
        """Wrap an application, or cover the views of a blueprint."""
        _check_names({"CORS()": options}, _APP_OPTIONS)
        given = {**self._options, **options}
        if isinstance(app, Blueprint):
            if self._on_decision is not None:
                raise TypeError(
                    "on_decision is for a whole application. Pass it to Cors or CORS(app)."
                )
            before = own_mark(app)
            if before is not None and isinstance(before.policy, _ResourcesPerApp):
                policies = before.policy
            else:
                policies = _ResourcesPerApp()
                cover_blueprint(app, policies)
            app.record(lambda state: policies.prepare(cast("Flask", state.app)))
            policies.add(given)
        else:
            cover(app, _read(app, given), self._on_decision)


def cross_origin(**options: Any) -> Callable[[View], View]:
    """Replaces flask-cors' decorator and takes its options; put it below ``route``.

    The keywords override the CORS_* keys of the application's configuration. With `Cors` or `CORS`
    on the application, preflights and errors before the view are covered too. Raise as `CORS` does:
    at once if the keywords alone are invalid, else with the first request.

    >>> app = Flask("shop")
    >>> @app.route("/feed")
    ... @cross_origin(origins="https://app.example.com")
    ... def feed(): ...
    """
    _check_names({"cross_origin()": options}, _VIEW_OPTIONS)
    if "origins" in options:
        _make_policy(options)
    policies = _PerApp(lambda flask: _make_policy({**_read_config(flask.config), **options}))

    automatic_options = options.get("automatic_options", True)
    return partial(answer_in_view, find=policies, automatic_options=automatic_options)


class _PerApp:
    """The policies of each application, built once: each has its own configuration."""

    def __init__(self, make: Callable[[Flask], CorsPolicy | Resources]) -> None:
        self._make = make
        self._made: WeakKeyDictionary[Flask, CorsPolicy | Resources] = WeakKeyDictionary()

    def prepare(self, app: Flask) -> None:
        self._made[app] = self._make(app)

    def __call__(self, app: Flask, path: str, /) -> CorsPolicy | None:
        if app not in self._made:
            self.prepare(app)
        return self._made[app].policy_for(path)


class _ResourcesPerApp(_PerApp):
    """The resources of all calls of `CORS` for a blueprint."""

    def __init__(self) -> None:
        super().__init__(self._read_all)
        self._given: list[Mapping[str, Any]] = []

    def add(self, given: Mapping[str, Any]) -> None:
        """Add the options of a call, if they are others."""
        if given not in self._given:
            self._given.append(given)

    def _read_all(self, app: Flask) -> Resources:
        return reduce(Resources.add, (_read(app, given) for given in self._given))


def _read(app: Flask, given: Mapping[str, Any]) -> Resources:
    options = {**_read_config(app.config), **given}
    resources = read_resources(options.pop("resources", "/*"))
    pairs = []
    problems: dict[str, Problem] = {}
    _check_names({f"the resource {resource!r}": own for resource, own in resources}, _OWN_OPTIONS)
    for resource, own in resources:
        names = {name: f"resources[{resource!r}][{name!r}]" for name in own}
        try:
            pairs.append((resource, _make_policy({**options, **own}, names)))
        except PolicyError as error:
            # An option that all resources share has the same problem in each of them.
            for problem in error.problems:
                problems.setdefault(str(problem), problem)
    try:
        found = Resources(pairs)
    except PolicyError as error:
        raise PolicyError([*problems.values(), *error.problems]) from None
    if problems:
        raise PolicyError(list(problems.values()))
    return found


def _check_names(given: Mapping[str, Mapping[str, object]], known: frozenset[str]) -> None:
    """Raise TypeError for unknown options, with the options that were probably meant.

    `given` are the options by what has them.

    >>> _check_names({"CORS()": {"orgins": "*"}}, _APP_OPTIONS)
    Traceback (most recent call last):
        ...
    TypeError: orgins: CORS() has no such option. Did you mean origins?
    """
    found = []
    for where, options in given.items():
        for name in options.keys() - known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            names = ", ".join(sorted(known))
            hint = f"Did you mean {near[0]}?" if near else f"The options are {names}."
            found.append(f"{name}: {where} has no such option. {hint}")
    if found:
        raise TypeError("\n".join(sorted(found)))


def _read_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Read the CORS_* keys of an application; None is an unset key, as in flask-cors.

    Raise TypeError for a key that is nearly an option. Warn of other unknown keys, which may be
    the application's own.
    """
    given = {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in config.items()
        if key.startswith(_PREFIX) and value is not None
    }
    errors = []
    for name in sorted(given.keys() - _APP_OPTIONS):
        key = f"{_PREFIX}{name.upper()}"
        near = get_close_matches(name, _APP_OPTIONS, n=1, cutoff=_NEARLY)
        if near:
            hint = f"Did you mean {_PREFIX}{near[0].upper()}?"
            errors.append(f"{key}: app.config has no such option. {hint}")
            continue
        hint = _OLD_KEYS.get(name, "If it was meant for CORS, pass the option to CORS().")
        warnings.warn(f"{key}: this key of app.config has no effect on CORS. {hint}", stacklevel=5)
    if errors:
        raise TypeError("\n".join(errors))
    return {name: value for name, value in given.items() if name in _APP_OPTIONS}


def _make_policy(
    options: Mapping[str, Any], names: Mapping[str, str] | None = None
) -> RegexCorsPolicy:
    """Build a policy from options whose names are known.

    `names` are what problems call them. Raises `corekit.PolicyError` with every problem, and
    ValueError for a value that corekit does not support.

    >>> _make_policy({"origins": "https://app.example.com", "methods": "PUT"}).allow_methods
    ('PUT',)
    """
    names = names or {}
    unsupported = [
        f"{names.get(name, name)}={options[name]!r} is not supported: {reason}. Remove it."
        for name, (possible, reason) in _FIXED.items()
        if name in options and options[name] not in possible
    ]
    if unsupported:
        raise ValueError("\n".join(unsupported))
    given = {**_DEFAULTS, **options}
    origins, indexes = _read_origins(given["origins"])
    headers = _split(given["allow_headers"])
    if isinstance(headers, list) and ANY in headers:
        # flask-cors reflects the requested names, authorization among them; a wildcard excludes it.
        headers = [*headers, "authorization"]
    methods = _split(given["methods"])
    if isinstance(methods, list):
        methods = [name.upper() if isinstance(name, str) else name for name in methods]
    arguments = {
        **origins,
        "allow_credentials": given["supports_credentials"],
        "allow_methods": methods,
        "allow_headers": headers,
        "expose_headers": _split(given["expose_headers"]),
        "max_age": _read_seconds(given["max_age"]),
        "allow_private_network": given["allow_private_network"],
        "preflight_status": 200,
        "accept_risks": given["accept_risks"],
    }
    own = {name: names.get(name, name) for name in _DEFAULTS}
    arguments_written = {name: own[option] for name, option in _NAMES.items()}
    dialect = Dialect({**own, **arguments_written}, indexes, regexes=_REGEXES)
    return RegexCorsPolicy.from_mapping(arguments, dialect=dialect)


def _read_origins(value: Any) -> tuple[dict[str, Any], dict[str, list[int | None]]]:
    """Separate origins and patterns from regular expressions; flask-cors has one list of both.

    Return the arguments of the policy, and the index that each element had in the one list.
    """
    items: Iterable[tuple[int | None, Any]]
    if isinstance(value, str | re.Pattern):
        items = [(None, value)]
    elif isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        items = enumerate(value)
    else:
        return {"allow_origins": value}, {}
    origins: dict[str, Any] = {"allow_origins": [], "allow_origin_regexes": []}
    indexes: dict[str, list[int | None]] = {"allow_origins": [], "allow_origin_regexes": []}
    for index, item in items:
        is_any = (item.pattern if isinstance(item, re.Pattern) else item) in _ANY_REGEXES
        is_regex = not is_any and (isinstance(item, re.Pattern) or _is_regex(item))
        argument = "allow_origin_regexes" if is_regex else "allow_origins"
        origins[argument].append(ANY if is_any else item)
        indexes[argument].append(index)
    return origins, indexes


def _is_regex(item: object) -> bool:
    if not isinstance(item, str) or is_serialized_origin(item) or OriginPattern.parse(item):
        return False
    return _has_regex_syntax(item) is not None and _is_bracketed_address(item) is None


def _split(value: Any) -> Any:
    """Read one name, several names in one string, or a collection of names."""
    if value is None:
        return []
    if isinstance(value, str):
        return [name.strip() for name in value.split(",") if name.strip()]
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return list(value)
    return value


def _read_seconds(value: Any) -> Any:
    is_number = isinstance(value, str) and value.isascii() and value.isdigit()
    return int(value) if is_number else value
