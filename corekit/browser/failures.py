"""Everything that can fail between a page and a server: its name, a message and a hint.

The names are those that Chromium shows in its developer tools. A few are failures for which
Chromium's network stack has other names; they have nothing to do with CORS. `checks`,
`local_network` and `model` decide which of them happens, and `corekit.explain.errors` finds one by
what a browser's console prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from .failure_kinds import FailureKind
from .local_network import LOCAL_NETWORK_KINDS


def preflight_name(name: str) -> str:
    """Return the name of a CORS check that failed for the preflight response.

    >>> preflight_name("MissingAllowOriginHeader")
    'PreflightMissingAllowOriginHeader'
    """
    return f"Preflight{name}"


_OMIT: Final = "If the request does not need cookies, send it without credentials."
_NO_POLICY: Final = "No policy can allow this."
_PREFLIGHT: Final = "Response to preflight request doesn't pass access control check: "

_CHECKS: Final = (
    FailureKind(
        "MissingAllowOriginHeader",
        "The {response} has no Access-Control-Allow-Origin header, so {origin} cannot {act}.",
        "Add {added} to allow_origins. If it is already there, the response was created"
        " outside the CORS layer, as error pages and redirects often are: make corekit's middleware"
        " the outermost layer.",
        added="the page's origin",
        chromium="No 'Access-Control-Allow-Origin' header is present on the requested resource.",
        webkit="Origin {} is not allowed by Access-Control-Allow-Origin.",
        firefox=("CORSMissingAllowOrigin",),
    ),
    FailureKind(
        "MultipleAllowOriginValues",
        "Access-Control-Allow-Origin in the {response} has more than one value: {value}.",
        "Let only one layer set CORS headers: wrap the whole application in corekit's middleware,"
        " which removes the application's own, and remove them from the proxy in front of it.",
        "two layers set it, or one layer sends a list",
        chromium="The 'Access-Control-Allow-Origin' header contains multiple values '{}', but"
        " only one is allowed.",
        webkit="Access-Control-Allow-Origin cannot contain more than one origin.",
        firefox=("CORSMultipleAllowOriginNotAllowed", "CORSAllowOriginNotMatchingOrigin"),
    ),
    FailureKind(
        "InvalidAllowOriginValue",
        "Access-Control-Allow-Origin in the {response} is not a valid origin: {value}.",
        "Let corekit set the header: it sends the page's origin as the browser sent it. Patterns"
        " belong in allow_origins.",
        "it has no scheme, is a regex, or is a word such as 'true'",
        chromium="The 'Access-Control-Allow-Origin' header contains the invalid value '{}'.",
        firefox=("CORSAllowOriginNotMatchingOrigin",),
    ),
    FailureKind(
        "AllowOriginMismatch",
        "Access-Control-Allow-Origin in the {response} is {value}, not {origin}.",
        "Add {added} to allow_origins. Browsers compare origins byte for byte: the scheme, the"
        " port, upper case and a trailing slash count, and a pattern in the header matches nothing."
        " If the value is the origin of another page, a cache mixed them up: send Vary: Origin, as"
        " corekit does.",
        "another origin",
        added="the page's origin",
        chromium="The 'Access-Control-Allow-Origin' header has a value '{}' that is not equal to"
        " the supplied origin.",
        firefox=("CORSAllowOriginNotMatchingOrigin",),
    ),
    FailureKind(
        "WildcardOriginNotAllowed",
        "Access-Control-Allow-Origin in the {response} is '*', but the request includes"
        " credentials.",
        f"List the origins in allow_origins and set allow_credentials=True. {_OMIT}",
        chromium="The value of the 'Access-Control-Allow-Origin' header in the response must not"
        " be the wildcard '*' when the request's credentials mode is 'include'.",
        webkit="Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.",
        firefox=("CORSNotSupportingCredentials",),
    ),
    FailureKind(
        "InvalidAllowCredentials",
        "The request includes credentials, but Access-Control-Allow-Credentials in the {response}"
        " is {value}, not 'true'.",
        f"Set allow_credentials=True. The header must be exactly 'true', in lower case. {_OMIT}",
        "missing",
        chromium="The value of the 'Access-Control-Allow-Credentials' header in the response is"
        " '{}' which must be 'true' when the request's credentials mode is 'include'.",
        webkit='Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
        firefox=("CORSMissingAllowCredentials",),
    ),
)
"""The CORS check, of a response and of a preflight response."""

_OTHERS: Final = (
    FailureKind(
        "PreflightInvalidStatus",
        "The status of the preflight response is not in the range 200 to 299: {token}.",
        "Make corekit's middleware the outermost layer, so that it responds to preflights before"
        " authentication, CSRF checks and routing. A proxy in front of the server must let OPTIONS"
        " requests through.",
        "401 comes from authentication, 404 and 405 from a router",
        chromium=f"{_PREFLIGHT}It does not have HTTP ok status.",
        webkit="Preflight response is not successful. Status code: {}",
        firefox=("CORSPreflightDidNotSucceed",),
    ),
    FailureKind(
        "PreflightDisallowedRedirect",
        "The server redirected the preflight to {value}, and browsers do not follow redirects of"
        " preflights.",
        "Request the URL that the redirect points to. If corekit's middleware is the outermost"
        " layer, it responds to preflights before the application redirects.",
        "another URL (HTTPS, a trailing slash, a login page)",
        chromium=f"{_PREFLIGHT}Redirect is not allowed for a preflight request.",
        firefox=("CORSExternalRedirectNotAllowed", "CORSPreflightDidNotSucceed"),
    ),
    FailureKind(
        "InvalidAllowMethodsPreflightResponse",
        "Access-Control-Allow-Methods in the preflight response is not a list of methods: {value}.",
        "Let corekit set the header: write each method as a separate string in allow_methods.",
        "it has an invalid character",
        chromium="Cannot parse Access-Control-Allow-Methods response header field in preflight"
        " response.",
        webkit="Header Access-Control-Allow-Methods has an invalid value: {}",
        firefox=("CORSInvalidAllowMethod",),
    ),
    FailureKind(
        "InvalidAllowHeadersPreflightResponse",
        "Access-Control-Allow-Headers in the preflight response is not a list of header names:"
        " {value}.",
        "Let corekit set the header: write each name as a separate string in allow_headers.",
        "it has an invalid character",
        chromium="Cannot parse Access-Control-Allow-Headers response header field in preflight"
        " response.",
        webkit="Header Access-Control-Allow-Headers has an invalid value: {}",
        firefox=("CORSInvalidAllowHeader",),
    ),
    FailureKind(
        "MethodDisallowedByPreflightResponse",
        "The preflight response does not allow the method {token}.",
        "Add {added} to allow_methods. Method names are case-sensitive, and with credentials '*'"
        " is not a wildcard.",
        "of the request",
        added="the method",
        chromium="Method {} is not allowed by Access-Control-Allow-Methods in preflight response.",
        webkit="Method {} is not allowed by Access-Control-Allow-Methods.",
        firefox=("CORSMethodNotFound",),
    ),
    FailureKind(
        "HeaderDisallowedByPreflightResponse",
        "The preflight response does not allow the header {token}.",
        "Add {added} to allow_headers. '*' does not cover authorization, and with credentials it"
        " is not a wildcard.",
        "that the page sets",
        added="the header",
        chromium="Request header field {} is not allowed by Access-Control-Allow-Headers in"
        " preflight response.",
        webkit="Request header field {} is not allowed by Access-Control-Allow-Headers.",
        firefox=("CORSMissingAllowHeaderFromPreflight",),
    ),
    FailureKind(
        "RedirectContainsCredentials",
        "The server redirected the request to a URL with a user name or password.",
        f"Redirect to the URL without them, or request that URL directly. {_NO_POLICY}",
        chromium="Redirect location '{}' contains a username and password, which is disallowed"
        " for cross-origin requests.",
        webkit="Cross-origin redirection to {} denied by Cross-Origin Resource Sharing policy:"
        " redirection URL {} has credentials",
        firefox=("CORSDidNotSucceed",),
    ),
    FailureKind(
        "CorsDisabledScheme",
        "The URL {value} is not an HTTP or HTTPS URL.",
        "Request an HTTP or HTTPS URL, and serve pages from a server, such as"
        f" http://localhost:3000, not from a file. {_NO_POLICY}",
        "of the request or of a redirect",
        chromium="Cross origin requests are only supported for protocol schemes: {}.",
        chromium_variant='Fetch API cannot load {}. URL scheme "{}" is not supported.',
        webkit="Cross origin requests are only supported for HTTP.",
        firefox=("CORSRequestNotHttp",),
    ),
    FailureKind(
        "DisallowedByMode",
        "The mode of the request is 'same-origin', but {value} has another origin.",
        "Use mode 'cors', the default, and add the page's origin to allow_origins.",
        "the URL",
        chromium='Request mode is "same-origin" but the URL\'s origin is not same as the request'
        " origin {}.",
        chromium_variant="Unsafe attempt to load URL {} from frame with URL {}. Domains,"
        " protocols and ports must match.",
        webkit="Unsafe attempt to load URL {} from origin {}. Domains, protocols and ports must"
        " match.",
    ),
    FailureKind(
        "MixedContent",
        "The page was loaded over HTTPS, so browsers block {value}, which is an HTTP URL.",
        f"Serve the API over HTTPS too. {_NO_POLICY}",
        "the request",
        is_cors=False,
        chromium="Mixed Content: The page at '{}' was loaded over HTTPS, but requested an"
        " insecure {} '{}'.",
        chromium_variant="Mixed Content: The page at '{}' was loaded over HTTPS, but attempted to"
        " connect to the insecure WebSocket endpoint '{}'.",
        webkit="The page at {} requested insecure content from {}. This content was blocked and"
        " must be served over HTTPS.",
    ),
    FailureKind(
        "NoCorsRedirectModeNotFollow",
        "The mode of the request is 'no-cors', but {value} has another origin, and the page does"
        " not set redirect: 'follow'.",
        "Leave out redirect, or use mode 'cors'.",
        "the URL",
        is_cors=False,
        chromium='Request mode is "no-cors" but the redirect mode is not "follow".',
    ),
    FailureKind(
        "BadPort",
        "Browsers block port {token}, because other protocols use it.",
        "Serve the API on another port, such as 8000.",
        "of the URL",
        is_cors=False,
        chromium="net::ERR_UNSAFE_PORT",
        webkit="Not allowed to use restricted network port",
    ),
    FailureKind(
        "CorpNotSameOrigin",
        "Cross-Origin-Resource-Policy in the response is 'same-origin', so a page of another origin"
        " cannot load it without CORS.",
        "Use mode 'cors' and add the page's origin to allow_origins, or let the server send"
        " Cross-Origin-Resource-Policy: cross-origin.",
        is_cors=False,
        chromium="net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin",
        webkit="Cancelled load to {} because it violates the resource's"
        " Cross-Origin-Resource-Policy response header.",
    ),
    FailureKind(
        "CorpNotSameSite",
        "Cross-Origin-Resource-Policy in the response is 'same-site', so a page of another site"
        " cannot load it without CORS.",
        "Use mode 'cors' and add the page's origin to allow_origins, or let the server send"
        " Cross-Origin-Resource-Policy: cross-origin.",
        is_cors=False,
        chromium="net::ERR_BLOCKED_BY_RESPONSE.NotSameSite",
    ),
    FailureKind(
        "RedirectNotFollowed",
        "The server redirected the request, but the page set redirect: 'error'.",
        "Request the URL that the redirect points to, or let the page follow redirects.",
        is_cors=False,
    ),
    FailureKind(
        "TooManyRedirects",
        "The server redirected the request more than 20 times.",
        "Look for a redirect loop, such as between HTTP and HTTPS, or with and without a trailing"
        " slash.",
        is_cors=False,
        firefox=("CORSDidNotSucceed",),
    ),
    FailureKind(
        "InvalidRedirect",
        "The server redirected the request to an invalid URL: {value}.",
        "Send a valid URL in the Location header.",
        "it cannot be parsed",
        is_cors=False,
        firefox=("CORSDidNotSucceed",),
    ),
)

_PREFLIGHT_CHECKS: Final = tuple(
    replace(
        kind,
        name=preflight_name(kind.name),
        of_preflight=True,
        chromium=f"{_PREFLIGHT}{kind.chromium}",
        webkit="",
    )
    for kind in _CHECKS
)

FAILURES: Final[Mapping[str, FailureKind]] = MappingProxyType(
    {kind.name: kind for kind in (*_CHECKS, *_PREFLIGHT_CHECKS, *_OTHERS, *LOCAL_NETWORK_KINDS)}
)
"""Every kind of failure, by name."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the page got no response.

    `name` is one of `FAILURES`, `method` and `url` are those of the request that failed, `origin`
    is the page's as the browser sent it, and `value` what was wrong: the value of a header, a
    status, the name of a method or header; None if there is nothing to show.

    >>> failure = Failure("MethodDisallowedByPreflightResponse", "PUT", "https://a.example/",
    ...     "https://b.example", "PUT")
    >>> failure.message
    'The preflight response does not allow the method PUT.'
    """

    name: str
    method: str
    url: str
    origin: str
    value: str | None = None

    @property
    def check(self) -> str:
        """The name, without the prefix that a CORS check has for preflights."""
        return self.name.removeprefix("Preflight")

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        return FAILURES[self.name].describe(self.origin, self.value)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return FAILURES[self.name].hint

    @property
    def is_cors(self) -> bool:
        """Whether CORS is the cause."""
        return FAILURES[self.name].is_cors

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class FetchFailedError(Exception):
    """Carries a failure out of the middle of a fetch; never leaves the model."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure
