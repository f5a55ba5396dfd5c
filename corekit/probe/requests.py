"""The requests of a probe, in order, and the responses to them.

As a browser sends them for the pages that should be allowed: GET with and without Origin, a
preflight, an error page. Then the same from origins that should be refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from corekit._names import SAFELISTED_METHODS
from corekit._origins import ANY
from corekit.browser import Fetch, HttpRequest, HttpResponse
from corekit.browser.fields import get_text, unsafe_names
from corekit.browser.messages import Headers
from corekit.browser.urls import parse_url
from corekit.lookups import is_unknown
from corekit.policy import CorsPolicy

from .probe_origins import ANY_ORIGIN, UNTRUSTED, ProbeOrigin, make_probe_origins

Kind = Literal[
    "get",
    "preflight",
    "safelisted",
    "private",
    "error",
    "unsafe",
    "policy",
    "own",
    "host",
    "forged-write",
    "forged-handshake",
]
"""The kind of request.

Four are preflights: `preflight` for the call, `safelisted` for GET, `private` for the call with the
private network in addition, and `policy` for one method or header, to compare with the policy.
`own` is a GET of the server's own page, if no other pages should be allowed. `host` has the name of
another server in Host. The forged ones are what any website can send without a preflight: a form,
and the handshake of a WebSocket.
"""

_ACCEPT: Final = ("Accept", "*/*")
OTHER_HOST: Final = "corekit-probe.example"
"""A name that no server has."""

_OF_OWN_PAGE: Final = ("Sec-Fetch-Site", "same-origin")
_FORM: Final = (
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
)
_HANDSHAKE: Final = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "Y29yZWtpdC1wcm9iZS0wMQ=="),
)
_COMMON_METHODS: Final = ("PUT", "PATCH", "DELETE")
_COMMON_HEADERS: Final = ("authorization", "x-corekit-probe")


_WITHOUT_POLICY: Final = ("own", "forged-write", "forged-handshake")
"""The kinds of requests with an Origin about which no CORS policy decides."""


class TooManyRequestsError(Exception):
    """The server responded with status 429, so its responses say nothing about its policy."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to find out: may pages of `origins` make a call, and may nobody else?

    Without `origins`, only pages of the server itself should be allowed. `fetch` is the call.
    `is_chosen` says that the caller chose its method or headers, so that their refusal is an error.
    With `send_unsafe` the call itself is sent, whatever its method, and a forged write and
    handshake are, too. With `policy` the responses are compared with that policy.
    """

    origins: tuple[str, ...]
    fetch: Fetch
    is_chosen: bool = True
    send_unsafe: bool = False
    policy: CorsPolicy | None = None
    denied_origins: tuple[str, ...] = ()
    """Further origins that the server should refuse."""
    headers: Headers = ()
    """Headers of every request except preflights, such as a token or cookies."""
    with_other_host: bool = False
    """Whether to send a GET with the name of another server in Host."""
    refuses_reads: bool = False
    """Whether a guard refuses the CORS requests of origins that are not allowed."""

    @property
    def url(self) -> str:
        """The URL that the requests go to."""
        return self.fetch.url

    @property
    def own_origin(self) -> str:
        """The origin of the server."""
        return parse_url(self.url).origin

    @property
    def include(self) -> bool:
        """Whether the page sends credentials."""
        return self.fetch.credentials == "include"


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """A request to send for a page of `origin`; None for a request without Origin.

    `method` and `names` are those that a preflight asks for. `probe_origin` is given if the origin
    should be refused.
    """

    kind: Kind
    origin: str | None
    request: HttpRequest
    probe_origin: ProbeOrigin | None = None
    method: str = "GET"
    names: tuple[str, ...] = ()

    @property
    def needs_preflight(self) -> bool:
        """Whether browsers send a preflight before such a call."""
        return self.method not in SAFELISTED_METHODS or bool(self.names)


@dataclass(frozen=True, slots=True)
class ProbeResponse:
    """A request, and the server's response to it."""

    sent: ProbeRequest
    response: HttpResponse

    @property
    def is_preflight(self) -> bool:
        """Whether the request was a preflight."""
        return self.sent.request.is_preflight

    @property
    def is_unknown(self) -> bool:
        """Whether the server may not have known if the origin is allowed."""
        if self.sent.origin is None or self.sent.kind in _WITHOUT_POLICY:
            return False
        response = self.response
        return is_unknown(response.status, response.headers, is_preflight=self.is_preflight)


