"""Requests and policies for the tests of explanations, and strategies that draw them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.browser import BrowserModel, Fetch, HttpRequest, HttpResponse
from corekit.explain import Explanation, StepKind, explain, explain_outcome
from tests.properties.strategies import exact_origins, header_names, methods, near_misses, setups

PAGE = "https://app.example.com"
ITEMS = "https://api.example.com/items"


def explained(
    page: str = PAGE, /, *, url: str = ITEMS, fetch: Any = None, **policy: Any
) -> Explanation:
    """Explain a request under a policy with these arguments."""
    made = CorsPolicy(**{"allow_origins": [PAGE], **policy})
    return explain(made, Fetch(url, **(fetch or {})), page=page)


def titles(explanation: Explanation) -> list[str]:
    """Return the actor and title of each step."""
    return [f"{step.actor}: {step.title}" for step in explanation.steps]


def details(explanation: Explanation, kind: StepKind, at: int = 0) -> tuple[str, ...]:
    """Return the details of a step of this kind."""
    return [step for step in explanation.steps if step.kind == kind][at].details


def live(
    fetch: Fetch, *answers: HttpResponse, page: str = PAGE, policy: CorsPolicy | None = None
) -> Explanation:
    """Explain a request to a live server that sends these responses in turn."""
    queue = list(answers)

    def send(request: HttpRequest) -> HttpResponse:
        return queue.pop(0)

    outcome = BrowserModel(clock=lambda: 0.0).fetch(send, page, fetch)
    return explain_outcome(outcome, fetch, page=page, policy=policy)


_values = st.sampled_from(
    ["1", "text/plain", "application/json", "bytes=0-1", "x" * 129, '"a"', "Bearer x"]
)
_names = header_names | st.sampled_from(["ETag", "Cookie", "Accept-Language", "X-HTTP-Method"])
fetches = st.builds(
    Fetch,
    st.sampled_from([ITEMS, "http://api.example.com/items", "http://localhost:8000/"]),
    methods | st.sampled_from(["put", "FOO", "lock", "delete"]),
    st.lists(st.tuples(_names, _values), max_size=4).map(tuple),
    mode=st.sampled_from(["cors"] * 6 + ["no-cors", "same-origin"]),
    credentials=st.sampled_from(["omit", "same-origin", "include", "include"]),
    upload_listener=st.booleans(),
)


@st.composite
def pages(draw: st.DrawFn, origins: list[str]) -> str:
    """Draw the origin of a page: allowed, nearly allowed, or untrusted."""
    pool = [each for each in origins if each not in ("*", "null")]
    others = exact_origins | st.just("null")
    return draw(near_misses(pool) | near_misses(pool) | others if pool else others)


__all__ = [
    "ITEMS",
    "PAGE",
    "details",
    "explained",
    "fetches",
    "live",
    "pages",
    "setups",
    "titles",
]
