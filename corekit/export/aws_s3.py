"""Amazon S3: the CORS configuration of a bucket, for ``aws s3api put-bucket-cors``.

A bucket matches the method of actual requests too, so the safelisted methods are listed. In an
origin, one ``*`` matches any characters. The response to a listed origin allows credentials, and
that to ``*`` does not; there is no field for it. Requested headers are reflected.

The fingerprint of the policy is the ID of the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from corekit._origins import ANY
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .refusals import refuse
from .services import (
    find_any_name_difference,
    find_common_differences,
    find_common_problems,
    has_one_wildcard,
    refuse_any_name,
    refuse_unnamed_authorization,
    write_json,
    write_origins,
)
from .target import NOT_PROVEN, Level, Target

_METHODS: Final = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})


def _write(policy: CorsPolicy, _: str | None, prefix: str) -> Mapping[str, str]:
    rule: dict[str, Any] = {
        "ID": f"CORS policy {policy.fingerprint}",
        "AllowedOrigins": write_origins(policy),
        "AllowedMethods": policy.engine.allow_methods,
    }
    if policy.allow_headers:
        names = policy.allow_headers
        rule["AllowedHeaders"] = [ANY] if ANY in names else names
    if policy.expose_headers:
        rule["ExposeHeaders"] = policy.expose_headers
    if policy.max_age is not None:
        rule["MaxAgeSeconds"] = policy.max_age
    return {f"{prefix}_s3.json": write_json({"CORSRules": [rule]})}


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    target = "S3"
    yield from find_common_problems(
        policy, target, can_match=has_one_wildcard, can_allow=_METHODS.__contains__
    )
    if not policy.allow_credentials and ANY not in policy.allow_origins:
        name = policy.engine.dialect.name("allow_credentials")
        yield refuse("credentials-not-exported", name, target=target)
    yield from refuse_unnamed_authorization(policy, target)
    yield from refuse_any_name(policy, "expose_headers", target)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield from find_common_differences(policy, "S3")
    yield from find_any_name_difference(policy)
    yield (
        "Preflights that are not granted as a whole get 403 without headers. Others name the"
        " requested headers only, so that browsers send more of them."
    )


AWS_S3: Final = Target(
    name="aws-s3",
    requires="an Amazon S3 bucket",
    level=Level.BROWSER_EQUAL,
    limits=(
        NOT_PROVEN,
        "The policy allows credentials, or any origin.",
        "GET, HEAD, POST, PUT and DELETE.",
    ),
    comment="",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
    is_runnable=False,
)
