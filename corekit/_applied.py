"""What is applied to a request, and whether a handler with a mark may run under it.

The outermost layer of an adapter looks for the mark of the handler that a request will reach. It
cannot look behind everything that may wrap a handler. So a handler with a mark checks before it
runs that its policy was found, and refuses to run under the policy of another route. The check is
made in the context of the request: outside of it, such as in another thread, the handler runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar, Token
from os import urandom
from typing import Any, Final, NamedTuple
from weakref import ref

from ._containers import EveryOrigin
from ._engine import Engine
from ._sources import ReadPolicies, read_policy
from .live import LivePolicy
from .routes import CorsRoutes

__all__ = [
    "MARKS",
    "Applied",
    "Mark",
    "applying",
    "check_found",
    "is_applied",
    "is_bridged",
]

_COMPARED: Final = ("host", "user-agent")

Headers = Iterable[tuple[Any, Any]]
"""Names and values of a request's headers: of ASGI, or the items of a WSGI environ."""


class Marks:
    """Whether this process has any mark, since without one requests skip all of this."""

    __slots__ = ("_live", "count", "exist")

    def __init__(self) -> None:
        self.exist = False
        self.count = 0
        # Replaced as a whole, since a request may read it in another thread.
        self._live: tuple[ref[LivePolicy], ...] = ()

    def add(self, policy: object) -> None:
        """Count one more mark, with its policy."""
        self.exist = True
        self.count += 1
        if isinstance(policy, LivePolicy):
            others = (each for each in self._live if each() not in (None, policy))
            self._live = (*others, ref(policy))

    def read(self, read: ReadPolicies) -> ReadPolicies:
        """Read the live policies of all marks for one request: see `read_policy`.

        Which handler a request reaches is often known only when its response begins, but the
        policy must be the one that it found when it arrived.
        """
        for each in self._live:
            read_policy(each(), read)
        return read


MARKS: Final = Marks()


class Mark:
    """Keeps a policy on a handler, a class or a route.

    Two marks differ also if their policies are equal. A copy, such as one that arrives pickled in
    another process, is the same mark. `is_around` is that it was put on what the ``as_view()`` of a
    class returned. `place` is the file and the line that put it there, in this process. `below` are
    the marks that the handler had already, which this one replaces.
    """

    __slots__ = ("_token", "below", "is_around", "place", "policy")

    def __init__(
        self,
        policy: Any,
        *,
        is_around: bool = False,
        token: bytes | None = None,
        place: tuple[str, int] | None = None,
        below: Sequence[Mark] = (),
    ) -> None:
        self.policy = policy
        self.is_around = is_around
        self.below = tuple(below)
        self.place = place
        self._token = token or urandom(16)
        MARKS.add(policy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and self._token == other._token

    def __hash__(self) -> int:
        return hash(self._token)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.policy, self.is_around, self._token, self.below)


def _restore(policy: object, is_around: bool, token: bytes, below: Sequence[Mark]) -> Mark:
    return Mark(policy, is_around=is_around, token=token, below=below)


class Applied(NamedTuple):
    """What the outermost layer applies to a request: an engine, or None if it adds nothing.

    `marks` are all that it found on the way to the handler. It chose among them, so a handler
    accepts the engine if its own mark was found, even if another one is nearer. `read` has the live
    policies that it read, each with what it was: see `read_policy`.
    """

    engine: Engine | None
    marks: Sequence[Mark] = ()
    read: ReadPolicies | None = None


class applying:  # noqa: N801
    """A context in which handlers know what is applied: a value, or a function that returns it.

    A layer inside another one must not enter it, since the outermost layer is the authority.
    `interface` is that of the layer, such as "asgi", and `headers` are those of the request: a
    layer of another interface compares them, see `is_bridged`. When the context or the response
    has ended (`end()`), nothing is applied any more, also in copies of the context.

    >>> from corekit import CorsPolicy
    >>> with applying(Applied(CorsPolicy(allow_origins=["*"]).engine)):
    ...     is_applied()
    True
    """

    __slots__ = ("_applied", "_token", "headers", "interface")

    _token: Token[Any]

    def __init__(
        self,
        applied: Applied | Callable[[], Applied] | None,
        interface: str | None = None,
        headers: Headers | None = None,
    ) -> None:
        self._applied = applied
        self.interface = interface
        self.headers = headers

    def __enter__(self) -> None:
        self._token = _CURRENT.set(self)

    def __exit__(self, *_: object) -> None:
        _CURRENT.reset(self._token)
        self.end()

    def end(self) -> None:
        """Apply nothing any more, since the response is complete."""
        self._applied = None

    def exists(self) -> bool:
        """Return whether anything may be applied, without looking for it."""
        return self._applied is not None

    def find(self) -> Applied:
        """Return what is applied."""
        applied = self._applied
        return (applied() if callable(applied) else applied) or Applied(None)


