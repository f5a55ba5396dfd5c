"""A layer behind a bridge knows that the request is the one of the layer around the bridge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit.adapter import Applied, applying, is_bridged
from tests.core.marking import APP

HOST, AGENT = "api.example.com", "Mozilla/5.0 (X11)"


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ({"Host": HOST}, {"HTTP_HOST": HOST, "HTTP_USER_AGENT": "b"}, True),
        ({b"host": HOST.encode()}, {"HTTP_HOST": HOST, "HTTP_USER_AGENT": "b"}, True),
        ({memoryview(b"host"): bytearray(b"\xe9")}, {"HTTP_HOST": "é"}, True),
        ({"HTTP_HOST": HOST}, {b"host": HOST.encode(), b"user-agent": b"b"}, True),
        ({b"host": HOST.encode()}, {"Host": HOST, "User-Agent": "b"}, True),
        # Changed on the way, but for one.
        ({"host": HOST, "user-agent": AGENT}, {"host": "b", "user-agent": AGENT}, True),
        ({"host": HOST, "user-agent": AGENT}, {"host": HOST, "user-agent": "b"}, True),
        ({"host": HOST, "user-agent": AGENT}, {"host": "b", "user-agent": "b"}, False),
        # Several lines, which are joined on the way, and names that are the same in WSGI.
        ({"host": HOST, "user-agent": AGENT}, {"HTTP_USER_AGENT": f"{AGENT},x"}, True),
        ({"host": HOST, "user-agent": AGENT}, {"HTTP_USER_AGENT": f"x,{AGENT}"}, True),
        ({"host": HOST, "HTTP_USER_AGENT": f"x,{AGENT}"}, {b"user-agent": AGENT.encode()}, True),
        ({"host": HOST, "user-agent": AGENT, "user_agent": "x"}, {"HTTP_USER_AGENT": "x"}, True),
        ({"host": HOST, "user-agent": AGENT, "User_Agent": "x"}, {"HTTP_USER_AGENT": "y"}, False),
        # Without one of them.
        ({}, {}, True),
        ({"host": HOST}, {"HTTP_HOST": "b"}, True),
        ({"host": HOST}, {"HTTP_USER_AGENT": "b"}, False),
        ({"host": HOST, "user-agent": AGENT}, {}, False),
        ({"host": HOST, "user-agent": AGENT}, {"host": "", "user-agent": ""}, False),
        ({"host": "", "user-agent": ""}, {"host": HOST, "user-agent": AGENT}, False),
    ],
)
def test_request_is_bridged_if_its_host_or_its_client_is_that_of_the_request_around(
    outer: dict[Any, Any], inner: dict[Any, Any], expected: bool
) -> None:
    with applying(Applied(APP.engine), "a", outer.items()):
        assert is_bridged("b", inner.items()) is expected
        # Layers of one interface find each other without it.
        assert not is_bridged("a", inner.items())
    with applying(Applied(APP.engine), "a", inner.items()):
        assert is_bridged("b", outer.items()) is expected


@given(st.lists(st.sampled_from(["x", "Mozilla", AGENT, "y,z"])), st.booleans())
def test_no_header_that_a_page_adds_hides_a_bridge(added: list[str], is_first: bool) -> None:
    lines = [("user_agent", each) for each in added]
    own = [("host", HOST), ("user-agent", AGENT)]
    values = [AGENT, *added] if is_first else [*added, AGENT]
    with applying(Applied(APP.engine), "asgi", [*lines, *own]):
        for value in (",".join(values), values[0], values[-1]):
            environ = {"HTTP_HOST": "changed", "HTTP_USER_AGENT": value}
            assert is_bridged("wsgi", environ.items())


@pytest.mark.parametrize(
    ("applied", "headers"),
    [
        (None, []),
        (lambda: Applied(None), []),
        (Applied(None), []),
        (Applied(APP.engine), None),
    ],
)
def test_request_is_not_bridged_if_no_layer_around_applies_a_policy(
    applied: Any, headers: Any
) -> None:
    assert not is_bridged("wsgi", [])
    with applying(applied, "asgi", headers):
        assert not is_bridged("wsgi", [])
