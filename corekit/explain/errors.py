"""The error reference: every failure by name, with what browsers' consoles print about it.

There are two families of names: Chromium's, from `corekit.browser.failures`, and Firefox's, which
are the titles of MDN's pages (https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors). The
messages are those of Chromium 156, Firefox 153 and WebKitGTK 2.50, and those of older Firefox
versions that MDN still lists. ``{}`` is what differs from call to call. WebKit prints the same
message for several failures: it is listed for the most frequent one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from corekit.browser import FAILURES
from corekit.browser.failures import preflight_name


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One failure: its name, what happened and how to fix it.

    `name` is Chromium's or Firefox's. `console` holds the messages of browsers' consoles by engine.
    `reasons` are Firefox's names for a failure of Chromium's, `failures` Chromium's names for one
    of Firefox's.
    """

    name: str
    message: str
    hint: str
    console: Mapping[str, tuple[str, ...]]
    reasons: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


_MAX_MESSAGE: Final = 10_000
_STRAIGHT: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")
_PREFLIGHT: Final = "Response to preflight request doesn't pass access control check: "

_CHECKS: Final = {
    "MissingAllowOriginHeader": (
        "No 'Access-Control-Allow-Origin' header is present on the requested resource."
    ),
    "MultipleAllowOriginValues": (
        "The 'Access-Control-Allow-Origin' header contains multiple values '{}', but only one is"
        " allowed."
    ),
    "InvalidAllowOriginValue": (
        "The 'Access-Control-Allow-Origin' header contains the invalid value '{}'."
    ),
    "AllowOriginMismatch": (
        "The 'Access-Control-Allow-Origin' header has a value '{}' that is not equal to the"
        " supplied origin."
    ),
    "WildcardOriginNotAllowed": (
        "The value of the 'Access-Control-Allow-Origin' header in the response must not be the"
        " wildcard '*' when the request's credentials mode is 'include'."
    ),
    "InvalidAllowCredentials": (
        "The value of the 'Access-Control-Allow-Credentials' header in the response is '{}' which"
        " must be 'true' when the request's credentials mode is 'include'."
    ),
}
"""Chromium's messages about the CORS check; about a preflight, they follow `_PREFLIGHT`."""

_CHROMIUM: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (message,) for name, message in _CHECKS.items()},
    **{preflight_name(name): (f"{_PREFLIGHT}{message}",) for name, message in _CHECKS.items()},
    "PreflightInvalidStatus": (f"{_PREFLIGHT}It does not have HTTP ok status.",),
    "PreflightDisallowedRedirect": (
        f"{_PREFLIGHT}Redirect is not allowed for a preflight request.",
    ),
    "InvalidAllowMethodsPreflightResponse": (
        "Cannot parse Access-Control-Allow-Methods response header field in preflight response.",
    ),
    "InvalidAllowHeadersPreflightResponse": (
        "Cannot parse Access-Control-Allow-Headers response header field in preflight response.",
    ),
    "MethodDisallowedByPreflightResponse": (
        "Method {} is not allowed by Access-Control-Allow-Methods in preflight response.",
    ),
    "HeaderDisallowedByPreflightResponse": (
        (
            "Request header field {} is not allowed by Access-Control-Allow-Headers in preflight"
            " response."
        ),
    ),
    "RedirectContainsCredentials": (
        (
            "Redirect location '{}' contains a username and password, which is disallowed for"
            " cross-origin requests."
        ),
    ),
    "CorsDisabledScheme": (
        "Cross origin requests are only supported for protocol schemes: {}.",
        'Fetch API cannot load {}. URL scheme "{}" is not supported.',
    ),
    "DisallowedByMode": (
        'Request mode is "same-origin" but the URL\'s origin is not same as the request origin {}.',
        (
            "Unsafe attempt to load URL {} from frame with URL {}. Domains, protocols and ports"
            " must match."
        ),
    ),
    "MixedContent": (
        (
            "Mixed Content: The page at '{}' was loaded over HTTPS, but requested an insecure"
            " resource '{}'."
        ),
    ),
}

