"""The table is whole, and the middleware around bare callables keep to every case of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import corekit_asgi
import corekit_wsgi
from tests.conformance.bare import ask_asgi, ask_wsgi, bare_asgi, bare_wsgi
from tests.conformance.case import APP, EVIL, Case, Expected, Request
from tests.conformance.policies import EXACT
from tests.conformance.table import CASES, Seen, differences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.conformance.bare import Receive, Scope, Send

by_name = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


def test_the_table_has_at_least_150_cases_each_with_a_name_of_its_own() -> None:
    assert len(CASES) >= 150
    assert len({case.name for case in CASES}) == len(CASES)


def test_every_name_can_travel_in_a_header() -> None:
    assert all(case.name.isascii() and case.name.isprintable() for case in CASES)


@by_name
def test_a_bare_asgi_callable_keeps_to(case: Case) -> None:
    ran = []

    async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
        ran.append(True)
        await bare_asgi(scope, receive, send)

    app = corekit_asgi.CorsMiddleware(recorded, case.policy)

    assert differences(case, ask_asgi(case, app, lambda: bool(ran))) == []


@by_name
def test_a_bare_wsgi_callable_keeps_to(case: Case) -> None:
    ran = []

    def recorded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ran.append(True)
        return bare_wsgi(environ, start_response)

    app = corekit_wsgi.CorsMiddleware(recorded, case.policy)

    assert differences(case, ask_wsgi(case, app, lambda: bool(ran))) == []


_RIGHT = Seen(200, (("Access-Control-Allow-Origin", APP), ("Vary", "Origin")), b"hello", ran=True)
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
            {"headers": (("Access-Control-Allow-Origin", EVIL), _RIGHT.headers[1])},
            f"access-control-allow-origin: ['{EVIL}'], not '{APP}'",
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
def test_the_judge_sees_what_is_wrong(wrong: dict[str, object], difference: str) -> None:
    seen = dataclasses.replace(_RIGHT, **wrong)  # type: ignore[arg-type]

    assert differences(_CASE, _RIGHT) == []
    assert differences(_CASE, seen) == [difference]


def test_the_judge_lets_a_server_refuse_only_what_it_may() -> None:
    refused = Seen(400, (), b"", ran=False)
    granted = Seen(400, (("Access-Control-Allow-Origin", APP),), b"", ran=False)
    odd = dataclasses.replace(_CASE, may_refuse=True)

    assert differences(_CASE, refused) != []
    assert differences(odd, refused) == []
    assert differences(odd, granted) != []
