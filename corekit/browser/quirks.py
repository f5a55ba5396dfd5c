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

    `max_age_cap`
        How long an answer to a preflight is kept at most, in seconds; None for no limit.
    `authorization_under_wildcard`
        ``*`` in Access-Control-Allow-Headers covers Authorization, which the standard excepts.
    `missing_methods_refused`
        With an upload listener, a preflight's answer without Access-Control-Allow-Methods refuses
        a method that is not safelisted; by the standard it would grant it.
    `negative_max_age_expires`
        A negative Access-Control-Max-Age is 0; by the standard it is malformed, and so 5.
    `wildcard_is_not_cached`
        A cached ``*`` covers no other method or header than the one that was asked for.
    `wildcard_cached_with_credentials`
        By the standard's letter a cached ``*`` covers every method and header even with
        credentials, though the preflight that brought it took it for a name. No browser does that.
    `one_answer_per_url`
        A new answer to a preflight replaces the cached one; by the standard it adds to it.
    `credentials_apart`
        What was granted with credentials is not used again without them.
    `failure_keeps_cache`
        A failed request leaves what is cached for its URL; by the standard it clears it.
    `preflight_after_303`
        A redirect with 303 that turns a preflighted request into a GET is preflighted again.
    """

    name: str = "standard"
    max_age_cap: int | None = None
    authorization_under_wildcard: bool = False
    missing_methods_refused: bool = False
    negative_max_age_expires: bool = False
    wildcard_is_not_cached: bool = False
    wildcard_cached_with_credentials: bool = True
    one_answer_per_url: bool = False
    credentials_apart: bool = False
    failure_keeps_cache: bool = False
    preflight_after_303: bool = False


STANDARD: Final = Quirks()

CHROMIUM: Final = Quirks(
    name="chromium",
    max_age_cap=7200,
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    negative_max_age_expires=True,
    wildcard_cached_with_credentials=False,
    one_answer_per_url=True,
    failure_keeps_cache=True,
)

FIREFOX: Final = Quirks(
    name="firefox",
    max_age_cap=86400,
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    negative_max_age_expires=True,
    wildcard_is_not_cached=True,
    wildcard_cached_with_credentials=False,
    credentials_apart=True,
    preflight_after_303=True,
)

WEBKIT: Final = Quirks(
    name="webkit",
    max_age_cap=600,
    authorization_under_wildcard=True,
    missing_methods_refused=True,
    negative_max_age_expires=True,
    wildcard_cached_with_credentials=False,
    one_answer_per_url=True,
    failure_keeps_cache=True,
    preflight_after_303=True,
)

ENGINES: Final[Mapping[str, Quirks]] = MappingProxyType(
    {quirks.name: quirks for quirks in (STANDARD, CHROMIUM, FIREFOX, WEBKIT)}
)
"""The engines by name, for whoever chooses one by a word."""