_CURRENT: ContextVar[applying | None] = ContextVar("applying", default=None)


def is_applied() -> bool:
    """Return whether a layer applies a policy in this context.

    It may be that of another request, whose handler sends the current one, so layers do not ask.
    """
    current = _CURRENT.get()
    return current is not None and current.exists()


def is_bridged(interface: str, headers: Headers) -> bool:
    """Return whether a layer of another interface around a bridge applies a policy to a request.

    A bridge, such as one from ASGI to WSGI, passes only the headers and the context on. If a
    handler sends the request, the context is the same, but neither the host nor the client is. One
    of them may be changed on the way: so one is enough, and a value may be a part of the other one.
    """
    current = _CURRENT.get()
    if current is None or current.headers is None or current.interface == interface:
        return False
    if current.find().engine is None:
        return False
    inner, outer = _compared(headers), _compared(current.headers)
    return any(_is_same(inner[name], outer[name]) for name in _COMPARED)


def _is_same(inner: list[str], outer: list[str]) -> bool:
    return inner == outer or any(a in b or b in a for a in inner for b in outer)


def _compared(headers: Headers) -> dict[str, list[str]]:
    """Return the values of the headers to compare, however their names are written."""
    found: dict[str, list[str]] = {name: [] for name in _COMPARED}
    for name, value in headers:
        # WSGI has the same name for "user-agent" and "user_agent".
        key = _text(name).lower().replace("_", "-").removeprefix("http-")
        if key in found and value:
            found[key].append(_text(value))
    return found


def _text(part: Any) -> str:
    # Servers also pass other bytes-like objects, and strings.
    return part if isinstance(part, str) else str(part, "latin-1")


def check_found(
    name: str,
    marks: Sequence[Mark],
    resolve: Callable[[Any], object] | None = None,
    *,
    found_only: Sequence[Mark] = (),
) -> None:
    """Raise RuntimeError if a policy is applied to the request that is of none of these marks.

    `name` is that of the handler. A policy that allows no origins is never an error. `resolve` is
    as in `keep_policy`. A mark in `found_only` counts only if the layer found it.
    """
    current = _CURRENT.get()
    engine, found, read = Applied(None) if current is None else current.find()
    if engine is None or engine.denies_all:
        return
    # A live policy may have been replaced since the layer has read it.
    policies = [read_policy(mark.policy, read) for mark in marks]
    own = policies if resolve is None else [resolve(policy) for policy in policies]
    if any(_allows(policy, engine) for policy in own):
        return
    accepted = (*marks, *found_only)
    if any(mark in found for mark in accepted):
        return
    for each in found:
        policy = read_policy(each.policy, read)
        # An equal policy of another mark, such as that of a mount, may be the one that is applied.
        if _allows(policy, engine) and policy in own:
            return
        # The policy of a decorator above this mark replaces it, if it covers the path.
        if any(mark in each.below for mark in accepted) and _has(policy, engine, resolve):
            return
    raise RuntimeError(
        f"{name} has its own CORS policy, which was not found: the policy of the application or of"
        " another route would apply. Use functools.wraps in the decorators around it, put cors()"
        " above them, mark the route or the mount, or add install() or Cors to the application."
    )


def _allows(policy: object, engine: Engine) -> bool:
    """Return whether `engine` may be that of a policy; None covers another path."""
    if policy is None:
        return True
    # A look-up allows more origins, if the policy is that of the application.
    if type(engine.others) is EveryOrigin:
        return False
    # The path is not known here, so it may be the policy of any of the routes.
    return all(each is engine.source for each in _sources(policy))


def _has(policy: object, engine: Engine, resolve: Callable[[Any], object] | None) -> bool:
    sources = _sources(resolve(policy) if resolve else policy)
    return any(each is engine.source for each in sources)


def _sources(policy: object) -> list[object]:
    policies = [each for _, each in policy.routes] if isinstance(policy, CorsRoutes) else [policy]
    engines = [getattr(each, "engine", None) for each in policies]
    # A look-up may have replaced the engine by another one of the same policy.
    return [getattr(each, "source", None) for each in engines]
