"""Calls and policies that the tests of explanations share, and strategies for any of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.browser import Fetch
from corekit.explain import Explanation, explain
from tests.properties.strategies import exact_origins, header_names, methods, near_misses, setups

PAGE = "https://app.example.com"
ITEMS = "https://api.example.com/items"


def explained(
    page: str = PAGE, /, *, url: str = ITEMS, fetch: Any = None, **policy: Any
) -> Explanation:
    """Explain a call to a policy with these arguments."""
    made = CorsPolicy(**{"allow_origins": [PAGE], **policy})
    return explain(made, Fetch(url, **(fetch or {})), page=page)


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
    """Draw the origin of a page: allowed, nearly, or a stranger's."""
    pool = [each for each in origins if each not in ("*", "null")]
    strangers = exact_origins | st.just("null")
    return draw(near_misses(pool) | near_misses(pool) | strangers if pool else strangers)


__all__ = ["ITEMS", "PAGE", "explained", "fetches", "pages", "setups"]
