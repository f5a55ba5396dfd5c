"""Cases: requests that are no preflight. Which origins match, and what they are told."""

from __future__ import annotations

from typing import Final

from corekit import CorsPolicy
from tests.conformance.case import APP, EVIL, Case, Request, actual, denied, granted
from tests.conformance.policies import (
    API,
    CREDENTIALS_ALL,
    EXACT,
    NOTHING,
    ODD_ORIGINS,
    OPAQUE,
    PATTERNS,
    PUBLIC,
    PUBLIC_ALL,
)

__all__ = ["CASES"]

_ALLOWED: Final[dict[str, tuple[CorsPolicy, str]]] = {
    "an exact origin": (EXACT, APP),
    "a host of its own beside its subdomains": (PATTERNS, "https://example.com"),
    "a subdomain of a pattern": (PATTERNS, "https://www.example.com"),
    "a deep subdomain of a pattern": (PATTERNS, "https://a.b.c.example.com"),
    "a label with a gap": (PATTERNS, "https://pr-17.preview.example.org"),
    "a label with a gap of one character": (PATTERNS, "https://pr-x.preview.example.org"),
    "a subdomain with the pattern's port": (PATTERNS, "https://www.example.net:8443"),
    "localhost on any port": (PATTERNS, "http://localhost:5173"),
    "localhost without a port where any is allowed": (PATTERNS, "http://localhost"),
    "a name below localhost on any port": (PATTERNS, "http://app.localhost:3000"),
    "a loopback IPv6 address with a port": (ODD_ORIGINS, "http://[::1]:3000"),
    "an IPv6 address": (ODD_ORIGINS, "https://[2001:db8::1]"),
    "an IPv4 address with a port": (ODD_ORIGINS, "http://192.0.2.1:8080"),
    "a punycode host": (ODD_ORIGINS, "https://xn--bcher-kva.example"),
    "an app's own scheme": (ODD_ORIGINS, "capacitor://localhost"),
    "a browser extension": (ODD_ORIGINS, "chrome-extension://abcdefghijklmnopabcdefghijklmnop"),
    "the opaque origin where it was accepted": (OPAQUE, "null"),
    "a named origin beside the opaque one": (OPAQUE, APP),
}

_DENIED: Final[dict[str, tuple[CorsPolicy, str]]] = {
    "another origin": (EXACT, EVIL),
    "the same host over http": (EXACT, "http://app.example.com"),
    "the same host on another port": (EXACT, f"{APP}:8443"),
    "a host that begins with an allowed one": (EXACT, f"{APP}.evil.example.net"),
    "a host that ends with an allowed one": (EXACT, "https://evilapp.example.com"),
    "the origin without its last letter": (EXACT, "https://app.example.co"),
    "a part of the origin": (EXACT, "https://app"),
    "a parent domain": (EXACT, "https://example.com"),
    "the opaque origin": (EXACT, "null"),
    "the opaque origin in upper case": (OPAQUE, "NULL"),
    "a suffix without its dot": (PATTERNS, "https://notexample.com"),
    "a subdomain over http": (PATTERNS, "http://www.example.com"),
    "a subdomain on another port": (PATTERNS, "https://www.example.com:8443"),
    "a subdomain with something behind": (PATTERNS, "https://www.example.com.evil.test"),
    "an empty gap": (PATTERNS, "https://pr-.preview.example.org"),
    "a gap that spans two labels": (PATTERNS, "https://pr-1.x.preview.example.org"),
    "the host of a pattern without a label": (PATTERNS, "https://preview.example.org"),
    "a pattern's host on the default port": (PATTERNS, "https://www.example.net"),
    "a port that is no number": (PATTERNS, "http://localhost:evil.test"),
    "a port above the highest": (PATTERNS, "http://localhost:65536"),
    "localhost as a prefix": (PATTERNS, "http://localhost.evil.test"),
    "another IPv6 address": (ODD_ORIGINS, "http://[::2]:3000"),
    "an IPv6 address in its long spelling": (ODD_ORIGINS, "http://[0:0:0:0:0:0:0:1]:3000"),
    "a dot that a regular expression would let through": (EXACT, "https://appxexample.com"),
    "an extension of another id": (
        ODD_ORIGINS,
        "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba",
    ),
}

