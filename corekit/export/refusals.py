"""What is not exported, as one table: by code, the severity, the message and the hint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from corekit.arguments import REGEXES
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic, Kind, make_diagnostic, show
from corekit.guard import CrossOriginGuard
from corekit.lookups import Lookup
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

_MOST_PATHS: Final = 5
"""A message names no more routes."""

REFUSALS: Final = {
    "routes-not-exported": Kind(
        "error",
        "Each of the routes {paths} has its own policy, and an export has one.",
        "Write the policy of each route into a separate file, and export each with its own --name.",
    ),
    "regex-not-exported": Kind(
        "error",
        "A proxy may read a regular expression of Python differently.",
        "List origins and patterns instead.",
    ),
    "snapshot-not-exported": Kind(
        "error",
        "The origins are loaded while the application runs; a proxy would not notice a change.",
        "Leave CORS to the application.",
    ),
    "look-up-not-exported": Kind(
        "error",
        "The application looks origins up for each request; a proxy does not.",
        "Leave CORS to the application.",
    ),
    "guard-not-exported": Kind(
        "warning",
        "Only the policy is exported. The guard refuses writes, WebSockets and names in Host.",
        "Keep the guard in the application.",
    ),
    "list-too-long": Kind(
        "error",
        "Together the names have {length} characters; {target} reads at most {most} in one value.",
        "List fewer names, or allow '*'.",
    ),
    "too-many-origins": Kind(
        "error",
        "The origins are more than the proxy reads as one regular expression.",
        "Allow a pattern instead, or leave CORS to the application.",
    ),
    "too-many-entries": Kind(
        "error",
        "There are {number} entries, and {target} takes at most {most}.",
        "List fewer, or export to a proxy such as nginx.",
    ),
    "no-origins-not-exported": Kind(
        "error",
        "No origins are allowed, and {target} needs at least one.",
        "Remove CORS from the configuration instead.",
    ),
    "origin-not-exported": Kind(
        "error",
        "This cannot be written for {target}, or would match other origins there.",
        "List the origins one by one, or export to a proxy such as nginx.",
    ),
    "method-not-exported": Kind(
        "error",
        "This method cannot be allowed by {target}.",
        "Remove it, or export to a proxy such as nginx.",
    ),
    "any-name-not-exported": Kind(
        "error",
        "The '*' has another meaning for {target}, or none.",
        "List the names.",
    ),
    "authorization-not-named": Kind(
        "error",
        "Without credentials, '*' does not allow Authorization, but with {target} it may.",
        "Add 'authorization' to the list, or list the names instead of '*'.",
    ),
    "credentials-not-exported": Kind(
        "error",
        "Credentials are not allowed, but {target} allows them to all listed origins.",
        "Allow credentials, since a bucket reads no cookies, or allow the origin '*'.",
    ),
    "max-age-not-exported": Kind(
        "error",
        "A maximum age of 0 seconds cannot be written for {target}.",
        "Use 1 or more seconds, or None for the browser's default.",
    ),
    "private-network-not-exported": Kind(
        "error",
        "The header Access-Control-Allow-Private-Network cannot be sent by {target}.",
        "Leave CORS to the application, or export to a proxy such as nginx.",
    ),
}

refuse = partial(make_diagnostic, REFUSALS)
"""Build the diagnostic for a code of the table, an argument and its value."""


def find_refusals(
    policy: CorsPolicy | CorsRoutes, guard: CrossOriginGuard | None, lookup: Lookup | None
) -> Iterator[Diagnostic]:
    """Yield what no target can say."""
    if isinstance(policy, CorsRoutes):
        paths = [path for path, _ in policy.routes]
        more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
        shown = f"{', '.join(map(show, paths[:_MOST_PATHS]))}{more}"
        yield refuse("routes-not-exported", "routes", paths, paths=shown)
        return
    name = policy.engine.dialect.name
    if getattr(policy.engine.others, "snapshot", None) is not None:
        yield refuse("snapshot-not-exported", name("allow_origins"))
    if isinstance(policy, RegexCorsPolicy) and policy.allow_origin_regexes:
        regexes = [each.pattern for each in policy.allow_origin_regexes]
        yield refuse("regex-not-exported", name(REGEXES), regexes)
    if lookup is not None and policy.engine.may_look_up:
        yield refuse("look-up-not-exported", "lookup")
    if guard is not None:
        yield refuse("guard-not-exported", "guard")
