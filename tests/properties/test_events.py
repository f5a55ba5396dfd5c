"""Every adapter reports one event for each request, with the decision that it sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, DecisionEvent, RequestKind
from corekit.browser import HttpRequest
from tests.properties.adapters import ADAPTERS
from tests.properties.application import Application

APP = "https://app.example.com"

policies = st.builds(
    CorsPolicy,
    allow_origins=st.sampled_from([[APP], ["https://*.example.com"]]),
    allow_credentials=st.booleans(),
    allow_methods=st.sampled_from([[], ["PUT"], ["*"]]),
    allow_headers=st.sampled_from([[], ["x-a"], ["*"]]),
    expose_headers=st.sampled_from([[], ["x-b"]]),
    max_age=st.sampled_from([None, 0, 600]),
) | st.just(CorsPolicy(allow_origins=["*"], allow_methods=["PUT"]))
fields = st.fixed_dictionaries(
    {},
    optional={
        "Origin": st.sampled_from(
            [APP, "https://untrusted.example", "null", "x", f"{APP},{APP}", "https://a\xff\x80"]
        ),
        "Access-Control-Request-Method": st.sampled_from(["GET", "PUT", "PATCH", "put", "@ @"]),
        "Access-Control-Request-Headers": st.sampled_from(
            ["x-a", "x-a,x-b", "authorization", ",", "\xff", "x" * 5_000]
        ),
    },
)


@pytest.mark.parametrize("name", ADAPTERS)
@given(
    policy=policies,
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS"]),
    fields=fields,
    path=st.sampled_from(["/", "/items/1", "/caf%C3%A9"]),
)
def test_event_matches_the_response(
    name: str,
    policy: CorsPolicy,
    method: str,
    fields: dict[str, str],
    path: str,
) -> None:
    events: list[DecisionEvent] = []
    send = ADAPTERS[name](policy, Application(200, []), events.append)
    url = f"https://api.example.org{path}"
    response = send(HttpRequest(method, url, tuple(fields.items()), None, False))
    (event,) = events
    origin = fields.get("Origin")
    method_requested = fields.get("Access-Control-Request-Method")
    names = fields.get("Access-Control-Request-Headers")
    decided = policy.decide(
        method, origin=origin, request_method=method_requested, request_headers=names
    )
    assert event.decision == decided
    assert (event.adapter, event.method, event.origin) == (name, method, origin)
    assert event.path in (path, "/caf\xe9")
    if decided.kind is RequestKind.PREFLIGHT:
        assert (event.request_method, event.request_headers) == (method_requested, names)
    else:
        assert event.request_method is event.request_headers is None
    answered = {name.lower(): value for name, value in response.headers}
    granted = {key: value for key, value in answered.items() if key.startswith("access-control-")}
    assert granted == {key.lower(): value for key, value in event.decision.headers}
    assert event.decision.status in (None, response.status)
