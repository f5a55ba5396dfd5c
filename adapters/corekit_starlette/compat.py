"""The keywords of Starlette's CORSMiddleware, for applications that migrate from it.

They are validated as every policy is. docs/migrating-from-starlette.md lists the differences.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from corekit import CorsPolicy, PolicyError
from corekit.adapter import ANY, OnDecision
from corekit.arguments import REGEXES as _REGEXES
from corekit.arguments import find_argument, is_regex_argument
from corekit.compat import RegexCorsPolicy
from corekit.problems import Dialect
from corekit_asgi import CorsMiddleware
from corekit_asgi.layers import FailedStart, is_created_at_start
from corekit_asgi.middleware import report_second_layer

from .application import LOGGER, make_observer

if TYPE_CHECKING:
    from starlette.types import ASGIApp

# Starlette always grants these. Requests with a JSON body need the last one.
_ALWAYS_GRANTED: Final = ("accept", "accept-language", "content-language", "content-type")
_DEFAULT_METHODS: Final = ("GET",)
_KEYWORDS: Final = (
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "allow_credentials",
    "allow_origin_regex",
    "allow_private_network",
    "expose_headers",
    "max_age",
    "accept_risks",
    "on_decision",
)


class _Unknown(TypedDict):
    """Keywords that do not exist: type checkers report them, and so does the middleware."""


def starlette_policy(  # noqa: PLR0917 - as in Starlette
    allow_origins: Collection[str] = (),
    allow_methods: Collection[str] = _DEFAULT_METHODS,
    allow_headers: Collection[str] = (),
    allow_credentials: bool = False,
    allow_origin_regex: str | re.Pattern[str] | None = None,
    allow_private_network: bool = False,
    expose_headers: Collection[str] = (),
    max_age: int | None = 600,
    *,
    accept_risks: Collection[str] = (),
) -> RegexCorsPolicy:
    """Build a policy from the keywords of Starlette's CORSMiddleware, with its defaults.

    `allow_origin_regex` must match in full. `accept_risks` exists in corekit only: the codes of the
    risks that the operator accepts. Raise `corekit.PolicyError` with all problems.

    >>> policy = starlette_policy(allow_origin_regex=r"https://.*\\.example\\.com")
    >>> policy.decide("GET", origin="https://www.example.com").allowed
    True
    """
    headers: Any = allow_headers
    added: dict[str, Collection[str]] = {}
    if allow_methods == _DEFAULT_METHODS:
        added["allow_methods"] = _DEFAULT_METHODS
    if isinstance(headers, Collection) and not isinstance(headers, str | bytes | Mapping):
        given = {name.lower() for name in headers if isinstance(name, str)}
        # Starlette names the requested headers, authorization among them; * does not cover it.
        always = (*_ALWAYS_GRANTED, "authorization") if ANY in given else _ALWAYS_GRANTED
        added["allow_headers"] = [name for name in always if name not in given]
        headers = [*headers, *always]
    dialect = Dialect(
        names={_REGEXES: "allow_origin_regex"},
        indexes={_REGEXES: [None]},
        regexes="Regular expressions are for allow_origin_regex.",
        added=added,
    )
    arguments = {
        "allow_origins": allow_origins,
        _REGEXES: () if allow_origin_regex is None else (allow_origin_regex,),
        "allow_credentials": allow_credentials,
        "allow_methods": allow_methods,
        "allow_headers": headers,
        "expose_headers": expose_headers,
        "max_age": max_age,
        "allow_private_network": allow_private_network,
        "preflight_status": 200,
        "accept_risks": accept_risks,
    }
    return RegexCorsPolicy.from_mapping(arguments, dialect=dialect)


class CORSMiddleware(CorsMiddleware):
    """Replaces Starlette's CORSMiddleware and takes its keywords: only the import changes.

    The keywords are those of `starlette_policy`, and `on_decision` as in `install`. Added with
    ``app.add_middleware``, it is inside Starlette's error layer, as Starlette's is: for 500s to
    carry the headers, use ``install(app, starlette_policy(...))``.

    When it wraps an application, it raises `corekit.PolicyError` at once, with all problems, and
    TypeError for an unknown keyword. With ``app.add_middleware`` Starlette creates it only as the
    server starts: startup then fails with the same message.

    >>> from starlette.applications import Starlette
    >>> app = Starlette()
    >>> app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
    """

    def __init__(  # noqa: PLR0917 - as in Starlette
        self,
        app: ASGIApp,
        allow_origins: Collection[str] = (),
        allow_methods: Collection[str] = _DEFAULT_METHODS,
        allow_headers: Collection[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | re.Pattern[str] | None = None,
        allow_private_network: bool = False,
        expose_headers: Collection[str] = (),
        max_age: int | None = 600,
        *,
        accept_risks: Collection[str] = (),
        on_decision: OnDecision | None = None,
        **unknown: Unpack[_Unknown],
    ) -> None:
        policy = CorsPolicy.deny_all()
        try:
            _check_known(unknown)
            policy = starlette_policy(
                allow_origins,
                allow_methods,
                allow_headers,
                allow_credentials,
                allow_origin_regex,
                allow_private_network,
                expose_headers,
                max_age,
                accept_risks=accept_risks,
            )
        except (TypeError, PolicyError) as error:
            if not is_created_at_start(app):
                raise
            app = FailedStart(error)
        report_second_layer(app, LOGGER)
        super().__init__(app, policy, observer=make_observer(on_decision, app))


def _check_known(unknown: Iterable[str]) -> None:
    """Raise TypeError if there is an unknown keyword, with the one that was probably meant."""
    for name in unknown:
        near = "allow_origin_regex" if is_regex_argument(name) else find_argument(name, _KEYWORDS)
        hint = f"Did you mean {near}?" if near else f"The keywords are {', '.join(_KEYWORDS)}."
        if name == "policy":
            hint = "To pass a policy, call install(app, policy) of corekit_starlette."
        raise TypeError(f"{name}: CORSMiddleware has no such keyword. {hint}")
