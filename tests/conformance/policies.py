"""The policies that the cases of the conformance table share."""

from __future__ import annotations

from typing import Final

from corekit import CorsPolicy, CorsRoutes
from tests.conformance.case import APP

EXACT: Final = CorsPolicy(allow_origins=[APP])

API: Final = CorsPolicy(
    allow_origins=[APP, "https://*.example.org", "http://localhost:*"],
    allow_credentials=True,
    allow_methods=["PUT", "PATCH", "DELETE"],
    allow_headers=["authorization", "content-type", "x-csrftoken"],
    expose_headers=["x-request-id", "etag"],
    max_age=600,
)

PUBLIC: Final = CorsPolicy(allow_origins=["*"])

PUBLIC_ALL: Final = CorsPolicy(
    allow_origins=["*"],
    allow_methods=["*"],
    allow_headers=["*", "authorization"],
    expose_headers=["*"],
    max_age=86400,
)

CREDENTIALS_ALL: Final = CorsPolicy(
    allow_origins=[APP], allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
)

PATTERNS: Final = CorsPolicy(
    allow_origins=[
        "https://example.com",
        "https://*.example.com",
        "https://pr-*.preview.example.org",
        "https://*.example.net:8443",
        "http://localhost:*",
        "http://*.localhost:*",
    ]
)

ODD_ORIGINS: Final = CorsPolicy(
    allow_origins=[
        "http://[::1]:3000",
        "https://[2001:db8::1]",
        "http://192.0.2.1:8080",
        "https://xn--bcher-kva.example",
        "capacitor://localhost",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ]
)

OPAQUE: Final = CorsPolicy(allow_origins=["null", APP], accept_risks=["opaque-origin"])

PRIVATE: Final = CorsPolicy(allow_origins=[APP], allow_private_network=True)

PRIVATE_PUBLIC: Final = CorsPolicy(allow_origins=["*"], allow_private_network=True)

NOTHING: Final = CorsPolicy.deny_all()

ROUTES: Final = CorsRoutes(
    [
        ("/app/public/closed/", NOTHING),
        ("/app/public/", PUBLIC),
        ("/app/api/", API),
        ("/app/exact", EXACT),
    ]
)
