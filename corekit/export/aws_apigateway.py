"""Amazon API Gateway: the CORS configuration of an HTTP API, which has no patterns.

The file is for ``aws apigatewayv2 update-api --cors-configuration``. It has every field, so that
none of an earlier configuration remains. The format has no place for a comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .services import (
    find_common_differences,
    find_common_problems,
    is_exact,
    refuse_any_name,
    refuse_unnamed_authorization,
    write_json,
)
from .target import NOT_PROVEN, Level, Target

_MOST_CHARACTERS: Final = 64
"""The longest method."""


def _write(policy: CorsPolicy, _: str | None, prefix: str) -> Mapping[str, str]:
    configuration: dict[str, Any] = {
        "AllowOrigins": policy.allow_origins,
        "AllowCredentials": policy.allow_credentials,
        "AllowMethods": policy.engine.allow_methods,
        "AllowHeaders": policy.engine.allow_headers,
        "ExposeHeaders": policy.expose_headers,
    }
    if policy.max_age is not None:
        configuration["MaxAge"] = policy.max_age
    return {f"{prefix}_api.json": write_json(configuration)}


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    target = "API Gateway"
    yield from find_common_problems(
        policy,
        target,
        can_match=is_exact,
        can_allow=lambda method: len(method) <= _MOST_CHARACTERS,
    )
    if policy.allow_credentials:
        yield from refuse_any_name(policy, "allow_methods", target)
        yield from refuse_any_name(policy, "allow_headers", target)
    yield from refuse_unnamed_authorization(policy, target)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield from find_common_differences(policy, "API Gateway")
    yield "Requests without an Origin header get no CORS headers."


AWS_APIGATEWAY: Final = Target(
    name="aws-apigateway",
    requires="an HTTP API of Amazon API Gateway",
    level=Level.BROWSER_EQUAL,
    limits=(NOT_PROVEN, "One policy for all routes of the API.", "No patterns of origins."),
    comment="",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
    is_runnable=False,
)