# Nothing that a browser could send: denied, also where any origin is allowed.
_MALFORMED: Final[dict[str, tuple[CorsPolicy, str]]] = {
    "an origin with a trailing slash": (EXACT, f"{APP}/"),
    "an origin in upper case": (EXACT, "HTTPS://APP.EXAMPLE.COM"),
    "an origin with its default port": (EXACT, f"{APP}:443"),
    "an origin with a path": (EXACT, f"{APP}/index.html"),
    "an origin with a query": (EXACT, f"{APP}?x=1"),
    "an origin with a user": (EXACT, "https://user@app.example.com"),
    "a host without a scheme": (EXACT, "app.example.com"),
    "two origins joined by a comma": (EXACT, f"{APP}, {EVIL}"),
    "two origins joined by a space": (EXACT, f"{APP} {EVIL}"),
    "an origin that is a wildcard": (EXACT, "*"),
    "a pattern as an origin": (PATTERNS, "https://*.example.com"),
    "a malformed origin, any allowed": (PUBLIC, "nonsense"),
    "a list of origins, any allowed": (PUBLIC, f"{APP}, {EVIL}"),
    "a wildcard as an origin, any allowed": (PUBLIC, "*"),
    "a file's address, any allowed": (PUBLIC, "file:///etc/passwd"),
    "markup, any allowed": (PUBLIC, "https://<script>alert(1)</script>"),
    "an empty origin": (EXACT, ""),
    "an empty origin, any allowed": (PUBLIC, ""),
    "an origin longer than any": (PATTERNS, f"https://{'a.' * 500}example.com"),
    "an origin of 4 KiB, any allowed": (PUBLIC, f"https://{'a' * 4096}.example.com"),
    "an origin with a tab in it": (EXACT, "https://app.example.com\tx"),
    "an origin with bytes above ASCII": (EXACT, "https://\xe4pp.example.com"),
}

CASES: Final = [
    *(
        Case(f"allowed: {name}", policy, actual(origin), granted(origin))
        for name, (policy, origin) in _ALLOWED.items()
    ),
    *(
        Case(f"denied: {name}", policy, actual(origin), denied())
        for name, (policy, origin) in _DENIED.items()
    ),
    *(
        Case(f"malformed: {name}", policy, actual(origin), denied(), may_refuse=True)
        for name, (policy, origin) in _MALFORMED.items()
    ),
    Case("no origin: a named origin's policy varies", EXACT, actual(None), denied()),
    Case("no origin: a policy that grants nothing varies", NOTHING, actual(None), denied()),
    Case(
        "no origin: any origin's policy adds its static headers",
        PUBLIC,
        actual(None),
        granted("*", vary=()),
    ),
    Case(
        "no origin: any origin's policy names what is exposed",
        PUBLIC_ALL,
        actual(None, "POST"),
        granted("*", exposed="*", vary=()),
    ),
    Case("no origin: PUT", API, actual(None, "PUT"), denied()),
    Case("no origin: HEAD", EXACT, actual(None, "HEAD"), denied()),
    Case("any origin: a stranger reads", PUBLIC, actual(EVIL), granted("*", vary=())),
    Case("any origin: the opaque origin reads", PUBLIC, actual("null"), granted("*", vary=())),
    Case(
        "any origin: an app's own scheme reads",
        PUBLIC,
        actual("capacitor://localhost"),
        granted("*", vary=()),
    ),
    Case("any origin: * is exposed", PUBLIC_ALL, actual(EVIL), granted("*", exposed="*", vary=())),
    *(
        Case(
            f"credentials: {method} from an allowed origin",
            API,
            actual(APP, method),
            granted(credentials=True, exposed="x-request-id, etag"),
        )
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
    ),
    Case(
        "credentials: the pattern's origin is named, not the pattern",
        API,
        actual("https://www.example.org"),
        granted("https://www.example.org", credentials=True, exposed="x-request-id, etag"),
    ),
    Case("credentials: none for a stranger", API, actual(EVIL, "DELETE"), denied()),
    Case("credentials: none for the opaque origin", API, actual("null", "POST"), denied()),
    Case(
        "credentials: an actual request does not vary by preflight fields",
        CREDENTIALS_ALL,
        actual(APP, "PUT"),
        granted(credentials=True),
    ),
    Case("nothing: an actual request passes ungranted", NOTHING, actual(), denied()),
    Case(
        "the field name in odd case is Origin all the same",
        EXACT,
        Request("GET", (("oRiGiN", APP),)),
        granted(),
    ),
    Case(
        "two Origin headers, both allowed",
        EXACT,
        Request("GET", (("Origin", APP), ("Origin", APP))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "two Origin headers, the first allowed",
        EXACT,
        Request("GET", (("Origin", APP), ("Origin", EVIL))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "two Origin headers, the last allowed",
        EXACT,
        Request("GET", (("Origin", EVIL), ("Origin", APP))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "two Origin headers, any allowed",
        PUBLIC,
        Request("GET", (("Origin", APP), ("Origin", EVIL))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "a Referer is no Origin",
        EXACT,
        actual(None, "GET", ("Referer", f"{APP}/page")),
        denied(),
    ),
    Case(
        "a Host that names the allowed origin changes nothing",
        EXACT,
        actual(EVIL, "GET", ("X-Forwarded-Host", "app.example.com")),
        denied(),
    ),
]
