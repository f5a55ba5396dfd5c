"""What is not exported, as one table: by code, the severity, the message and the hint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from corekit.arguments import REGEXES
from corekit.compat import RegexCorsPolicy
from corekit.diagnostics import Diagnostic, Kind, make_diagnostic
from corekit.guard import CrossOriginGuard
from corekit.lookups import Lookup
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

REFUSALS: Final = {
    "routes-not-exported": Kind(
        "error",
        "Routes have one policy for each path, and an export has one policy.",
        "Write the policy of each route into a separate file, and export that.",
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
}

refuse = partial(make_diagnostic, REFUSALS)
"""Build the diagnostic for a code of the table, an argument and its value."""


def find_refusals(
    policy: CorsPolicy | CorsRoutes, guard: CrossOriginGuard | None, lookup: Lookup | None
) -> Iterator[Diagnostic]:
    """Yield what no target can say."""
    if isinstance(policy, CorsRoutes):
        yield refuse("routes-not-exported", "routes", [path for path, _ in policy.routes])
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
