"""Where browsers deviate from the standard: named quirks, and the engines that have them.

The model's default is the standard. Each quirk was observed in the version that docs/browsers.md
names, and the tests check it in those browsers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Quirks:
    """An engine's deviations from https://fetch.spec.whatwg.org/; none by default."""

    name: str = "standard"
    authorization_under_wildcard: bool = False
    """``*`` in Access-Control-Allow-Headers covers Authorization, which the standard excludes."""
    missing_methods_refused: bool = False
    """With an upload listener, a preflight response without Access-Control-Allow-Methods does not
    allow a method that is not safelisted; by the standard it does."""
    client_hints: bool = False
    """``Save-Data``, ``DPR`` and six others with valid values need no preflight. After a
    redirect to another server than the page's own, only ``Save-Data`` is still sent."""
    user_agent_is_forbidden: bool = False
    """Scripts cannot set User-Agent."""
    repeated_headers_are_joined: bool = False
    """A header that is set twice is judged by its joined value; by the standard, each line is
    judged alone."""
    repeated_headers_are_listed: bool = False
    """A preflight lists a header twice that is set twice."""
    safelisted_total_is_unlimited: bool = False
    """More than 1,024 bytes of safelisted values need no preflight either."""
    max_range: int | None = None
    """The largest number in a safelisted Range; None for no limit."""
    range_is_lenient: bool = False
    """``BYTES=`` and a plus sign before a number are safelisted in Range."""
    upload_listener_needs_body: bool = False
    """An upload listener makes no difference to a request without a body."""
    blob_type_is_sent: bool = False
    """A ``no-cors`` request has the Content-Type of its Blob, whatever it is; by the standard, only
    a safelisted one. **A server cannot conclude from JSON that there was a preflight.**"""
    max_age_cap: int | None = None
    """The longest time that a preflight response is cached, in seconds; None for no limit."""
    negative_max_age_expires: bool = False
    malformed_max_age_expires: bool = False
    """A negative, or any malformed, Access-Control-Max-Age is 0; by the standard it is 5."""
    max_age_is_signed: bool = False
    """Access-Control-Max-Age is a signed number of 64 bits: a larger one is malformed, and a plus
    sign is not. By the standard, it has no sign and no limit."""
    one_response_per_url: bool = False
    """A preflight response is cached as a whole: if it does not cover a request it is dropped, and
    a new one replaces it; by the standard, a new one adds to it."""
    rejected_response_is_cached: bool = False
    """A response that allows the origin is cached even if it does not allow the method or a
    header."""
    any_response_covers_safelisted_methods: bool = False
    """With an upload listener, a cached response covers GET, HEAD and POST whatever it lists."""
    head_is_cached_by_name_only: bool = False
    """A cached response covers a HEAD that needs a preflight only if it lists HEAD."""
    wildcard_is_not_cached: bool = False
    """A cached ``*`` covers no other method or header than ``*``."""
    wildcard_is_cached_with_credentials: bool = True
    """By the letter of the standard a cached ``*`` covers every method and header even with
    credentials, though the preflight itself read it as a name. No browser does that."""
    cached_wildcard_depends_on_request: bool = False
    """Whether a cached ``*`` is a wildcard depends on the credentials of the request that it may
    cover; otherwise on those of the request whose preflight it answered."""
    authorization_under_cached_wildcard: bool = False
    """A cached ``*`` covers Authorization too."""
    credentials_apart: bool = False
    """A response to a request with credentials covers no requests without credentials."""
    opaque_page_is_not_cached: bool = False
    """Responses to a page with an opaque origin are not cached."""
    tainted_origin_is_not_cached: bool = False
    """Responses are not cached after a redirect has made the origin opaque."""
    failure_keeps_cache: bool = False
    only_cors_failure_clears_cache: bool = False
    """A failed request does not clear the cache for its URL; or it does so only if CORS is the
    cause, but then even if it needed no preflight. By the standard, every failure of a request that
    needs a preflight clears it."""
    preflight_after_redirect: bool = False
    """A preflighted request is preflighted again after a redirect, even if it has become a GET or
    lost the header that made it need one."""
    preflight_untainted: bool = False
    """After cross-origin redirects, when the origin of the request is ``null``, a preflight still
    has the page's origin, and one to the page's own server needs no Access-Control-Allow-Origin."""
    preflight_lists_dropped_headers: bool = False
    """After a redirect a preflight still lists all headers that the page set, though Authorization
    or Content-Type is no longer sent."""
    preflight_after_own_redirect: bool = False
    """So is a request to the page's own server that would need a preflight at another one because
    of its headers."""
    dropped_headers_return: bool = False
    """Authorization, which one redirect drops, is sent again after the next; Content-Type is only
    listed in the preflight again."""
    body_headers_return: bool = False
    """Content-Type and Content-Language, which one redirect drops, are sent again after the next,
    unless both lead to the page's own server."""
    credentials_survive_redirect: bool = False
    """After a redirect from the page's own server, a request with the credentials mode
    ``same-origin`` has credentials at the other server too in the mode ``no-cors``; in the mode
    ``cors``, a second redirect is checked as if it had."""
    redirect_without_user_name: bool = False
    """A redirect to a URL with a user name fails without CORS too, unless the page uses
    XMLHttpRequest."""
    origin_survives_get: bool = False
    """A POST to the page's own server that a redirect turns into a GET still has an Origin."""
    delete_becomes_get: bool = False
    """A cross-origin redirect turns DELETE into GET, whatever its status."""
    origin_survives_downgrade: bool = False
    """A ``no-cors`` POST from an HTTPS page to an HTTP URL has the page's origin; by the standard
    and the default referrer policy, it has ``null``."""
    loopback_is_mixed_content: bool = False
    """An HTTPS page cannot request an HTTP URL even on the same machine."""


STANDARD: Final = Quirks()

_BROWSERS: Final = Quirks(
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    negative_max_age_expires=True,
    any_response_covers_safelisted_methods=True,
    wildcard_is_cached_with_credentials=False,
)
"""What all three engines have in common."""

CHROMIUM: Final = replace(
    _BROWSERS,
    name="chromium",
    client_hints=True,
    user_agent_is_forbidden=True,
    repeated_headers_are_joined=True,
    max_range=2**63 - 2,
    upload_listener_needs_body=True,
    max_age_cap=7200,
    max_age_is_signed=True,
    one_response_per_url=True,
    opaque_page_is_not_cached=True,
    tainted_origin_is_not_cached=True,
    failure_keeps_cache=True,
    redirect_without_user_name=True,
    origin_survives_downgrade=True,
)

FIREFOX: Final = replace(
    _BROWSERS,
    name="firefox",
    repeated_headers_are_listed=True,
    safelisted_total_is_unlimited=True,
    max_range=2**64 - 1,
    max_age_cap=86400,
    malformed_max_age_expires=True,
    head_is_cached_by_name_only=True,
    wildcard_is_not_cached=True,
    credentials_apart=True,
    only_cors_failure_clears_cache=True,
    preflight_after_redirect=True,
    preflight_after_own_redirect=True,
    preflight_untainted=True,
    dropped_headers_return=True,
)

WEBKIT: Final = replace(
    _BROWSERS,
    name="webkit",
    repeated_headers_are_joined=True,
    max_range=2**64 - 1,
    range_is_lenient=True,
    blob_type_is_sent=True,
    max_age_cap=600,
    max_age_is_signed=True,
    one_response_per_url=True,
    rejected_response_is_cached=True,
    cached_wildcard_depends_on_request=True,
    authorization_under_cached_wildcard=True,
    tainted_origin_is_not_cached=True,
    failure_keeps_cache=True,
    preflight_after_redirect=True,
    preflight_lists_dropped_headers=True,
    body_headers_return=True,
    origin_survives_get=True,
    credentials_survive_redirect=True,
    delete_becomes_get=True,
    loopback_is_mixed_content=True,
)

ENGINES: Final[Mapping[str, Quirks]] = MappingProxyType(
    {quirks.name: quirks for quirks in (STANDARD, CHROMIUM, FIREFOX, WEBKIT)}
)
"""The engines by name."""
