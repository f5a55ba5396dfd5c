"""What is derived from an answer once, so that adapters only have to write it."""

from __future__ import annotations

import pytest

from corekit import CorsPolicy, PolicyError, RequestKind
from corekit._containers import AnyOrigin
from corekit.adapter import Answer

APP = ("Access-Control-Allow-Origin", "https://app.example.com")
TYPE = ("Content-Type", "text/plain; charset=utf-8")


def answer(kind: RequestKind, status: int | None, *, allowed: bool) -> Answer:
    return Answer(kind, allowed, status, (APP,), ("Origin", "Accept"))


@pytest.mark.parametrize(
    ("kind", "status", "allowed", "may_be_denied", "content"),
    [
        (RequestKind.NOT_CORS, None, False, False, ()),
        (RequestKind.ACTUAL, None, True, False, ()),
        (RequestKind.ACTUAL, None, False, True, ()),
        (RequestKind.PREFLIGHT, 204, True, True, ()),
        (RequestKind.PREFLIGHT, 205, True, True, (TYPE, ("Content-Length", "0"))),
        (RequestKind.PREFLIGHT, 200, True, True, (TYPE, ("Content-Length", "0"))),
    ],
)
def test_content_and_denial_depend_on_kind_and_status(
    kind: RequestKind,
    status: int | None,
    allowed: bool,
    may_be_denied: bool,
    content: tuple[tuple[str, str], ...],
) -> None:
    made = answer(kind, status, allowed=allowed)
    assert (made.may_be_denied, made.content, made.body) == (may_be_denied, content, b"")
    assert made.lines == (APP, ("Vary", "Origin, Accept"))
    assert made.raw_lines == (
        (b"access-control-allow-origin", b"https://app.example.com"),
        (b"vary", b"Origin, Accept"),
    )
    assert made.raw_headers == made.raw_lines[:1]
    assert made.raw_content == tuple(
        (name.lower().encode(), value.encode()) for name, value in content
    )


def test_a_denied_preflight_has_a_body() -> None:
    made = answer(RequestKind.PREFLIGHT, 403, allowed=False)
    assert made.body
    assert made.content == (TYPE, ("Content-Length", str(len(made.body))))


class Container:
    """Origins that know no patterns."""

    def __contains__(self, origin: object) -> bool:
        return origin == "https://a"


def test_a_container_without_patterns_finds_no_rule() -> None:
    engine = CorsPolicy(allow_origins=["https://b"]).engine_for(Container())
    assert engine.actual("https://a").origin_allowed
    assert engine.find_rule("https://a") is None


def test_an_unknown_name_for_origins_does_not_hide_that_the_list_is_empty() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping({"allow_origins": [], "allowed_origins": ["https://a"]})
    assert [each.code for each in caught.value.problems] == ["no-origins", "unknown-argument"]
    with pytest.raises(PolicyError) as caught:
        CorsPolicy.from_mapping({"allowed_origins": ["https://a"]})
    assert [each.code for each in caught.value.problems] == ["unknown-argument"]


def test_an_engine_for_any_origin_has_no_credentials() -> None:
    message = (
        "Any origin cannot be combined with credentials: any website could make requests as the"
        " logged-in user."
    )
    policy = CorsPolicy(allow_origins=["https://a"], allow_credentials=True)
    with pytest.raises(ValueError, match=f"^{message}$"):
        policy.engine_for(AnyOrigin())
