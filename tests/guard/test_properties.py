"""Properties of the guard: nothing that an independent algorithm refuses, no own page refused."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import example, given
from hypothesis import strategies as st

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard, GuardReason
from tests.guard import go

HOSTS: Final = ["example.com", "www.example.com", "localhost", "[::1]", "127.0.0.1", "evil.example"]
PORTS: Final = ["", ":80", ":443", ":8000", ":8443"]
SITES: Final = ["same-origin", "same-site", "cross-site", "none", "", "x", "none, cross-site"]

hosts = st.tuples(st.sampled_from(HOSTS), st.sampled_from(PORTS)).map("".join)
page_origins = st.tuples(
    st.sampled_from(["http://", "https://"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":8000", ":8443"]),
).map("".join)
origins = st.none() | page_origins | page_origins | st.sampled_from(["null", "", "x, y", "file://"])
requests = st.fixed_dictionaries(
    {
        "host": st.none() | hosts,
        "origin": origins,
        "sec_fetch_site": st.none() | st.sampled_from(SITES),
        "cookie": st.sampled_from([None, "a=b"]),
        "authorization": st.sampled_from([None, "Bearer x", "Basic x"]),
        "scheme": st.sampled_from([None, "http", "https"]),
    }
)


@st.composite
def any_policy(draw: st.DrawFn) -> CorsPolicy:
    listed = draw(st.sets(page_origins, max_size=3))
    if not listed:
        return CorsPolicy(allow_origins=["*"])
    if draw(st.booleans()):
        return CorsPolicy(allow_origins=listed)
    secure = {origin.replace("http://", "https://") for origin in listed}
    return CorsPolicy(allow_origins=secure, allow_credentials=True)


def has_default_port(request: dict[str, Any]) -> bool:
    """Return whether Origin and Host are equal but for a default port and the case."""
    host, origin = request["host"] or "", request["origin"] or ""
    scheme, _, rest = origin.partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme, "")
    return bool(host) and host.removesuffix(port) == rest


@given(any_policy(), st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE"]), requests)
@example(
    CorsPolicy(allow_origins=["https://evil.example"]),
    "POST",
    {"host": "example.com", "origin": "https://evil.example", "cookie": "a=b"},
)
def test_nothing_is_allowed_that_go_refuses(
    policy: CorsPolicy, method: str, request: dict[str, Any]
) -> None:
    verdict = CrossOriginGuard(policy).judge(method, "/", **request)
    expected = go.is_allowed(
        method, request.get("host"), request.get("origin"), request.get("sec_fetch_site")
    )
    if verdict.allowed and not expected:
        if verdict.reason is GuardReason.LISTED_ORIGIN:
            assert request["origin"] in policy.allow_origins
            has_credentials = request["cookie"] or request["authorization"] == "Basic x"
            assert policy.allow_credentials or not has_credentials
        else:
            assert verdict.reason is GuardReason.SAME_ORIGIN
            assert request["sec_fetch_site"] is None
            assert has_default_port(request)


@given(
    any_policy(),
    st.sampled_from(["http", "https"]),
    st.sampled_from(HOSTS),
    st.sampled_from(["", ":8000", ":8443"]),
    st.tuples(st.booleans(), st.booleans(), st.sampled_from([None, "a=b"])),
)
def test_own_pages_are_never_refused(
    policy: CorsPolicy,
    scheme: str,
    name: str,
    port: str,
    options: tuple[bool, bool, str | None],
) -> None:
    hides_origin, knows_scheme, cookie = options
    # With no-referrer, browsers hide the origin of a page even from its own server.
    is_trustworthy = scheme == "https" or name in ("localhost", "[::1]", "127.0.0.1")
    hides_origin = hides_origin and is_trustworthy
    verdict = CrossOriginGuard(policy).judge(
        "POST",
        "/",
        host=f"{name}{port}",
        origin="null" if hides_origin else f"{scheme}://{name}{port}",
        sec_fetch_site="same-origin" if is_trustworthy else None,
        cookie=cookie,
        scheme=scheme if knows_scheme else None,
    )
    assert verdict.allowed
    assert verdict.is_proven


@given(any_policy(), requests)
def test_a_page_writes_exactly_if_it_is_own_or_listed(
    policy: CorsPolicy, request: dict[str, Any]
) -> None:
    origin, site = request["origin"], request["sec_fetch_site"]
    if origin is None:
        return
    verdict = CrossOriginGuard(policy).judge("POST", "/", **request)
    has_credentials = request["cookie"] or request["authorization"] == "Basic x"
    is_listed = origin in policy.allow_origins and (policy.allow_credentials or not has_credentials)
    scheme_differs = request["scheme"] == "https" and not origin.startswith("https:")
    is_own = site == "same-origin" or (
        site is None and "://" in origin and has_default_port(request) and not scheme_differs
    )
    # A user's own request has no page, and a header that is there twice has no meaning.
    is_expected = site == "none" or is_own or is_listed
    assert verdict.allowed is (is_expected and "," not in (site or ""))


@given(st.text(max_size=30), requests)
def test_any_input_has_a_verdict(text: str, request: dict[str, Any]) -> None:
    guard = CrossOriginGuard(
        CorsPolicy(allow_origins=["https://app.example.com"]), hosts=["example.com"]
    )
    for name in ("host", "origin", "sec_fetch_site", "cookie", "authorization"):
        for websocket in (False, True):
            values = {**request, name: text}
            verdict = guard.judge(text, text, websocket=websocket, **values)
            assert verdict.body.isascii()
            assert isinstance(verdict.hint, str)


@given(any_policy(), requests, st.sampled_from(["judge", "browsers", "ignore"]), st.booleans())
def test_common_write_has_the_verdict_of_all_rules(
    policy: CorsPolicy, request: dict[str, Any], writes: Any, checks_host: bool
) -> None:
    hosts = ["example.com"] if checks_host else None
    guard = CrossOriginGuard(policy, writes=writes, hosts=hosts)
    verdict = guard.judge_common_write(policy.engine, request["origin"], request["sec_fetch_site"])
    if verdict is not None:
        assert verdict == guard.judge("POST", "/", **request)
    assert guard.judge_common_write(None, None, None) is None


def test_common_writes_need_no_other_header() -> None:
    policy = CorsPolicy(allow_origins=["https://app.example.com"], allow_credentials=True)
    guard = CrossOriginGuard(policy)
    for origin, site, reason in (
        ("https://example.com", "same-origin", GuardReason.SAME_ORIGIN),
        (None, "none", GuardReason.USER),
        ("https://app.example.com", "same-site", GuardReason.LISTED_ORIGIN),
        ("https://app.example.com", None, GuardReason.LISTED_ORIGIN),
    ):
        verdict = guard.judge_common_write(policy.engine, origin, site)
        assert verdict is not None
        assert verdict.reason is reason
