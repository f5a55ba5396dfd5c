"""Everything that an adapter needs, and the rules that all adapters share.

An adapter reads the headers of a request, gets an answer from ``policy.engine``, and writes it into
the response; all its rules are here. docs/writing-an-adapter.md shows a complete one.

An adapter reads the policy once for each request, from a `policy_source`. Its method
``policy_for(path)`` returns the `CorsPolicy` that covers the path, or None if the response must not
be changed. The `engine` of that gives an `Answer` to what the request sent:

- ``engine.no_origin`` if it has no Origin header; ``engine.actual(None)`` returns it too,
- ``engine.preflight(origin, method, headers, private_network)`` if it is OPTIONS with Origin and
  Access-Control-Request-Method; respond with `preflight_response()`,
- ``engine.actual(origin)`` otherwise; write it with `merge_headers()`.

``policy.engine_for(origins)`` compiles the same grants for other origins. Join a header that was
sent twice with a comma: two origins then match nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from ._answers import Answer
from ._applied import MARKS, Applied, Mark, applying, check_found, is_applied, is_bridged
from ._containers import Origins
from ._definitions import defined_now, unwrap
from ._engine import Engine
from ._headers import (
    add_raw_vary,
    add_vary,
    merge_headers,
    merge_raw_headers,
    preflight_response,
    raw_preflight_response,
)
from ._marks import (
    check_one_policy,
    class_owners,
    has_marks,
    keep_policy,
    kept_marks,
    kept_policy,
    own_mark,
    unchecked,
    view_class,
    view_marks,
)
from ._names import COMMON_METHODS, SAFELISTED_METHODS, is_browser_header
from ._origins import ANY, OPAQUE, OriginPattern, OriginSet, is_serialized_origin
from ._sources import ReadPolicies, policy_source, read_policy, share_reads, shared_reads
from .arguments import ARGUMENTS, find_argument
from .diagnostics import show
from .events import Logger, Observer, OnDecision, RoutingError, bounded, check_on_decision
from .guard import CrossOriginGuard, GuardedRequest, OnVerdict, Verdict
from .guard.events import GuardObserver, check_on_verdict
from .live import LivePolicy, Policies, PolicySource, policy_error
from .lookups import (
    Lookup,
    LookupRequest,
    check_is_asked,
    check_lookup,
    find_lookup,
    find_widest,
    look_up,
    look_up_async,
    recall,
    use_looked_up,
    why_not_asked,
)
from .policy import CorsPolicy
from .routes import AMBIGUOUS, UNROUTABLE, CorsRoutes, deny_with_hint, path_readings

__all__ = [
    "AMBIGUOUS",
    "ANY",
    "MARKS",
    "OPAQUE",
    "SAFELISTED_METHODS",
    "UNROUTABLE",
    "Answer",
    "Applied",
    "CrossOriginGuard",
    "Engine",
    "GuardObserver",
    "GuardedRequest",
    "LivePolicy",
    "Lookup",
    "LookupRequest",
    "Mark",
    "Observer",
    "OnDecision",
    "OnVerdict",
    "OriginPattern",
    "OriginSet",
    "Origins",
    "Policies",
    "PolicySource",
    "ReadPolicies",
    "RoutingError",
    "Verdict",
    "add_raw_vary",
    "add_vary",
    "applying",
    "bounded",
    "check_application",
    "check_found",
    "check_guard",
    "check_is_asked",
    "check_lookup",
    "check_on_decision",
    "check_on_verdict",
    "check_one_policy",
    "check_policy",
    "class_owners",
    "defined_now",
    "deny_with_hint",
    "find_lookup",
    "find_widest",
    "guard_observer",
    "has_marks",
    "is_applied",
    "is_bridged",
    "is_browser_header",
    "is_handshake",
    "is_serialized_origin",
    "keep_policy",
    "kept_marks",
    "kept_policy",
    "look_up",
    "look_up_async",
    "make_policy",
    "merge_headers",
    "merge_raw_headers",
    "missing_extra",
    "own_mark",
    "path_readings",
    "policy_for_preflight",
    "policy_for_readings",
    "policy_source",
    "preflight_response",
    "raw_path_readings",
    "raw_preflight_response",
    "read_fetch_site",
    "read_policy",
    "recall",
    "share_reads",
    "shared_reads",
    "show",
    "unchecked",
    "unwrap",
    "use_looked_up",
    "view_class",
    "view_marks",
    "why_not_asked",
]

_GUARD_ALONE: Final = "The guard has a policy and the application has none. Pass it to both."
_LOWER_CASE: Final = deny_with_hint("Send the method in upper case.")
_UNQUOTED: Final = "/!$&'()*+,;=:@~"
"""What browsers do not encode in a path: https://url.spec.whatwg.org/#path-percent-encode-set"""


