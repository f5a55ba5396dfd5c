"""The table is complete, and the ASGI and WSGI middleware pass every case of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import corekit_asgi
import corekit_wsgi
from tests.conformance.bare import bare_asgi, bare_wsgi, call_asgi, call_wsgi
from tests.conformance.case import APP, UNTRUSTED, Case, Expected, Request
from tests.conformance.policies import EXACT
from tests.conformance.table import CASES, Observed, differences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.conformance.bare import Receive, Scope, Send

each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def test_table_has_at_least_150_cases_with_unique_names() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def test_case_names_are_valid_header_values() -> None:
    assert all(case.name.isascii() and case.name.isprintable() for case in CASES)


@each_case
def test_bare_asgi_callable_passes(case: Case) -> None:
    ran = []

    async def recording_app(scope: Scope, receive: Receive, send: Send) -> None:
        ran.append(True)
        await bare_asgi(scope, receive, send)

    app = corekit_asgi.CorsMiddleware(recording_app, case.policy)

    assert differences(case, call_asgi(case, app, lambda: bool(ran))) == []


@each_case
def test_bare_wsgi_callable_passes(case: Case) -> None:
    ran = []

    def recording_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ran.append(True)
        return bare_wsgi(environ, start_response)

    app = corekit_wsgi.CorsMiddleware(recording_app, case.policy)

    assert differences(case, call_wsgi(case, app, lambda: bool(ran))) == []


_RIGHT = Observed(
    200, (("Access-Control-Allow-Origin", APP), ("Vary", "Origin")), b"hello", ran=True
)
_CASE = Case(
    "right",
    EXACT,
    Request("GET", (("Origin", APP),)),
    Expected(200, {"access-control-allow-origin": APP}, ("origin",)),
)


@pytest.mark.parametrize(
    ("wrong", "difference"),
    [
        ({"status": 201}, "status 201, not 200"),
        ({"ran": False}, "the application did not run"),
        ({"body": b"hell"}, "a body of 4 bytes, not of 5"),
        ({"headers": _RIGHT.headers[1:]}, "no access-control-allow-origin"),
        ({"headers": _RIGHT.headers[:1]}, "Vary names [], not ['origin']"),
        (
            {"headers": (("Access-Control-Allow-Origin", UNTRUSTED), _RIGHT.headers[1])},
            f"access-control-allow-origin: ['{UNTRUSTED}'], not '{APP}'",
        ),
        (
            {"headers": (*_RIGHT.headers, _RIGHT.headers[0])},
            f"access-control-allow-origin: ['{APP}', '{APP}'], not '{APP}'",
        ),
        (
            {"headers": (*_RIGHT.headers, ("Access-Control-Max-Age", "5"))},
            "access-control-max-age was not expected",
        ),
        (
            {"headers": (*_RIGHT.headers, ("vary", "Origin"))},
            "Vary names ['origin', 'origin'], not ['origin']",
        ),
    ],
)
def test_differences_reports_every_deviation(wrong: dict[str, object], difference: str) -> None:
    seen = dataclasses.replace(_RIGHT, **wrong)  # type: ignore[arg-type]

    assert differences(_CASE, _RIGHT) == []
    assert differences(_CASE, seen) == [difference]


def test_server_may_refuse_only_marked_cases() -> None:
    refused = Observed(400, (), b"", ran=False)
    granted = Observed(400, (("Access-Control-Allow-Origin", APP),), b"", ran=False)
    odd = dataclasses.replace(_CASE, may_refuse=True)

    assert differences(_CASE, refused) != []
    assert differences(odd, refused) == []
    assert differences(odd, granted) != []
