"""Cases with actual requests: which origins match, and which headers they get."""

from __future__ import annotations

from typing import Final

from corekit import CorsPolicy
from tests.conformance.case import APP, UNTRUSTED, Case, Request, actual, denied, granted
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
    "a host that is listed in addition to its subdomains": (PATTERNS, "https://example.com"),
    "a subdomain of a pattern": (PATTERNS, "https://www.example.com"),
    "a deep subdomain of a pattern": (PATTERNS, "https://a.b.c.example.com"),
    "a partial-label wildcard": (PATTERNS, "https://pr-17.preview.example.org"),
    "a partial-label wildcard, one character": (PATTERNS, "https://pr-x.preview.example.org"),
    "a subdomain with the pattern's port": (PATTERNS, "https://www.example.net:8443"),
    "localhost on any port": (PATTERNS, "http://localhost:5173"),
    "localhost without a port if any port is allowed": (PATTERNS, "http://localhost"),
    "a name below localhost on any port": (PATTERNS, "http://app.localhost:3000"),
    "a loopback IPv6 address with a port": (ODD_ORIGINS, "http://[::1]:3000"),
    "an IPv6 address": (ODD_ORIGINS, "https://[2001:db8::1]"),
    "an IPv4 address with a port": (ODD_ORIGINS, "http://192.0.2.1:8080"),
    "a punycode host": (ODD_ORIGINS, "https://xn--bcher-kva.example"),
    "an app's own scheme": (ODD_ORIGINS, "capacitor://localhost"),
    "a browser extension": (ODD_ORIGINS, "chrome-extension://abcdefghijklmnopabcdefghijklmnop"),
    "the opaque origin as an accepted risk": (OPAQUE, "null"),
    "a listed origin in addition to the opaque one": (OPAQUE, APP),
}

_DENIED: Final[dict[str, tuple[CorsPolicy, str]]] = {
    "another origin": (EXACT, UNTRUSTED),
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
    "a subdomain with another suffix": (PATTERNS, "https://www.example.com.evil.test"),
    "a partial-label wildcard, empty": (PATTERNS, "https://pr-.preview.example.org"),
    "a partial-label wildcard, two labels": (PATTERNS, "https://pr-1.x.preview.example.org"),
    "the host of a pattern without a label": (PATTERNS, "https://preview.example.org"),
    "a pattern's host on the default port": (PATTERNS, "https://www.example.net"),
    "a port that is not a number": (PATTERNS, "http://localhost:evil.test"),
    "a port above 65535": (PATTERNS, "http://localhost:65536"),
    "localhost as a prefix": (PATTERNS, "http://localhost.evil.test"),
    "another IPv6 address": (ODD_ORIGINS, "http://[::2]:3000"),
    "an IPv6 address in its long form": (ODD_ORIGINS, "http://[0:0:0:0:0:0:0:1]:3000"),
    "a character in place of a dot": (EXACT, "https://appxexample.com"),
    "an extension of another id": (
        ODD_ORIGINS,
        "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba",
    ),
}

# Values that a browser never sends are denied.
_MALFORMED: Final[dict[str, tuple[CorsPolicy, str]]] = {
    "an origin with a trailing slash": (EXACT, f"{APP}/"),
    "an origin in upper case": (EXACT, "HTTPS://APP.EXAMPLE.COM"),
    "an origin with its default port": (EXACT, f"{APP}:443"),
    "an origin with a path": (EXACT, f"{APP}/index.html"),
    "an origin with a query": (EXACT, f"{APP}?x=1"),
    "an origin with a user": (EXACT, "https://user@app.example.com"),
    "a host without a scheme": (EXACT, "app.example.com"),
    "two origins joined by a comma": (EXACT, f"{APP}, {UNTRUSTED}"),
    "two origins joined by a space": (EXACT, f"{APP} {UNTRUSTED}"),
    "an origin that is a wildcard": (EXACT, "*"),
    "a pattern as an origin": (PATTERNS, "https://*.example.com"),
    "an empty origin": (EXACT, ""),
    "an origin longer than the maximum": (PATTERNS, f"https://{'a.' * 500}example.com"),
    "an origin of 4 KiB": (PATTERNS, f"https://{'a' * 4096}.example.com"),
    "an origin with a tab in it": (EXACT, "https://app.example.com\tx"),
    "an origin with bytes above ASCII": (EXACT, "https://\xe4pp.example.com"),
}