_WEBKIT: Final[Mapping[str, str]] = {
    "MissingAllowOriginHeader": "Origin {} is not allowed by Access-Control-Allow-Origin.",
    "MultipleAllowOriginValues": "Access-Control-Allow-Origin cannot contain more than one origin.",
    "WildcardOriginNotAllowed": (
        "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true."
    ),
    "InvalidAllowCredentials": (
        'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".'
    ),
    "PreflightInvalidStatus": "Preflight response is not successful. Status code: {}",
    "InvalidAllowMethodsPreflightResponse": (
        "Header Access-Control-Allow-Methods has an invalid value: {}"
    ),
    "InvalidAllowHeadersPreflightResponse": (
        "Header Access-Control-Allow-Headers has an invalid value: {}"
    ),
    "MethodDisallowedByPreflightResponse": (
        "Method {} is not allowed by Access-Control-Allow-Methods."
    ),
    "HeaderDisallowedByPreflightResponse": (
        "Request header field {} is not allowed by Access-Control-Allow-Headers."
    ),
    "RedirectContainsCredentials": (
        "Cross-origin redirection to {} denied by Cross-Origin Resource Sharing policy:"
        " redirection URL {} has credentials"
    ),
    "CorsDisabledScheme": "Cross origin requests are only supported for HTTP.",
    "DisallowedByMode": (
        "Unsafe attempt to load URL {} from origin {}. Domains, protocols and ports must match."
    ),
}


def _both(*names: str) -> tuple[str, ...]:
    return (*names, *map(preflight_name, names))


_FIREFOX: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "CORSDisabled": (("CORS disabled",), ()),
    "CORSDidNotSucceed": (
        ("CORS request did not succeed",),
        ("RedirectContainsCredentials", "TooManyRedirects", "InvalidRedirect"),
    ),
    "CORSOriginHeaderNotAdded": (("CORS header 'Origin' cannot be added",), ()),
    "CORSExternalRedirectNotAllowed": (
        ("CORS request external redirect not allowed",),
        ("PreflightDisallowedRedirect",),
    ),
    "CORSRequestNotHttp": (("CORS request not http",), ("CorsDisabledScheme",)),
    "CORSMissingAllowOrigin": (
        ("CORS header 'Access-Control-Allow-Origin' missing",),
        _both("MissingAllowOriginHeader"),
    ),
    "CORSMultipleAllowOriginNotAllowed": (
        ("Multiple CORS header 'Access-Control-Allow-Origin' not allowed",),
        _both("MultipleAllowOriginValues"),
    ),
    "CORSAllowOriginNotMatchingOrigin": (
        ("CORS header 'Access-Control-Allow-Origin' does not match '{}'",),
        _both("AllowOriginMismatch", "InvalidAllowOriginValue", "MultipleAllowOriginValues"),
    ),
    "CORSNotSupportingCredentials": (
        ("Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",),
        _both("WildcardOriginNotAllowed"),
    ),
    "CORSMethodNotFound": (
        ("Did not find method in CORS header 'Access-Control-Allow-Methods'",),
        ("MethodDisallowedByPreflightResponse",),
    ),
    "CORSMissingAllowCredentials": (
        ("expected 'true' in CORS header 'Access-Control-Allow-Credentials'",),
        _both("InvalidAllowCredentials"),
    ),
    "CORSPreflightDidNotSucceed": (
        ("CORS preflight response did not succeed", "CORS preflight channel did not succeed"),
        ("PreflightInvalidStatus", "PreflightDisallowedRedirect"),
    ),
    "CORSInvalidAllowMethod": (
        ("invalid token '{}' in CORS header 'Access-Control-Allow-Methods'",),
        ("InvalidAllowMethodsPreflightResponse",),
    ),
    "CORSInvalidAllowHeader": (
        ("invalid token '{}' in CORS header 'Access-Control-Allow-Headers'",),
        ("InvalidAllowHeadersPreflightResponse",),
    ),
    "CORSMissingAllowHeaderFromPreflight": (
        (
            (
                "header '{}' is not allowed according to header 'Access-Control-Allow-Headers' from"
                " CORS preflight response"
            ),
            (
                "missing token '{}' in CORS header 'Access-Control-Allow-Headers' from CORS"
                " preflight channel"
            ),
        ),
        ("HeaderDisallowedByPreflightResponse",),
    ),
}
"""By Firefox's name: its messages, and Chromium's names for the same."""

