"""Servers with one bug each, and what the probe finds. Not a test."""

from __future__ import annotations

from typing import Any, Final

from corekit import CorsPolicy
from corekit.diagnostics import Severity
from corekit.probe import UNTRUSTED
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    POLICY,
    PRIVATE,
    WITH_COOKIES,
    Headers,
    admit,
    is_get,
    is_missing_page,
    is_preflight,
    replace,
    respond,
    right,
    without,
    wrong,
)


def for_private(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") == UNTRUSTED and is_preflight(environ):
        headers = [*headers, (PRIVATE, "true")]
    return status, headers


def reflect(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") not in (None, PAGE, "null"):
        headers = [*without(headers, ALLOW), (ALLOW, environ["HTTP_ORIGIN"])]
    return status, headers


def for_untrusted(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
    if environ.get("HTTP_ORIGIN") == UNTRUSTED:
        headers = [*headers, (CREDENTIALS, "true")]
    return status, headers


BUGS: Final[dict[str, tuple[Any, set[str], Severity]]] = {
    "the page is refused": (
        wrong(replace(ALLOW, when=is_get)),
        {"refused"},
        "error",
    ),
    "two origins in one response": (
        wrong(replace(ALLOW, PAGE, "*", when=is_get)),
        {"refused"},
        "error",
    ),
    "any origin is reflected": (wrong(reflect), {"any-origin"}, "info"),
    "any origin is reflected, with credentials": (
        wrong(admit(UNTRUSTED, credentials=True)),
        {"any-origin"},
        "error",
    ),
    "null is allowed": (wrong(admit("null")), {"opaque-origin"}, "warning"),
    "null is allowed, with credentials": (
        wrong(admit("null", credentials=True)),
        {"opaque-origin"},
        "error",
    ),
    "a wildcard": (
        right(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"], max_age=600)),
        {"wildcard"},
        "info",
    ),
    "a wildcard, with credentials": (
        wrong(
            replace(ALLOW, "*", when=is_get),
            WITH_COOKIES,
        ),
        {"wildcard-with-credentials"},
        "warning",
    ),
    "a wildcard in preflights, with credentials": (
        wrong(replace(ALLOW, "*", when=is_preflight), WITH_COOKIES),
        {"wildcard-with-credentials"},
        "warning",
    ),
    "no Vary": (wrong(replace("Vary")), {"no-vary"}, "warning"),
    "no Vary without Origin": (
        wrong(replace("Vary", when=lambda environ: "HTTP_ORIGIN" not in environ)),
        {"no-vary"},
        "warning",
    ),
    "a number twice": (
        wrong(replace("Access-Control-Max-Age", "600", "600")),
        {"repeated-header", "malformed-max-age"},
        "warning",
    ),
    "True for true": (
        wrong(replace(CREDENTIALS, "True", when=is_get), WITH_COOKIES),
        {"credentials-not-true"},
        "info",
    ),
    "True for true in preflights": (
        wrong(replace(CREDENTIALS, "True", when=is_preflight), WITH_COOKIES),
        {"credentials-not-true"},
        "info",
    ),
    "preflights need a login": (
        wrong(respond(401, when=is_preflight)),
        {"preflight-refused"},
        "error",
    ),
    "preflights are redirected": (
        wrong(respond(308, ("Location", "/there"), when=is_preflight)),
        {"preflight-refused"},
        "error",
    ),
    "the method is not allowed": (
        wrong(replace("Access-Control-Allow-Methods", "put")),
        {"preflight-refused"},
        "error",
    ),
    "no methods at all": (
        wrong(replace("Access-Control-Allow-Methods")),
        {"preflight-refused", "no-methods"},
        "error",
    ),
    "malformed methods": (
        wrong(replace("Access-Control-Allow-Methods", "PUT; DELETE")),
        {"preflight-refused"},
        "error",
    ),
    "malformed exposed headers": (
        wrong(replace("Access-Control-Expose-Headers", "x b")),
        {"malformed-list"},
        "warning",
    ),
    "a wildcard among the exposed headers, with credentials": (
        wrong(replace("Access-Control-Expose-Headers", "*"), WITH_COOKIES),
        {"wildcard-list-with-credentials"},
        "info",
    ),
    "no max-age": (right(POLICY.replace(max_age=None)), {"no-max-age"}, "info"),
    "a max-age of 0": (right(POLICY.replace(max_age=0)), {"no-max-age"}, "info"),
    "a malformed max-age": (
        wrong(replace("Access-Control-Max-Age", "10m")),
        {"malformed-max-age"},
        "info",
    ),
    "a max-age above every limit": (
        wrong(replace("Access-Control-Max-Age", "86401")),
        {"max-age"},
        "info",
    ),
    "a max-age of a thousand digits": (
        wrong(replace("Access-Control-Max-Age", "9" * 1000)),
        {"max-age"},
        "info",
    ),
    "errors without headers": (
        wrong(replace(ALLOW, when=is_missing_page)),
        {"headers-lost-on-errors"},
        "warning",
    ),
    "a redirect": (
        wrong(respond(301, ("Location", "/items/"), when=is_get)),
        {"redirect"},
        "info",
    ),
    "a missing page": (
        wrong(respond(404, when=is_get)),
        {"error-status"},
        "info",
    ),
    "a login": (wrong(respond(401, when=is_get)), {"not-judged"}, "error"),
    "a broken server": (wrong(respond(502, when=is_get)), {"not-judged"}, "error"),
    "credentials for a refused origin": (
        wrong(for_untrusted),
        {"stray-credentials"},
        "info",
    ),
    "the private network": (
        right(POLICY.replace(allow_private_network=True)),
        {"private-network"},
        "info",
    ),
    "the private network for any origin": (
        wrong(for_private),
        {"private-network-for-any"},
        "warning",
    ),
}


SIMILAR: Final = {
    "prefix": (f"{PAGE}.evil.example", "warning", "error"),
    "suffix": ("https://evilexample.com", "warning", "error"),
    "unescaped-dot": ("https://appxexample.com", "warning", "error"),
    "cut-short": ("https://app.example.co", "warning", "error"),
    "scheme-downgrade": ("http://app.example.com", "info", "warning"),
    "any-port": (f"{PAGE}:8443", "info", "info"),
    "any-sibling": ("https://evilapp.example.com", "info", "info"),
    "any-subdomain": ("https://evil.app.example.com", "info", "info"),
}
