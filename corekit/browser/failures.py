"""Everything that can fail between a page and a server, with its name, a sentence and the mend.

The names are those that Chromium shows in its developer tools. Those of CORS come first in the
table; the last are failures that Chromium's network stack has other words for, and those words are
not a matter of CORS. Which of them a response deserves is decided in `checks` and `model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["FAILURES", "Failure", "FetchFailedError", "preflight_name"]

_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_ONE_LAYER = "Let one layer answer for CORS, and take the header out of the others."
_OUTERMOST = (
    "If the origin should be allowed, add it to the policy; if it is, the response was made outside"
    " the CORS layer: make that the outermost one."
)

_CORS_CHECK: Final = {
    "MissingAllowOriginHeader": (
        f"The response has no {_ALLOW_ORIGIN}, so {{origin}} may not read it.",
        _OUTERMOST,
    ),
    "MultipleAllowOriginValues": (
        f"The response has more than one origin in {_ALLOW_ORIGIN}: {{value!a}}.",
        _ONE_LAYER,
    ),
    "InvalidAllowOriginValue": (
        f"The response has {{value!a}} in {_ALLOW_ORIGIN}, which is no origin.",
        "Send the page's origin as the browser sent it, or '*' without credentials.",
    ),
    "AllowOriginMismatch": (
        f"The response has {{value!a}} in {_ALLOW_ORIGIN}, which is not {{origin}} byte for byte.",
        "Add the page's origin to the policy; and send Vary: Origin, if a cache mixed them up.",
    ),
    "WildcardOriginNotAllowed": (
        f"The response has '*' in {_ALLOW_ORIGIN}, and the request has credentials.",
        "Name the origins that may call with credentials, or call without them.",
    ),
    "InvalidAllowCredentials": (
        (
            "The response has {value!a} in Access-Control-Allow-Credentials, not 'true', and the"
            " request has credentials."
        ),
        "Allow credentials in the policy, or call without them.",
    ),
}

_PREFLIGHT: Final = {
    "PreflightInvalidStatus": (
        "The preflight was answered with status {value}, which is not 200 to 299.",
        "Let the CORS layer answer preflights before authentication, redirects and routing.",
    ),
    "PreflightDisallowedRedirect": (
        "The preflight was redirected to {value!a}, and a preflight must not be.",
        "Call the address that it leads to: look at the scheme and at the slash at the end.",
    ),
    "InvalidAllowMethodsPreflightResponse": (
        "The preflight's answer has {value!a} in Access-Control-Allow-Methods: no list of methods.",
        "Send methods with commas between them, and nothing else.",
    ),
    "InvalidAllowHeadersPreflightResponse": (
        "The preflight's answer has {value!a} in Access-Control-Allow-Headers: no list of names.",
        "Send header names with commas between them, and nothing else.",
    ),
    "MethodDisallowedByPreflightResponse": (
        "The preflight's answer does not allow the method {value}.",
        "Add {value!a} to the policy's methods; they are case-sensitive.",
    ),
    "HeaderDisallowedByPreflightResponse": (
        "The preflight's answer does not allow the header {value}.",
        "Add {value!a} to the policy's headers; '*' does not cover authorization.",
    ),
}

_REDIRECT: Final = {
    "RedirectContainsCredentials": (
        "It was redirected to an address with a user name or password in it.",
        "Redirect to the address without them.",
    ),
    "CorsDisabledScheme": (
        "The address {value!a} is not of http or https.",
        "Call it over http or https.",
    ),
    "DisallowedByMode": (
        "The mode is same-origin, and {value!a} is of another origin.",
        "Fetch it with mode 'cors'.",
    ),
}

_NETWORK: Final = {
    "MixedContent": (
        "The page is of https, and {value!a} is not: browsers block it.",
        "Serve it over https too.",
    ),
    "RedirectNotFollowed": (
        "It was redirected, and the page said redirect: 'error'.",
        "Call the address that it leads to, or follow redirects.",
    ),
    "TooManyRedirects": ("It was redirected more than 20 times.", "Look for a loop."),
    "InvalidRedirect": (
        "It was redirected to {value!a}, which is no address.",
        "Send a URL in Location.",
    ),
}


def preflight_name(name: str) -> str:
    """Name a failed CORS check of a preflight's answer, given the name of the check's failure.

    >>> preflight_name("MissingAllowOriginHeader")
    'PreflightMissingAllowOriginHeader'
    """
    return f"Preflight{name}"


FAILURES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        **_CORS_CHECK,
        **{
            preflight_name(name): (
                sentence.replace("The response has", "The preflight's answer has"),
                mend,
            )
            for name, (sentence, mend) in _CORS_CHECK.items()
        },
        **_PREFLIGHT,
        **_REDIRECT,
        **_NETWORK,
    }
)
"""Name of every failure, to its sentence and its mend, with gaps for what was seen."""

_NOT_OF_CORS: Final = frozenset(_NETWORK)
_CREDENTIALS_MISSING: Final = (
    "{value!a} in Access-Control-Allow-Credentials, not 'true'",
    "no Access-Control-Allow-Credentials",
)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page got nothing.

    `name` is one of `FAILURES`, `method` and `url` are those of the request at fault, `origin` is
    the page's as the browser sent it, and `value` what was wrong: a header's value, a status, the
    name of a method or header; None where there is nothing to show.

    >>> failure = Failure("MethodDisallowedByPreflightResponse", "PUT", "https://a.example/",
    ...     "https://b.example", "PUT")
    >>> failure.message
    "The preflight's answer does not allow the method PUT."
    """

    name: str
    method: str
    url: str
    origin: str
    value: str | None = None

    @property
    def message(self) -> str:
        """What happened, in one sentence."""
        sentence = FAILURES[self.name][0]
        if self.value is None:
            sentence = sentence.replace(*_CREDENTIALS_MISSING)
        return sentence.format(origin=self.origin, value=self.value)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return FAILURES[self.name][1].format(origin=self.origin, value=self.value)

    @property
    def is_cors(self) -> bool:
        """Whether it is a matter of CORS."""
        return self.name not in _NOT_OF_CORS

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


class FetchFailedError(Exception):
    """Carries a failure out of the middle of a fetch; never leaves the model."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure
