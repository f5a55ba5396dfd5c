"""The configuration of a proxy that says the same as a policy.

Where several applications are behind one proxy, the proxy can send the CORS headers for all of
them. An export is written from the policy, so that nobody translates patterns by hand.

- `target`: what a target says about itself, and the result of an export;
- `origins`: an origin or a pattern as a regular expression that all proxies understand;
- `refusals`: what is not exported, as one table of messages and hints;
- `parts`: what several targets share, and `services` what those share that take lists instead of
  regular expressions;
- one module for each target: `nginx`, `haproxy`, `caddy`, `envoy`, `traefik`, `gateway_api`,
  `aws_apigateway`, `aws_s3`, `aws_cloudfront`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from corekit._sources import read_policy
from corekit.guard import CrossOriginGuard
from corekit.live import Policies
from corekit.lookups import Lookup
from corekit.policy import CorsPolicy

from .aws_apigateway import AWS_APIGATEWAY
from .aws_cloudfront import AWS_CLOUDFRONT
from .aws_s3 import AWS_S3
from .caddy import CADDY
from .envoy import ENVOY
from .gateway_api import GATEWAY_API
from .haproxy import HAPROXY
from .nginx import NGINX
from .parts import write_prefix
from .refusals import REFUSALS, find_refusals
from .target import Export, Level, Target, write_head
from .traefik import TRAEFIK

__all__ = ["REFUSALS", "TARGETS", "Export", "Level", "Target", "export_policy"]

TARGETS: Final[Mapping[str, Target]] = {
    each.name: each
    for each in (
        *(NGINX, HAPROXY, CADDY, ENVOY, TRAEFIK),
        *(GATEWAY_API, AWS_APIGATEWAY, AWS_S3, AWS_CLOUDFRONT),
    )
}
"""Every target by its name."""


def export_policy(
    policy: Policies,
    target: Target,
    *,
    standalone: str | None = None,
    name: str | None = None,
    command: str | None = None,
    guard: CrossOriginGuard | None = None,
    lookup: Lookup | None = None,
) -> Export:
    """Return the configuration of a proxy that says the same as a policy, or why not.

    With `standalone`, the URL of the application, the result is a complete configuration that can
    be run. A `name` is for one of several policies in the same proxy: it is in the names of the
    files and of what they define. `command` is what the head of each file names as the way to
    write it again. A `guard` and a `lookup` are those that the application has too; neither is
    exported. Raise ValueError if `standalone` is not an HTTP URL without a path, if the target does
    not run, or if `name` is not a name.

    >>> policy = CorsPolicy(allow_origins=["https://*.example.com"])
    >>> export = export_policy(policy, TARGETS["nginx"])
    >>> list(export.files), export.level.value, export.problems
    (['cors.conf', 'cors_location.conf'], 'exact', ())
    >>> list(export_policy(policy, TARGETS["nginx"], name="admin").files)
    ['cors_admin.conf', 'cors_admin_location.conf']
    """
    prefix = write_prefix(name)
    if standalone is not None and not target.is_runnable:
        raise ValueError(f"{target.name} has no complete configuration that can be run.")
    current = read_policy(policy)
    problems = [*find_refusals(current, guard, lookup)]
    if not isinstance(current, CorsPolicy) or any(each.severity == "error" for each in problems):
        return Export(target, {}, (), tuple(problems))
    problems += target.find_problems(current)
    if any(each.severity == "error" for each in problems):
        return Export(target, {}, (), tuple(problems))
    differences = tuple(target.find_differences(current))
    files = target.write(current, standalone, prefix)
    command = command or f"corekit export {target.name} FILE{f' --name {name}' if name else ''}"
    head = write_head(target, current, command, differences)
    if target.comment:
        files = {name: f"{head}\n{text}" for name, text in files.items()}
    return Export(target, files, differences, tuple(problems), head, current.fingerprint)
