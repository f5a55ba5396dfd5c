"""The page's call, what it could be instead, and the server that it goes to.

The server is a function: the policy's response in front of an application that responds 200 to
everything and knows nothing about CORS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import unquote

from corekit._containers import LoadedOrigins
from corekit._names import NORMALIZED_METHODS, REGISTERED_METHODS, RESPONSE_ONLY_HEADERS
from corekit._origins import ANY, OPAQUE
from corekit.browser import (
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    LocalNetwork,
    Outcome,
    Quirks,
)
from corekit.browser.blocking import is_mixed_content
from corekit.browser.fields import drop_forbidden, get_header
from corekit.browser.local_network import PUBLIC
from corekit.browser.messages import Headers
from corekit.browser.urls import HTTP_SCHEMES, Url, parse_url
from corekit.diagnostics import escape, show
from corekit.policy import CorsPolicy
from corekit.routes import LONGEST_AMBIGUOUS_PATH, CorsRoutes

Policies = CorsPolicy | CorsRoutes


@dataclass(frozen=True, slots=True)
class Call:
    """A page's fetch, the page's origin, the quirks of the browser, and where page and server are.

    `local_network` is None if Local Network Access is not checked.
    """

    fetch: Fetch
    page: str
    quirks: Quirks
    local_network: LocalNetwork | None = None

    @property
    def url(self) -> Url:
        """The URL that is fetched."""
        return parse_url(self.fetch.url, None if self.page == OPAQUE else parse_url(self.page))

    @property
    def method(self) -> str:
        """The method as it is sent: https://fetch.spec.whatwg.org/#concept-method-normalize"""
        upper = self.fetch.method.upper()
        return upper if upper in NORMALIZED_METHODS else self.fetch.method

    @property
    def headers(self) -> Headers:
        """The headers that the page sets and the browser sends."""
        return drop_forbidden(self.fetch.headers)

    @property
    def is_same_origin(self) -> bool:
        """Whether the URL has the page's own origin."""
        return self.url.origin == self.page != OPAQUE

    def with_fetch(self, fetch: Fetch) -> Self:
        """Return another call of the same page."""
        return replace(self, fetch=fetch)

    def run(self, transport: Callable[[HttpRequest], HttpResponse]) -> Outcome:
        """Let the browser model make the fetch."""
        model = BrowserModel(
            clock=lambda: 0.0, quirks=self.quirks, address_space=self.local_network
        )
        return model.fetch(transport, self.page, self.fetch)


@dataclass(frozen=True, slots=True)
class OtherFetch:
    """What a page could fetch instead; `is_required` if no change of a policy can replace it."""

    message: str
    fetch: Fetch
    is_required: bool = True


def find_other_fetches(call: Call) -> Iterator[OtherFetch]:
    """Yield what the page could fetch instead."""
    fetch, url, upper = call.fetch, call.url, call.method.upper()
    if upper in REGISTERED_METHODS and call.method != upper:
        message = f"Use the method {show(upper)}, in upper case."
        yield OtherFetch(message, replace(fetch, method=upper))
    if fetch.mode != "cors":
        yield OtherFetch("Use mode 'cors', the default.", replace(fetch, mode="cors"))
    misplaced = {name.lower() for name, _ in fetch.headers} & RESPONSE_ONLY_HEADERS
    if misplaced:
        kept = tuple(pair for pair in fetch.headers if pair[0].lower() not in misplaced)
        message = f"Do not set {', '.join(sorted(misplaced))}: only servers send this."
        yield OtherFetch(message, replace(fetch, headers=kept))
    http_url = find_http_url(url, call)
    if http_url is not None and http_url != str(url):
        yield OtherFetch(f"Request {show(http_url)} instead.", replace(fetch, url=http_url))
    yield from _find_other_targets(call)
    if fetch.redirect != "follow":
        message = "Let the browser follow redirects: redirect: 'follow', the default."
        yield OtherFetch(message, replace(fetch, redirect="follow"))
    if fetch.credentials == "include":
        message = "If the request does not need cookies, use credentials: 'omit'."
        yield OtherFetch(message, replace(fetch, credentials="omit"), is_required=False)


def _find_other_targets(call: Call) -> Iterator[OtherFetch]:
    """Yield the fetch with the target address space that it needs."""
    target, url = call.fetch.target_address_space, call.url
    space = PUBLIC if call.local_network is None else call.local_network.find_space(url)
    if call.local_network is None or target == space:
        return
    instead = replace(call.fetch, target_address_space=None)
    if space != PUBLIC and find_http_url(url, call.with_fetch(instead)) != str(url):
        message = (
            f"Set targetAddressSpace: {show(space)}, so that the request is not mixed content."
        )
        yield OtherFetch(message, replace(instead, target_address_space=space))
    elif target is not None:
        yield OtherFetch("Do not set targetAddressSpace: it is not necessary here.", instead)


