"""The rules that all adapters share."""

from __future__ import annotations

import pickle
import weakref
from collections import defaultdict

import pytest

import corekit.adapter
from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit._engine import Engine
from corekit._validation import Reader
from corekit.adapter import (
    RoutingError,
    check_guard,
    check_policy,
    is_handshake,
    make_policy,
    missing_extra,
    path_readings,
    policy_for_preflight,
    policy_for_readings,
    raw_path_readings,
)
from corekit.compat import RegexCorsPolicy
from corekit.guard import CrossOriginGuard

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"], allow_methods=["PUT"], max_age=600)
ROUTES = CorsRoutes([("/", APP)])


def test_public_names_exist() -> None:
    assert all(hasattr(corekit.adapter, name) for name in corekit.adapter.__all__)
    assert corekit.adapter.__all__ == sorted(
        corekit.adapter.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )


def test_policies_pass_the_check() -> None:
    check_policy(APP)
    check_policy(ROUTES)
    with pytest.raises(TypeError, match=r"^CORS_POLICY is of type str: '\*'\. Pass a CorsPolicy"):
        check_policy("*", "CORS_POLICY")


def test_policy_is_made_of_a_policy_or_its_arguments() -> None:
    assert make_policy(ROUTES, {}) is ROUTES
    assert make_policy(None, {"allow_origins": ["https://app.example.com"]}) == APP
    # It is not misspelled, whatever else the caller takes.
    grants = {"allow_origins": ["https://app.example.com"]}
    assert make_policy(None, grants, "install()", ["allow_origin"]) == APP
    with pytest.raises(PolicyError, match="no-origins"):
        make_policy(None, {})
    with pytest.raises(TypeError, match=r"^cors\(\) got a policy and max_age\. Pass one or"):
        make_policy(APP, {"max_age": 5})
    with pytest.raises(TypeError, match=r"^cors\(\) got a str: '\*'\. Pass a CorsPolicy, a"):
        make_policy("*", {})


def policy_for_raw_path(policies: CorsPolicy | CorsRoutes, path: str) -> CorsPolicy | None:
    return policy_for_readings(policies, raw_path_readings(path))


def test_readings_of_a_decoded_path() -> None:
    assert path_readings("/a/b") == ("/a/b",)
    assert path_readings("/a/../b") == ("/a/../b", "/b")
    assert path_readings("/a/b/.") == ("/a/b/.", "/a/b/")
    assert path_readings("/a/b/..") == ("/a/b/..", "/a/")
    assert path_readings("/a//..\\b")[:1] == ("/a//..\\b",)
    assert "/a/b" in path_readings("/a//..\\b")
    assert path_readings("/./" * 400) == ()
    assert len(set(path_readings("/./\0/\\a"))) == 16
    assert path_readings("/./\0/\\a/.\0/") == ()


@pytest.mark.parametrize(("length", "count"), [(1_024, 2), (1_025, 0)])
def test_ambiguous_path_is_read_up_to_a_length(length: int, count: int) -> None:
    path = "/./".ljust(length, "a")
    assert len(path_readings(path)) == count


def test_path_that_is_encoded_like_in_a_browser_has_the_policy_of_its_text() -> None:
    routes = CorsRoutes([("/caf\xe9/", ADMIN), ("/a b", ADMIN), ("/", APP)])
    for path in ("/caf%C3%A9/x", "/a%20b"):
        assert policy_for_raw_path(routes, path) is ADMIN
    for path in ("/!$&'()*+,;=:@~", "/a%2Fb", "/%7Ex"):
        assert policy_for_raw_path(routes, path) is APP


def test_path_with_two_policies_is_denied() -> None:
    routes = CorsRoutes([("/public/", APP), ("/a b/", ADMIN)])
    for path in ("/%70ublic/x", "/public%2Fx", "/%61%20b/"):
        assert policy_for_raw_path(routes, path) == CorsPolicy.deny_all()
    assert policy_for_raw_path(routes, "/other/%70") is None
    assert policy_for_raw_path(APP, "/%70ublic/x") is APP


