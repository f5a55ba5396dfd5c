"""What to change so that a fetch passes: each change is tried on the browser model first.

A mend changes the policy or the page's call. Where a change of the policy would be unsafe, the
policy itself refuses it, and the mend says so and has no changes. Whether a page's origin is to be
trusted is never decided here: it is the operator's to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from corekit._names import REGISTERED_METHODS, RESPONSE_ONLY_HEADERS
from corekit._origins import ANY, is_loopback
from corekit.browser import BrowserModel, Failure, Fetch, Outcome
from corekit.browser.fields import NON_WILDCARD_HEADER, unsafe_names
from corekit.browser.urls import HTTP_SCHEMES, Url
from corekit.diagnostics import show
from corekit.policy import CorsPolicy
from corekit.problems import PolicyError

from .call import Call
from .explanation import Fix, Policies
from .serving import find_covering, serve
from .steps import can_read

__all__ = [
    "Changes",
    "OtherFetch",
    "find_changes",
    "find_other_fetches",
    "mend_policy",
    "run",
    "web_address",
]

_MAX_ROUNDS: Final = 8
_MAX_NAMED: Final = 20
_ALLOW_ORIGIN: Final = "MissingAllowOriginHeader"
_TRUST: Final = (
    " Whether its pages may read the answers is the operator's decision: allow it only if it is"
    " yours, or somebody's whom you trust."
)
_ACTS: Final = (
    " With credentials, pages of every allowed origin act as the user who is logged in here."
)


@dataclass(frozen=True, slots=True)
class Changes:
    """Arguments of a policy, and what they do, in words; or why the policy would refuse them."""

    arguments: Mapping[str, Any]
    phrases: tuple[str, ...]
    refused: PolicyError | None = None

    @property
    def message(self) -> str:
        """Say what to do, and what it means."""
        words = " and ".join((", ".join(self.phrases[:-1]), self.phrases[-1])).removeprefix(" and ")
        message = f"{words[0].upper()}{words[1:]}."
        if self.refused is not None:
            faults = " ".join(f"{each.message} {each.hint}" for each in self.refused.problems[:3])
            return f"It would take this: {words}. But such a policy is refused: {faults}"
        if "allow_origins" in self.arguments:
            message += _TRUST
        if self.arguments.get("allow_credentials"):
            message += _ACTS
        return message


def run(policies: Policies, call: Call) -> Outcome:
    """Let the browser model make a fetch to a server that says what the policy says."""
    model = BrowserModel(clock=lambda: 0.0, quirks=call.quirks)
    return model.fetch(serve(policies), call.page, call.fetch)


def find_changes(policy: CorsPolicy, call: Call) -> Changes | None:
    """Find what to change of a policy so that a fetch passes; None where that is not the mend."""
    arguments: dict[str, Any] = {}
    phrases: list[str] = []
    for _ in range(_MAX_ROUNDS):
        outcome = run(policy, call)
        if can_read(outcome):
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


def mend_policy(policies: Policies, call: Call) -> tuple[Fix, ...]:
    """Find the fixes that a policy, or the call, has; those that can be applied come first."""
    covering = find_covering(policies, str(call.url))
    if covering.policy is None or covering.is_ambiguous:
        what = (
            "Call it by a path without '.' and '..', doubled slashes and backslashes."
            if covering.is_ambiguous
            else "Add a route that covers it, with a policy for this call."
        )
        return (Fix(f"{covering.message} {what}"),)
    where = f"In the policy of the route {show(covering.route)}: " if covering.route else ""
    fixes: list[Fix] = []
    refused: list[Fix] = []
    changes = find_changes(covering.policy, call)
    if changes is not None:
        mend = Fix(where + changes.message, changes.arguments, covering.route)
        (refused if changes.refused else fixes).append(mend)
    for other in find_other_fetches(call):
        instead = call.instead(other.fetch)
        if can_read(run(policies, instead)):
            fixes.append(Fix(other.message, fetch=other.fetch))
        elif other.is_needed:
            further = find_changes(covering.policy, instead)
            if further is not None:
                message = f"{other.message} {where}{further.message}"
                if further.refused:
                    refused.append(Fix(message))
                else:
                    fixes.append(Fix(message, further.arguments, covering.route, other.fetch))
    return (*fixes, *refused)


@dataclass(frozen=True, slots=True)
class OtherFetch:
    """What a page could ask for instead; `is_needed` where nothing else can do."""

    message: str
    fetch: Fetch
    is_needed: bool = True


def find_other_fetches(call: Call) -> list[OtherFetch]:
    """Find what the page could ask for instead, whatever the server."""
    fetch, url, upper = call.fetch, call.url, call.method.upper()
    found: list[OtherFetch] = []
    if upper in REGISTERED_METHODS and call.method != upper:
        message = f"Write the method {show(upper)}, in upper case."
        found.append(OtherFetch(message, replace(fetch, method=upper)))
    if fetch.mode != "cors":
        message = "Fetch it with mode 'cors', the default."
        found.append(OtherFetch(message, replace(fetch, mode="cors")))
    misplaced = {name.lower() for name, _ in fetch.headers} & RESPONSE_ONLY_HEADERS
    if misplaced:
        kept = tuple(pair for pair in fetch.headers if pair[0].lower() not in misplaced)
        message = f"Leave out {', '.join(sorted(misplaced))}: only a server sends it."
        found.append(OtherFetch(message, replace(fetch, headers=kept)))
    there = web_address(url, call)
    if there is not None and there != str(url):
        message = f"Call it over {there.partition(':')[0]}, as {show(there)}."
        found.append(OtherFetch(message, replace(fetch, url=there)))
    if fetch.redirect != "follow":
        message = "Let it follow redirects: redirect: 'follow', the default."
        found.append(OtherFetch(message, replace(fetch, redirect="follow")))
    if fetch.credentials == "include":
        message = "If it needs no cookies, call it without them: credentials: 'omit'."
        found.append(OtherFetch(message, replace(fetch, credentials="omit"), is_needed=False))
    return found


def web_address(url: Url, call: Call) -> str | None:
    """Write an address as the page can call it: of http or https; None where no host is in it."""
    is_secure = call.page.startswith("https:")
    if url.scheme not in HTTP_SCHEMES:
        scheme = "https" if is_secure else "http"
        return f"{scheme}:{url.target}" if url.target.startswith("//") else None
    is_trusted = is_loopback(url.host) and not call.quirks.loopback_is_mixed_content
    is_mixed = url.scheme == "http" and is_secure and not is_trusted
    return str(replace(url, scheme="https" if is_mixed else url.scheme))


def _propose(policy: CorsPolicy, failure: Failure, call: Call) -> tuple[dict[str, Any], str] | None:
    name = failure.name.removeprefix("Preflight")
    if name == _ALLOW_ORIGIN:
        origins = (*policy.allow_origins, failure.origin)
        return {"allow_origins": origins}, f"add {show(failure.origin)} to allow_origins"
    if name == "WildcardOriginNotAllowed":
        changes = {"allow_origins": (failure.origin,), "allow_credentials": True}
        return changes, (
            f"name {show(failure.origin)} in allow_origins instead of '*', beside all others that"
            " call, and set allow_credentials"
        )
    if name == "InvalidAllowCredentials":
        return {"allow_credentials": True}, "set allow_credentials"
    if name == "MethodDisallowedByPreflightResponse":
        methods = (*policy.allow_methods, str(failure.value))
        return {"allow_methods": methods}, f"add {show(failure.value)} to allow_methods"
    if name == "HeaderDisallowedByPreflightResponse":
        missing = _missing_headers(policy, call)
        words = ", ".join(map(show, missing[:_MAX_NAMED]))
        if len(missing) > _MAX_NAMED:
            words += f" and {len(missing) - _MAX_NAMED} more"
        return {"allow_headers": (*policy.allow_headers, *missing)}, f"add {words} to allow_headers"
    return None


def _missing_headers(policy: CorsPolicy, call: Call) -> list[str]:
    asked = unsafe_names(call.headers)
    if ANY in policy.allow_headers and not policy.allow_credentials:
        asked = tuple(name for name in asked if name == NON_WILDCARD_HEADER)
    return [name for name in asked if name not in policy.allow_headers]
