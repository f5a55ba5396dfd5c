"""What a message of a browser's console says about the call that failed, to repeat the call.

Chromium names the URL and the page, Firefox the URL, WebKit either. The method or the header is
named if a preflight response does not allow it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from corekit._names import is_token
from corekit._origins import is_serialized_origin
from corekit.browser import FAILURES
from corekit.browser.checks import REFUSALS
from corekit.browser.urls import parse_url

from .errors import MAX_MESSAGE, ErrorInfo, match_error
from .looking_up import MAYBE_UNKNOWN_STATUS

_URL: Final = r"(https?://[^'\s]{1,2000}?)"
_find_call = re.compile(
    rf" at '{_URL}'(?: \(redirected from '{_URL}'\))? from origin '([^'\s]{{1,400}})'"
).search
_find_url = re.compile(
    rf" (?:remote resource at {_URL}\.?(?:\s|$)|cannot load {_URL} due to access control)"
).search
_find_page = re.compile(r"\bOrigin (\S{1,400}) is not allowed by").search

_is_unavailable = re.compile(r"Status code: 503\b").search

_NAMING: Final = REFUSALS | {
    "AllowOriginMismatch",
    "InvalidAllowCredentials",
    "InsecureLocalNetwork",
    "InvalidAllowOriginValue",
    "LocalNetworkAccessPermissionDenied",
    "MultipleAllowOriginValues",
}
"""The failures whose messages name the value that caused them."""

_OF_CREDENTIALS: Final = frozenset({"InvalidAllowCredentials", "WildcardOriginNotAllowed"})
_TO_ADD: Final = {
    "MethodDisallowedByPreflightResponse": "method",
    "HeaderDisallowedByPreflightResponse": "header",
}


@dataclass(frozen=True, slots=True)
class ConsoleMessage:
    """A known message, and what it says about the call; None for what it does not say.

    `message` and `hint` are those of the error, with the names from the message. `url` is the one
    that the page called, `page` its origin. `method` and `header` are what the preflight response
    does not allow. `credentials` is whether the request includes credentials, `has_preflight`
    whether a preflight failed. `is_repeatable` is whether the server has a part in the failure, so
    that another call can show it.
    """

    error: ErrorInfo
    message: str
    hint: str
    url: str | None = None
    page: str | None = None
    method: str | None = None
    header: str | None = None
    credentials: bool = False
    has_preflight: bool = False
    is_repeatable: bool = False


def read_message(text: str) -> ConsoleMessage | None:
    """Read a message that was pasted from a browser's console, or the name of a failure.

    Return None if it is not known. A URL or an origin that no browser prints is not repeatable.

    >>> found = read_message(
    ...     "Access to fetch at 'https://api.example.com/items/1' from origin"
    ...     " 'https://app.example.com' has been blocked by CORS policy: Method PATCH is not"
    ...     " allowed by Access-Control-Allow-Methods in preflight response."
    ... )
    >>> found.url, found.page, found.method
    ('https://api.example.com/items/1', 'https://app.example.com', 'PATCH')
    >>> found.hint.partition(". ")[0]
    "Add 'PATCH' to allow_methods"
    """
    text = text[:MAX_MESSAGE]
    found = match_error(text)
    if found is None:
        return None
    error, values = found
    kind = FAILURES.get(error.name)
    if kind is None and error.failures:
        kind = FAILURES[error.failures[0]]
    if kind is None:
        return ConsoleMessage(error, error.message, error.hint)
    url, page, is_printed = _find_ends(text)
    check = kind.name.removeprefix("Preflight")
    value = next(iter(values), "") if check in _NAMING else ""
    named = value if is_token(value) else None
    message, hint = _write(error, page, value or None)
    has_preflight = all("Preflight" in name for name in error.failures or (kind.name,))
    if has_preflight and _is_unavailable(text):
        hint = f"{MAYBE_UNKNOWN_STATUS}{hint}"
    return ConsoleMessage(
        error,
        message,
        hint,
        url,
        page,
        named if _TO_ADD.get(check) == "method" else None,
        named if _TO_ADD.get(check) == "header" else None,
        credentials=check in _OF_CREDENTIALS,
        has_preflight=has_preflight,
        is_repeatable=is_printed and kind.is_cors,
    )


def _write(error: ErrorInfo, page: str | None, value: str | None) -> tuple[str, str]:
    """Return the message and the hint of an error with the names from a console's message."""
    if not error.texts_of:
        return error.message, error.hint
    kind = FAILURES[error.texts_of]
    message = kind.describe(value=value) if page is None else kind.describe(page, value)
    return message, kind.advise(value if kind.name in REFUSALS else page)


def _find_ends(text: str) -> tuple[str | None, str | None, bool]:
    """Return the URL and the page of a call, and whether a browser can have printed them."""
    text = " ".join(text.split())
    call, found = _find_call(text), _find_url(text)
    if call is not None:
        target, before, page = call.groups()
        url: str | None = before or target
    else:
        url = found and (found[1] or found[2])
        named = _find_page(text)
        page = named and named[1]
    try:
        # A message can come from anywhere; what is parsed is printable.
        url = url and str(parse_url(url))
    except ValueError:
        return None, None, False
    if page is not None and not is_serialized_origin(page):
        return None, None, False
    return url, page, True
