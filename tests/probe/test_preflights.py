"""What a probe finds about preflights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.probe.servers import (
    POLICY,
    WITH_COOKIES,
    Headers,
    codes,
    is_get,
    is_preflight,
    probe,
    replace,
    respond,
    right,
    without,
    wrong,
)


def test_refusal_of_the_default_method_is_an_info() -> None:
    app = right(POLICY.replace(allow_methods=[]))
    (chosen,) = probe(app)
    (default,) = probe(app, is_chosen=False)
    assert (chosen.severity, default.severity) == ("error", "info")
    assert chosen.failure == default.failure == "MethodDisallowedByPreflightResponse"


def asks_for_put(environ: dict[str, Any]) -> bool:
    return environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") == "PUT"


@pytest.mark.parametrize("has_headers", [True, False])
def test_layer_may_refuse_the_default_method(has_headers: bool) -> None:
    # Starlette answers a method that is not granted with 400, others without any header.
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        if asks_for_put(environ):
            return (400, headers if has_headers else [])
        return status, headers

    (default,) = probe(wrong(bug), is_chosen=False)
    assert (default.code, default.severity) == ("preflight-refused", "info")
    assert default.hint == "No change is necessary, unless pages use PUT: then allow it."
    (chosen,) = probe(wrong(bug))
    assert chosen.severity == "error"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_call_without_preflight_is_not_blocked_by_one(method: str) -> None:
    app = wrong(respond(405, when=is_preflight))
    (found,) = probe(app, method=method)
    assert (found.code, found.severity) == ("preflight-refused", "info")
    assert found.hint == "No change is necessary: browsers send this request without a preflight."
    (found,) = probe(app, method=method, names=("x-a",))
    assert found.severity == "error"


def test_wildcard_for_authorization_is_an_info() -> None:
    # No browser honors https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name
    app = wrong(replace("Access-Control-Allow-Headers", "*"))
    (found,) = probe(app, names=("authorization", "x-a"))
    assert (found.code, found.severity) == ("authorization-not-covered", "info")
    assert found.failure is None
    assert probe(app, names=("x-a",)) == ()
    (found,) = probe(right(), names=("authorization", "x-a"))
    assert (found.code, found.severity) == ("preflight-refused", "error")


@pytest.mark.parametrize(
    ("name", "kept_to"),
    [
        ("Access-Control-Allow-Methods", is_get),
        ("Access-Control-Allow-Headers", is_get),
        ("Access-Control-Expose-Headers", is_preflight),
    ],
)
@pytest.mark.parametrize("value", ["*", "x; b"])
def test_list_that_browsers_do_not_read_is_ignored(
    name: str, kept_to: Callable[[dict[str, Any]], bool], value: str
) -> None:
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return status, [*headers, (name, value)] if kept_to(environ) else headers

    assert probe(wrong(bug, WITH_COOKIES)) == ()


@pytest.mark.parametrize("name", ["Access-Control-Allow-Methods", "Access-Control-Allow-Headers"])
def test_wildcard_in_a_preflight_list_with_credentials(name: str) -> None:
    app = wrong(replace(name, "*, PUT", when=is_preflight), WITH_COOKIES)
    (found,) = probe(app)
    assert (found.code, found.severity) == ("wildcard-list-with-credentials", "info")


def test_server_that_refuses_every_preflight_is_an_error() -> None:
    (found,) = probe(wrong(respond(401, when=is_preflight)), is_chosen=False)
    assert (found.severity, found.failure) == ("error", "PreflightInvalidStatus")


def test_other_preflight_is_checked_if_the_default_fails() -> None:
    def bug(environ: dict[str, Any], status: int, headers: Headers) -> tuple[int, Headers]:
        return (
            (400, [])
            if asks_for_put(environ)
            else (status, without(headers, "Access-Control-Max-Age"))
        )

    assert codes(probe(wrong(bug), is_chosen=False)) == {"preflight-refused", "no-max-age"}


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("600", None),
        ("86400", None),
        ("86401", "max-age"),
        ("100000", "max-age"),
        pytest.param("9" * 5000, "max-age", id="long"),
        # RFC 9111, section 1.2.2: one or more digits.
        ("000600", None),
        ("0000086400", None),
        pytest.param("0" * 5000 + "600", None, id="long-zeros"),
        ("0000086401", "max-age"),
        ("000", "no-max-age"),
        pytest.param("", "malformed-max-age", id="empty"),
        ("-1", "malformed-max-age"),
        ("+600", "malformed-max-age"),
        ("600.0", "malformed-max-age"),
        pytest.param("\xb2", "malformed-max-age", id="superscript"),
    ],
)
def test_max_age_that_browsers_honor(value: str, code: str | None) -> None:
    found = probe(wrong(replace("Access-Control-Max-Age", value)))
    assert [(each.code, each.value) for each in found] == ([(code, value)] if code else [])


def test_preflight_for_get_counts_only_if_it_allows_credentials() -> None:
    app = right(POLICY.replace(allow_methods=[]))
    found = probe(app, is_chosen=False, credentials="include")
    severities = {each.code: each.severity for each in found}
    assert severities["preflight-refused"] == "error"
