"""Kubernetes Gateway API: the CORS filter of an HTTPRoute, which implementations read differently.

It is in the standard channel since version 1.5. A rule of an HTTPRoute has filters, so the file has
one filter. Its lists are bounded, and ``*`` has to be alone in them.

With ``*`` and credentials, the specification demands to reflect the origin, which `CorsPolicy`
does not have. It permits to reflect requested headers without credentials, so that ``*`` may allow
Authorization or not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from corekit._origins import ANY
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .refusals import refuse
from .services import (
    find_any_name_difference,
    find_common_differences,
    find_common_problems,
    is_exact,
    is_subdomains,
    refuse_any_name,
)
from .target import NOT_PROVEN, Level, Target

MOST_ENTRIES: Final = 64
MOST_CHARACTERS: Final = 256
"""The longest name of a header."""
_MOST_ORIGIN_CHARACTERS: Final = 253
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", ANY})
_LISTS: Final = ("allow_origins", "allow_headers", "expose_headers")
_LABEL: Final = "[a-z0-9-]+"

_is_host = re.compile(rf"https?://(?:\*\.)?{_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?").fullmatch

_HEAD: Final = """\
# Put this filter under `filters` of each rule of the HTTPRoute.
- type: CORS
  cors:
"""


def _write(policy: CorsPolicy, _: str | None, prefix: str) -> Mapping[str, str]:
    fields: dict[str, object] = {"allowOrigins": [*policy.allow_origins]}
    if policy.allow_credentials:
        fields["allowCredentials"] = True
    fields["allowMethods"] = _alone(policy.allow_methods) or [*policy.engine.allow_methods]
    if policy.allow_headers:
        fields["allowHeaders"] = _alone(policy.allow_headers) or [*policy.allow_headers]
    if policy.expose_headers:
        fields["exposeHeaders"] = _alone(policy.expose_headers) or [*policy.expose_headers]
    if policy.max_age is not None:
        fields["maxAge"] = policy.max_age
    return {f"{prefix}_filter.yaml": _HEAD + "".join(_write_yaml(fields))}


def _alone(names: tuple[str, ...]) -> list[str]:
    return [ANY] if ANY in names else []


def _write_yaml(fields: Mapping[str, object]) -> Iterator[str]:
    # A string of JSON is one of YAML, in which nothing is an alias, a number or a comment.
    for name, value in fields.items():
        if isinstance(value, list):
            yield f"    {name}:\n"
            yield from (f"      - {json.dumps(each)}\n" for each in value)
        else:
            yield f"    {name}: {json.dumps(value)}\n"


def _can_match(entry: str) -> bool:
    is_known = is_exact(entry) or is_subdomains(entry)
    is_possible = _is_host(entry) is not None and len(entry) <= _MOST_ORIGIN_CHARACTERS
    return is_known and is_possible


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    target = "Gateway API"
    yield from find_common_problems(
        policy, target, can_match=_can_match, can_allow=_METHODS.__contains__
    )
    if not policy.allow_credentials:
        yield from refuse_any_name(policy, "allow_headers", target)
    for argument in _LISTS:
        name, values = policy.engine.dialect.name(argument), getattr(policy, argument)
        if len(values) > MOST_ENTRIES and ANY not in values:
            yield refuse(
                "too-many-entries", name, number=len(values), target=target, most=MOST_ENTRIES
            )
        for each in values:
            if argument != "allow_origins" and len(each) > MOST_CHARACTERS:
                yield refuse(
                    "list-too-long",
                    name,
                    each,
                    length=len(each),
                    target=target,
                    most=MOST_CHARACTERS,
                )
    if policy.max_age == 0:
        yield refuse("max-age-not-exported", policy.engine.dialect.name("max_age"), target=target)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield from find_common_differences(policy, "the implementation")
    yield from find_any_name_difference(policy)
    if ANY in policy.allow_origins:
        yield "The response may have the origin of the request instead of *."
    else:
        yield "An entry may also match the default port of its scheme, which no browser sends."
    if policy.max_age is None:
        yield "Access-Control-Max-Age is 5, which is the default of browsers too."


GATEWAY_API: Final = Target(
    name="gateway-api",
    requires="Gateway API 1.5 or newer",
    level=Level.BROWSER_EQUAL,
    limits=(
        NOT_PROVEN,
        "The implementation supports HTTPRouteCORS.",
        "The application sends no CORS headers, since they may not be removed.",
    ),
    comment="# ",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
    is_runnable=False,
)