# For a policy that allows any origin, the response is a constant: it repeats nothing.
_ANYTHING: Final[dict[str, str]] = {
    "a local file": "file://",
    "an app without a host": "app://",
    "Android content": "content://",
    "an extension with an upper-case host": "safari-web-extension://E8BEA491-9B80-45DB-8B20",
    "an odd host": "https://a;b..example",
    "a malformed origin": "nonsense",
    "a list of origins": f"{APP}, {UNTRUSTED}",
    "a wildcard as an origin": "*",
    "a file URL": "file:///etc/passwd",
    "markup": "https://<script>alert(1)</script>",
    "an empty origin": "",
    "an origin of 4 KiB": f"https://{'a' * 4096}.example.com",
    "bytes above ASCII": "https://\xe4pp.example.com",
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
    *(
        Case(f"any origin: {name}", PUBLIC, actual(origin), granted("*", vary=()), may_refuse=True)
        for name, origin in _ANYTHING.items()
    ),
    Case("no origin: a policy for a listed origin varies", EXACT, actual(None), denied()),
    Case("no origin: a policy that allows nothing varies", NOTHING, actual(None), denied()),
    Case(
        "no origin: a policy for any origin adds its headers",
        PUBLIC,
        actual(None),
        granted("*", vary=()),
    ),
    Case(
        "no origin: a policy for any origin exposes headers",
        PUBLIC_ALL,
        actual(None, "POST"),
        granted("*", exposed="*", vary=()),
    ),
    Case("no origin: PUT", API, actual(None, "PUT"), denied()),
    Case("no origin: HEAD", EXACT, actual(None, "HEAD"), denied()),
    Case(
        "any origin: an unlisted origin is allowed",
        PUBLIC,
        actual(UNTRUSTED),
        granted("*", vary=()),
    ),
    Case("any origin: the opaque origin is allowed", PUBLIC, actual("null"), granted("*", vary=())),
    Case(
        "any origin: an app's own scheme is allowed",
        PUBLIC,
        actual("capacitor://localhost"),
        granted("*", vary=()),
    ),
    Case(
        "any origin: * is exposed",
        PUBLIC_ALL,
        actual(UNTRUSTED),
        granted("*", exposed="*", vary=()),
    ),
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
        "credentials: the response has the origin, not the pattern",
        API,
        actual("https://www.example.org"),
        granted("https://www.example.org", credentials=True, exposed="x-request-id, etag"),
    ),
    Case("credentials: none for an untrusted origin", API, actual(UNTRUSTED, "DELETE"), denied()),
    Case("credentials: none for the opaque origin", API, actual("null", "POST"), denied()),
    Case(
        "credentials: an actual request does not vary by preflight headers",
        CREDENTIALS_ALL,
        actual(APP, "PUT"),
        granted(credentials=True),
    ),
    Case("deny all: an actual request passes without CORS headers", NOTHING, actual(), denied()),
    Case(
        "the Origin header name in mixed case",
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
        Request("GET", (("Origin", APP), ("Origin", UNTRUSTED))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "two Origin headers, the last allowed",
        EXACT,
        Request("GET", (("Origin", UNTRUSTED), ("Origin", APP))),
        denied(),
        may_refuse=True,
    ),
    Case(
        "two Origin headers, any allowed",
        PUBLIC,
        Request("GET", (("Origin", APP), ("Origin", UNTRUSTED))),
        granted("*", vary=()),
        may_refuse=True,
    ),
    Case(
        "a Referer is not an Origin",
        EXACT,
        actual(None, "GET", ("Referer", f"{APP}/page")),
        denied(),
    ),
    Case(
        "an X-Forwarded-Host with the allowed origin has no effect",
        EXACT,
        actual(UNTRUSTED, "GET", ("X-Forwarded-Host", "app.example.com")),
        denied(),
    ),
]
