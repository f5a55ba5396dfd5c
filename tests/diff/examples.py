"""Pairs of policies, and what `corekit.diff` says about them."""

from __future__ import annotations

from corekit import CorsPolicy
from corekit.compat import RegexCorsPolicy

APP = "https://app.example.com"
BASE = CorsPolicy(
    allow_origins=[APP],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["x-a"],
    expose_headers=["x-total"],
)
OPEN = CorsPolicy(allow_origins=["*"])
UNREADABLE = r"https://(?!evil)[a-z]+\.example\.net"
UNREADABLE_BASE = RegexCorsPolicy(
    allow_origin_regexes=[UNREADABLE], allow_credentials=True, accept_risks=["opaque-regex"]
)
SOMETIMES_SAFELISTED = ["accept", "accept-language", "content-language", "content-type", "range"]

COOKIES = "with the user's cookies"
READ = "and read the response"
BEFORE = "before, it could not."


def cannot_tell(entry: str) -> str:
    allows = "allows origins that the other policy does not allow"
    return f"Whether {entry} {allows} cannot be determined."


Example = tuple[str, CorsPolicy, CorsPolicy, str, list[str]]

# Name, old, new, relation, messages.
EXAMPLES: list[Example] = [
    ("order", BASE, BASE.replace(allow_methods=["PUT", "GET"]), "same", []),
    ("status", BASE, BASE.replace(preflight_status=200), "same", []),
    (
        "covered origin",
        CorsPolicy(allow_origins=["https://*.example.com"]),
        CorsPolicy(allow_origins=["https://*.example.com", "https://a.example.com"]),
        "same",
        [],
    ),
    (
        "an exact origin",
        BASE,
        BASE.replace(allow_origins=[APP, "https://admin.example.com"]),
        "wider",
        [
            f"A page at https://admin.example.com may now GET any path {COOKIES} {READ}; {BEFORE}",
        ],
    ),
    (
        "subdomains instead of one origin",
        BASE,
        BASE.replace(allow_origins=["https://*.example.com"]),
        "wider",
        [
            (
                "A page at https://x.example.com (https://*.example.com) may now GET any path "
                f"{COOKIES} {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "pattern covered by two",
        CorsPolicy(allow_origins=["https://*-a.example.com", "https://pr-*.example.com"]),
        CorsPolicy(allow_origins=["https://pr-*-a.example.com"]),
        "narrower",
        [
            (
                "A page at https://pr-x.example.com (https://pr-*.example.com) may no longer GET "
                f"any path {READ}."
            ),
            (
                "A page at https://x-a.example.com (https://*-a.example.com) may no longer GET "
                f"any path {READ}."
            ),
        ],
    ),
    (
        "regex of the same origins",
        RegexCorsPolicy(allow_origin_regexes=[r"https://([a-z0-9_-]+\.)+example\.com"]),
        CorsPolicy(allow_origins=["https://*.example.com"]),
        "same",
        [],
    ),
    (
        "regex without digits",
        RegexCorsPolicy(allow_origin_regexes=[r"https://[a-z]+\.example\.com"]),
        CorsPolicy(allow_origins=["https://*.example.com"]),
        "wider",
        [
            (
                "A page at https://1.example.com (https://*.example.com) may now GET any path "
                f"{READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "unreadable regex is new",
        CorsPolicy(allow_origins=[APP]),
        RegexCorsPolicy(allow_origins=[APP], allow_origin_regexes=[UNREADABLE]),
        "unknown",
        [cannot_tell(UNREADABLE)],
    ),
    (
        "unreadable regex is removed",
        RegexCorsPolicy(allow_origins=[APP], allow_origin_regexes=[UNREADABLE]),
        CorsPolicy(allow_origins=[APP]),
        "narrower",
        [cannot_tell(UNREADABLE)],
    ),
    (
        "unreadable regex instead of a pattern",
        CorsPolicy(allow_origins=["https://*.example.net"]),
        RegexCorsPolicy(allow_origin_regexes=[r"https://(?!-).*\.example\.net"]),
        "unknown",
        [cannot_tell(r"https://(?!-).*\.example\.net"), cannot_tell("https://*.example.net")],
    ),
    (
        "nothing instead of an unreadable regex",
        UNREADABLE_BASE,
        CorsPolicy.deny_all(),
        "narrower",
        [cannot_tell(UNREADABLE)],
    ),
    (
        "more than an unreadable regex allows",
        RegexCorsPolicy(allow_origin_regexes=[UNREADABLE]),
        RegexCorsPolicy(
            allow_origin_regexes=[UNREADABLE, r"https://(app|evil)\.example\.net"],
        ),
        "wider",
        [
            (
                "A page at https://evil.example.net (https://(app|evil)\\.example\\.net) may now "
                f"GET any path {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "unreadable regex in both",
        RegexCorsPolicy(allow_origin_regexes=[UNREADABLE]),
        RegexCorsPolicy(allow_origin_regexes=[UNREADABLE], allow_methods=["PUT"]),
        "wider",
        [f"A page at any origin that both allow may now PUT any path {READ}; {BEFORE}"],
    ),
    (
        "unreadable regex in both, with credentials",
        UNREADABLE_BASE,
        UNREADABLE_BASE.replace(allow_headers=["*"]),
        "wider",
        [
            (
                "A page at any origin that both allow may now send any request header, also "
                f"authorization, to any path {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "unreadable regex in both, with what is safelisted",
        UNREADABLE_BASE,
        UNREADABLE_BASE.replace(allow_methods=["POST"], expose_headers=["cache-control"]),
        "same",
        [],
    ),
    (
        "unreadable regex in both, with any header",
        UNREADABLE_BASE.replace(allow_headers=["*"]),
        UNREADABLE_BASE.replace(allow_headers=["x-a", "authorization"]),
        "narrower",
        [
            (
                "A page at any origin that both allow may no longer send any request header to any "
                f"path {READ}."
            ),
        ],
    ),
    (
        "any origin",
        CorsPolicy(allow_origins=[APP]),
        OPEN,
        "wider",
        [f"A page at https://unrelated.example (any origin) may now GET any path {READ}; {BEFORE}"],
    ),
    (
        "any origin instead of credentials",
        CorsPolicy(allow_origins=[APP], allow_credentials=True),
        OPEN,
        "both",
        [
            (
                f"A page at https://unrelated.example (any origin) may now GET any path {READ}; "
                f"{BEFORE}"
            ),
            f"A page at {APP} may no longer GET any path {COOKIES} {READ}.",
        ],
    ),
    (
        "nothing",
        BASE,
        CorsPolicy.deny_all(),
        "narrower",
        [f"A page at {APP} may no longer GET any path {COOKIES} {READ}."],
    ),
    ("nothing with a method", CorsPolicy.deny_all(), RegexCorsPolicy(max_age=9), "same", []),
    (
        "credentials",
        BASE.replace(allow_credentials=False),
        BASE,
        "wider",
        [f"A page at {APP} may now GET any path {COOKIES} {READ}; {BEFORE}"],
    ),
    (
        "methods",
        BASE,
        BASE.replace(allow_methods=["DELETE", "PATCH", "PUT"]),
        "wider",
        [f"A page at {APP} may now DELETE and PATCH any path {COOKIES} {READ}; {BEFORE}"],
    ),
    (
        "a method together with credentials",
        BASE.replace(allow_credentials=False),
        BASE.replace(allow_methods=["PUT", "DELETE"]),
        "wider",
        [
            f"A page at {APP} may now GET any path {COOKIES} {READ}; {BEFORE}",
            f"A page at {APP} may now DELETE any path {READ}; {BEFORE}",
        ],
    ),
    (
        "any method",
        BASE.replace(allow_credentials=False),
        BASE.replace(allow_credentials=False, allow_methods=["*"]),
        "wider",
        [f"A page at {APP} may now use any method, such as PATCH, on any path {READ}; {BEFORE}"],
    ),
    (
        "one method instead of any",
        BASE.replace(allow_methods=["*"]),
        BASE.replace(allow_methods=["PATCH", "PUT", "DELETE", "QUERY", "X-METHOD"]),
        "narrower",
        [
            (
                f"A page at {APP} may no longer use any method, such as X-METHOD-2, on any path "
                f"{COOKIES} {READ}."
            ),
        ],
    ),
    (
        "a request header",
        BASE,
        BASE.replace(allow_headers=["authorization", "x-a"]),
        "wider",
        [
            (
                f"A page at {APP} may now send the request header authorization to any path "
                f"{COOKIES} {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "request headers that need permission only with some values",
        BASE.replace(allow_headers=[]),
        BASE.replace(allow_headers=SOMETIMES_SAFELISTED),
        "wider",
        [
            (
                f"A page at {APP} may now send the request headers accept, accept-language, "
                f"content-language, content-type and range to any path {COOKIES} {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "any request header in addition to one",
        OPEN.replace(allow_headers=["x-a"]),
        OPEN.replace(allow_headers=["x-a", "x-b", "*"]),
        "wider",
        [
            (
                "A page at https://unrelated.example may now send any request header to any path "
                f"{READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "any request header, with credentials",
        BASE,
        BASE.replace(allow_headers=["*"]),
        "wider",
        [
            (
                f"A page at {APP} may now send any request header, also authorization, to any path "
                f"{COOKIES} {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "any request header instead of authorization",
        OPEN.replace(allow_headers=["authorization"]),
        OPEN.replace(allow_headers=["*"]),
        "both",
        [
            (
                "A page at https://unrelated.example may now send any request header to any path "
                f"{READ}; {BEFORE}"
            ),
            (
                "A page at https://unrelated.example may no longer send the request header "
                f"authorization to any path {READ}."
            ),
        ],
    ),
    (
        "authorization in addition to any request header",
        OPEN.replace(allow_headers=["*"]),
        OPEN.replace(allow_headers=["*", "authorization"]),
        "wider",
        [
            (
                "A page at https://unrelated.example may now send the request header authorization "
                f"to any path {READ}; {BEFORE}"
            ),
        ],
    ),
    (
        "response headers",
        BASE,
        BASE.replace(expose_headers=["cache-control", *(f"x-{n}" for n in range(10))]),
        "both",
        [
            (
                f"A page at {APP} may now read the response headers x-0, x-1, x-2, x-3, x-4, x-5, "
                f"x-6, x-7 and 2 more of any path {COOKIES}; {BEFORE}"
            ),
            (
                f"A page at {APP} may no longer read the response header x-total of any path "
                f"{COOKIES}."
            ),
        ],
    ),
    (
        "any response header",
        OPEN.replace(expose_headers=["x-custom"]),
        OPEN.replace(expose_headers=["*"]),
        "wider",
        [
            (
                "A page at https://unrelated.example may now read any response header of any path; "
                f"{BEFORE}"
            ),
        ],
    ),
    (
        "private network",
        OPEN,
        OPEN.replace(allow_private_network=True),
        "wider",
        [
            (
                "A page at https://unrelated.example may now request any path in a private "
                "network, if the browser asks with Access-Control-Request-Private-Network; "
                f"{BEFORE}"
            ),
        ],
    ),
    (
        "longer cache",
        OPEN,
        OPEN.replace(max_age=600),
        "same",
        ["Browsers may cache preflight responses of any path longer: 600 instead of 5 seconds."],
    ),
    (
        "shorter cache",
        OPEN.replace(max_age=600),
        OPEN.replace(max_age=0),
        "same",
        ["Browsers may cache preflight responses of any path shorter: 0 instead of 600 seconds."],
    ),
    ("the default of browsers", OPEN, OPEN.replace(max_age=5), "same", []),
]
