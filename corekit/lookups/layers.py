"""What a layer does with a look-up, in every adapter.

A layer looks up an origin that the policy of the application does not allow, before the guard
judges the request. It then uses the engine that is returned for all of it: the response, the guard
and the log.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeGuard

from corekit._engine import Engine
from corekit._reporting import ERROR, find_logger
from corekit.diagnostics import show
from corekit.live import LivePolicy, Policies
from corekit.policy import CorsPolicy
from corekit.routes import CorsRoutes

from .outcomes import LookupResultError, Outcome
from .requests import LookupRequest

_SAME_ORIGIN: Final = ("same-origin", b"same-origin")
_NAMES: Final = ("is_async", "is_asked", "recall", "ask_sync", "ask_async")


class Lookup(Protocol):
    """The part of a `corekit_lookups.OriginLookup` that a layer uses."""

    @property
    def is_async(self) -> bool: ...

    def is_asked(self, engine: Engine, origin: str, /) -> bool: ...

    def recall(self, origin: str, /) -> Outcome | None: ...

    def ask_sync(self, origin: str, request: LookupRequest, /) -> Outcome: ...

    async def ask_async(self, origin: str, request: LookupRequest, /) -> Outcome: ...


def is_lookup(value: object) -> TypeGuard[Lookup]:
    """Return whether a layer can use an object as its look-up."""
    return not isinstance(value, type) and all(hasattr(value, name) for name in _NAMES)


def name_lookup(lookup: Lookup) -> str:
    """Return how to name the function of a look-up in a sentence, as far as it is known.

    >>> name_lookup(None)
    'the look-up'
    """
    function = getattr(lookup, "function", None)
    name = getattr(function, "__qualname__", None)
    # A method of a set or a list has no module.
    module = getattr(function, "__module__", None)
    if name is None:
        return "the look-up"
    return f"{name}()" if module is None else f"{module}.{name}()"


def check_lookup(lookup: object, *, is_async: bool) -> None:
    """Raise TypeError unless `lookup` is None or a look-up that a layer can use.

    A layer that is not async cannot use an async function.

    >>> check_lookup(len, is_async=True)
    Traceback (most recent call last):
        ...
    TypeError: lookup is of type builtin_function_or_method. Pass a corekit_lookups.OriginLookup.
    """
    if lookup is None:
        return
    if not is_lookup(lookup):
        kind = lookup.__name__ if isinstance(lookup, type) else type(lookup).__name__
        what = "the class" if isinstance(lookup, type) else "of type"
        raise TypeError(f"lookup is {what} {kind}. Pass a corekit_lookups.OriginLookup.")
    if not is_async and getattr(lookup, "is_async", False):
        raise TypeError(
            "lookup has an async function, which nothing awaits here. Pass an OriginLookup with a"
            " plain function."
        )


def check_is_asked(lookup: object, policy: Policies | None) -> None:
    """Raise ValueError if there is a look-up that is never asked with the policy of an application.

    It needs a policy that lists an origin, such as that of the application's own page.
    """
    reason = None if lookup is None else why_not_asked(policy)
    if reason is not None:
        raise ValueError(
            f"lookup is never asked, since {reason}. Pass a policy that lists an origin, such as"
            " that of your own application, or remove lookup."
        )


def why_not_asked(policy: Policies | None) -> str | None:
    """Return why no origin is ever looked up, as the end of a sentence; None if some are.

    Any policy may replace a `LivePolicy`, so some are.

    >>> why_not_asked(CorsPolicy(allow_origins=["*"]))
    'the policy allows any origin'
    """
    if policy is None:
        return "the application has no policy"
    if isinstance(policy, LivePolicy) or any(each.engine.may_look_up for each in _all_of(policy)):
        return None
    if isinstance(policy, CorsRoutes):
        return "each route allows any origin or grants nothing"
    is_empty = policy.engine.denies_all
    return "the policy grants nothing" if is_empty else "the policy allows any origin"


def find_lookup(
    lookup: Lookup | None,
    engine: Engine,
    origin: str,
    site: str | bytes | None,
) -> Lookup | None:
    """Return the look-up if it has to be asked for an origin; None if not.

    `engine` is that of the policy for the request. If that is of a handler (`of_handler`), its
    origins are those that it lists. `site` is the value of Sec-Fetch-Site, with which browsers
    say that a page is of the server itself, and needs no look-up. Host is not compared.
    """
    if lookup is None or site in _SAME_ORIGIN or engine.is_of_handler or engine.allows(origin):
        return None
    return lookup if lookup.is_asked(engine, origin) else None


def find_widest(
    lookup: Lookup | None, engine: Engine, origin: str | None, site: str | bytes | None
) -> Engine:
    """Return the engine for a request if its look-up allows the origin: see `Applied`.

    That is for a layer that runs the handler before it knows what the look-up returns.
    """
    if origin is None or find_lookup(lookup, engine, origin, site) is None:
        return engine
    return engine.looked_up(Outcome.ALLOWED.value, allowed=Outcome.ALLOWED.allowed)


def recall(lookup: Lookup, engine: Engine, origin: str) -> Engine | None:
    """Return the engine for an origin that was allowed a moment ago; None to look it up.

    That is the shortest way to what `find_lookup()` and `look_up()` come to, for most requests.
    """
    # There is one if this policy lets a look-up allow anything; then it may allow any HTTPS origin.
    known = engine.recalled
    return None if known is None or lookup.recall(origin) is None else known


def look_up(lookup: Lookup, engine: Engine, origin: str, request: LookupRequest) -> Engine:
    """Look up an origin in this thread, and return the engine for the request.

    If the look-up raises an exception, it is not known whether the origin is allowed.
    """
    try:
        outcome = lookup.ask_sync(origin, request)
    except Exception as error:  # noqa: BLE001 - logged
        outcome = _fail(origin, error)
    return engine.looked_up(outcome.value, allowed=outcome.allowed)


async def look_up_async(
    lookup: Lookup, engine: Engine, origin: str, request: LookupRequest
) -> Engine:
    """Like `look_up()`, in a task."""
    try:
        outcome = await lookup.ask_async(origin, request)
    except Exception as error:  # noqa: BLE001 - logged
        outcome = _fail(origin, error)
    return engine.looked_up(outcome.value, allowed=outcome.allowed)


def use_looked_up(looked_up: Engine | None, engine: Engine) -> Engine:
    """Return the engine that a look-up has returned for a request, if it is of the same policy.

    `engine` is that of the policy for the request, which is returned if not. The policy of another
    handler may have been looked up for the same request before.
    """
    if looked_up is None or looked_up.source is not engine.source:
        return engine
    return engine if engine.is_of_handler else looked_up


def _all_of(policies: CorsPolicy | CorsRoutes) -> list[CorsPolicy]:
    if isinstance(policies, CorsPolicy):
        return [policies]
    return [policy for _, policy in policies.routes]


def _fail(origin: str, error: Exception) -> Outcome:
    # An `OriginLookup` has logged a wrong result.
    if not isinstance(error, LookupResultError):
        find_logger("corekit.lookups").log(
            ERROR,
            "CORS: the look-up of %s raised %s, so it is not known whether the origin is allowed.",
            show(origin),
            type(error).__name__,
            exc_info=True,
        )
    return Outcome.FAILED
