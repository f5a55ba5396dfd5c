"""Which untrusted origins a probe finds to be allowed."""

from __future__ import annotations

from typing import Any, Final

import pytest

from corekit.browser import Fetch
from corekit.probe import UNTRUSTED, Plan, make_probe_origins, make_requests
from tests.probe.bugs import SIMILAR
from tests.probe.servers import (
    ALLOW,
    CREDENTIALS,
    PAGE,
    POLICY,
    PRIVATE,
    WITH_COOKIES,
    Headers,
    add,
    admit,
    codes,
    is_preflight,
    probe,
    right,
    wrong,
)

OTHERS: Final = {"any-origin": UNTRUSTED, "opaque-origin": "null", "prefix": SIMILAR["prefix"][0]}


@pytest.mark.parametrize("code", SIMILAR)
@pytest.mark.parametrize("credentials", [False, True])
def test_similar_origin_is_found_to_be_allowed(code: str, credentials: bool) -> None:
    origin, *severities = SIMILAR[code]
    (found,) = probe(wrong(admit(origin, credentials=credentials)))
    assert (found.code, found.subject) == (code, origin)
    assert found.severity == severities[credentials]


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("credentials", [False, True])
@pytest.mark.parametrize("status", [199, 200, 204, 299, 300, 403])
def test_allowed_preflight_alone_lets_send_but_not_read(
    code: str, credentials: bool, status: int
) -> None:
    def bug(environ: dict[str, Any], right: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") != OTHERS[code] or not is_preflight(environ):
            return right, headers
        headers = [*headers, (ALLOW, OTHERS[code])]
        return status, headers + [(CREDENTIALS, "true")] * credentials

    found = probe(wrong(bug))
    if not 200 <= status <= 299:  # https://fetch.spec.whatwg.org/#ok-status
        assert found == ()
        return
    (finding,) = found
    assert (finding.code, finding.subject) == (code, OTHERS[code])
    less = "info" if code == "any-origin" else "warning"
    assert finding.severity == ("error" if credentials else less)
    assert "Only preflights are allowed" in finding.message


@pytest.mark.parametrize(
    ("to_any", "to_near", "expected"),
    [
        (False, False, {"any-origin"}),
        (True, True, {"any-origin"}),
        (True, False, {"any-origin"}),
        (False, True, {"any-origin", "prefix"}),
    ],
)
def test_credentials_for_a_similar_origin_only_are_reported(
    to_any: bool, to_near: bool, expected: set[str]
) -> None:
    similar, _, _ = SIMILAR["prefix"]

    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        status, headers = admit(UNTRUSTED, credentials=to_any)(environ, status, headers)
        return admit(similar, credentials=to_near)(environ, status, headers)

    assert codes(probe(wrong(bug))) == expected


@pytest.mark.parametrize("to_preflights", [False, True])
@pytest.mark.parametrize("with_policy", [False, True])
@pytest.mark.parametrize("credentials", [False, True])
def test_wildcard_for_untrusted_origins_only_is_found(
    credentials: bool, with_policy: bool, to_preflights: bool
) -> None:
    # As from an application whose headers a proxy replaces for allowed origins only.
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        is_denied = ALLOW.lower() not in {name.lower() for name, _ in headers}
        if is_denied and (to_preflights or not is_preflight(environ)):
            headers = [*headers, (ALLOW, "*")] + [(CREDENTIALS, "true")] * credentials
            return 200, headers
        return status, headers

    found = probe(wrong(bug), policy=POLICY if with_policy else None)
    assert codes(found) == {"any-origin"}
    (finding,) = found
    assert finding.severity == ("error" if with_policy else "info")
    assert "Such pages can read the responses." in finding.message


def test_readable_error_page_counts_as_allowed() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        status, headers = admit("null")(environ, status, headers)
        return 404 if environ.get("HTTP_ORIGIN") == "null" else status, headers

    (found,) = probe(wrong(bug))
    assert (found.code, found.severity) == ("opaque-origin", "warning")
    assert "Such pages can read the responses." in found.message


def test_credentials_in_a_preflight_alone_are_an_error() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == "null":
            granted = [(ALLOW, "null")] + [(CREDENTIALS, "true")] * is_preflight(environ)
            return 200, [*headers, *granted]
        return status, headers

    (found,) = probe(wrong(bug))
    assert (found.code, found.severity) == ("opaque-origin", "error")


def test_similar_origin_is_reported_if_it_gets_more() -> None:
    similar, _, _ = SIMILAR["prefix"]

    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if environ.get("HTTP_ORIGIN") == similar and not is_preflight(environ):
            return status, [*headers, (ALLOW, similar)]
        if environ.get("HTTP_ORIGIN") in (similar, UNTRUSTED) and is_preflight(environ):
            return 204, [*headers, (ALLOW, environ["HTTP_ORIGIN"])]
        return status, headers

    assert codes(probe(wrong(bug))) == {"any-origin", "prefix"}


def test_every_probe_origin_is_in_these_tables() -> None:
    made = {each.code: each.origin for each in make_probe_origins(PAGE)}
    assert made == {
        "any-origin": UNTRUSTED,
        "opaque-origin": "null",
        **{code: origin for code, (origin, *_) in SIMILAR.items()},
    }


@pytest.mark.parametrize(
    ("origin", "others"),
    [
        ("null", [UNTRUSTED]),
        ("http://localhost:3000", [UNTRUSTED, "null", "http://localhost:8443"]),
        ("http://127.0.0.1", [UNTRUSTED, "null", "http://127.0.0.1:8443"]),
        ("http://[::1]:8443", [UNTRUSTED, "null", "http://[::1]:9443"]),
    ],
)
def test_probe_origins_fit_the_origin(origin: str, others: list[str]) -> None:
    made = [each.origin for each in make_probe_origins(origin)]
    assert made[: len(others)] == others or set(others) <= set(made)
    assert origin not in made


@pytest.mark.parametrize(
    ("origin", "code", "similar"),
    [
        ("https://example.com", "suffix", "https://evilexample.com"),
        ("https://a.b.example.co.uk", "suffix", "https://evilexample.co.uk"),
        ("https://me.github.io", "suffix", "https://evilme.github.io"),
        ("https://example.com", "unescaped-dot", None),
        ("https://a.b.example.com", "unescaped-dot", "https://a.bxexample.com"),
        ("https://example.co.uk", "unescaped-dot", "https://examplexco.uk"),
        ("https://me.github.io", "unescaped-dot", "https://mexgithub.io"),
        ("http://10.0.0.1", "unescaped-dot", None),
        ("https://example.com", "any-sibling", None),
        ("https://me.github.io", "any-sibling", None),
        ("http://10.0.0.1", "any-sibling", None),
        ("http://[::1]", "any-sibling", None),
        ("https://example.com:8443", "scheme-downgrade", "http://example.com"),
        ("https://localhost", "scheme-downgrade", None),
        ("https://example.com:8443", "cut-short", None),
        ("http://10.0.0.12", "cut-short", None),
        ("http://localhost", "cut-short", None),
        ("https://example.1a", "cut-short", None),
        ("http://example.com:8080", "scheme-downgrade", None),
    ],
)
def test_probe_origins_can_belong_to_others(origin: str, code: str, similar: str | None) -> None:
    made = {each.code: each.origin for each in make_probe_origins(origin)}
    assert made.get(code) == similar


@pytest.mark.parametrize("page", [PAGE, "https://a.b.example.com"])
def test_pattern_for_subdomains_is_an_info(page: str) -> None:
    found = probe(right(WITH_COOKIES.replace(allow_origins=["https://*.example.com"])), origin=page)
    assert codes(found) == {"any-sibling", "any-subdomain"}
    assert {finding.severity for finding in found} == {"info"}


def test_own_origin_of_the_server_is_not_probed() -> None:
    fetch = Fetch("http://localhost:8443/items")
    plan = Plan(("http://localhost:3000",), fetch, is_chosen=False)
    chosen = {each.origin for each in make_requests(plan)}
    assert "http://localhost:8443" not in chosen


def test_named_origin_is_not_untrusted() -> None:
    policy = POLICY.replace(allow_origins=[UNTRUSTED], allow_private_network=True)
    assert codes(probe(right(policy), origin=UNTRUSTED)) == {"private-network"}


@pytest.mark.parametrize("value", ["false", "1", "True"])
def test_only_true_allows_the_private_network(value: str) -> None:
    # https://wicg.github.io/private-network-access/#cors-check; flask-cors says false to all.
    assert probe(wrong(add((PRIVATE, value)))) == ()
