"""What handlers with their own policy know of the ASGI layers around them."""

from __future__ import annotations

from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import MARKS, Applied, applying, is_applied, keep_policy
from corekit_asgi import CorsMiddleware
from tests.asgi.calling import run

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"])
ELSEWHERE = CorsRoutes([("/elsewhere", APP)])


@pytest.fixture(autouse=True)
def no_marks_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other tests find the flag as it was: without marks, a shorter path is taken."""
    monkeypatch.setattr(MARKS, "exist", False)


def marked(policy: CorsPolicy) -> Any:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    return keep_policy(app, policy, "the function")


def runs(app: Any) -> bool:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    was_applied = is_applied()
    try:
        (start,) = run(app, scope)
    except RuntimeError:
        return False
    assert is_applied() is was_applied
    return bool(start["status"] == 200)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([], True),
        ([ADMIN], True),
        ([APP], False),
        ([ELSEWHERE], True),
        # The outermost layer is the authority, also if an inner one has the policy.
        ([ADMIN, APP], True),
        ([APP, ADMIN], False),
        ([ELSEWHERE, ADMIN], True),
        ([ELSEWHERE, APP], False),
        ([ADMIN, ELSEWHERE], True),
        ([APP, ELSEWHERE], False),
    ],
)
def test_outermost_layer_that_covers_the_path_is_the_authority(
    layers: list[CorsPolicy | CorsRoutes], expected: bool
) -> None:
    app = marked(ADMIN)
    for policy in reversed(layers):
        app = CorsMiddleware(app, policy)
    assert runs(app) is expected
    # A server may start a request inside the context of another one, which has ended or not.
    for earlier in (APP, ADMIN):
        with applying(Applied(earlier.engine)):
            if layers:
                assert runs(app) is expected


def test_application_that_is_called_twice_is_checked_twice() -> None:
    inner = CorsMiddleware(marked(ADMIN), APP)
    refused = []

    async def twice(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            try:
                await inner(scope, receive, send)
            except RuntimeError as error:
                refused.append(error)
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert runs(twice)
    assert len(refused) == 2


def test_scope_of_the_server_is_not_changed() -> None:
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    run(CorsMiddleware(marked(APP), APP), scope)
    assert scope == {"type": "http", "method": "GET", "path": "/", "headers": []}


def test_path_without_a_policy_works_without_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    app = CorsMiddleware(marked(ADMIN), ELSEWHERE)
    monkeypatch.setattr(MARKS, "exist", False)
    assert runs(app)
