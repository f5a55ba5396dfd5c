"""The rules of the guard, as tables: the first row whose condition holds decides.

A request is judged by what the browser says about it. Sec-Fetch-Site is how the page that sent it
is related to the server (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header); pages
cannot set it. Browsers send it to HTTPS and to loopback addresses, but not with the handshake of a
WebSocket in each browser. Origin is sent with every request but GET and HEAD, and with handshakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, Protocol, Self

from corekit._engine import Engine
from corekit._origins import ANY, OPAQUE
from corekit._own_origin import is_own_origin
from corekit.problems import Dialect

from .hosts import HostSet, split_host

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
"""https://www.rfc-editor.org/rfc/rfc9110#safe.methods, without TRACE, which no page can send."""

READ_METHODS: Final = SAFE_METHODS - {"OPTIONS"}

_FORBIDDEN: Final = 403
_BAD_REQUEST: Final = 400
_MISDIRECTED: Final = 421

_is_ambient = re.compile(r"(?:basic|digest|negotiate|ntlm)(?![^ ,])", re.IGNORECASE).match


class GuardReason(Enum):
    """The reason for a verdict: the name is stable, the value is a sentence for people.

    `status` is that of the response to a request that is refused, None if it is allowed.
    `is_proven` is true if a browser showed that the page may act as the user: it is the server's
    own, or the policy lists it.
    """

    status: int | None
    is_proven: bool

    def __new__(cls, sentence: str, status: int | None = None, is_proven: bool = False) -> Self:
        """Keep the sentence as the value."""
        member = object.__new__(cls)
        member._value_ = sentence
        member.status = status
        member.is_proven = is_proven
        return member

    SAFE = ("The request only reads.",)
    IGNORED = ("The guard ignores requests of this kind.",)
    SAME_ORIGIN = ("The page belongs to this server.", None, True)
    USER = ("The user started the request, not a page.",)
    LISTED_ORIGIN = ("The policy lists the origin of the page.", None, True)
    NO_BROWSER = ("Browsers send Origin or Sec-Fetch-Site, so this is not a browser.",)
    EXEMPT = ("The path is exempt.",)

    HOST_MALFORMED = ("The request has no single, well-formed Host header.", _BAD_REQUEST)
    HOST_NOT_ALLOWED = ("The server is not known by this name.", _MISDIRECTED)
    SEVERAL_FETCH_SITES = ("The request has more than one Sec-Fetch-Site.", _FORBIDDEN)
    CREDENTIALS_NOT_ALLOWED = (
        "The policy lists the origin of the page without credentials, and the request has some.",
        _FORBIDDEN,
    )
    SAME_SITE = ("The page belongs to another origin of the same site.", _FORBIDDEN)
    CROSS_SITE = ("The page belongs to another site.", _FORBIDDEN)
    OPAQUE_ORIGIN = ("The page has no origin, or hides it.", _FORBIDDEN)
    OTHER_ORIGIN = (
        "The page has another origin than this server, as far as Origin and Host show.",
        _FORBIDDEN,
    )
    BROWSERS_ONLY = ("Only browsers may do this, and none sent the request.", _FORBIDDEN)
    WEBSOCKET_ORIGIN = (
        "The policy does not list the origin of the page that opens the WebSocket.",
        _FORBIDDEN,
    )
    CROSS_SITE_READ = ("A page of another site loads this.", _FORBIDDEN)
    READ_NOT_ALLOWED = ("The policy does not allow the origin of the page to read.", _FORBIDDEN)


class Guard(Protocol):
    """What the rules need to know of a guard: see `corekit.guard.CrossOriginGuard`."""

    @property
    def host_set(self) -> HostSet: ...

    @property
    def own_origins(self) -> tuple[str, ...]: ...

    @property
    def mode(self) -> str: ...

    @property
    def dialect(self) -> Dialect: ...

    def is_exempt(self, path: str, /) -> bool: ...


