"""What to change in a policy so that a fetch succeeds; the browser model tries each change first.

If a change would be unsafe, the policy rejects it, and the fix says so and has no changes. Whether
to trust a page's origin is never decided here: that is the operator's decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from corekit._origins import ANY
from corekit.adapter import Policies
from corekit.browser import Failure
from corekit.browser.fields import NON_WILDCARD_HEADER, unsafe_names
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError

from .call import Call, find_other_fetches
from .explanation import Fix
from .serving import find_covering, run

_MAX_ROUNDS: Final = 8
_MAX_NAMED: Final = 20
_TRUST: Final = (
    " Allow an origin only if you control it or trust its owner: its pages can read the responses."
)
_ACTS: Final = (
    " With credentials, pages of every allowed origin can make requests as the logged-in user."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """Arguments of a policy and what they do, in words; or why the policy rejects them."""

    arguments: Mapping[str, Any]
    phrases: tuple[str, ...]
    rejected: PolicyError | None = None

    @property
    def message(self) -> str:
        """What to do, and what it means."""
        words = " and ".join((*filter(None, [", ".join(self.phrases[:-1])]), self.phrases[-1]))
        if self.rejected is not None:
            texts = dict.fromkeys(f"{each.message} {each.hint}" for each in self.rejected.problems)
            problems = " ".join([*texts][:3])
            return f"The policy would have to {words}, but corekit rejects that: {problems}"
        message = f"{words[0].upper()}{words[1:]}."
        if "allow_origins" in self.arguments:
            message += _TRUST
        if self.arguments.get("allow_credentials"):
            message += _ACTS
        return message


def find_changes(policy: CorsPolicy, call: Call) -> Changes | None:
    """Return what to change in a policy so that a call succeeds; None if no change helps."""
    arguments: dict[str, Any] = {}
    phrases: list[str] = []
    for _ in range(_MAX_ROUNDS):
        outcome = run(policy, call)
        if outcome.is_readable:
            return Changes(arguments, tuple(phrases)) if arguments else None
        proposed = outcome.failure and _propose(policy, outcome.failure, call)
        if not proposed:
            return None
        changes, phrase = proposed
        phrases.append(phrase)
        arguments |= changes
        try:
            policy = policy.replace(**changes)
        except PolicyError as error:
            return Changes({}, tuple(phrases), error)
    return None


def fix_policy(policies: Policies, call: Call) -> tuple[Fix, ...]:
    """Return the fixes in a policy or in the call; those that can be applied come first."""
    covering = find_covering(policies, str(call.url))
    policy = covering.policy
    if policy is None or covering.is_ambiguous:
        what = (
            "Request a path without '.' and '..' segments, double slashes and backslashes."
            if covering.is_ambiguous
            else "Add a route for it, with a policy that allows this request."
        )
        return (Fix(f"{covering.message} {what}"),)
    where = f"In the policy of the route {show(covering.route)}: " if covering.route else ""

    def change_policy(each: Call) -> Iterator[Fix]:
        changes = find_changes(policy, each)
        if changes is not None:
            yield Fix(f"{where}{changes.message}", changes.arguments, covering.route)

    fixes = [*change_policy(call)]
    for other in find_other_fetches(call):
        instead = call.with_fetch(other.fetch)
        if run(policies, instead).is_readable:
            fixes.append(Fix(other.message, fetch=other.fetch))
        elif other.is_required:
            fixes += combine(other.message, instead, change_policy(instead))
    return tuple(sorted(fixes, key=lambda fix: not fix.changes and fix.fetch is None))


def combine(message: str, call: Call, fixes: Iterable[Fix]) -> Iterator[Fix]:
    """Yield fixes for another call, which `message` says to make."""
    for fix in fixes:
        fetch = fix.fetch or (call.fetch if fix.changes else None)
        yield replace(fix, message=f"{message} {fix.message}", fetch=fetch)


def _propose(policy: CorsPolicy, failure: Failure, call: Call) -> tuple[dict[str, Any], str] | None:
    name, setting = failure.check, policy.engine.dialect.name
    if name == "WildcardOriginNotAllowed":
        changes = {"allow_origins": (failure.origin,), "allow_credentials": True}
        return changes, (
            f"replace '*' in {setting('allow_origins')} with {show(failure.origin)} and all other"
            f" origins that need access, and set {setting('allow_credentials')}=True"
        )
    if name == "InvalidAllowCredentials":
        return {"allow_credentials": True}, f"set {setting('allow_credentials')}=True"
    if name == "MissingAllowOriginHeader":
        argument, added = "allow_origins", [failure.origin]
    elif name == "MethodDisallowedByPreflightResponse":
        argument, added = "allow_methods", [str(failure.value)]
    elif name == "HeaderDisallowedByPreflightResponse":
        argument, added = "allow_headers", _missing_headers(policy, call)
    else:
        return None
    words = ", ".join(map(show, added[:_MAX_NAMED]))
    if len(added) > _MAX_NAMED:
        words += f" and {len(added) - _MAX_NAMED} more"
    changes = {argument: (*getattr(policy, argument), *added)}
    return changes, f"add {words} to {setting(argument)}"


def _missing_headers(policy: CorsPolicy, call: Call) -> list[str]:
    requested = unsafe_names(call.headers)
    if ANY in policy.allow_headers and not policy.allow_credentials:
        requested = tuple(name for name in requested if name == NON_WILDCARD_HEADER)
    return [name for name in requested if name not in policy.allow_headers]