@dataclass(frozen=True, slots=True)
class Responses:
    """Everything that a server responded, in order."""

    plan: Plan
    all: tuple[ProbeResponse, ...]
    was_unknown: bool = False
    """Whether a preflight was sent again, since the server did not know about its origin."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """The origins of which the server did not know whether they are allowed.

        If it has not known it for a preflight, a response to another request that may mean the same
        is taken for that, too.
        """
        found = [each for each in self.all if each.is_unknown]
        if not self.was_unknown:
            is_certain = any(each.is_preflight for each in found)
            found = found if is_certain else []
        return tuple(dict.fromkeys(str(each.sent.origin) for each in found))

    def without_unknown(self) -> Self:
        """Return the responses without those about such origins; what is granted stays."""
        unknown = self.unknown
        pages = tuple(each for each in self.plan.origins if each not in unknown)
        kept = (
            each
            for each in self.all
            if each.sent.origin not in unknown
            or (each.sent.origin not in self.plan.origins and not each.is_unknown)
        )
        return replace(self, plan=replace(self.plan, origins=pages), all=tuple(kept))

    def find(self, kind: Kind, origin: str | None) -> ProbeResponse | None:
        """Return the response to one kind of request from one origin, or None."""
        found = (each for each in self.all if (each.sent.kind, each.sent.origin) == (kind, origin))
        return next(found, None)

    def get(self, kind: Kind, origin: str | None) -> ProbeResponse:
        """Like `find()`, for a kind of request that is always sent for the origin."""
        found = self.find(kind, origin)
        assert found is not None  # noqa: S101 - as every caller knows
        return found

    def for_pages(self) -> Iterator[ProbeResponse]:
        """Yield every response to an origin that should be allowed."""
        return (each for each in self.all if each.sent.origin in self.plan.origins)

    def find_own(self) -> ProbeResponse | None:
        """Return the response to a page of the server itself; None if there are other pages."""
        return self.find("own", self.plan.own_origin)

    def for_probe_origins(self) -> Iterator[tuple[ProbeOrigin, ProbeResponse]]:
        """Yield every response to an origin that should be refused."""
        for each in self.all:
            if each.sent.probe_origin is not None:
                yield each.sent.probe_origin, each


def make_requests(plan: Plan) -> list[ProbeRequest]:
    """Return the requests: fewer than thirty, and three to five for each further origin.

    With a policy, there is one more for each of its methods and headers and for some common ones;
    `send_unsafe` and `with_other_host` add three.
    """
    url, method, names = plan.url, plan.fetch.method, unsafe_names(plan.fetch.headers)
    # In the same folder, so that the same layers respond; with a name that does not exist.
    missing = str(parse_url("corekit-probe-missing", parse_url(url)))
    login = plan.headers
    requests = [_actual("get", url, None, headers=login)]
    if not plan.origins:
        requests.append(_actual("own", url, plan.own_origin, headers=(_OF_OWN_PAGE, *login)))
    for origin in plan.origins:
        requests.append(_actual("get", url, origin, headers=login))
        requests.append(_preflight("preflight", url, origin, method, names))
        if not plan.is_chosen:
            requests.append(_preflight("safelisted", url, origin, "GET"))
        requests.append(_actual("error", missing, origin, headers=login))
        if plan.send_unsafe and method not in ("GET", "OPTIONS"):
            headers = (*plan.fetch.headers, *_without(login, plan.fetch.headers))
            requests.append(_actual("unsafe", url, origin, method, headers))
        if plan.policy is not None:
            requests.extend(_policy_preflights(url, plan.policy, origin))
    requests += [_preflight("private", url, each, method, names) for each in plan.origins[:1]]
    # Neither an allowed page nor the server's own origin is untrusted.
    known = {*plan.origins, plan.own_origin}
    first = next(iter(plan.origins), plan.own_origin)
    for each in make_probe_origins(first, plan.denied_origins):
        if each.origin in known:
            continue
        sent = [
            _actual("get", url, each.origin, headers=login),
            _preflight("preflight", url, each.origin, method, names),
        ]
        if each.code == ANY_ORIGIN:
            sent.append(_preflight("private", url, each.origin, method, names))
        requests += [replace(request, probe_origin=each) for request in sent]
    if plan.with_other_host:
        requests.append(_actual("host", url, None, headers=(("Host", OTHER_HOST), *login)))
    if plan.send_unsafe and UNTRUSTED not in known:
        requests.append(_actual("forged-write", url, UNTRUSTED, "POST", (*_FORM, *login)))
        requests.append(_actual("forged-handshake", url, UNTRUSTED, headers=(*_HANDSHAKE, *login)))
    return requests


def send_requests(
    plan: Plan,
    requests: Iterable[ProbeRequest],
    send: Callable[[HttpRequest], HttpResponse],
    on_response: Callable[[], object] = lambda: None,
    wait: Callable[[float], bool] = lambda _: False,
) -> Responses:
    """Send one request after the other, and call `on_response` after each.

    If the server does not know for a preflight whether the origin is allowed, and
    ``wait(seconds)`` returns true after the time that the server asks for, what it may not have
    known is sent once more. There is one such wait.

    Raises `TooManyRequestsError` if the server responds with status 429, and whatever `send`
    raises.
    """
    received: list[ProbeResponse] = []
    was_unknown = False

    def ask(request: ProbeRequest) -> ProbeResponse:
        response = send(request.request)
        if response.status == 429:
            raise TooManyRequestsError(plan.url)
        return ProbeResponse(request, response)

    for request in requests:
        each = ask(request)
        if request.request.is_preflight and each.is_unknown and not was_unknown:
            was_unknown = True
            if wait(_read_delay(each.response)):
                received = [ask(one.sent) if one.is_unknown else one for one in received]
                each = ask(request)
        received.append(each)
        on_response()
    return Responses(plan, tuple(received), was_unknown)


def _read_delay(response: HttpResponse) -> float:
    # It may also be a date, for which a probe does not wait.
    text = get_text(response.headers, "retry-after")
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else float("inf")


def _without(headers: Headers, others: Headers) -> Headers:
    names = {name.lower() for name, _ in others}
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def _actual(
    kind: Kind, url: str, origin: str | None, method: str = "GET", headers: Headers = ()
) -> ProbeRequest:
    if origin is not None:
        headers = (*headers, ("Origin", origin))
    return ProbeRequest(kind, origin, HttpRequest(method, url, (_ACCEPT, *headers)))


def _preflight(
    kind: Kind, url: str, origin: str, method: str, names: tuple[str, ...] = ()
) -> ProbeRequest:
    # https://fetch.spec.whatwg.org/#cors-preflight-fetch
    headers = [_ACCEPT, ("Access-Control-Request-Method", method)]
    if names:
        headers.append(("Access-Control-Request-Headers", ",".join(names)))
    if kind == "private":
        headers.append(("Access-Control-Request-Private-Network", "true"))
    request = HttpRequest("OPTIONS", url, (*headers, ("Origin", origin)))
    return ProbeRequest(kind, origin, request, method=method, names=names)


def _policy_preflights(url: str, policy: CorsPolicy, origin: str) -> Iterator[ProbeRequest]:
    for method in dict.fromkeys((*_COMMON_METHODS, *policy.allow_methods)):
        if method not in (ANY, *SAFELISTED_METHODS):
            yield _preflight("policy", url, origin, method)
    for name in dict.fromkeys((*policy.allow_headers, *_COMMON_HEADERS)):
        if name != ANY:
            yield _preflight("policy", url, origin, "GET", (name,))