@dataclass(eq=False, slots=True)
class GuardedRequest:
    """What the guard knows of a request: values of headers are None if the header is missing.

    Several lines of one header are joined with a comma. `paths` are what an application may read
    the path as, `engine` is that of the policy for them, None if no policy covers them. `scheme` is
    that of the server, None if it is not known.
    """

    guard: Guard
    method: str
    paths: tuple[str, ...]
    engine: Engine | None
    host: str | None = None
    origin: str | None = None
    sec_fetch_site: str | None = None
    sec_fetch_mode: str | None = None
    sec_fetch_dest: str | None = None
    cookie: str | None = None
    authorization: str | None = None
    scheme: str | None = None
    is_websocket: bool = False

    @property
    def host_parts(self) -> tuple[str, str] | None:
        """The name and the port in Host."""
        return None if self.host is None else split_host(self.host)

    @property
    def is_allowed(self) -> bool:
        """Whether the policy allows the origin, possibly with ``*``."""
        return (
            self.origin is not None and self.engine is not None and self.engine.allows(self.origin)
        )

    @property
    def is_listed(self) -> bool:
        """Whether the policy lists the origin, not with ``*``, and it is not opaque."""
        if not self.is_allowed or self.engine is None or self.origin in (None, OPAQUE):
            return False
        return self.engine.find_rule(self.origin) != ANY

    @property
    def has_ambient_credentials(self) -> bool:
        """Whether the browser may have added credentials: cookies, HTTP authentication.

        Source: https://fetch.spec.whatwg.org/#credentials
        """
        if self.cookie is not None:
            return True
        values = (self.authorization or "").split(",")
        return any(_is_ambient(value.strip()) for value in values)


class Rule(NamedTuple):
    """One row: its condition, and the reason if that holds."""

    condition: Callable[[GuardedRequest], bool]
    reason: GuardReason


def has_malformed_host(request: GuardedRequest) -> bool:
    """Host is missing, there are several, or it is malformed."""
    return request.host_parts is None


def has_other_host(request: GuardedRequest) -> bool:
    """Host is not listed in `hosts`."""
    parts = request.host_parts
    return parts is None or parts not in request.guard.host_set


def has_several_sites(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is there more than once."""
    return "," in (request.sec_fetch_site or "")


def is_same_origin(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is `same-origin`."""
    return request.sec_fetch_site == "same-origin"


def is_from_user(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is `none`."""
    return request.sec_fetch_site == "none"


def is_listed_for_credentials(request: GuardedRequest) -> bool:
    """The policy lists Origin, with credentials or the request has none that browsers add."""
    return request.is_listed and (
        (request.engine is not None and request.engine.allows_credentials)
        or not request.has_ambient_credentials
    )


def is_listed(request: GuardedRequest) -> bool:
    """The policy lists Origin, without credentials, and the request has some."""
    return request.is_listed


def has_no_origin(request: GuardedRequest) -> bool:
    """There is no Origin."""
    return request.origin is None


def has_neither(request: GuardedRequest) -> bool:
    """There is neither Sec-Fetch-Site nor Origin."""
    return request.origin is None and request.sec_fetch_site is None


def has_own_origin(request: GuardedRequest) -> bool:
    """Origin is this server's: that of Host, or one of `own_origins`."""
    if request.origin in request.guard.own_origins:
        return True
    return is_own_origin(request.origin, request.host, None, request.scheme)


def has_own_origin_without_site(request: GuardedRequest) -> bool:
    """There is no Sec-Fetch-Site, and Origin is this server's."""
    return request.sec_fetch_site is None and has_own_origin(request)


def is_exempt(request: GuardedRequest) -> bool:
    """The path is exempt."""
    # A path that is too ambiguous to tell has no readings.
    return bool(request.paths) and all(map(request.guard.is_exempt, request.paths))


def is_same_site(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is `same-site`."""
    return request.sec_fetch_site == "same-site"


def has_site(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is anything else."""
    return request.sec_fetch_site is not None


def has_opaque_origin(request: GuardedRequest) -> bool:
    """Origin is `null`."""
    return request.origin == OPAQUE


def always(_request: GuardedRequest) -> bool:
    """Anything else."""
    return True


def is_not_cross_site(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is missing, `same-origin`, `same-site` or `none`."""
    return request.sec_fetch_site in (None, "same-origin", "same-site", "none")


def is_navigation(request: GuardedRequest) -> bool:
    """A tab or a frame, not `embed` or `object`, loads it: GET with Sec-Fetch-Mode `navigate`."""
    return (
        request.method == "GET"
        and request.sec_fetch_mode == "navigate"
        and request.sec_fetch_dest not in ("object", "embed")
    )


def is_allowed(request: GuardedRequest) -> bool:
    """The policy allows Origin."""
    return request.is_allowed


def has_own_page(request: GuardedRequest) -> bool:
    """Sec-Fetch-Site is `same-origin`, or it is missing and Origin is this server's."""
    return is_same_origin(request) or has_own_origin_without_site(request)


HOST_RULES: Final = (
    Rule(has_malformed_host, GuardReason.HOST_MALFORMED),
    Rule(has_other_host, GuardReason.HOST_NOT_ALLOWED),
)
SAFE_RULES: Final = (Rule(always, GuardReason.SAFE),)
_IGNORE: Final = (Rule(always, GuardReason.IGNORED),)
_WEBSOCKETS: Final = (
    Rule(has_no_origin, GuardReason.NO_BROWSER),
    Rule(has_own_origin, GuardReason.SAME_ORIGIN),
    Rule(is_listed_for_credentials, GuardReason.LISTED_ORIGIN),
    Rule(is_listed, GuardReason.CREDENTIALS_NOT_ALLOWED),
    Rule(always, GuardReason.WEBSOCKET_ORIGIN),
)
_WRITES_OF_PAGES: Final = (
    Rule(has_several_sites, GuardReason.SEVERAL_FETCH_SITES),
    Rule(is_same_origin, GuardReason.SAME_ORIGIN),
    Rule(is_from_user, GuardReason.USER),
    Rule(is_listed_for_credentials, GuardReason.LISTED_ORIGIN),
    Rule(has_own_origin_without_site, GuardReason.SAME_ORIGIN),
    Rule(is_listed, GuardReason.CREDENTIALS_NOT_ALLOWED),
)
_EXEMPT: Final = Rule(is_exempt, GuardReason.EXEMPT)
_REFUSED_WRITES: Final = (
    Rule(is_same_site, GuardReason.SAME_SITE),
    Rule(has_site, GuardReason.CROSS_SITE),
    Rule(has_opaque_origin, GuardReason.OPAQUE_ORIGIN),
    Rule(always, GuardReason.OTHER_ORIGIN),
)
_ENFORCED_READS: Final = (
    Rule(has_no_origin, GuardReason.SAFE),
    Rule(has_own_page, GuardReason.SAFE),
    Rule(is_allowed, GuardReason.SAFE),
    Rule(is_exempt, GuardReason.EXEMPT),
    Rule(always, GuardReason.READ_NOT_ALLOWED),
)
_ISOLATED_READS: Final = (
    Rule(has_several_sites, GuardReason.SEVERAL_FETCH_SITES),
    Rule(is_not_cross_site, GuardReason.SAFE),
    Rule(is_navigation, GuardReason.SAFE),
    Rule(is_allowed, GuardReason.SAFE),
    Rule(is_exempt, GuardReason.EXEMPT),
    Rule(always, GuardReason.CROSS_SITE_READ),
)


WEBSOCKET_RULES: Final = {
    "judge": _WEBSOCKETS,
    "browsers": (Rule(has_no_origin, GuardReason.BROWSERS_ONLY), *_WEBSOCKETS[1:]),
    "ignore": _IGNORE,
}
WRITE_RULES: Final = {
    "judge": (
        *_WRITES_OF_PAGES,
        Rule(has_neither, GuardReason.NO_BROWSER),
        _EXEMPT,
        *_REFUSED_WRITES,
    ),
    "browsers": (
        *_WRITES_OF_PAGES,
        _EXEMPT,
        Rule(has_neither, GuardReason.BROWSERS_ONLY),
        *_REFUSED_WRITES,
    ),
    "ignore": _IGNORE,
}
READ_RULES: Final = {"ignore": SAFE_RULES, "enforce": _ENFORCED_READS, "isolate": _ISOLATED_READS}


def find_reason(rules: tuple[Rule, ...], request: GuardedRequest) -> GuardReason:
    """Return the reason of the first row whose condition holds; the last row always does."""
    return next(reason for condition, reason in rules if condition(request))
