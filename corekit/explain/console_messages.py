"""What browsers' consoles say of each failure, and finding the entry for what somebody pasted.

The messages are those of Chromium 156, Firefox 153 and WebKitGTK 2.50, and of older Firefoxes
where MDN still has them. ``{}`` stands for what differs from call to call. WebKit says the same of
several failures: its messages stand with the most frequent one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from corekit.browser.failures import preflight_name

from .errors import ERRORS, ErrorInfo

__all__ = ["MESSAGES", "find_error"]

_MAX_MESSAGE: Final = 10_000
_PREFLIGHT: Final = "Response to preflight request doesn't pass access control check: "
_STRAIGHT: Final = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")

_CHROMIUM_CHECKS: Final = {
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

_CHROMIUM: Final = {
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

_WEBKIT: Final = {
    "MissingAllowOriginHeader": ("Origin {} is not allowed by Access-Control-Allow-Origin.",),
    "MultipleAllowOriginValues": (
        "Access-Control-Allow-Origin cannot contain more than one origin.",
    ),
    "WildcardOriginNotAllowed": (
        "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.",
    ),
    "InvalidAllowCredentials": (
        'Credentials flag is true, but Access-Control-Allow-Credentials is not "true".',
    ),
    "PreflightInvalidStatus": ("Preflight response is not successful. Status code: {}",),
    "InvalidAllowMethodsPreflightResponse": (
        "Header Access-Control-Allow-Methods has an invalid value: {}",
    ),
    "InvalidAllowHeadersPreflightResponse": (
        "Header Access-Control-Allow-Headers has an invalid value: {}",
    ),
    "MethodDisallowedByPreflightResponse": (
        "Method {} is not allowed by Access-Control-Allow-Methods.",
    ),
    "HeaderDisallowedByPreflightResponse": (
        "Request header field {} is not allowed by Access-Control-Allow-Headers.",
    ),
    "RedirectContainsCredentials": (
        (
            "Cross-origin redirection to {} denied by Cross-Origin Resource Sharing policy:"
            " redirection URL {} has credentials"
        ),
    ),
    "CorsDisabledScheme": ("Cross origin requests are only supported for HTTP.",),
    "DisallowedByMode": (
        "Unsafe attempt to load URL {} from origin {}. Domains, protocols and ports must match.",
    ),
}

_FIREFOX: Final = {
    "CORSDisabled": ("CORS disabled",),
    "CORSDidNotSucceed": ("CORS request did not succeed",),
    "CORSOriginHeaderNotAdded": ("CORS header 'Origin' cannot be added",),
    "CORSExternalRedirectNotAllowed": ("CORS request external redirect not allowed",),
    "CORSRequestNotHttp": ("CORS request not http",),
    "CORSMissingAllowOrigin": ("CORS header 'Access-Control-Allow-Origin' missing",),
    "CORSMultipleAllowOriginNotAllowed": (
        "Multiple CORS header 'Access-Control-Allow-Origin' not allowed",
    ),
    "CORSAllowOriginNotMatchingOrigin": (
        "CORS header 'Access-Control-Allow-Origin' does not match '{}'",
    ),
    "CORSNotSupportingCredentials": (
        "Credential is not supported if the CORS header 'Access-Control-Allow-Origin' is '*'",
    ),
    "CORSMethodNotFound": ("Did not find method in CORS header 'Access-Control-Allow-Methods'",),
    "CORSMissingAllowCredentials": (
        "expected 'true' in CORS header 'Access-Control-Allow-Credentials'",
    ),
    "CORSPreflightDidNotSucceed": (
        "CORS preflight response did not succeed",
        "CORS preflight channel did not succeed",
    ),
    "CORSInvalidAllowMethod": ("invalid token '{}' in CORS header 'Access-Control-Allow-Methods'",),
    "CORSInvalidAllowHeader": ("invalid token '{}' in CORS header 'Access-Control-Allow-Headers'",),
    "CORSMissingAllowHeaderFromPreflight": (
        (
            "header '{}' is not allowed according to header 'Access-Control-Allow-Headers' from"
            " CORS preflight response"
        ),
        (
            "missing token '{}' in CORS header 'Access-Control-Allow-Headers' from CORS preflight"
            " channel"
        ),
    ),
}

_OF_PREFLIGHTS: Final = {
    preflight_name(name): (f"{_PREFLIGHT}{message}",) for name, message in _CHROMIUM_CHECKS.items()
}

MESSAGES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        # Those of preflights first: they hold the others.
        "chromium": MappingProxyType(
            {
                **_OF_PREFLIGHTS,
                **{name: (message,) for name, message in _CHROMIUM_CHECKS.items()},
                **_CHROMIUM,
            }
        ),
        "firefox": MappingProxyType(_FIREFOX),
        "webkit": MappingProxyType(_WEBKIT),
    }
)
"""By engine and by the name of an entry: the messages that its console has for it."""


def find_error(name_or_message: str) -> ErrorInfo | None:
    """Find the entry for a name, or for a message that was pasted from a browser's console.

    Names are Chromium's and Firefox's, in any case; quotes may be straight or curly, and lines may
    be broken. Returns None for what is none of CORS. Only the first 10,000 characters are read.

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
_PATTERNS: Final = tuple(
    (name, _compile(message).search)
    for engine in MESSAGES.values()
    for name, messages in engine.items()
    for message in messages
)