def test_preflight_is_cached_if_all_methods_have_one_policy() -> None:
    assert policy_for_preflight(lambda method: ADMIN, "PUT") is ADMIN
    assert policy_for_preflight(lambda method: None, "PUT") is None


def test_preflight_is_not_cached_if_a_named_method_has_another_policy() -> None:
    def find(method: str) -> CorsPolicy | None:
        return {"PUT": ADMIN, "LOCK": None}.get(method, APP)

    assert policy_for_preflight(find, "PUT") == ADMIN.replace(max_age=0)
    assert policy_for_preflight(find, "GET") is APP
    assert policy_for_preflight(find, "LOCK") is None
    assert policy_for_preflight(find, "PUT", ["PUT"]) is ADMIN
    assert policy_for_preflight(find, "PUT", ["PUT", "LOCK"]) == ADMIN.replace(max_age=0)


def test_preflight_is_not_cached_if_the_router_fails_for_another_method() -> None:
    def find(method: str) -> CorsPolicy:
        if method.upper() == "GET":
            raise RoutingError
        return ADMIN

    assert policy_for_preflight(find, "PUT") == ADMIN.replace(max_age=0)
    for requested in ("GET", "get"):
        with pytest.raises(RoutingError):
            policy_for_preflight(find, requested)


def test_denied_preflight_needs_no_max_age() -> None:
    nothing = CorsPolicy.deny_all()
    policies = {"PUT": nothing}
    assert policy_for_preflight(lambda method: policies.get(method, APP), "PUT") == nothing


def test_any_method_names_the_common_ones() -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["*"])
    policies = {"PATCH": APP}
    found = policy_for_preflight(lambda method: policies.get(method, policy), "PUT")
    assert found == policy.replace(max_age=0)


def test_preflight_that_names_any_method_is_cached_for_all_that_a_path_may_have() -> None:
    public = CorsPolicy(allow_origins=["*"], allow_methods=["*"])
    find = defaultdict(lambda: public, {"PURGE": APP}).__getitem__
    assert policy_for_preflight(find, "PUT", ["GET", "PUT"]) is public
    assert policy_for_preflight(find, "PUT", ["PUT", "PURGE"]) is public.uncached
    assert policy_for_preflight(find, "PUT", others=["GET", "LINK"]) is public
    assert policy_for_preflight(find, "PUT", others=["PURGE"]) is public.uncached
    named = defaultdict(lambda: ADMIN, {"PURGE": APP}).__getitem__
    assert policy_for_preflight(named, "PUT", others=["PURGE"]) is ADMIN


@pytest.mark.parametrize("method", ["patch", "Patch", "pATCH", "purge"])
def test_method_has_no_policy_if_that_of_its_upper_case_differs(method: str) -> None:
    policies = {method.upper(): ADMIN}
    nothing = CorsPolicy.deny_all()
    assert policy_for_preflight(policies.get, method) == nothing
    assert policy_for_preflight(lambda each: policies.get(each, APP), method) == nothing
    assert policy_for_preflight(lambda _: APP, method) is APP
    assert policy_for_preflight(lambda _: None, method) is None
    denial = policy_for_preflight({method: APP}.get, method)
    assert denial is not None
    assert denial == nothing
    page = "https://app.example.com"
    assert denial.decide("GET", origin=page).hint == "Send the method in upper case."


def test_preflight_of_a_name_in_lower_case_is_not_cached_for_that_in_upper_case() -> None:
    policy = CorsPolicy(allow_origins=["*"], allow_methods=["purge"])
    policies = defaultdict(lambda: policy, {"PURGE": APP})
    assert policy_for_preflight(policies.__getitem__, "GET") is policy.uncached


