"""Policies that each rule of `corekit.lint` reports, and policies that it does not."""

from __future__ import annotations

from typing import Any

APP = "https://app.example.com"
SUB = "https://*.example.com"
API = "https://api.example.com"


Case = tuple[str, str, object, dict[str, Any]]

# Severity and code, argument, value; the arguments, `api` among them.
CASES: list[tuple[str, Case]] = [
    ("warning", ("covered-origin", "allow_origins", APP, {"allow_origins": [APP, SUB]})),
    (
        "warning",
        (
            "covered-origin",
            "allow_origins",
            "https://*.a.example.com",
            {"allow_origins": [SUB, "https://*.a.example.com"]},
        ),
    ),
    (
        "warning",
        (
            "open-pattern",
            "allow_origins",
            "https://*.github.io",
            {"allow_origins": ["https://*.github.io"]},
        ),
    ),
    (
        "warning",
        (
            "open-pattern",
            "allow_origins",
            "https://*example.com",
            {"allow_origins": ["https://*example.com"]},
        ),
    ),
    (
        "info",
        (
            "development-origin",
            "allow_origins",
            "http://localhost:*",
            {"allow_origins": [APP, "http://localhost:*"]},
        ),
    ),
    (
        "warning",
        (
            "development-origin",
            "allow_origins",
            "http://127.0.0.1:3000",
            {"allow_origins": [APP, "http://127.0.0.1:3000"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "plain-http",
            "allow_origins",
            "http://app.example.com",
            {"allow_origins": ["http://app.example.com"]},
        ),
    ),
    (
        "info",
        (
            "every-subdomain",
            "allow_origins",
            SUB,
            {"allow_origins": [SUB], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "several-sites",
            "allow_credentials",
            True,
            {"allow_origins": [APP, "https://a.example.org"], "allow_credentials": True},
        ),
    ),
    ("warning", ("trailing-dot", "allow_origins", f"{APP}.", {"allow_origins": [f"{APP}."]})),
    (
        "warning",
        (
            "trailing-dot",
            "allow_origins",
            f"{SUB}.:8443",
            {"allow_origins": [APP, f"{SUB}.:8443"], "allow_credentials": True},
        ),
    ),
    ("warning", ("safelisted-method", "allow_methods", "GET", {"allow_methods": ["GET", "PUT"]})),
    ("warning", ("safelisted-method", "allow_methods", "HEAD", {"allow_methods": ["HEAD"]})),
    ("warning", ("safelisted-method", "allow_methods", "POST", {"allow_methods": ["POST"]})),
    ("warning", ("safelisted-header", "allow_headers", "accept", {"allow_headers": ["Accept"]})),
    (
        "warning",
        (
            "safelisted-header",
            "allow_headers",
            "accept-language",
            {"allow_headers": ["accept-language"]},
        ),
    ),
    (
        "warning",
        (
            "safelisted-header",
            "allow_headers",
            "content-language",
            {"allow_headers": ["content-language"]},
        ),
    ),
    ("warning", ("authorization-not-covered", "allow_headers", "*", {"allow_headers": ["*"]})),
    (
        "info",
        (
            "any-with-credentials",
            "allow_headers",
            "*",
            {"allow_headers": ["*"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "any-with-credentials",
            "allow_methods",
            "*",
            {"allow_methods": ["*"], "allow_credentials": True},
        ),
    ),
    (
        "info",
        (
            "no-content-type",
            "allow_headers",
            ["x-a"],
            {"allow_methods": ["PUT"], "allow_headers": ["x-a"]},
        ),
    ),
    (
        "warning",
        (
            "safelisted-header",
            "expose_headers",
            "content-length",
            {"expose_headers": ["Content-Length"]},
        ),
    ),
    ("info", ("short-max-age", "max_age", None, {"allow_methods": ["PUT"]})),
    ("info", ("short-max-age", "max_age", 0, {"allow_headers": ["x-a"], "max_age": 0})),
    ("info", ("max-age-capped", "max_age", 601, {"max_age": 601})),
    ("info", ("max-age-capped", "max_age", 7200, {"max_age": 7200})),
    ("warning", ("max-age-capped", "max_age", 7201, {"max_age": 7201})),
    (
        "warning",
        ("private-network", "allow_private_network", True, {"allow_private_network": True}),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "opaque-origin",
            {"allow_origins": ["null"], "accept_risks": ["opaque-origin"]},
        ),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "insecure-origin",
            {
                "allow_origins": ["http://app.example.com"],
                "allow_credentials": True,
                "accept_risks": ["insecure-origin"],
            },
        ),
    ),
    (
        "info",
        (
            "accepted-risk",
            "accept_risks",
            "public-suffix",
            {
                "allow_origins": ["https://*.github.io"],
                "allow_credentials": True,
                "accept_risks": ["public-suffix"],
            },
        ),
    ),
    ("warning", ("own-origin", "allow_origins", API, {"api": API, "allow_origins": [APP, API]})),
    ("warning", ("mixed-content", "allow_origins", APP, {"api": "http://api.example.com"})),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            APP,
            {"api": "https://api.example.org", "allow_credentials": True},
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "https://*.example.org",
            {"api": API, "allow_origins": ["https://*.example.org"], "allow_credentials": True},
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "capacitor://localhost",
            {
                "api": "https://localhost",
                "allow_origins": ["capacitor://localhost"],
                "allow_credentials": True,
            },
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "capacitor://localhost",
            {
                "api": API,
                "allow_origins": [APP, "capacitor://localhost"],
                "allow_credentials": True,
            },
        ),
    ),
    (
        "warning",
        (
            "third-party-cookies",
            "allow_origins",
            "https://me.github.io",
            {
                "api": "https://api.github.io",
                "allow_origins": ["https://me.github.io"],
                "allow_credentials": True,
            },
        ),
    ),
    *(
        (
            "warning",
            ("internal-api", "allow_origins", "*", {"api": api, "allow_origins": ["*"]}),
        )
        for api in (
            "http://localhost:8000",
            "http://127.0.0.1",
            "http://192.168.1.10:8080",
            "http://10.1.2.3",
            "http://[fd00::1]",
            "https://wiki",
            "https://wiki.internal",
            "https://printer.local",
            "https://nas.home.arpa",
        )
    ),
]


FREE: list[tuple[str, dict[str, Any]]] = [
    ("covered-origin", {"allow_origins": [SUB, "https://example.com"]}),
    ("open-pattern", {"allow_origins": [SUB, "http://*.localhost:*", "http://localhost:*"]}),
    ("open-pattern", {"allow_origins": ["*"]}),
    ("development-origin", {"allow_origins": ["http://localhost:*", "http://127.0.0.1:1"]}),
    ("development-origin", {"allow_origins": [APP]}),
    ("development-origin", {"allow_origins": [APP, "capacitor://localhost"]}),
    (
        "development-origin",
        {
            "allow_origins": [
                APP,
                "http://tauri.localhost",
                "https://localhost",
                "tauri://localhost",
                "ionic://localhost",
            ],
            "allow_credentials": True,
        },
    ),
    ("open-pattern", {"allow_origins": [APP, "chrome-extension://*", "app://*.com"]}),
    (
        "several-sites",
        {
            "allow_origins": [APP, "moz-extension://*"],
            "allow_credentials": True,
            "accept_risks": ["any-extension"],
        },
    ),
    ("plain-http", {"allow_origins": ["http://localhost:*", APP]}),
    ("trailing-dot", {"allow_origins": [APP, SUB, "http://127.0.0.1:8000"]}),
    ("every-subdomain", {"allow_origins": [SUB]}),
    ("every-subdomain", {"allow_credentials": True}),
    ("every-subdomain", {"allow_origins": ["https://a-*.example.com"], "allow_credentials": True}),
    ("several-sites", {"allow_origins": [APP, "https://a.example.org"]}),
    ("several-sites", {"allow_origins": [APP, SUB], "allow_credentials": True}),
    (
        "several-sites",
        {"allow_origins": [APP, "http://localhost:1"], "allow_credentials": True},
    ),
    (
        "several-sites",
        {"api": API, "allow_origins": [APP, "https://a.example.org"], "allow_credentials": True},
    ),
    ("safelisted-method", {"allow_methods": ["PUT", "*"]}),
    ("safelisted-header", {"allow_headers": ["content-type", "range", "authorization"]}),
    ("authorization-not-covered", {"allow_headers": ["*", "Authorization"]}),
    ("authorization-not-covered", {"allow_headers": ["*"], "allow_credentials": True}),
    ("authorization-not-covered", {"allow_headers": ["x-a"]}),
    ("any-with-credentials", {"allow_headers": ["*"], "allow_methods": ["*"]}),
    ("no-content-type", {"allow_methods": ["PUT"], "allow_headers": ["content-type"]}),
    ("no-content-type", {"allow_methods": ["PUT"], "allow_headers": ["*"]}),
    ("no-content-type", {"allow_methods": ["DELETE"], "allow_headers": ["x-a"]}),
    ("short-max-age", {}),
    ("short-max-age", {"allow_methods": ["PUT"], "max_age": 1}),
    ("max-age-capped", {"max_age": 600}),
    ("accepted-risk", {}),
    ("own-origin", {"api": API}),
    ("mixed-content", {"api": "http://localhost:8000"}),
    ("mixed-content", {"api": API}),
    ("mixed-content", {"api": "http://api.example.com", "allow_origins": ["http://a.example"]}),
    ("third-party-cookies", {"api": "https://api.example.org"}),
    ("third-party-cookies", {"api": API, "allow_origins": [APP, SUB], "allow_credentials": True}),
    (
        "third-party-cookies",
        {"api": API, "allow_origins": ["http://localhost:1"], "allow_credentials": True},
    ),
    (
        "third-party-cookies",
        {
            "api": "http://localhost:8000",
            "allow_origins": ["http://localhost:3000"],
            "allow_credentials": True,
        },
    ),
    ("internal-api", {"api": API, "allow_origins": ["*"]}),
    ("internal-api", {"api": "https://8.8.8.8", "allow_origins": ["*"]}),
    (
        "internal-api",
        {
            "api": "http://192.168.1.5",
            "allow_origins": ["file://"],
            "accept_risks": ["opaque-origin"],
        },
    ),
    ("internal-api", {"api": "http://localhost:8000"}),
]