def check_policy(policy: object, name: str = "policy") -> None:
    """Raise TypeError unless `policy` is a `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`.

    `name` is the argument that it was passed as.

    >>> check_policy("*", "policy")
    Traceback (most recent call last):
        ...
    TypeError: policy is of type str: '*'. Pass a CorsPolicy, a CorsRoutes or a LivePolicy.
    """
    if not isinstance(policy, Policies):
        raise policy_error(policy, name)


def check_application(app: object) -> None:
    """Raise TypeError unless `app` can be called, as applications of ASGI and WSGI can.

    >>> check_application("app.main:app")
    Traceback (most recent call last):
        ...
    TypeError: app is of type str: 'app.main:app'. Pass the application, which is callable.
    """
    if not callable(app):
        raise TypeError(
            f"app is of type {type(app).__name__}: {show(app)}. Pass the application, which is"
            " callable."
        )


def check_guard(guard: object, policy: Policies | None = None) -> None:
    """Raise TypeError unless `guard` is a `CrossOriginGuard`, ValueError if it has another policy.

    `policy` is that of the application: pages would read by one list, and write by another.

    >>> check_guard("*")
    Traceback (most recent call last):
        ...
    TypeError: guard is of type str: '*'. Pass a corekit.guard.CrossOriginGuard.
    """
    if not isinstance(guard, CrossOriginGuard):
        raise TypeError(
            f"guard is of type {type(guard).__name__}: {show(guard)}. Pass a"
            " corekit.guard.CrossOriginGuard."
        )
    if policy is not None and guard.policy != policy:
        raise ValueError(
            "The guard has another policy than the application. Pass the same one to both."
        )


def guard_observer(
    adapter: str,
    logger: Logger,
    guard: CrossOriginGuard | None,
    policy: Policies | None,
    on_verdict: OnVerdict | None,
) -> GuardObserver | None:
    """Return what reports the verdicts of an application's guard, or None if it has no guard.

    `adapter` and `logger` are those of its `Observer`. Raise TypeError if there is a function
    without a guard, ValueError if there is a guard without a policy, and otherwise as
    `check_guard()` and `GuardObserver` do.

    >>> guard_observer("wsgi", logger=None, guard=None, policy=None, on_verdict=print)
    Traceback (most recent call last):
        ...
    TypeError: on_verdict is for the verdicts of a guard. Pass guard too.
    """
    if guard is None:
        if on_verdict is not None:
            raise TypeError("on_verdict is for the verdicts of a guard. Pass guard too.")
        return None
    check_guard(guard, policy)
    if policy is None:
        raise ValueError(_GUARD_ALONE)
    return GuardObserver(adapter, logger, on_verdict=on_verdict)


def read_fetch_site(site: str | None, origin: str | None, engine: Engine | None) -> str | None:
    """Return Sec-Fetch-Site from a CGI variable, or None if a page may have written it.

    Servers put a header ``Sec_Fetch_Site`` into the same variable. Browsers let a page send that
    one if the policy, with this `engine`, allows its `origin` and the name.

    >>> engine = CorsPolicy(allow_origins=["*"], allow_headers=["*"]).engine
    >>> read_fetch_site("same-origin", "https://a.example", engine) is None
    True
    >>> read_fetch_site("same-origin", "https://a.example", CorsPolicy.deny_all().engine)
    'same-origin'
    """
    if site is None or origin is None or engine is None:
        return site
    may_be_written = engine.allows_header("sec_fetch_site") and engine.allows(origin)
    return None if may_be_written else site


def is_handshake(method: str, upgrade: str | None) -> bool:
    """Return whether a request opens a WebSocket; `upgrade` is the value of Upgrade, if any.

    Servers differ in which values they take for a handshake, so any that names WebSockets is one:
    pages cannot send Upgrade. Other methods than GET are not, so that a client or a proxy that adds
    Upgrade does not change by which rules a write is judged.

    >>> is_handshake("GET", "h2c, WebSocket"), is_handshake("POST", "websocket")
    (True, False)
    """
    return upgrade is not None and method == "GET" and "websocket" in upgrade.lower()


