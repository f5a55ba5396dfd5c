"""The rules of the guard as tables: what a request has, and the reason for the verdict on it."""

from __future__ import annotations

from typing import Any, Final

from corekit import CorsPolicy

HOST: Final = "shop.example.com"
OWN: Final = "https://shop.example.com"
LISTED: Final = "https://app.example.com"
EVIL: Final = "https://evil.example"

CREDENTIALS: Final = CorsPolicy(allow_origins=[LISTED], allow_credentials=True)
PUBLIC: Final = CorsPolicy(allow_origins=[LISTED])
LISTED_OWN: Final = CorsPolicy(allow_origins=[OWN])
ANYBODY: Final = CorsPolicy(allow_origins=["*"])

Case = tuple[CorsPolicy, dict[str, Any], str]

WRITES: Final[list[Case]] = [
    # S1: exactly one Sec-Fetch-Site.
    (CREDENTIALS, {"sec_fetch_site": "same-origin"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "same-origin", "origin": OWN}, "SAME_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "same-origin", "origin": "null"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "same-origin", "host": None}, "SAME_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "none"}, "USER"),
    (CREDENTIALS, {"sec_fetch_site": "none", "origin": "null"}, "USER"),
    (CREDENTIALS, {"sec_fetch_site": "same-origin, same-origin"}, "SEVERAL_FETCH_SITES"),
    (CREDENTIALS, {"sec_fetch_site": "same-origin, none", "origin": LISTED}, "SEVERAL_FETCH_SITES"),
    (CREDENTIALS, {"sec_fetch_site": ", same-origin"}, "SEVERAL_FETCH_SITES"),
    # S2: exactly one Origin that the policy lists.
    (CREDENTIALS, {"sec_fetch_site": "cross-site", "origin": LISTED}, "LISTED_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "same-site", "origin": LISTED}, "LISTED_ORIGIN"),
    (CREDENTIALS, {"origin": LISTED}, "LISTED_ORIGIN"),
    (CREDENTIALS, {"origin": LISTED, "cookie": "sessionid=1"}, "LISTED_ORIGIN"),
    (CREDENTIALS, {"origin": f"{LISTED}, {LISTED}"}, "OTHER_ORIGIN"),
    (PUBLIC, {"origin": LISTED}, "LISTED_ORIGIN"),
    (PUBLIC, {"origin": LISTED, "authorization": "Bearer Basic"}, "LISTED_ORIGIN"),
    (PUBLIC, {"origin": LISTED, "authorization": "Basically x"}, "LISTED_ORIGIN"),
    (PUBLIC, {"origin": LISTED, "cookie": "sessionid=1"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "cookie": ""}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "Basic dTpw"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "basic"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": 'Digest a="b"'}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "Negotiate YII"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "NTLM TlRM"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "Bearer x, Basic y"}, "CREDENTIALS_NOT_ALLOWED"),
    # An own page is one of the list, too.
    (LISTED_OWN, {"origin": OWN, "cookie": "sessionid=1"}, "SAME_ORIGIN"),
    (LISTED_OWN, {"origin": OWN, "host": "internal", "cookie": ""}, "CREDENTIALS_NOT_ALLOWED"),
    (ANYBODY, {"sec_fetch_site": "cross-site", "origin": EVIL}, "CROSS_SITE"),
    (ANYBODY, {"origin": EVIL}, "OTHER_ORIGIN"),
    # S3: any other Sec-Fetch-Site.
    (CREDENTIALS, {"sec_fetch_site": "cross-site", "origin": EVIL}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "cross-site", "origin": "null"}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "cross-site"}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "cross-site", "origin": OWN}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "same-site", "origin": "https://x.example.com"}, "SAME_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "Same-Origin"}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": "unknown"}, "CROSS_SITE"),
    (CREDENTIALS, {"sec_fetch_site": ""}, "CROSS_SITE"),
    # S4: neither header.
    (CREDENTIALS, {}, "NO_BROWSER"),
    (CREDENTIALS, {"cookie": "sessionid=1"}, "NO_BROWSER"),
    # S5: an opaque origin.
    (CREDENTIALS, {"origin": "null"}, "OPAQUE_ORIGIN"),
    # S6: Origin and Host.
    (CREDENTIALS, {"origin": OWN}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "host": "SHOP.example.com:443"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": "http://shop.example.com"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "scheme": "http"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "scheme": "https"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": "http://shop.example.com", "scheme": "https"}, "OTHER_ORIGIN"),
    (CREDENTIALS, {"origin": "https://shop.example.com:8443"}, "OTHER_ORIGIN"),
    (CREDENTIALS, {"origin": EVIL}, "OTHER_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "host": None}, "OTHER_ORIGIN"),
    (CREDENTIALS, {"origin": ""}, "OTHER_ORIGIN"),
]

WEBSOCKETS: Final = [
    (CREDENTIALS, {}, "NO_BROWSER"),
    (CREDENTIALS, {"origin": OWN}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "scheme": "wss"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": "http://shop.example.com", "scheme": "wss"}, "WEBSOCKET_ORIGIN"),
    (CREDENTIALS, {"origin": LISTED}, "LISTED_ORIGIN"),
    (CREDENTIALS, {"origin": LISTED, "cookie": "a=b"}, "LISTED_ORIGIN"),
    (PUBLIC, {"origin": LISTED}, "LISTED_ORIGIN"),
    (PUBLIC, {"origin": LISTED, "cookie": "a=b"}, "CREDENTIALS_NOT_ALLOWED"),
    (PUBLIC, {"origin": LISTED, "authorization": "Basic x"}, "CREDENTIALS_NOT_ALLOWED"),
    (ANYBODY, {"origin": EVIL}, "WEBSOCKET_ORIGIN"),
    (ANYBODY, {"origin": OWN}, "SAME_ORIGIN"),
    (CREDENTIALS, {"origin": EVIL}, "WEBSOCKET_ORIGIN"),
    (CREDENTIALS, {"origin": "null"}, "WEBSOCKET_ORIGIN"),
    (CREDENTIALS, {"origin": ""}, "WEBSOCKET_ORIGIN"),
    # Chromium sends no Sec-Fetch-Site with a handshake, so it decides nothing.
    (CREDENTIALS, {"origin": EVIL, "sec_fetch_site": "same-origin"}, "WEBSOCKET_ORIGIN"),
    (CREDENTIALS, {"origin": OWN, "sec_fetch_site": "cross-site"}, "SAME_ORIGIN"),
    (CREDENTIALS, {"sec_fetch_site": "cross-site"}, "NO_BROWSER"),
]

ENFORCED: Final = [
    (PUBLIC, {}, "SAFE"),
    (PUBLIC, {"sec_fetch_site": "cross-site"}, "SAFE"),
    (PUBLIC, {"origin": OWN}, "SAFE"),
    (PUBLIC, {"origin": OWN, "sec_fetch_site": "same-origin"}, "SAFE"),
    (PUBLIC, {"origin": "null", "sec_fetch_site": "same-origin"}, "SAFE"),
    (PUBLIC, {"origin": LISTED, "sec_fetch_site": "cross-site"}, "SAFE"),
    (PUBLIC, {"origin": LISTED, "cookie": "a=b"}, "SAFE"),
    (ANYBODY, {"origin": EVIL}, "SAFE"),
    (PUBLIC, {"origin": EVIL}, "READ_NOT_ALLOWED"),
    (PUBLIC, {"origin": EVIL, "sec_fetch_site": "same-site"}, "READ_NOT_ALLOWED"),
    (PUBLIC, {"origin": OWN, "sec_fetch_site": "cross-site"}, "READ_NOT_ALLOWED"),
    (PUBLIC, {"origin": "null"}, "READ_NOT_ALLOWED"),
    (PUBLIC, {"origin": f"{LISTED}, {LISTED}"}, "READ_NOT_ALLOWED"),
]

NAVIGATION: Final = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
ISOLATED: Final = [
    ("GET", PUBLIC, {}, "SAFE"),
    ("GET", PUBLIC, {"sec_fetch_site": "same-origin"}, "SAFE"),
    ("GET", PUBLIC, {"sec_fetch_site": "same-site"}, "SAFE"),
    ("GET", PUBLIC, {"sec_fetch_site": "none"}, "SAFE"),
    ("GET", PUBLIC, NAVIGATION, "SAFE"),
    ("GET", PUBLIC, {**NAVIGATION, "sec_fetch_dest": "document"}, "SAFE"),
    ("GET", PUBLIC, {**NAVIGATION, "sec_fetch_dest": "iframe"}, "SAFE"),
    ("GET", PUBLIC, {**NAVIGATION, "sec_fetch_dest": "object"}, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {**NAVIGATION, "sec_fetch_dest": "embed"}, "CROSS_SITE_READ"),
    ("HEAD", PUBLIC, NAVIGATION, "CROSS_SITE_READ"),
    ("QUERY", PUBLIC, NAVIGATION, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {"sec_fetch_site": "cross-site"}, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {"sec_fetch_site": "?"}, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {"sec_fetch_site": ""}, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {"sec_fetch_site": "none, none"}, "SEVERAL_FETCH_SITES"),
    ("GET", PUBLIC, {"sec_fetch_site": "cross-site", "origin": EVIL}, "CROSS_SITE_READ"),
    ("GET", PUBLIC, {"sec_fetch_site": "cross-site", "origin": LISTED}, "SAFE"),
    ("GET", ANYBODY, {"sec_fetch_site": "cross-site", "origin": EVIL}, "SAFE"),
    ("GET", ANYBODY, {"sec_fetch_site": "cross-site"}, "CROSS_SITE_READ"),
]
