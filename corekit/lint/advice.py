"""All advice as one table: by code, the severity, the message and the hint.

The severity is the usual one; a rule may choose another. Messages and hints are templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from corekit.diagnostics import Kind, make_diagnostic

ADVICE: Final = {
    # Origins
    "covered-origin": Kind(
        "warning",
        "{covering}, so removing it would change nothing.",
        "Remove it, or make the other narrower.",
    ),
    "open-pattern": Kind(
        "warning",
        "{reason}, so it matches untrusted origins.",
        "Name the hosts that are yours, or allow '*' if anyone may read the responses.",
    ),
    "trailing-dot": Kind(
        "warning",
        "Browsers send the dot at the end of the host only if it is in the page's URL.",
        "Remove the dot. A regular expression has to match all of the host.",
    ),
    "development-origin": Kind(
        "info",
        "In production, it allows any program that listens on a user's own machine.",
        "Keep it in the policy for development only.",
    ),
    "plain-http": Kind(
        "info",
        "A network attacker can impersonate {origin} and read what it may read.",
        "Serve the page over HTTPS.",
    ),
    "every-subdomain": Kind(
        "info",
        "Every subdomain of {host!r} can act as the user, including a forgotten one that someone"
        " else takes over.",
        "Name the subdomains that need access.",
    ),
    "several-sites": Kind(
        "info",
        "The origins belong to {count} sites ({sites}). For pages outside the API's own site, its"
        " cookies are third-party cookies, which browsers block.",
        "Check the policy together with the API's URL: --api https://api.example.com",
    ),
    # Methods and headers
    "safelisted-method": Kind(
        "warning",
        "It is always allowed for every allowed origin.",
        "Remove it, so that nobody expects its absence to forbid it.",
    ),
    "safelisted-header": Kind("warning", "{reason}", "Remove it."),
    "authorization-not-covered": Kind(
        "warning",
        "By the Fetch standard, '*' does not cover Authorization; browsers allow it for now.",
        "List authorization in addition to '*', or name the headers.",
    ),
    "any-with-credentials": Kind(
        "info",
        "With credentials, browsers take '*' literally. corekit names what the preflight asks for"
        " instead, so a cached preflight serves only that method and headers.",
        "Name what pages need, so that one preflight serves every request.",
    ),
    "no-content-type": Kind(
        "info",
        "{methods} requests cannot have a JSON body, since content-type is not allowed.",
        "Add content-type.",
    ),
    # The other arguments
    "short-max-age": Kind(
        "info",
        "Browsers cache preflight responses {duration}.",
        "Set it to 600, which every browser honors.",
    ),
    "max-age-capped": Kind(
        "info",
        "Browsers limit it: {limits}.",
        "Set it to 600, which every browser honors, or rely on no more than that.",
    ),
    "private-network": Kind(
        "warning",
        "Browsers no longer ask for it: they ask the user for permission instead.",
        "Remove it.",
    ),
    "accepted-risk": Kind(
        "info", "{risk}", "Review from time to time whether the risk is still necessary."
    ),
    # The look-up
    "max-age-over-ttl": Kind(
        "info",
        "Browsers may send requests of an origin that was removed for {age} seconds, without a"
        " preflight. The look-up remembers an origin for only {ttl} seconds (ttl).",
        "Set it to at most {ttl}. Or keep it, if removed origins may send, though not read, that"
        " long.",
    ),
    # The guard
    "unchecked-host": Kind(
        "warning",
        "{server} is internal, and Host is not checked, so any website can make its own name point"
        " to it (DNS rebinding). Its pages are then same-origin.",
        "List the names that the server is called by, such as 'localhost'.",
    ),
    "listed-own-origin": Kind(
        "warning",
        "The policy lists it too, but pages of the server itself need no permission.",
        "Remove it from {setting}.",
    ),
    "exempt-route": Kind(
        "warning",
        "It exempts the whole route {route!r}, so every website may write there.",
        "List the paths that other sites need, or remove it.",
    ),
    "report-mode": Kind(
        "info",
        "The guard refuses nothing: it logs and counts what it would refuse.",
        "Remove it when the log has no requests that should pass.",
    ),
    "any-origin-cannot-write": Kind(
        "info",
        "Every page may read, but the guard lets no page of another origin write or open a"
        " WebSocket.",
        "List the origins whose pages may do more, if there are some.",
    ),
    "unused-accept": Kind(
        "warning",
        "This policy gets no such advice.",
        "Remove it, so that the advice is given if it applies later.",
    ),
    # If the origin of the API is known
    "own-origin": Kind(
        "warning", "This is the API's own origin, whose pages need no permission.", "Remove it."
    ),
    "mixed-content": Kind(
        "warning",
        "Browsers block requests from HTTPS pages to {api}, which is plain HTTP.",
        "Serve the API over HTTPS.",
    ),
    "third-party-cookies": Kind(
        "warning",
        "{origin} and {api} are different sites, so the API's cookies are third-party cookies,"
        " which browsers block or partition.",
        "{solution}",
    ),
    "internal-api": Kind(
        "warning",
        "{api} is internal, and any website that its users visit can read it.",
        "Name the origins.",
    ),
}

RISKS: Final[Mapping[str, str]] = {
    "any-extension": "Any app or browser extension with the scheme can act as the user.",
    "insecure-origin": "A network attacker can impersonate the HTTP origin and act as the user.",
    "opaque-origin": (
        "Any page can send `Origin: null`, which is as open as '*'; any local file can send"
        " `Origin: file://`."
    ),
    "opaque-regex": "Nobody can tell which origins the regular expression matches.",
    "public-suffix": "Anyone can register a name that the pattern matches, and act as the user.",
}
"""What an accepted risk means, by its code."""

advise = partial(make_diagnostic, ADVICE)
"""Build the diagnostic for a code of the table, an argument and its value."""