def make_policy(
    policy: object,
    grants: Mapping[str, Any],
    caller: str = "cors()",
    options: Collection[str] = (),
    guard: CrossOriginGuard | None = None,
) -> Policies:
    """Return the policy that ``cors(policy=None, **grants)`` was given, or another caller.

    `options` are the other arguments of the caller, which a misspelled one may mean. Raise
    TypeError for anything but a policy or the arguments of one, `PolicyError` if those are not
    valid, and ValueError if there is a `guard` and nothing else.

    >>> make_policy(None, {"on_decison": print}, "install()", ["on_decision"])
    Traceback (most recent call last):
        ...
    TypeError: on_decison: install() has no such argument. Did you mean on_decision?
    """
    for name in grants:
        near = None if name in ARGUMENTS else find_argument(name, options)
        if near in options:
            raise TypeError(f"{name}: {caller} has no such argument. Did you mean {near}?")
    if policy is None:
        if guard is not None and not grants:
            check_guard(guard)
            raise ValueError(_GUARD_ALONE)
        return CorsPolicy(**grants)
    if grants:
        raise TypeError(f"{caller} got a policy and {', '.join(grants)}. Pass one or the other.")
    if isinstance(policy, type):
        raise TypeError(f"{caller} got the class {policy.__name__}. Pass an instance.")
    if not isinstance(policy, Policies):
        raise TypeError(
            f"{caller} got a {type(policy).__name__}: {show(policy)}. Pass a CorsPolicy, a"
            " CorsRoutes or a LivePolicy, or arguments:"
            ' allow_origins=["https://app.example.com"].'
        )
    return policy


def policy_for_readings(
    policies: CorsPolicy | CorsRoutes, paths: Iterable[str]
) -> CorsPolicy | None:
    """Return the policy for a path that an application may read in each of these ways.

    If they lead to different policies, no origins are allowed. Read a `LivePolicy` before, and
    pass what it is now.

    >>> policies = CorsRoutes([("/public/", CorsPolicy(allow_origins=["*"]))])
    >>> policy_for_readings(policies, ["/public/x", "/v1/public/x"])
    CorsPolicy.deny_all()
    """
    policy, *others = [policies.policy_for(path) for path in dict.fromkeys(paths)]
    return policy if all(other is policy for other in others) else AMBIGUOUS


def raw_path_readings(path: str) -> tuple[str, ...]:
    """Return the readings of `path`, for a framework that compares it with routes undecoded.

    They are the decoded path and, if a client encoded more than browsers do, the path as it was
    sent.

    >>> raw_path_readings("/public/%C3%A9")
    ('/public/\xe9',)
    >>> raw_path_readings("/%70ublic/x")
    ('/public/x', '/%70ublic/x')
    """
    decoded = unquote(path)
    return (decoded,) if quote(decoded, _UNQUOTED) == path else (decoded, path)


def policy_for_preflight(
    find: Callable[[str], CorsPolicy | None],
    request_method: str,
    methods: Iterable[str] | None = None,
    *,
    others: Iterable[str] = (),
) -> CorsPolicy | None:
    """Return the policy to answer a preflight with, if methods of a path may have different ones.

    `find` returns the policy for a method, `request_method` is the one that the preflight asks for.
    Servers may convert it to upper case, which browsers do for six methods only, and not for PATCH:
    if it then has another policy, no origins are allowed.

    A browser caches a preflight response for all methods that it names, or for any with ``*``. If
    another one of them has another policy, the response must not be cached, so return a copy with a
    `max_age` of 0. `methods` are those that the path has. If they are not known, those that the
    response names are compared, and with ``*`` the `others`, which any path has. A method for which
    `find` raises `RoutingError` is like one with another policy, except the requested one.
    """
    policy = find(request_method)
    in_upper_case = request_method.upper()
    if in_upper_case != request_method and find(in_upper_case) is not policy:
        return _LOWER_CASE
    if policy is None:
        return None
    if methods is None:
        has_any = ANY in policy.allow_methods
        named = (*(COMMON_METHODS if has_any else SAFELISTED_METHODS), *policy.allow_methods)
        methods = {*named, *(method.upper() for method in named), *(others if has_any else ())}

    def has_policy(method: str) -> bool:
        try:
            return find(method) is policy
        except RoutingError:
            return False

    return policy if all(map(has_policy, methods)) else policy.uncached


def missing_extra(error: ModuleNotFoundError, module: str, extra: str) -> ModuleNotFoundError:
    """Return the error to raise if a framework is not installed, with the extra to install.

    An error about any other module is returned as it is. Call it in the package's ``__init__.py``::

        try:
            from .application import install
        except ModuleNotFoundError as error:
            raise missing_extra(error, "sanic", extra="sanic") from None

    >>> print(missing_extra(ModuleNotFoundError(name="flask"), "flask", extra="flask"))
    No module named 'flask'. Install corekit with the extra 'flask'.
    """
    if error.name != module:
        return error
    message = f"No module named {module!r}. Install corekit with the extra {extra!r}."
    return ModuleNotFoundError(message, name=module)
