"""The error reference: every failure by name, with what browsers' consoles print about it.

There are two families of names: Chromium's, from `corekit.browser.failures`, and Firefox's, which
are the titles of MDN's pages (https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors). What
no policy can change is in `other_errors`. The messages are those of Chromium 156, Firefox 153 and
WebKitGTK 2.50, and those of older Firefox versions that MDN still lists. ``{}`` is what differs
from call to call. WebKit prints the same message for several failures: it is listed for the most
frequent one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from corekit.browser import FAILURES
from corekit.browser.failure_kinds import FailureKind

from .other_errors import OTHER_ERRORS, ErrorInfo

__all__ = ["ERRORS", "ErrorInfo", "find_error"]


MAX_MESSAGE: Final = 10_000
_STRAIGHT: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")


def _failure(kind: FailureKind) -> ErrorInfo:
    chromium = tuple(filter(None, (kind.chromium, kind.chromium_variant)))
    console = {"chromium": chromium} if chromium else {}
    if kind.webkit:
        console["webkit"] = (kind.webkit,)
    return ErrorInfo(
        kind.name, kind.describe(), kind.hint, console, kind.firefox, texts_of=kind.name
    )


def _reason(name: str, *console: str, message: str = "", hint: str = "") -> ErrorInfo:
    """Describe a name of Firefox's; the texts are those of its first failure if not given."""
    kinds = [kind for kind in FAILURES.values() if name in kind.firefox]
    return ErrorInfo(
        name,
        message or kinds[0].describe(),
        hint or kinds[0].hint,
        {"firefox": console},
        failures=tuple(kind.name for kind in kinds),
        texts_of="" if message else kinds[0].name,
    )


_FIREFOX: Final = (
    _reason(
        "CORSDisabled",
        "CORS disabled",
        message="CORS is disabled in this Firefox by the preference content.cors.disable.",
        hint="Set content.cors.disable to false in about:config. No server can fix this.",
    ),
    _reason(
        "CORSDidNotSucceed",
        "CORS request did not succeed",
        message="The request did not succeed: the connection failed, the host is unknown, the"
        " certificate is not trusted, or an extension blocked it. Firefox also prints this after"
        " another CORS message, which is then the one to read.",
        hint="Open the URL in a tab and look at the network panel. The policy is not the cause.",
    ),
    _reason(
        "CORSOriginHeaderNotAdded",
        "CORS header 'Origin' cannot be added",
        message="An extension's script in the page made the request. It has the rights of several"
        " origins, so Firefox cannot send one origin.",
        hint="Make the request in the extension's background script, or as the page (content.fetch"
        " in Firefox). No server can fix this.",
    ),
    _reason("CORSExternalRedirectNotAllowed", "CORS request external redirect not allowed"),
    _reason("CORSRequestNotHttp", "CORS request not http"),
    _reason("CORSMissingAllowOrigin", "CORS header 'Access-Control-Allow-Origin' missing"),
    _reason(
        "CORSMultipleAllowOriginNotAllowed",
        "Multiple CORS header 'Access-Control-Allow-Origin' not allowed",
    ),
    _reason(
        "CORSAllowOriginNotMatchingOrigin",
        "CORS header 'Access-Control-Allow-Origin' does not match '{}'",
        message="Access-Control-Allow-Origin in the response is not the page's origin: it is"
        " another origin, a list, or has another port or a trailing slash.",
        hint=FAILURES["AllowOriginMismatch"].hint,
    ),
    _reason(
        "CORSNotSupportingCredentials",
        "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",
    ),
    _reason(
        "CORSMethodNotFound", "Did not find method in CORS header 'Access-Control-Allow-Methods'"
    ),
    _reason(
        "CORSMissingAllowCredentials",
        "expected 'true' in CORS header 'Access-Control-Allow-Credentials'",
    ),
    _reason(
        "CORSPreflightDidNotSucceed",
        "CORS preflight response did not succeed",
        "CORS preflight channel did not succeed",
        message="The preflight response is a redirect, or its status is not in the range 200 to"
        " 299.",
    ),
    _reason(
        "CORSInvalidAllowMethod", "invalid token '{}' in CORS header 'Access-Control-Allow-Methods'"
    ),
    _reason(
        "CORSInvalidAllowHeader", "invalid token '{}' in CORS header 'Access-Control-Allow-Headers'"
    ),
    _reason(
        "CORSMissingAllowHeaderFromPreflight",
        "header '{}' is not allowed according to header 'Access-Control-Allow-Headers' from CORS"
        " preflight response",
        "missing token '{}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight"
        " channel",
    ),
)

ERRORS: Final[Mapping[str, ErrorInfo]] = MappingProxyType(
    {error.name: error for error in (*map(_failure, FAILURES.values()), *_FIREFOX, *OTHER_ERRORS)}
)
"""Every error, by name."""


def find_error(name_or_message: str) -> ErrorInfo | None:
    """Find the error for a name, or for a message that was pasted from a browser's console.

    Names are Chromium's and Firefox's, in any case; quotes may be straight or curly, and lines may
    be broken. Return None for a message that is not known. Only the first 10,000 characters are
    read.

    >>> find_error("CORSMissingAllowOrigin").failures
    ('MissingAllowOriginHeader', 'PreflightMissingAllowOriginHeader')
    >>> find_error(
    ...     "Access to fetch at 'https://api.example.com/' from origin 'https://app.example.com'"
    ...     " has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present"
    ...     " on the requested resource."
    ... ).name
    'MissingAllowOriginHeader'
    """
    found = match_error(name_or_message)
    return found and found[0]


def match_error(name_or_message: str) -> tuple[ErrorInfo, tuple[str, ...]] | None:
    """Like `find_error()`, but return what differs from call to call in the message too."""
    text = " ".join(name_or_message[:MAX_MESSAGE].translate(_STRAIGHT).split())
    # Firefox numbers the messages of one name: CORSDidNotSucceed2.
    named = _NAMES.get(text.rstrip("0123456789").lower())
    if named is not None:
        return named, ()
    matches = ((error, search(text)) for error, search in _PATTERNS)
    return next(((error, found.groups()) for error, found in matches if found), None)


def _compile(message: str) -> re.Pattern[str]:
    # Bounded gaps, so that no text can make this slow.
    return re.compile(
        "(.{0,500}?)".join(map(re.escape, message.removeprefix("net::").rstrip(".").split("{}"))),
        re.IGNORECASE,
    )


_NAMES: Final = {name.lower(): error for name, error in ERRORS.items()}
_MESSAGES: Final = [
    (message, error)
    for error in ERRORS.values()
    for messages in error.console.values()
    for message in messages
]
# The longest first: those about preflights contain the others.
_PATTERNS: Final = tuple(
    (error, _compile(message).search)
    for message, error in sorted(_MESSAGES, key=lambda each: -len(each[0]))
)