def test_missing_framework_is_named_with_its_extra() -> None:
    error = missing_extra(ModuleNotFoundError(name="flask"), "flask", extra="flask")
    assert str(error) == "No module named 'flask'. Install corekit with the extra 'flask'."
    assert error.name == "flask"
    other = ModuleNotFoundError(name="jinja2")
    assert missing_extra(other, "flask", extra="flask") is other


class OwnPolicy(CorsPolicy):
    """A policy class of an application."""


def test_preflight_of_a_subclass_that_denies_all_is_denied() -> None:
    nothing = OwnPolicy.deny_all()
    policies = {"PUT": nothing}
    assert policy_for_preflight(lambda method: policies.get(method, APP), "PUT") == nothing


MANY = RegexCorsPolicy(
    allow_origins=[f"https://a{number}.example" for number in range(100)],
    allow_origin_regexes=[r"https://pr-\d+\.example\.com"],
    allow_credentials=True,
    allow_methods=["*"],
    max_age=600,
)


@pytest.mark.parametrize("policy", [APP, ADMIN, MANY])
@pytest.mark.parametrize("origin", ["https://app.example.com", "https://pr-1.example.com", "null"])
def test_uncached_policy_grants_the_same_for_no_time(policy: CorsPolicy, origin: str) -> None:
    uncached, replaced = policy.uncached, policy.replace(max_age=0)
    assert uncached == replaced == pickle.loads(pickle.dumps(uncached))
    for method in ("GET", "OPTIONS"):
        asked = {"origin": origin, "request_method": "PATCH", "request_headers": "x-a"}
        assert uncached.decide(method, **asked) == replaced.decide(method, **asked)
    assert uncached.engine.dialect is policy.engine.dialect


def test_uncached_policy_is_made_once() -> None:
    assert MANY.uncached is MANY.uncached
    assert MANY.uncached.uncached is MANY.uncached
    assert MANY.engine.uncached is MANY.engine.uncached is MANY.uncached.engine
    assert MANY.engine.uncached.uncached is MANY.engine.uncached
    nothing = CorsPolicy.deny_all()
    assert nothing.uncached is nothing


def test_uncached_policy_reads_no_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = MANY.replace(max_age=60)

    def refuse(*values: object) -> None:
        raise AssertionError("all origins were read")

    for owner, name in ((CorsPolicy, "_comparable"), (Engine, "__init__"), (Reader, "read")):
        monkeypatch.setattr(owner, name, refuse)
    assert policy_for_preflight({"GET": policy, "PUT": ADMIN}.get, "GET", ["GET", "PUT"])


def test_uncached_policy_lives_as_long_as_its_policy() -> None:
    policy = CorsPolicy(allow_origins=["https://a.example"])
    kept = weakref.ref(policy.uncached)
    assert kept() is policy.uncached
    del policy
    assert kept() is None


def test_guard_has_the_policy_of_the_application() -> None:
    guard = CrossOriginGuard(APP)
    check_guard(guard)
    check_guard(guard, CorsPolicy(allow_origins=["https://app.example.com"]))
    with pytest.raises(ValueError, match="another policy") as caught:
        check_guard(guard, ROUTES)
    assert str(caught.value) == (
        "The guard has another policy than the application. Pass the same one to both."
    )
    for policy in (None, APP):
        with pytest.raises(TypeError) as wrong:
            check_guard("*", policy)
        assert str(wrong.value) == (
            "guard is of type str: '*'. Pass a corekit.guard.CrossOriginGuard."
        )


@pytest.mark.parametrize(
    ("method", "upgrade", "expected"),
    [
        ("GET", "websocket", True),
        ("GET", "WebSocket", True),
        ("GET", "h2c, websocket", True),
        ("GET", "h2c", False),
        ("GET", "", False),
        ("GET", None, False),
        ("POST", "websocket", False),
        ("OPTIONS", "websocket", False),
    ],
)
def test_handshake(method: str, upgrade: str | None, expected: bool) -> None:
    assert is_handshake(method, upgrade) is expected
