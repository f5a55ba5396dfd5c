"""`Decision.allowed` agrees with an independent implementation of a browser's checks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from corekit import Reason
from tests.properties import naive
from tests.properties.naive_browser import cors_check, preflight_check
from tests.properties.strategies import Setup, preflights, setups


@given(st.data(), setups(), st.booleans())
def test_preflight_verdict_agrees_with_browser(
    data: st.DataObject, setup: Setup, with_credentials: bool
) -> None:
    origin, method, asked, private = data.draw(preflights(setup))
    decision = setup.policy.decide(
        "OPTIONS",
        origin=origin,
        request_method=method,
        request_headers=asked,
        request_private_network=private,
    )
    unsafe = naive.read_field_names(asked or "")
    assert unsafe is not None
    # If the policy allows credentials, the verdict is the same with and without them.
    concluded = preflight_check(
        origin,
        method,
        unsafe,
        decision.status,
        decision.headers,
        credentials=setup.policy.allow_credentials and with_credentials,
    )
    assert decision.allowed == concluded


@given(st.data(), setups(), st.booleans())
def test_actual_request_verdict_agrees_with_browser(
    data: st.DataObject, setup: Setup, with_credentials: bool
) -> None:
    origin = data.draw(preflights(setup)).origin
    decision = setup.policy.decide("GET", origin=origin)
    credentials = setup.policy.allow_credentials and with_credentials
    assert decision.allowed == cors_check(origin, decision.headers, credentials=credentials)


@given(st.data(), setups())
def test_credentials_fail_if_not_allowed(data: st.DataObject, setup: Setup) -> None:
    origin, method, asked, _ = data.draw(preflights(setup))
    decision = setup.policy.decide("GET", origin=origin)
    if not setup.policy.allow_credentials:
        assert not cors_check(origin, decision.headers, credentials=True)
    preflight = setup.policy.decide(
        "OPTIONS", origin=origin, request_method=method, request_headers=asked
    )
    if not setup.policy.allow_credentials:
        assert not preflight_check(
            origin, method, [], preflight.status, preflight.headers, credentials=True
        )


@given(st.data(), setups())
def test_reason_names_what_was_denied(data: st.DataObject, setup: Setup) -> None:
    origin, method, asked, _ = data.draw(preflights(setup))
    decision = setup.policy.decide(
        "OPTIONS", origin=origin, request_method=method, request_headers=asked
    )
    matched = any(naive.matches(pattern, origin) for pattern in setup.origins)
    if not matched:
        is_origin = naive.is_origin(origin)
        expected = Reason.ORIGIN_NOT_ALLOWED if is_origin else Reason.ORIGIN_MALFORMED
        assert decision.reason is expected
    else:
        granted = {*setup.arguments["allow_methods"], "GET", "HEAD", "POST"}
        # A method named `*` is never allowed with credentials: it would be a wildcard to others.
        star = method == "*" and setup.policy.allow_credentials
        if (method in granted or "*" in granted) and not star:
            assert decision.reason in (Reason.GRANTED, Reason.HEADER_NOT_ALLOWED)
        else:
            assert decision.reason is Reason.METHOD_NOT_ALLOWED
    assert decision.allowed == (decision.reason is Reason.GRANTED)
