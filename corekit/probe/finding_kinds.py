"""All findings as one table: by code, the severity, the message and the hint.

The severity is the usual one; a check may choose another. Messages and hints are templates.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from corekit.diagnostics import Kind, make_diagnostic

_ALLOWED: Final = "The server allows {what}. {consequence}"
_FAILURE: Final = "{context}{failed}"

FINDINGS: Final = {
    # Untrusted origins; the severity is the one with credentials
    "any-origin": Kind(
        "error",
        _ALLOWED,
        "Name the origins that may call. If the response is public, send '*' without credentials.",
    ),
    "opaque-origin": Kind(
        "error", _ALLOWED, "Remove 'null' from the origins: every page can send it."
    ),
    **dict.fromkeys(
        ("prefix", "suffix", "unescaped-dot", "cut-short"),
        Kind(
            "error",
            _ALLOWED,
            "Compare whole origins, byte for byte. Name them in allow_origins; a pattern such as"
            " 'https://*.example.com' matches many.",
        ),
    ),
    "scheme-downgrade": Kind(
        "warning", _ALLOWED, "Allow HTTPS origins only, except on this machine."
    ),
    "any-port": Kind(
        "info", _ALLOWED, "Name the port, unless every program on that host may read the responses."
    ),
    "any-sibling": Kind(
        "info", _ALLOWED, "Name the origins, unless all subdomains of the site are yours."
    ),
    "any-subdomain": Kind(
        "info", _ALLOWED, "Name the origins, unless all subdomains of the host are yours."
    ),
    "denied-origin": Kind("error", _ALLOWED, "Deploy the policy, or allow the origin in it."),
    "stray-credentials": Kind(
        "info",
        "A refused origin gets Access-Control-Allow-Credentials.",
        "Send no Access-Control header to an origin that is not allowed; corekit does not.",
    ),
    "private-network": Kind(
        "info",
        "The preflight response allows access to the private network.",
        "Leave allow_private_network off: browsers ask the user instead.",
    ),
    # Pages that should be allowed
    "refused": Kind("error", _FAILURE, "{hint}"),
    "preflight-refused": Kind("error", _FAILURE, "{hint}"),
    "mixed-content": Kind("info", _FAILURE, "{hint}"),
    "redirect": Kind(
        "info",
        "The response to {method} has status {status} and redirects to {location}.",
        "Call that URL directly, since browsers do not follow redirects of preflights.",
    ),
    "error-status": Kind(
        "info",
        "The response to {method} has status {status}, so the findings are about an error page.",
        "Probe a URL that responds with success.",
    ),
    "not-judged": Kind(
        "error",
        "The response to GET has status {status}, so the server is not judged: a response with"
        " success may have other headers.",
        "{hint}",
    ),
    "unknown-origin": Kind(
        "error",
        "It could not be found out whether {origins} may call: the server did not know it (status"
        " 503 with Retry-After for the preflight), as if a look-up of the origin fails or too many"
        " are running.",
        "Check the log of the server, and probe again when its look-ups work.{note}",
    ),
    "headers-lost-on-errors": Kind(
        "warning",
        "A response with status {status} has none of the headers that other responses have, so"
        " browsers report a CORS error and hide the status.",
        "Make the CORS layer the outermost one, around routing and error pages. If its policy is"
        " meant for this path only, no change is necessary.{proxy}",
    ),
    "credentials-not-true": Kind(
        "info",
        "{response} has Access-Control-Allow-Credentials: {shown}, which allows no credentials.",
        "Send exactly 'true', or omit the header; corekit does.",
    ),
    "wildcard-with-credentials": Kind(
        "warning",
        "{response} has '*' in Access-Control-Allow-Origin and allows credentials, a combination"
        " that browsers reject.",
        "{hint}",
    ),
    "wildcard": Kind(
        "info",
        "Pages of any origin may read the response without credentials ('*').",
        "Name the origins, unless the response is public.",
    ),
    "repeated-header": Kind(
        "warning",
        "The response has {name} more than once, and browsers join the values.",
        "{hint}{proxy}",
    ),
    "malformed-list": Kind(
        "warning",
        "{name}: {shown} is not a list of {what}, so browsers ignore it.",
        "Separate the names with commas, and send nothing else.",
    ),
    "wildcard-list-with-credentials": Kind(
        "info",
        "{name} contains '*', which browsers take literally in requests with credentials.",
        "Name the {what}.",
    ),
    "no-vary": Kind(
        "warning",
        "The responses to {requests} have no Vary: Origin, although responses differ by origin. A"
        " cache may serve the response for one origin to pages of another.",
        "Send it with every response, also to requests without Origin; corekit does.",
    ),
    # Preflights
    "authorization-not-covered": Kind(
        "info",
        "The preflight response allows the headers '*', which by the Fetch standard does not cover"
        " Authorization; browsers allow it for now.",
        "Name authorization in addition to '*'.",
    ),
    "no-methods": Kind(
        "info",
        "The preflight response has no Access-Control-Allow-Methods, which for an upload with a"
        " progress listener allows any method.",
        "Name the allowed methods in every preflight response; corekit does.",
    ),
    "no-max-age": Kind("info", "The preflight response has {max_age}.", "{hint}"),
    "malformed-max-age": Kind(
        "info",
        "The preflight response has Access-Control-Max-Age: {shown}, which is not a number of"
        " seconds: browsers cache it for 5 seconds, or not at all.",
        "Send whole seconds.",
    ),
    "max-age": Kind(
        "info",
        "The preflight response may be cached for {shown} seconds, which is more than any browser"
        " honors ({limits}).",
        "No change is necessary; {maximum} has the same effect.",
    ),
    # What any website can send; the severity is the one with credentials
    "forged-write": Kind(
        "warning",
        "The response to a form of another website has status {status}: it may have changed"
        " something as the logged-in user.",
        "Refuse such requests with a guard, or with CSRF tokens.",
    ),
    "forged-handshake": Kind(
        "warning",
        "A page of another website can open a WebSocket, and use it as the logged-in user.",
        "Compare Origin with the origins that may connect; a guard does.",
    ),
    "read-not-refused": Kind(
        "warning",
        "The response to a CORS request of another website has status {status}: the application"
        " processed it, although the guard refuses such reads.",
        "Deploy the guard.",
    ),
    "host-not-checked": Kind(
        "warning",
        "The response to a request with another server's name in Host has status {status}. Any"
        " website can reach an internal server that does so, by DNS rebinding.",
        "List the names of the server in hosts of a guard.",
    ),
    # The policy
    "more-than-policy": Kind(
        "error",
        "The server allows {what}; the policy does not.",
        "Deploy the policy, or add to it what pages need.",
    ),
    "less-than-policy": Kind("error", "The policy allows {what}; the server does not.", "{hint}"),
}
FINDINGS["private-network-for-any"] = FINDINGS["private-network"]._replace(severity="warning")

report = partial(make_diagnostic, FINDINGS)
"""Build the diagnostic for a code of the table, an origin or URL, and a value."""
