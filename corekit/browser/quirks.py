"""Where browsers depart from the standard: one named quirk each, and the engines that have them.

The standard is the model's default. Each quirk was seen in the version that docs/browsers.md names,
and the tests drive those browsers to see it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["CHROMIUM", "ENGINES", "FIREFOX", "STANDARD", "WEBKIT", "Quirks"]


@dataclass(frozen=True, slots=True)
class Quirks:
    """An engine's departures from https://fetch.spec.whatwg.org/; without any, the standard itself.

    `authorization_under_wildcard`
        ``*`` in Access-Control-Allow-Headers covers Authorization, which the standard excepts.
    `missing_methods_refused`
        With an upload listener, a preflight's answer without Access-Control-Allow-Methods refuses
        a method that is not safelisted; by the standard it would grant it.
    `max_age_cap`
        How long an answer to a preflight is kept at most, in seconds; None for no limit.
    `negative_max_age_expires`, `malformed_max_age_expires`
        A negative or any malformed Access-Control-Max-Age is 0; by the standard it is 5.
    `one_answer_per_url`
        A preflight's answer is cached as a whole: where it does not cover a request it is dropped,
        and a new one takes its place; by the standard, a new one adds to it.
    `refused_answer_is_cached`
        An answer that allows the origin is cached even where it refuses the method or a header.
    `any_answer_covers_safelisted_methods`
        With an upload listener, a cached answer covers GET, HEAD and POST whatever it names.
    `head_is_cached_by_name_only`
        A cached answer covers a HEAD that needs a preflight only if it names HEAD.
    `wildcard_is_not_cached`
        A cached ``*`` covers no other method or header than ``*``.
    `wildcard_is_cached_with_credentials`
        By the standard's letter a cached ``*`` covers every method and header even with
        credentials, though the preflight that brought it took it for a name. No browser does that.
    `cached_wildcard_is_judged_by_request`
        Whether a cached ``*`` is one is decided by the credentials of the request that it is to
        cover; otherwise by those of the request that it was an answer to.
    `authorization_under_cached_wildcard`
        A cached ``*`` covers Authorization too.
    `credentials_apart`
        What was granted with credentials is not used again without them.
    `opaque_page_is_not_cached`
        What was granted to a page with an opaque origin is not used again.
    `tainted_origin_is_not_cached`
        What was granted after a redirect had made the origin opaque is not used again.
    `failure_keeps_cache`, `only_cors_failure_clears_cache`
        A failed request leaves what is cached for its URL; or it clears it only if CORS made it
        fail, but then even if it needed no preflight. By the standard it clears it if it was one
        that needs a preflight, whatever failed.
    `preflight_after_redirect`
        A preflighted request is preflighted again where it is redirected to, even if it became a
        GET or lost the header that made it need one.
    `preflight_untainted`
        After redirects between origins, where the origin of the request is ``null``, a preflight
        still has the page's, and one to the page's own server needs no Access-Control-Allow-Origin.
    `preflight_asks_dropped_headers`
        After a redirect a preflight still asks for all headers that the page had set, though
        Authorization or Content-Type is not sent any more.
    `dropped_headers_return`
        What one redirect drops, such as Authorization, is sent again after the next.
    `delete_becomes_get`
        A redirect to another origin turns DELETE into GET, whatever its status.
    `origin_survives_downgrade`
        A ``no-cors`` POST of a page of https to plain http has the page's origin; by the standard,
        and the referrer policy that pages have by default, it has ``null``.
    `loopback_is_mixed_content`
        A page of https cannot call plain http even on this very machine.
    """

    name: str = "standard"
    authorization_under_wildcard: bool = False
    missing_methods_refused: bool = False
    max_age_cap: int | None = None
    negative_max_age_expires: bool = False
    malformed_max_age_expires: bool = False
    one_answer_per_url: bool = False
    refused_answer_is_cached: bool = False
    any_answer_covers_safelisted_methods: bool = False
    head_is_cached_by_name_only: bool = False
    wildcard_is_not_cached: bool = False
    wildcard_is_cached_with_credentials: bool = True
    cached_wildcard_is_judged_by_request: bool = False
    authorization_under_cached_wildcard: bool = False
    credentials_apart: bool = False
    opaque_page_is_not_cached: bool = False
    tainted_origin_is_not_cached: bool = False
    failure_keeps_cache: bool = False
    only_cors_failure_clears_cache: bool = False
    preflight_after_redirect: bool = False
    preflight_untainted: bool = False
    preflight_asks_dropped_headers: bool = False
    dropped_headers_return: bool = False
    delete_becomes_get: bool = False
    origin_survives_downgrade: bool = False
    loopback_is_mixed_content: bool = False


STANDARD: Final = Quirks()

CHROMIUM: Final = Quirks(
    name="chromium",
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    max_age_cap=7200,
    negative_max_age_expires=True,
    one_answer_per_url=True,
    any_answer_covers_safelisted_methods=True,
    wildcard_is_cached_with_credentials=False,
    opaque_page_is_not_cached=True,
    tainted_origin_is_not_cached=True,
    failure_keeps_cache=True,
    origin_survives_downgrade=True,
)

FIREFOX: Final = Quirks(
    name="firefox",
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    max_age_cap=86400,
    negative_max_age_expires=True,
    malformed_max_age_expires=True,
    any_answer_covers_safelisted_methods=True,
    head_is_cached_by_name_only=True,
    wildcard_is_not_cached=True,
    wildcard_is_cached_with_credentials=False,
    credentials_apart=True,
    only_cors_failure_clears_cache=True,
    preflight_after_redirect=True,
    preflight_untainted=True,
    dropped_headers_return=True,
)

WEBKIT: Final = Quirks(
    name="webkit",
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    max_age_cap=600,
    negative_max_age_expires=True,
    one_answer_per_url=True,
    refused_answer_is_cached=True,
    any_answer_covers_safelisted_methods=True,
    wildcard_is_cached_with_credentials=False,
    cached_wildcard_is_judged_by_request=True,
    authorization_under_cached_wildcard=True,
    tainted_origin_is_not_cached=True,
    failure_keeps_cache=True,
    preflight_after_redirect=True,
    preflight_asks_dropped_headers=True,
    delete_becomes_get=True,
    loopback_is_mixed_content=True,
)

ENGINES: Final[Mapping[str, Quirks]] = MappingProxyType(
    {quirks.name: quirks for quirks in (STANDARD, CHROMIUM, FIREFOX, WEBKIT)}
)
"""The engines by name, for whoever chooses one by a word."""