_FIREFOX_ONLY: Final[Mapping[str, tuple[str, str]]] = {
    "CORSDisabled": (
        "CORS is disabled in this Firefox by the preference content.cors.disable.",
        "Set content.cors.disable to false in about:config. No server can fix this.",
    ),
    "CORSDidNotSucceed": (
        (
            "The request did not succeed: the connection failed, the host is unknown, the"
            " certificate is not trusted, or an extension blocked it. Firefox also prints this"
            " after another CORS message, which is then the one to read."
        ),
        "Open the URL in a tab and look at the network panel. The policy is not the cause.",
    ),
    "CORSOriginHeaderNotAdded": (
        (
            "An extension's script in the page made the request. It has the rights of several"
            " origins, so Firefox cannot send one origin."
        ),
        (
            "Make the request in the extension's background script, or as the page (content.fetch"
            " in Firefox). No server can fix this."
        ),
    ),
    "CORSAllowOriginNotMatchingOrigin": (
        (
            "Access-Control-Allow-Origin in the response is not the page's origin: it is another"
            " origin, a list, or has another port or a trailing slash."
        ),
        FAILURES["AllowOriginMismatch"].hint,
    ),
    "CORSPreflightDidNotSucceed": (
        "The preflight response is a redirect, or its status is not in the range 200 to 299.",
        FAILURES["PreflightInvalidStatus"].hint,
    ),
}
"""Messages and hints for Firefox's names that are not another name for one failure."""


def _explain_reason(name: str) -> ErrorInfo:
    console, failures = _FIREFOX[name]
    if name in _FIREFOX_ONLY:
        message, hint = _FIREFOX_ONLY[name]
    else:
        kind = FAILURES[next(iter(failures))]
        message, hint = kind.describe(), kind.hint
    return ErrorInfo(name, message, hint, {"firefox": console}, failures=failures)


def _explain_failure(name: str) -> ErrorInfo:
    kind = FAILURES[name]
    console = {"chromium": _CHROMIUM[name]} if name in _CHROMIUM else {}
    if name in _WEBKIT:
        console["webkit"] = (_WEBKIT[name],)
    reasons = tuple(each for each, (_, failures) in _FIREFOX.items() if name in failures)
    return ErrorInfo(name, kind.describe(), kind.hint, console, reasons)


ERRORS: Final[Mapping[str, ErrorInfo]] = MappingProxyType(
    {
        **{name: _explain_failure(name) for name in FAILURES},
        **{name: _explain_reason(name) for name in _FIREFOX},
    }
)
"""Every failure, by Chromium's name or by Firefox's."""


def find_error(name_or_message: str) -> ErrorInfo | None:
    """Find the error for a name, or for a message that was pasted from a browser's console.

    Names are Chromium's and Firefox's, in any case; quotes may be straight or curly, and lines may
    be broken. Return None for a message that is not about CORS. Only the first 10,000 characters
    are read.

    >>> find_error("CORSMissingAllowOrigin").failures
    ('MissingAllowOriginHeader', 'PreflightMissingAllowOriginHeader')
    >>> find_error(
    ...     "Access to fetch at 'https://api.example.com/' from origin 'https://app.example.com'"
    ...     " has been blocked by CORS policy: No 'Access-Control-Allow-Origin' header is present"
    ...     " on the requested resource."
    ... ).name
    'MissingAllowOriginHeader'
    """
    text = " ".join(name_or_message[:_MAX_MESSAGE].translate(_STRAIGHT).split())
    # Firefox numbers the messages of one name: CORSDidNotSucceed2.
    name = _NAMES.get(text.rstrip("0123456789").lower())
    if name is None:
        name = next((each for each, is_in in _PATTERNS if is_in(text)), None)
    return ERRORS[name] if name is not None else None


def _compile(message: str) -> re.Pattern[str]:
    # Bounded gaps, so that no text can make this slow.
    return re.compile(
        ".{0,500}?".join(map(re.escape, message.rstrip(".").split("{}"))), re.IGNORECASE
    )


_NAMES: Final = {name.lower(): name for name in ERRORS}
_MESSAGES: Final = [
    (message, error.name)
    for error in ERRORS.values()
    for messages in error.console.values()
    for message in messages
]
# The longest first: those about preflights contain the others.
_PATTERNS: Final = tuple(
    (name, _compile(message).search)
    for message, name in sorted(_MESSAGES, key=lambda each: -len(each[0]))
)