def find_http_url(url: Url, call: Call) -> str | None:
    """Return the URL with a scheme that the page can request; None if the URL has no host."""
    if url.scheme not in HTTP_SCHEMES:
        scheme = "https" if call.page.startswith("https:") else "http"
        return f"{scheme}:{url.target}" if url.target.startswith("//") else None
    target = call.fetch.target_address_space
    is_mixed = is_mixed_content(call.page, url, call.quirks, call.local_network, target)
    return str(replace(url, scheme="https" if is_mixed else url.scheme))


@dataclass(frozen=True, slots=True)
class Covering:
    """The policy that covers a path; `route` is the path of its route, None without routes.

    `is_ambiguous` is whether the path can be read in two ways; the policy then allows no origins.
    """

    policy: CorsPolicy | None
    route: str | None
    message: str | None
    is_ambiguous: bool = False


def find_covering(policies: Policies, url: str) -> Covering:
    """Return the policy that applies to a URL, and by which route."""
    if isinstance(policies, CorsPolicy):
        return Covering(policies, None, None)
    path = path_of(url)
    match = policies.find(path)
    if match is None:
        message = f"No route covers the path {escape(path)}, so no policy applies to it."
        return Covering(None, None, message)
    if match.route is None:
        limit = LONGEST_AMBIGUOUS_PATH
        why = f"ambiguous and longer than {limit} characters" if len(path) > limit else "ambiguous"
        message = f"The path {escape(path)} is {why}, so no origins are allowed."
        return Covering(match.policy, None, message, is_ambiguous=True)
    message = f"The route {show(match.route)} covers the path."
    return Covering(match.policy, match.route, message)


def find_origin_rule(policy: CorsPolicy, origin: str) -> str | None:
    """Return the rule of `allow_origins` that allows an origin; None if no rule does.

    >>> policy = CorsPolicy(allow_origins=["https://*.example.com"])
    >>> find_origin_rule(policy, "https://app.example.com")
    "the pattern 'https://*.example.com'"
    """
    if not policy.engine.allows(origin):
        return None
    if ANY in policy.allow_origins:
        return "'*', which is any origin"
    rule = policy.engine.find_rule(origin)
    snapshot = policy.engine.find_snapshot(origin)
    if snapshot is not None and rule is not None:
        return f"the row {show(rule)} of {describe_snapshot(snapshot)}"
    if rule is None:
        return "a custom rule"
    if rule == origin:
        return f"the exact origin {show(rule)}"
    kind = "pattern" if rule in policy.allow_origins else "regular expression"
    return f"the {kind} {show(rule)}"


def describe_snapshot(snapshot: LoadedOrigins) -> str:
    """Return the size and the age of loaded rows.

    >>> from corekit.snapshots import Rules, SnapshotReader
    >>> reader = SnapshotReader(Rules.of(CorsPolicy.deny_all()))
    >>> describe_snapshot(reader.finish())
    'a snapshot of 0 rows (of unknown age)'
    """
    age = "of unknown age" if snapshot.age is None else f"{snapshot.age:.0f} seconds old"
    count = len(snapshot)
    return f"a snapshot of {count} {'row' if count == 1 else 'rows'} ({age})"


def serve(policies: Policies) -> Callable[[HttpRequest], HttpResponse]:
    """Return a transport that responds as every adapter does with this policy.

    >>> send = serve(CorsPolicy(allow_origins=["*"]))
    >>> request = HttpRequest("GET", "https://api.example.com/", (("Origin", "https://a.example"),))
    >>> send(request).headers
    (('Access-Control-Allow-Origin', '*'),)
    """

    def send(request: HttpRequest) -> HttpResponse:
        policy = find_covering(policies, request.url).policy
        if policy is None:
            return HttpResponse(200)
        decision = policy.decide(
            request.method,
            origin=get_header(request.headers, "origin"),
            request_method=get_header(request.headers, "access-control-request-method"),
            request_headers=get_header(request.headers, "access-control-request-headers"),
        )
        vary = (("Vary", ", ".join(decision.vary)),) if decision.vary else ()
        return HttpResponse(decision.status or 200, (*decision.headers, *vary))

    return send


def run(policies: Policies, call: Call) -> Outcome:
    """Let the browser model make a call to a server that has this policy."""
    return call.run(serve(policies))


def path_of(url: str) -> str:
    """Return the path of a URL as a server decodes it."""
    return unquote(parse_url(url).target.partition("?")[0])
