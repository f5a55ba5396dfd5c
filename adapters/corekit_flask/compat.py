"""The extension and the decorator of flask-cors, for applications that migrate from it.

They build policies from its options. docs/migrating-from-flask-cors.md lists the differences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from flask import Blueprint, Flask

from corekit import CorsPolicy
from corekit.adapter import OnDecision, check_on_decision

from .extension import cover, cover_blueprint
from .options import APP_OPTIONS, VIEW_OPTIONS, check_names, make_policy, read_config
from .resources import Resources, read_resources
from .views import answer_in_view

View = TypeVar("View", bound=Callable[..., Any])


class CORS:
    """Replaces flask-cors' CORS and takes its options: only the import changes.

    ``CORS(app, resources=..., origins=..., ...)``, or ``CORS(...)`` and later ``init_app(app)``;
    `app` may be a blueprint. The options of a resource override the keywords, which override the
    CORS_* keys of the application's configuration. The first resource that matches wins.
    `on_decision`, as in `Cors`, exists in corekit only, and for a whole application only. Raise
    TypeError for an unknown option, ValueError for a value that corekit does not support, and
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
        check_names("CORS()", options, APP_OPTIONS)
        check_on_decision(on_decision)
        self._options = options
        self._on_decision = on_decision
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask | Blueprint, **options: Any) -> None:
        """Wrap an application, or cover the views of a blueprint."""
        check_names("CORS()", options, APP_OPTIONS)
        given = {**self._options, **options}
        if isinstance(app, Blueprint):
            if self._on_decision is not None:
                raise TypeError(
                    "on_decision is for a whole application. Pass it to Cors or CORS(app)."
                )
            policies = _PerApp(lambda flask: _read(flask, given))
            cover_blueprint(app, policies)
            app.record(lambda state: policies.prepare(cast("Flask", state.app)))
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
    check_names("cross_origin()", options, VIEW_OPTIONS)
    if "origins" in options:
        make_policy(options)
    policies = _PerApp(lambda flask: make_policy({**read_config(flask.config), **options}))

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


def _read(app: Flask, given: Mapping[str, Any]) -> Resources:
    options = {**read_config(app.config), **given}
    resources = read_resources(options.pop("resources", "/*"))
    pairs = []
    for resource, own in resources:
        check_names(f"the resource {resource!r}", own, APP_OPTIONS - {"resources"})
        pairs.append((resource, make_policy({**options, **own})))
    return Resources(pairs)
