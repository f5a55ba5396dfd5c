"""Witnesses: calls of pages that one policy allows and another does not.

A witness is run: the policy decides the requests, and the browser model (`corekit.browser`) checks
the responses. So a difference is not only derived from settings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.browser.fields import get_header

if TYPE_CHECKING:
    from corekit.policy import CorsPolicy
    from corekit.routes import CorsRoutes

_SERVERS: Final = ("https://server.invalid", "https://another-server.invalid")

_UNSAFE_VALUES: Final = {
    "accept": "(x)",
    "accept-language": "(x)",
    "content-language": "(x)",
    "content-type": "application/json",
    "range": "bytes=-1",
}
"""Values of headers that need a preflight only with some values."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A call of a page at `origin`, with `credentials` or without.

    `response_headers` are those that the page has to be able to read; with `private_network` the
    call is one for which browsers ask by Access-Control-Request-Private-Network.
    """

    origin: str
    method: str = "GET"
    path: str = "/"
    request_headers: tuple[str, ...] = ()
    credentials: bool = False
    response_headers: tuple[str, ...] = ()
    private_network: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        lists = ("request_headers", "response_headers")
        return {**asdict(self), **{name: list(getattr(self, name)) for name in lists}}


def is_allowed(policies: CorsPolicy | CorsRoutes, witness: Witness) -> bool:
    """Return whether a page can make this call and read the response.

    Where no route covers the path, the server sends no CORS headers.

    >>> from corekit import CorsPolicy
    >>> policy = CorsPolicy(allow_origins=["https://app.example.com"])
    >>> is_allowed(policy, Witness("https://app.example.com"))
    True
    >>> is_allowed(policy, Witness("https://app.example.com", method="PUT"))
    False
    """
    policy = policies.policy_for(witness.path)
    if policy is None:
        return False
    if witness.private_network:
        return _reaches_private_network(policy, witness)
    server = _SERVERS[witness.origin == _SERVERS[0]]
    fetch = Fetch(
        f"{server}{quote(witness.path)}",
        witness.method,
        tuple((name, _UNSAFE_VALUES.get(name, "1")) for name in witness.request_headers),
        credentials="include" if witness.credentials else "omit",
    )

    def send(request: HttpRequest) -> HttpResponse:
        return _respond(policy, request, witness)

    response = BrowserModel(clock=float).fetch(send, witness.origin, fetch).response
    if response is None:
        return False
    return {name for name, _ in response.headers}.issuperset(witness.response_headers)


def _respond(policy: CorsPolicy, request: HttpRequest, witness: Witness) -> HttpResponse:
    decision = policy.decide(
        request.method,
        origin=get_header(request.headers, "origin"),
        request_method=get_header(request.headers, "access-control-request-method"),
        request_headers=get_header(request.headers, "access-control-request-headers"),
    )
    own = tuple((name, "1") for name in witness.response_headers)
    return HttpResponse(decision.status or 200, (*decision.headers, *own))


def _reaches_private_network(policy: CorsPolicy, witness: Witness) -> bool:
    decision = policy.decide(
        "OPTIONS",
        origin=witness.origin,
        request_method=witness.method,
        request_private_network="true",
    )
    return get_header(decision.headers, "access-control-allow-private-network") == "true"
