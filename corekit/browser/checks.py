"""The checks on responses: pure functions from headers to the name of a failure, or None.

- https://fetch.spec.whatwg.org/#cors-check
- https://fetch.spec.whatwg.org/#cors-preflight-fetch-0, step 7
- https://fetch.spec.whatwg.org/#cross-origin-resource-policy-check
- https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name

The standard has a single failure, Chromium has many; the names and the order of the checks are
Chromium's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from corekit._names import (
    FORBIDDEN_RESPONSE_HEADERS,
    SAFELISTED_METHODS,
    SAFELISTED_RESPONSE_HEADERS,
)
from corekit._origins import ANY, OPAQUE

from .failures import preflight_name
from .fields import NON_WILDCARD_HEADER, get_header, join_lines, list_values
from .messages import Headers, HttpResponse, Tainting
from .quirks import Quirks
from .sites import is_schemelessly_same_site
from .urls import Url, parse_url

CheckFailure = tuple[str, str | None]
"""The name of a failure, and the value that caused it."""

REDIRECT_STATUSES: Final = frozenset({301, 302, 303, 307, 308})
"""https://fetch.spec.whatwg.org/#redirect-status"""

REFUSALS: Final = frozenset(
    {"MethodDisallowedByPreflightResponse", "HeaderDisallowedByPreflightResponse"}
)
"""The failures of well-formed preflight responses that do not allow the request."""


def check_cors(origin: str, headers: Headers, *, include: bool = False) -> CheckFailure | None:
    """Do the CORS check for a page of `origin`; `include` is whether credentials are sent.

    >>> check_cors("https://a.example", (("Access-Control-Allow-Origin", "*"),))
    >>> check_cors("https://a.example", (("Access-Control-Allow-Origin", "*"),), include=True)
    ('WildcardOriginNotAllowed', '*')
    """
    allowed = get_header(headers, "access-control-allow-origin")
    if allowed is None:
        return "MissingAllowOriginHeader", None
    if allowed == ANY:
        return ("WildcardOriginNotAllowed", allowed) if include else None
    if allowed != origin:
        return _name_mismatch(allowed), allowed
    credentials = get_header(headers, "access-control-allow-credentials")
    if include and credentials != "true":
        return "InvalidAllowCredentials", credentials
    return None


def _name_mismatch(allowed: str) -> str:
    if " " in allowed or "," in allowed:
        return "MultipleAllowOriginValues"
    try:
        parse_url(allowed)
    except ValueError:
        return "AllowOriginMismatch" if allowed == OPAQUE else "InvalidAllowOriginValue"
    return "AllowOriginMismatch"


def check_resource_policy(page: str, url: Url, headers: Headers) -> CheckFailure | None:
    """Do the cross-origin resource policy check of a response from `url` for a page.

    >>> headers = (("Cross-Origin-Resource-Policy", "same-origin"),)
    >>> check_resource_policy("https://a.example", parse_url("https://b.example"), headers)
    ('CorpNotSameOrigin', 'same-origin')
    """
    policy = get_header(headers, "cross-origin-resource-policy")
    if policy == "same-origin" and page != url.origin:
        return "CorpNotSameOrigin", policy
    if policy == "same-site":
        is_downgrade = url.scheme == "https" and not page.startswith("https:")
        if is_downgrade or not is_schemelessly_same_site(page, url.origin):
            return "CorpNotSameSite", policy
    return None


def check_preflight(
    origin: str | None,
    method: str,
    unsafe: tuple[str, ...],
    response: HttpResponse,
    *,
    include: bool,
    upload_listener: bool,
    quirks: Quirks,
) -> CheckFailure | None:
    """Check the response to a preflight for `method` and the `unsafe` header names.

    `origin` is the preflight's; None skips the CORS check.
    """
    headers = response.headers
    location = get_header(headers, "location")
    if response.status in REDIRECT_STATUSES and location:
        return "PreflightDisallowedRedirect", location
    problem = None if origin is None else check_cors(origin, headers, include=include)
    if problem is not None:
        return preflight_name(problem[0]), problem[1]
    if not 200 <= response.status <= 299:
        return "PreflightInvalidStatus", str(response.status)
    methods = list_values(headers, "access-control-allow-methods")
    if methods is None:
        value = get_header(headers, "access-control-allow-methods")
        return "InvalidAllowMethodsPreflightResponse", value
    names = list_values(headers, "access-control-allow-headers")
    if names is None:
        value = get_header(headers, "access-control-allow-headers")
        return "InvalidAllowHeadersPreflightResponse", value

    lenient = upload_listener and not quirks.missing_methods_refused
    if lenient and get_header(headers, "access-control-allow-methods") is None:
        methods = (method,)
    if (
        method not in methods
        and method not in SAFELISTED_METHODS
        and (include or ANY not in methods)
    ):
        return "MethodDisallowedByPreflightResponse", method
    return _check_names(names, unsafe, include=include, quirks=quirks)


def _check_names(
    names: tuple[str, ...], unsafe: tuple[str, ...], *, include: bool, quirks: Quirks
) -> CheckFailure | None:
    for name in find_refused_names(names, unsafe, include=include, quirks=quirks):
        return "HeaderDisallowedByPreflightResponse", name
    return None


def find_refused_names(
    names: Iterable[str], unsafe: Iterable[str], *, include: bool, quirks: Quirks
) -> Iterator[str]:
    """Yield the `unsafe` header names that a list of allowed `names` does not allow.

    >>> from corekit.browser import STANDARD
    >>> asked = ["authorization", "x-a"]
    >>> [*find_refused_names(["*"], asked, include=False, quirks=STANDARD)]
    ['authorization']
    """
    allowed = {name.lower() for name in names}
    wildcard = not include and ANY in allowed
    for name in unsafe:
        must_be_listed = name == NON_WILDCARD_HEADER and not quirks.authorization_under_wildcard
        if name not in allowed and (must_be_listed or not wildcard):
            yield name


def readable_headers(headers: Headers, tainting: Tainting, *, include: bool) -> Headers:
    """Return the headers that the page can read: lower case, each once, sorted.

    Source: https://fetch.spec.whatwg.org/#concept-filtered-response-cors

    >>> headers = (("X-A", "1"), ("Pragma", "x"), ("Set-Cookie", "a=b"))
    >>> readable_headers(headers, "cors", include=False)
    (('pragma', 'x'),)
    """
    joined = {name.lower(): value for name, value in join_lines(headers)}
    names = joined.keys() - FORBIDDEN_RESPONSE_HEADERS
    if tainting == "cors":
        exposed = list_values(headers, "access-control-expose-headers") or ()
        if include or ANY not in exposed:
            names &= SAFELISTED_RESPONSE_HEADERS | {name.lower() for name in exposed}
    return tuple((name, joined[name]) for name in sorted(names))
