"""Every failure by name: what the server did, and how to mend it with corekit.

Two families of names, which are the keys: Chromium's, as `corekit.browser.failures` has them, and
Firefox's, which are the titles of MDN's pages (https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS/Errors).
What the browsers' consoles say of each is in `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from corekit.browser.failures import preflight_name

__all__ = ["ERRORS", "ErrorInfo"]


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """One failure: its name, what happened, what to do.

    `name` is Chromium's or Firefox's. `cause` says what the server (or the page) did, `mend` what
    to do about it with corekit. `reasons` are Firefox's names for one of Chromium's, `failures`
    Chromium's for one of Firefox's.
    """

    name: str
    message: str
    hint: str
    reasons: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


_OUTERMOST: Final = (
    "If it is there, the answer was made outside corekit, as error pages and redirects often are:"
    " make the middleware the outermost layer."
)
_ONE_LAYER: Final = (
    "Put corekit's middleware around the whole application: it removes what the application itself"
    " sends. Then take the header out of the proxy in front, so that one layer answers."
)

_CHECKS: Final = (
    ErrorInfo(
        "MissingAllowOriginHeader",
        "The answer has no Access-Control-Allow-Origin: nobody granted the page's origin anything.",
        f"Add the page's origin to allow_origins, if its pages may read this. {_OUTERMOST}",
        ("CORSMissingAllowOrigin",),
    ),
    ErrorInfo(
        "MultipleAllowOriginValues",
        (
            "The answer has several values in Access-Control-Allow-Origin: two layers answer, or"
            " one sends its whole list."
        ),
        _ONE_LAYER,
        ("CORSMultipleAllowOriginNotAllowed", "CORSAllowOriginNotMatchingOrigin"),
    ),
    ErrorInfo(
        "InvalidAllowOriginValue",
        (
            "The answer has something in Access-Control-Allow-Origin that is no origin: no scheme,"
            " a pattern, a word such as 'true'."
        ),
        (
            "Let corekit send it: it sends the page's origin as the browser wrote it. Patterns"
            " belong into allow_origins."
        ),
        ("CORSAllowOriginNotMatchingOrigin",),
    ),
    ErrorInfo(
        "AllowOriginMismatch",
        (
            "The answer grants another origin than the page's. They are compared byte for byte:"
            " scheme, port, a slash at the end, case. Or a cache gave this page an answer meant"
            " for another."
        ),
        (
            "Add the page's origin to allow_origins, if its pages may read this. corekit sends the"
            " origin that asks, and Vary: Origin, so that no cache mixes answers up."
        ),
        ("CORSAllowOriginNotMatchingOrigin",),
    ),
    ErrorInfo(
        "WildcardOriginNotAllowed",
        (
            "The answer grants '*', any origin, but the page calls with credentials: browsers do"
            " not let every site act as the user."
        ),
        (
            "Name the origins in allow_origins and set allow_credentials=True; or call without"
            " credentials, if cookies are not needed."
        ),
        ("CORSNotSupportingCredentials",),
    ),
    ErrorInfo(
        "InvalidAllowCredentials",
        (
            "The page calls with credentials, and the answer does not have 'true', in lower case,"
            " in Access-Control-Allow-Credentials."
        ),
        "Set allow_credentials=True; or call without credentials, if cookies are not needed.",
        ("CORSMissingAllowCredentials",),
    ),
)

_PREFLIGHT: Final = (
    ErrorInfo(
        "PreflightInvalidStatus",
        (
            "The preflight was answered with a status that is not 200 to 299: by a login (401), a"
            " router that knows no OPTIONS (404, 405), or an error."
        ),
        (
            "Make corekit's middleware the outermost layer: it answers preflights before"
            " authentication, CSRF checks and routing. A proxy in front has to let OPTIONS through."
        ),
        ("CORSPreflightDidNotSucceed",),
    ),
    ErrorInfo(
        "PreflightDisallowedRedirect",
        (
            "The preflight was redirected: to https, to a slash at the end, to a login. A preflight"
            " must not be."
        ),
        (
            "Call the address that it leads to. With corekit's middleware outermost, preflights are"
            " answered before the application redirects."
        ),
        ("CORSExternalRedirectNotAllowed", "CORSPreflightDidNotSucceed"),
    ),
    ErrorInfo(
        "InvalidAllowMethodsPreflightResponse",
        "The preflight's answer has something in Access-Control-Allow-Methods that is no method.",
        "Let corekit send it: write each method as a string of its own in allow_methods.",
        ("CORSInvalidAllowMethod",),
    ),
    ErrorInfo(
        "InvalidAllowHeadersPreflightResponse",
        "The preflight's answer has something in Access-Control-Allow-Headers that is no name.",
        "Let corekit send it: write each name as a string of its own in allow_headers.",
        ("CORSInvalidAllowHeader",),
    ),
    ErrorInfo(
        "MethodDisallowedByPreflightResponse",
        (
            "The preflight's answer does not name the method. Methods are case-sensitive, browsers"
            " send patch as it is written, and with credentials '*' is no wildcard."
        ),
        "Add the method to allow_methods, in upper case; write 'PATCH' in the page.",
        ("CORSMethodNotFound",),
    ),
    ErrorInfo(
        "HeaderDisallowedByPreflightResponse",
        (
            "The preflight's answer does not name a header that the page sets. With credentials"
            " '*' is no wildcard, and it never covers authorization, by the standard."
        ),
        "Add the name to allow_headers; authorization also beside '*'.",
        ("CORSMissingAllowHeaderFromPreflight",),
    ),
)

_ADDRESSES: Final = (
    ErrorInfo(
        "RedirectContainsCredentials",
        "The server redirected to an address with a user name or password in it.",
        "Redirect to the address without them, or call it directly; no policy can allow this.",
        ("CORSDidNotSucceed",),
    ),
    ErrorInfo(
        "CorsDisabledScheme",
        "The address, or one that it redirects to, is not of http or https.",
        (
            "Call it over http or https; no policy can allow this. Serve pages from a server, not a"
            " file."
        ),
        ("CORSRequestNotHttp",),
    ),
    ErrorInfo(
        "DisallowedByMode",
        "The page fetched with mode 'same-origin', and the address is of another origin.",
        "Fetch it with mode 'cors', the default, and allow the page's origin in allow_origins.",
    ),
    ErrorInfo(
        "MixedContent",
        "A page of https called an address of http; browsers send no such call.",
        "Serve the API over https too; no policy can allow this.",
    ),
    ErrorInfo(
        "RedirectNotFollowed",
        "The server redirected, and the page had said redirect: 'error'.",
        "Call the address that it leads to, or let the page follow redirects.",
    ),
    ErrorInfo(
        "TooManyRedirects",
        "The server redirected more than 20 times.",
        "Look for a loop, such as between http and https, or with and without a slash.",
        ("CORSDidNotSucceed",),
    ),
    ErrorInfo(
        "InvalidRedirect",
        "The server redirected to something that is no address.",
        "Send a URL in Location.",
        ("CORSDidNotSucceed",),
    ),
)


def _both(*names: str) -> tuple[str, ...]:
    return (*names, *map(preflight_name, names))


_REASONS: Final = (
    ErrorInfo(
        "CORSDisabled",
        "Nothing: CORS is switched off in this Firefox (content.cors.disable in about:config).",
        "Set content.cors.disable to false again. No server can mend it.",
    ),
    ErrorInfo(
        "CORSDidNotSucceed",
        (
            "The call did not come back: no connection, a name that is not known, a certificate"
            " that is not trusted, a blocker in the browser. Firefox says it also after another"
            " message of CORS, which is then the one to read."
        ),
        "Open the address in a tab, and look at the network panel. It is no matter of the policy.",
        failures=("RedirectContainsCredentials", "TooManyRedirects", "InvalidRedirect"),
    ),
    ErrorInfo(
        "CORSOriginHeaderNotAdded",
        (
            "Nothing: an extension's script in the page called. It has the rights of several"
            " origins, so there is no one origin that could be sent."
        ),
        (
            "Let the extension call from its background script, or as the page (content.fetch in"
            " Firefox). No server can mend it."
        ),
    ),
    ErrorInfo(
        "CORSExternalRedirectNotAllowed",
        "The preflight was redirected, which it must not be.",
        (
            "Call the address that it leads to. With corekit's middleware outermost, preflights are"
            " answered before the application redirects."
        ),
        failures=("PreflightDisallowedRedirect",),
    ),
    ErrorInfo(
        "CORSRequestNotHttp",
        "The address, or one that it redirects to, is not of http or https: a file, ftp.",
        "Call it over http or https. Serve pages from a server, such as http://localhost:3000.",
        failures=("CorsDisabledScheme",),
    ),
    ErrorInfo(
        "CORSMissingAllowOrigin",
        "The answer, to the call or to its preflight, has no Access-Control-Allow-Origin.",
        f"Add the page's origin to allow_origins, if its pages may read this. {_OUTERMOST}",
        failures=_both("MissingAllowOriginHeader"),
    ),
    ErrorInfo(
        "CORSMultipleAllowOriginNotAllowed",
        "The answer has the header Access-Control-Allow-Origin twice: two layers answer.",
        _ONE_LAYER,
        failures=_both("MultipleAllowOriginValues"),
    ),
    ErrorInfo(
        "CORSAllowOriginNotMatchingOrigin",
        (
            "The answer has another value in Access-Control-Allow-Origin than the page's origin,"
            " byte for byte: another origin, a list, a slash at the end, another port."
        ),
        (
            "Add the page's origin to allow_origins, if its pages may read this; corekit sends the"
            " origin that asks."
        ),
        failures=_both(
            "AllowOriginMismatch", "InvalidAllowOriginValue", "MultipleAllowOriginValues"
        ),
    ),
    ErrorInfo(
        "CORSNotSupportingCredentials",
        "The answer grants '*', any origin, but the page calls with credentials.",
        (
            "Name the origins in allow_origins and set allow_credentials=True; or call without"
            " credentials, if cookies are not needed."
        ),
        failures=_both("WildcardOriginNotAllowed"),
    ),
    ErrorInfo(
        "CORSMethodNotFound",
        "The preflight's answer does not name the method; methods are case-sensitive.",
        "Add the method to allow_methods, in upper case; write 'PATCH' in the page.",
        failures=("MethodDisallowedByPreflightResponse",),
    ),
    ErrorInfo(
        "CORSMissingAllowCredentials",
        (
            "The page calls with credentials, and the answer does not have 'true', in lower case,"
            " in Access-Control-Allow-Credentials."
        ),
        "Set allow_credentials=True; or call without credentials, if cookies are not needed.",
        failures=_both("InvalidAllowCredentials"),
    ),
    ErrorInfo(
        "CORSPreflightDidNotSucceed",
        "The preflight was answered with a status that is not 200 to 299, or was redirected.",
        (
            "Make corekit's middleware the outermost layer: it answers preflights before"
            " authentication, CSRF checks and routing. A proxy in front has to let OPTIONS through."
        ),
        failures=("PreflightInvalidStatus", "PreflightDisallowedRedirect"),
    ),
    ErrorInfo(
        "CORSInvalidAllowMethod",
        "The preflight's answer has something in Access-Control-Allow-Methods that is no method.",
        "Let corekit send it: write each method as a string of its own in allow_methods.",
        failures=("InvalidAllowMethodsPreflightResponse",),
    ),
    ErrorInfo(
        "CORSInvalidAllowHeader",
        "The preflight's answer has something in Access-Control-Allow-Headers that is no name.",
        "Let corekit send it: write each name as a string of its own in allow_headers.",
        failures=("InvalidAllowHeadersPreflightResponse",),
    ),
    ErrorInfo(
        "CORSMissingAllowHeaderFromPreflight",
        "The preflight's answer does not name a header that the page sets.",
        "Add the name to allow_headers; authorization also beside '*'.",
        failures=("HeaderDisallowedByPreflightResponse",),
    ),
)


def _of_the_preflight(entry: ErrorInfo) -> ErrorInfo:
    return replace(
        entry,
        name=preflight_name(entry.name),
        message=entry.message.replace("The answer", "The preflight's answer").replace(
            "the answer", "the preflight's answer"
        ),
    )


ERRORS: Final[Mapping[str, ErrorInfo]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            *_CHECKS,
            *map(_of_the_preflight, _CHECKS),
            *_PREFLIGHT,
            *_ADDRESSES,
            *_REASONS,
        )
    }
)
"""Every failure, by Chromium's name or by Firefox's."""
