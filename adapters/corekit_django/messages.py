"""The texts of the system checks, by number; docs/django.md describes when each is reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from django.core.checks import CheckMessage, Error, Info, Warning  # noqa: A004 - its name


class _Text(NamedTuple):
    message: str
    hint: str


_COOKIE: Final = _Text(
    "Requests from {origins} to the hosts in ALLOWED_HOSTS are cross-site, so browsers send them"
    " without the {cookie}: {problems}.",
    "Set {prefix}_SAMESITE = 'None' and {prefix}_SECURE = True. If the server is same-site, add its"
    " host to ALLOWED_HOSTS.",
)

_PROBLEM: Final = _Text("{subject} = {value!a}: {message} [{code}]", "{hint}")
TEXTS: Final = {
    "E001": _PROBLEM,
    "E002": _Text(
        "corekit_django is installed without its middleware, so no origins are allowed.",
        "Put 'corekit_django.middleware.CorsMiddleware' first in MIDDLEWARE.",
    ),
    "E003": _Text("The CORS middleware is in MIDDLEWARE more than once.", "Keep the first one."),
    "E004": _Text(
        "django-cors-headers is installed together with corekit_django, which replaces it.",
        "Remove 'corsheaders' from INSTALLED_APPS and its middleware from MIDDLEWARE. See"
        " https://github.com/corekit/corekit/blob/main/docs/migrating-from-django-cors-headers.md",
    ),
    "E005": _Text("{name} is not a setting of corekit_django and has no effect.", "{hint}"),
    "E006": _Text(
        "{path} overrides {names}, which corekit_django does not call.",
        "To allow origins in code, connect a receiver to check_request_enabled; for the policy of a"
        " view, use @cors; for headers of your own, override __call__, or rename the methods.",
    ),
    "E007": _Text(
        "{receiver}, a receiver of check_request_enabled, allows {origin} with credentials on"
        " {path}: any website could make requests as the logged-in user.",
        "Compare request.headers['Origin'] in full with origins that you trust. If any website may"
        " read a view, use @cors(allow_origins=['*']), which allows no credentials.",
    ),
    "E008": _Text(
        "Receivers are connected to check_request_enabled of corsheaders.signals, which"
        " corekit_django does not send.",
        "Import check_request_enabled from corekit_django.signals.",
    ),
    "E009": _Text(
        "CORS_LOOKUP is not a SignalLookup, and receivers are connected to check_request_enabled:"
        " only one of them can decide about origins.",
        "Remove CORS_LOOKUP, or disconnect the receivers.",
    ),
    "W001": _Text(
        "The CORS middleware comes after {names}, whose own responses (a redirect, an error, a"
        " file) then lack its headers, and which may respond to a preflight.",
        "Put it first in MIDDLEWARE{after}.",
    ),
    "W002": _Text("{name} takes effect, but the name of the setting is {meant}.", "Write {meant}."),
    "W003": _Text("{name} has no effect together with {other}.", "Keep one of them."),
    "W004": _PROBLEM,
    "W005": _COOKIE,
    "W006": _COOKIE,
    "W007": _Text(
        "Origins that may send requests with cookies are missing from CSRF_TRUSTED_ORIGINS, so"
        " their POST, PUT, PATCH and DELETE requests fail with 403: {origins}.",
        "Add the origins to CSRF_TRUSTED_ORIGINS too: with cookies, requests must pass both CORS"
        " and the CSRF check.{forms} Change nothing if these pages only read.",
    ),
    "W008": _Text(
        "Origins with http are allowed, which a network attacker, or any program on the user's"
        " machine, can impersonate: {origins}.",
        "Allow only https origins in production. Move http origins to the settings for"
        " development.",
    ),
    "W009": _Text("{name} is not a setting of corekit_django and has no effect.", "{hint}"),
    "W010": _Text(
        "{subject} = {regex!r} also matches {origin}, a name that anyone can register.",
        r"Write '\.' for a dot, or use a pattern such as 'https://*.example.com' in {origins}. If"
        " any website may read the responses, use CORS_ALLOW_ALL_ORIGINS.",
    ),
    "W012": _Text(
        "CORS_URLS_REGEX = {regex!r} covers none of the {count} paths of the URLconf, such as"
        " {paths}, so no origins are allowed there.",
        "Paths begin with a slash, and are matched from their beginning. Write '^/api/' to cover"
        " the paths below /api/, or remove the setting to cover every path.",
    ),
    "W013": _Text(
        "CORS_URLS_REGEX = {regex!r} matches the beginning of paths, so it also covers {paths}.",
        "End it where a part of the path ends, as in '^/api/' or '^/api(/|$)'. Silence this check"
        " if these paths should be covered.",
    ),
    "W011": _Text(
        "{receiver}, a receiver of check_request_enabled, returns a value of type {type}, which"
        " allows no origin.",
        "Return True or False, for example bool(...), or .exists() of a QuerySet.",
    ),
    "W014": _Text(
        "WhiteNoise adds Access-Control-Allow-Origin: * to the files below {prefix}, and the CORS"
        " middleware removes it.",
        "If pages of other origins use these files (fonts and modules behind a CDN), leave {prefix}"
        " out of CORS_URLS_REGEX, or give it a route of CORS_POLICY: ('{prefix}',"
        " CorsPolicy(allow_origins=['*'])). If none do, set WHITENOISE_ALLOW_ALL_ORIGINS = False.",
    ),
    "W015": _Text(
        "{names} sets request.urlconf, but comes after the CORS middleware, so preflights, and what"
        " CORS_GUARD judges, get the policies of the views in ROOT_URLCONF.",
        "Put it before the CORS middleware.",
    ),
    "W016": _Text(
        "{receiver}, a receiver of check_request_enabled, reads request.{name}, which preflights do"
        " not have: they fail with 503, and other requests that CORS_GUARD judges with 403.",
        "{hint} A receiver has the origin, and what earlier middleware has set.",
    ),
    "W017": _Text(
        "{names} sets CORS headers itself. The CORS middleware removes those that a later"
        " middleware sets, and an earlier one replaces those of the policy.",
        "Remove it, or the headers from it: the settings allow the same.",
    ),
    "W018": _Text(
        "CSRF_TRUSTED_ORIGINS trusts origins that the policy does not list with credentials, so"
        " CORS_GUARD refuses their POST, PUT, PATCH and DELETE requests: {origins}.",
        "Add origins whose pages may act as the user to {name}, and those of this server to"
        ' CORS_GUARD["own_origins"]. Remove the others from CSRF_TRUSTED_ORIGINS.{apex}',
    ),
    "W019": _Text(
        "CORS_GUARD refuses nothing: its mode is 'report', so it only logs what it would refuse.",
        'Remove CORS_GUARD["mode"] when the log has no requests that should pass.',
    ),
    "W020": _Text(
        "The view of {route} also responds to {path}, to which CORS_POLICY gives another policy.",
        "Give the view its own policy with cors(), which applies to both paths. If nobody uses the"
        " format, set include_format_suffixes = False on the DefaultRouter, or leave out"
        " format_suffix_patterns().",
    ),
    "I001": _Text(
        "runserver serves the files below {prefix} itself, before any middleware, so they have no"
        " CORS headers in development.",
        "If pages of other origins use these files, start runserver with --nostatic and add"
        " staticfiles_urlpatterns() of django.contrib.staticfiles.urls to the URLconf. Silence this"
        " check if none do.",
    ),
    "I002": _PROBLEM,
}
"""The texts of each check by its number: E is an error, W a warning, I information."""


_SHOWN: Final = 3
_KINDS: Final = {"E": Error, "W": Warning, "I": Info}


def write_error(number: str, **values: object) -> str:
    """Return the text of a check whose problem stops the server, for the exception."""
    return " ".join(text.format_map(values) for text in TEXTS[number])


def write_message(number: str, **values: object) -> CheckMessage:
    """Return the message of a check, with the values that it names."""
    message, hint = (text.format_map(values) for text in TEXTS[number])
    return _KINDS[number[0]](message, hint=hint, id=f"corekit_django.{number}")


def show_some(values: Sequence[str]) -> str:
    """Return the first of several values, and how many more there are.

    >>> show_some(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = len(values) - _SHOWN
    shown = ", ".join(values[:_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown
