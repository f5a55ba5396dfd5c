"""An exemption needs every path that an application may read: those that an adapter passes."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard, GuardedRequest, GuardReason

GUARD = CrossOriginGuard(CorsPolicy.deny_all(), exempt=["/hooks/"])


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (("/hooks/a",), "EXEMPT"),
        (("/hooks/a", "/hooks/b"), "EXEMPT"),
        (("/hooks/a", "/admin"), "OTHER_ORIGIN"),
        (("/hooks/../admin", "/admin"), "OTHER_ORIGIN"),
        # A path that is too ambiguous to tell has no readings.
        ((), "OTHER_ORIGIN"),
    ],
)
def test_every_reading_has_to_be_exempt(paths: tuple[str, ...], reason: str) -> None:
    request = GuardedRequest(GUARD, "POST", paths, None, origin="https://evil.example")
    assert GUARD.judge_request(request).reason is GuardReason[reason]
