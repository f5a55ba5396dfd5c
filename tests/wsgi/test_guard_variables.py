"""What variables may hide from the guard: another spelling of a header, a login of the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from corekit import CorsPolicy
from corekit.adapter import read_fetch_site
from corekit.guard import CrossOriginGuard
from corekit_wsgi import CorsMiddleware, GuardMiddleware
from tests.wsgi.test_middleware import APP, PLAIN, UNTRUSTED, Exchange

OWN = "http://127.0.0.1"


def hello(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [PLAIN])
    return [b"hello"]


def in_cors(guard: CrossOriginGuard) -> Any:
    return CorsMiddleware(hello, guard.policy, guard=guard)


def in_cors_observed(guard: CrossOriginGuard) -> Any:
    return CorsMiddleware(hello, guard.policy, guard=guard, on_verdict=lambda _: None)


def alone(guard: CrossOriginGuard) -> Any:
    return GuardMiddleware(hello, guard)


ANYBODY = CorsPolicy(allow_origins=["*"], allow_headers=["*"])
NAMED = CorsPolicy(allow_origins=["*"], allow_headers=["Sec_Fetch_Site"])


@pytest.mark.parametrize("wrap", [in_cors, in_cors_observed, alone])
@pytest.mark.parametrize(
    ("policy", "origin", "status"),
    [
        # A page that may send any header may send Sec_Fetch_Site.
        (ANYBODY, UNTRUSTED, "403 Forbidden"),
        (ANYBODY, "null", "403 Forbidden"),
        (ANYBODY, OWN, "200 OK"),
        (ANYBODY, None, "200 OK"),
        (
            CorsPolicy(allow_origins=["*"], allow_headers=["Sec_Fetch_Site"]),
            UNTRUSTED,
            "403 Forbidden",
        ),
        # Others cannot, so the header is the browser's.
        (CorsPolicy(allow_origins=["*"], allow_headers=["x-a"]), UNTRUSTED, "200 OK"),
        (CorsPolicy(allow_origins=[APP], allow_headers=["*"]), "http://127.0.0.1:8000", "200 OK"),
        (CorsPolicy(allow_origins=[APP], allow_headers=["*"]), "null", "200 OK"),
    ],
)
def test_fetch_site_that_a_page_may_have_written(
    wrap: Any, policy: CorsPolicy, origin: str | None, status: str
) -> None:
    headers = {"sec_fetch_site": "same-origin"} | ({} if origin is None else {"origin": origin})
    assert Exchange(wrap(CrossOriginGuard(policy)), "POST", **headers).status == status


def test_without_a_policy_the_header_is_the_browsers() -> None:
    assert read_fetch_site("same-origin", UNTRUSTED, None) == "same-origin"


@pytest.mark.parametrize(
    ("variables", "status"),
    [
        ({}, "200 OK"),
        ({"AUTH_TYPE": "Basic", "REMOTE_USER": "ann"}, "403 Forbidden"),
        ({"AUTH_TYPE": "Negotiate"}, "403 Forbidden"),
        ({"AUTH_TYPE": "Bearer"}, "200 OK"),
        ({"HTTP_AUTHORIZATION": "Bearer x", "AUTH_TYPE": "Bearer"}, "200 OK"),
    ],
)
def test_login_that_the_server_checked_is_a_credential(
    variables: dict[str, str], status: str
) -> None:
    app = in_cors(CrossOriginGuard(CorsPolicy(allow_origins=[APP])))

    def server(environ: Any, start_response: Any) -> Any:
        return app({**environ, **variables}, start_response)

    assert Exchange(server, "POST", origin=APP).status == status
