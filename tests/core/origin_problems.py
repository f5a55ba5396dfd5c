"""Every problem of a value in `allow_origins`, with an example of it and its whole text."""

from __future__ import annotations

from typing import Any

from tests.core.rejections import APP

Case = tuple[str, dict[str, Any], str, object, str, str]

# Code, arguments, and the subject, the value, the message and the hint that follow.
ORIGIN_CASES: list[Case] = [
    (
        "no-origins",
        {"allow_origins": []},
        "allow_origins",
        [],
        "No origins are allowed.",
        "List the origins whose pages may call, or ['*'] for any origin.",
    ),
    (
        "any-origin-with-credentials",
        {"allow_origins": ["*"], "allow_credentials": True},
        "allow_origins[0]",
        "*",
        "Any website could make requests as the logged-in user and read the responses.",
        "List the origins, or do not allow credentials.",
    ),
    (
        "any-origin-with-others",
        {"allow_origins": [APP, "*"]},
        "allow_origins[1]",
        "*",
        "'*' already allows every other origin in the list.",
        "Keep either '*' or the other origins.",
    ),
    (
        "malformed-origin",
        {"allow_origins": ["https://example.com/path"]},
        "allow_origins[0]",
        "https://example.com/path",
        "An origin has no path, query or fragment.",
        "Did you mean 'https://example.com'?",
    ),
    (
        "malformed-origin",
        {"allow_origins": ["https://example.*"]},
        "allow_origins[0]",
        "https://example.*",
        "A wildcard is not possible in this place.",
        "Use a pattern: 'https://*.example.com', 'https://pr-*.example.com' or 'http://localhost:*'.",
    ),
    (
        "malformed-origin",
        {"allow_origins": [APP, "htps://example.com"]},
        "allow_origins[1]",
        "htps://example.com",
        "Browsers do not load pages with the scheme 'htps'.",
        "Did you mean 'https://example.com'?",
    ),
    (
        "non-canonical-origin",
        {"allow_origins": ["https://Example.com:443/"]},
        "allow_origins[0]",
        "https://Example.com:443/",
        "Browsers do not send origins with upper case, a trailing slash or a default port.",
        "Did you mean 'https://example.com'?",
    ),
    (
        "malformed-origin",
        {"allow_origins": ["file:///index.html"]},
        "allow_origins[0]",
        "file:///index.html",
        (
            "Browsers send 'null' as the origin of pages that are opened from a file, and some apps"
            " 'file://'."
        ),
        "Serve the page over HTTP, for example from 'http://localhost:3000'.",
    ),
    (
        "opaque-origin",
        {"allow_origins": ["null"]},
        "allow_origins[0]",
        "null",
        "Any page can send 'Origin: null' by using a sandboxed iframe.",
        "Remove it. To accept the risk: accept_risks=['opaque-origin'].",
    ),
    (
        "opaque-origin",
        {"allow_origins": ["null"], "allow_credentials": True},
        "allow_origins[0]",
        "null",
        "Any page can send 'Origin: null' by using a sandboxed iframe.",
        "Remove it, or do not allow credentials. With credentials this risk cannot be accepted.",
    ),
    (
        "opaque-origin",
        {"allow_origins": ["file://"]},
        "allow_origins[0]",
        "file://",
        "Any local file, or any page of an app with this scheme, has this origin.",
        "Remove it. To accept the risk: accept_risks=['opaque-origin'].",
    ),
    (
        "opaque-origin",
        {"allow_origins": ["app://"], "allow_credentials": True},
        "allow_origins[0]",
        "app://",
        "Any local file, or any page of an app with this scheme, has this origin.",
        "Remove it, or do not allow credentials. With credentials this risk cannot be accepted.",
    ),
    (
        "any-extension",
        {"allow_origins": ["moz-extension://*"], "allow_credentials": True},
        "allow_origins[0]",
        "moz-extension://*",
        "It matches 'moz-extension://a': any app or browser extension could act as the user.",
        (
            "List the identifiers of those that belong to you. To accept the risk:"
            " accept_risks=['any-extension']."
        ),
    ),
    (
        "malformed-origin",
        {"allow_origins": ["http://8.8.8.*:*"]},
        "allow_origins[0]",
        "http://8.8.8.*:*",
        (
            "In an address, only the last parts can be wildcards, and only in private networks:"
            " 10.*.*.*, 172.16.*.* to 172.31.*.*, 192.168.*.* and 169.254.*.*."
        ),
        "List the addresses, or use a pattern such as 'http://192.168.1.*:*'.",
    ),
    (
        "malformed-origin",
        {"allow_origins": ["https://*.xn--f.example"]},
        "allow_origins[0]",
        "https://*.xn--f.example",
        (
            "A label of the host begins with 'xn--' but is not valid Punycode, so no website has"
            " this origin."
        ),
        "Write the name in Unicode to see its Punycode.",
    ),
    (
        "malformed-origin",
        {"allow_origins": ["https://a.example;b.example"]},
        "allow_origins[0]",
        "https://a.example;b.example",
        (
            "Names of hosts have only letters, digits, hyphens and underscores between dots, so no"
            " website has this origin."
        ),
        "Write each origin as a separate string, as a browser sends it.",
    ),
    (
        "insecure-origin",
        {
            "allow_origins": ["http://*.github.io"],
            "allow_credentials": True,
            "accept_risks": ["public-suffix"],
        },
        "allow_origins[0]",
        "http://*.github.io",
        "A network attacker can impersonate this origin and act as the user.",
        "Use 'https://*.github.io'. To accept the risk: accept_risks=['insecure-origin'].",
    ),
    (
        "insecure-origin",
        {"allow_origins": ["http://0.0.0.0:3000"], "allow_credentials": True},
        "allow_origins[0]",
        "http://0.0.0.0:3000",
        "A network attacker can impersonate this origin and act as the user.",
        "Use 'http://localhost:3000'. To accept the risk: accept_risks=['insecure-origin'].",
    ),
    (
        "insecure-origin",
        {"allow_origins": ["http://example.com"], "allow_credentials": True},
        "allow_origins[0]",
        "http://example.com",
        "A network attacker can impersonate this origin and act as the user.",
        "Use 'https://example.com'. To accept the risk: accept_risks=['insecure-origin'].",
    ),
    (
        "public-suffix",
        {"allow_origins": ["https://*.github.io"], "allow_credentials": True},
        "allow_origins[0]",
        "https://*.github.io",
        "Anybody can register a name below 'github.io' and then act as the user.",
        "List the hosts that belong to you. To accept the risk: accept_risks=['public-suffix'].",
    ),
]
