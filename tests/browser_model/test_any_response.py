"""Whatever servers respond, a fetch ends with an outcome: in each engine, wherever the page is."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import Any, Final

from hypothesis import event, given
from hypothesis import strategies as st

from corekit.browser import (
    ENGINES,
    BrowserModel,
    Fetch,
    HttpRequest,
    HttpResponse,
    LocalNetwork,
    Outcome,
)
from corekit.browser.fields import get_header
from corekit.explain import explain_outcome
from tests.browser_model.servers import API, GRANT, PAGE

MOST_REQUESTS: Final = 4 * 21
"""The first request and 20 redirects: each with a preflight, and both once more after 421."""

ANY_TEXT: Final = st.text(st.characters(max_codepoint=0xFF), max_size=12)
LOCATIONS: Final = st.lists(
    st.sampled_from(
        [
            *("https:", "http:", "//", "/", "\\", "..", "%2e", "?", "#", "\t", " ", "\xff", "%ff"),
            *("app.example.com", "api.example.com", "localhost", "a.local.", "user@", ":@", "xn--"),
            *(":", ":443", ":0", ":99999", "127.1", "0x7f.1", "1.2.3.4.5", "256", "9" * 5000),
            *("[", "]", "[::1]", "[fe80::1%a]", "[::ffff:10.0.0.1]", "192.168.0.1"),
            *("data:,x", "blob:", "mailto:x", "about:blank"),
        ]
    ),
    max_size=7,
).map("".join)
NUMBERS: Final = st.sampled_from(["0", "+1", "-1", "1" * 20, "9" * 5000, "\xb2", "1.5", "5, 5"])
LISTS: Final = st.sampled_from(["*", "PUT", "x-a", "authorization, *", "x-a, (y)", ",,"])
ORIGINS: Final = st.sampled_from(["*", "null", PAGE, "http://app.example.com", "https://[", "*, *"])
POLICIES: Final = st.sampled_from(["same-origin", "same-site", "cross-origin"])
FIELDS: Final = {
    "Location": LOCATIONS | st.sampled_from(["http://[", "//a:x", "//a b", "//256.1", "//%00"]),
    "Access-Control-Allow-Origin": ORIGINS | LOCATIONS,
    "Access-Control-Allow-Credentials": st.sampled_from(["true", "True"]),
    "Access-Control-Allow-Methods": LISTS,
    "Access-Control-Allow-Headers": LISTS,
    "Access-Control-Expose-Headers": LISTS,
    "Access-Control-Max-Age": NUMBERS,
    "Cross-Origin-Resource-Policy": POLICIES,
}
GRANTED: Final = {name for name, _ in GRANT.headers}
HEADERS: Final = st.builds(
    lambda fields, others: (*fields.items(), *others),
    st.fixed_dictionaries({}, optional={n: each | ANY_TEXT for n, each in FIELDS.items()}),
    st.lists(st.tuples(st.sampled_from([*FIELDS]) | ANY_TEXT, ANY_TEXT), max_size=1),
)
RESPONSES: Final = st.builds(
    HttpResponse,
    st.sampled_from([-1, 0, 200, 205, *(301, 302, 303, 307, 308) * 3, 304, 401, 421, 1000]),
    HEADERS,
    st.binary(max_size=4),
)
FETCHES: Final = st.builds(
    Fetch,
    st.sampled_from(
        [
            *[API] * 5,
            *(f"{PAGE}/#a", "http://api.example.com/", "http://localhost:8000/"),
        ]
    ),
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.sampled_from([(), (("X-A", "1"),), (("Authorization", "x"), ("Content-Type", "a/b"))]),
    mode=st.sampled_from([*["cors"] * 8, "no-cors", "same-origin"]),
    credentials=st.sampled_from(["omit", "same-origin", "include"]),
    redirect=st.sampled_from([*["follow"] * 8, "manual", "error"]),
    upload_listener=st.booleans(),
    target_address_space=st.sampled_from([*[None] * 8, "public", "local"]),
)
BROWSERS: Final = st.fixed_dictionaries(
    {
        "quirks": st.sampled_from([*ENGINES.values()]),
        "address_space": st.sampled_from(
            [None, None, "public", LocalNetwork("public", ["local-network", "loopback-network"])]
        ),
    }
)
PAGES: Final = st.sampled_from(
    [PAGE, PAGE, PAGE, "http://app.example.com", "http://localhost", "null"]
)


def name_of(outcome: Outcome) -> str:
    if outcome.failure is not None:
        return outcome.failure.name
    assert outcome.response is not None
    return outcome.response.kind


@given(
    BROWSERS,
    PAGES,
    st.lists(FETCHES, min_size=1, max_size=3),
    st.lists(RESPONSES, min_size=1, max_size=6),
    st.sampled_from([True, True, False]),
)
def test_any_responses_give_an_outcome_and_an_explanation(
    browser: dict[str, Any],
    page: str,
    fetches: list[Fetch],
    responses: list[HttpResponse],
    allows: bool,
) -> None:
    model = BrowserModel(clock=lambda: 0.0, **browser)
    endless = cycle(responses)

    def respond(request: HttpRequest) -> HttpResponse:
        assert request.url.isascii()
        assert request.url.startswith(("http://", "https://"))
        response = next(endless)
        if not allows:
            return response
        origin = get_header(request.headers, "origin") or "*"
        kept = (pair for pair in response.headers if pair[0] not in GRANTED)
        headers = (("Access-Control-Allow-Origin", origin), *GRANT.headers[1:], *kept)
        return replace(
            response, status=204 if request.is_preflight else response.status, headers=headers
        )

    for fetch in fetches:
        outcome = model.fetch(respond, page, fetch)
        event(name_of(outcome))
        assert len(outcome.exchanges) <= MOST_REQUESTS
        explanation = explain_outcome(outcome, fetch, page=page, **browser)
        assert explanation.allowed is outcome.is_readable
        assert explanation.to_dict()
        assert str(explanation)
