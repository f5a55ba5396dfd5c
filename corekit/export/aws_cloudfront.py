"""Amazon CloudFront: a response headers policy, for ``create-response-headers-policy``.

CloudFront removes headers before it adds others, so all CORS headers of the origin server are
removed, also from responses that get none. ``*`` for headers is refused with credentials, and
reflects what is requested without. A policy without headers has to name one all the same.

The fingerprint of the policy is in the name and the comment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from corekit._names import CORS_RESPONSE_HEADERS
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .services import (
    find_common_differences,
    find_common_problems,
    has_one_wildcard,
    refuse_any_name,
    refuse_unnamed_authorization,
    write_json,
    write_origins,
)
from .target import NOT_PROVEN, Level, Target

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_UNSENDABLE_HEADER: Final = "origin"
"""A header that no page can set, so that it does not matter whether it is allowed."""


def _write(policy: CorsPolicy, _: str | None, prefix: str) -> Mapping[str, str]:
    cors: dict[str, Any] = {
        "AccessControlAllowOrigins": _items(write_origins(policy)),
        "AccessControlAllowCredentials": policy.allow_credentials,
        "AccessControlAllowMethods": _items(policy.engine.allow_methods),
        "AccessControlAllowHeaders": _items(policy.engine.allow_headers or (_UNSENDABLE_HEADER,)),
    }
    if policy.expose_headers:
        cors["AccessControlExposeHeaders"] = _items(policy.expose_headers)
    if policy.max_age is not None:
        cors["AccessControlMaxAgeSec"] = policy.max_age
    removed = [{"Header": name} for name in sorted(CORS_RESPONSE_HEADERS)]
    configuration = {
        "Name": f"{prefix}-{policy.fingerprint}",
        "Comment": f"CORS policy {policy.fingerprint}, written by corekit export aws-cloudfront",
        "CorsConfig": {**cors, "OriginOverride": True},
        "RemoveHeadersConfig": _items(removed),
    }
    return {f"{prefix}_cloudfront.json": write_json(configuration)}


def _items(values: Sequence[object]) -> dict[str, object]:
    return {"Quantity": len(values), "Items": values}


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    target = "CloudFront"
    yield from find_common_problems(
        policy, target, can_match=has_one_wildcard, can_allow=_METHODS.__contains__
    )
    if policy.allow_credentials:
        yield from refuse_any_name(policy, "allow_headers", target)
    yield from refuse_unnamed_authorization(policy, target)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield from find_common_differences(policy, "CloudFront")
    yield "Requests without an Origin header get no CORS headers."
    if not policy.allow_headers:
        yield "Origin is named as an allowed header, since one has to be. No page can set it."


AWS_CLOUDFRONT: Final = Target(
    name="aws-cloudfront",
    requires="an Amazon CloudFront response headers policy",
    level=Level.BROWSER_EQUAL,
    limits=(
        NOT_PROVEN,
        "Preflights may reach the origin server, which has to respond to OPTIONS with 200 to 299.",
        "GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.",
    ),
    comment="",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
    is_runnable=False,
)
