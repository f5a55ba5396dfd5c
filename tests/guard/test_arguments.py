"""The arguments of a guard: what is rejected, with which problem, and what a guard is."""

from __future__ import annotations

import inspect
import pickle
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit.guard import GUARD_ARGUMENTS, LOCAL_HOSTS, CrossOriginGuard, GuardError
from corekit.problems import Dialect

POLICY: Final = CorsPolicy(allow_origins=["https://app.example.com"])

# Argument, value, and the code, subject and fix of its one problem.
REJECTED: Final[list[tuple[str, Any, str, str, Any]]] = [
    ("hosts", "example.com", "string-not-collection", "hosts", ["example.com"]),
    ("hosts", 1, "wrong-type", "hosts", None),
    ("hosts", [1], "wrong-type", "hosts[0]", None),
    ("hosts", [], "no-hosts", "hosts", None),
    ("hosts", ["*"], "any-host", "hosts[0]", None),
    ("hosts", ["*:8000"], "any-host", "hosts[0]", None),
    ("hosts", ["*.*"], "any-host", "hosts[0]", None),
    ("hosts", ["*.com"], "any-host", "hosts[0]", None),
    ("hosts", ["*.github.io"], "any-host", "hosts[0]", None),
    ("hosts", ["example.com", "*.co.uk:443"], "any-host", "hosts[1]", None),
    ("hosts", ["*.COM"], "any-host", "hosts[0]", None),
    ("hosts", ["*.LOCALHOST"], "malformed-host", "hosts[0]", "*.localhost"),
    ("hosts", ["*.example.com:443"], "malformed-host", "hosts[0]", "*.example.com"),
    ("hosts", ["0.0.0.0"], "malformed-host", "hosts[0]", None),
    ("hosts", ["0.0.0.0:8000"], "malformed-host", "hosts[0]", None),
    ("hosts", ["::"], "malformed-host", "hosts[0]", None),
    ("hosts", ["[::]"], "malformed-host", "hosts[0]", None),
    ("hosts", ["[::]:8000"], "malformed-host", "hosts[0]", None),
    ("hosts", ["0"], "malformed-host", "hosts[0]", None),
    ("hosts", ["http://0.0.0.0"], "malformed-host", "hosts[0]", None),
    ("hosts", ["https://example.com"], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", ["https://example.com:8443/x"], "malformed-host", "hosts[0]", "example.com:8443"),
    ("hosts", ["https://*.example.com"], "malformed-host", "hosts[0]", "*.example.com"),
    ("hosts", ["example.com/"], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", ["Example.com"], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", ["example.com."], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", [" example.com"], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", ["b\u00fccher.example"], "malformed-host", "hosts[0]", "xn--bcher-kva.example"),
    ("hosts", ["example.com:0"], "malformed-host", "hosts[0]", None),
    ("hosts", ["example.com:65536"], "malformed-host", "hosts[0]", None),
    ("hosts", ["example.com:08"], "malformed-host", "hosts[0]", "example.com:8"),
    ("hosts", ["example.com:*"], "malformed-host", "hosts[0]", "example.com"),
    ("hosts", ["exa*mple.com"], "malformed-host", "hosts[0]", None),
    ("hosts", [".example.com"], "malformed-host", "hosts[0]", "*.example.com"),
    ("hosts", ["127.0.0.*"], "malformed-host", "hosts[0]", None),
    ("hosts", [""], "malformed-host", "hosts[0]", None),
    ("hosts", ["::1"], "malformed-host", "hosts[0]", "[::1]"),
    (
        "own_origins",
        "https://example.com",
        "string-not-collection",
        "own_origins",
        ["https://example.com"],
    ),
    ("own_origins", ["https://*.example.com"], "own-origins", "own_origins[0]", None),
    ("own_origins", ["*"], "own-origins", "own_origins[0]", None),
    ("own_origins", ["null"], "own-origins", "own_origins[0]", None),
    ("own_origins", ["file://"], "own-origins", "own_origins[0]", None),
    ("own_origins", ["capacitor://localhost"], "own-origins", "own_origins[0]", None),
    ("own_origins", ["example.com"], "own-origins", "own_origins[0]", "https://example.com"),
    (
        "own_origins",
        ["https://example.com/"],
        "own-origins",
        "own_origins[0]",
        "https://example.com",
    ),
    ("exempt", "/saml", "string-not-collection", "exempt", ["/saml"]),
    ("exempt", ["/"], "wide-exemption", "exempt[0]", None),
    ("exempt", ["/*"], "wide-exemption", "exempt[0]", None),
    ("exempt", [""], "wide-exemption", "exempt[0]", None),
    ("exempt", ["saml/acs"], "malformed-path", "exempt[0]", "/saml/acs"),
    ("exempt", ["/a", "/hooks/*"], "malformed-path", "exempt[1]", None),
    ("exempt", ["/hooks/<id>"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/hooks/{id}"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/hooks?x=1"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/hooks#x"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/a%20b"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/a/../b"], "malformed-path", "exempt[0]", None),
    ("exempt", ["//a"], "malformed-path", "exempt[0]", None),
    ("exempt", ["/a\\b"], "malformed-path", "exempt[0]", None),
    ("writes", "deny", "unknown-choice", "writes", None),
    ("writes", True, "wrong-type", "writes", None),
    ("websockets", "own", "unknown-choice", "websockets", None),
    ("reads", "judge", "unknown-choice", "reads", None),
    ("reads", None, "wrong-type", "reads", None),
    ("mode", "Report", "unknown-choice", "mode", None),
]


@pytest.mark.parametrize(("name", "value", "code", "subject", "fix"), REJECTED)
def test_rejected(name: str, value: Any, code: str, subject: str, fix: Any) -> None:
    with pytest.raises(GuardError) as caught:
        CrossOriginGuard(POLICY, **{name: value})
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject) == (code, subject)
    assert problem.fix == fix
    if fix is not None:
        # A fix has no problem.
        fixed: Any = fix if isinstance(fix, list) else [fix]
        assert getattr(CrossOriginGuard(POLICY, **{name: fixed}), name) == tuple(fixed)
    assert problem.message
    assert problem.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hosts", None),
        ("hosts", LOCAL_HOSTS),
        ("hosts", ("example.com", "*.example.com", "localhost:8000", "[::1]:80", "127.0.0.1")),
        ("hosts", ("example.com:443", "shop.internal", "printer", "*.test")),
        ("own_origins", ("https://example.com", "http://localhost:8000", "https://[::1]")),
        ("exempt", ("/saml/acs", "/webhooks/", "/caf\u00e9", "/a.b/c-d_e~f:g@h")),
        *((name, choice) for name in ("writes", "websockets") for choice in ("judge", "browsers")),
        *((name, choice) for name in ("writes", "websockets") for choice in ("ignore",)),
        *(("reads", choice) for choice in ("ignore", "enforce", "isolate")),
        *(("mode", choice) for choice in ("enforce", "report")),
    ],
)
def test_accepted(name: str, value: Any) -> None:
    guard = CrossOriginGuard(POLICY, **{name: value})
    assert getattr(guard, name) == value
    copies = (pickle.loads(pickle.dumps(guard)), CrossOriginGuard(POLICY, **{name: value}))
    for copy in copies:
        assert copy == guard
        assert hash(copy) == hash(guard)
        assert repr(copy) == repr(guard)
    assert eval(repr(guard)) == guard


def test_every_problem_is_reported_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        CrossOriginGuard(
            POLICY,
            hosts=["*"],
            own_origins=["*"],
            exempt=["/"],
            mode="x",  # type: ignore[arg-type]
        )
    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["any-host", "own-origins", "wide-exemption", "unknown-choice"]
    assert str(caught.value).startswith("4 problems in the guard:\n  - hosts[0] = '*': ")


TEXTS: Final = [
    (
        'CORS_GUARD["hosts"] = []: No host is listed, so every request would be refused. List the'
        ' names that the server is called by, or leave CORS_GUARD["hosts"] out. [no-hosts]'
    ),
    (
        "host = ['a']: A guard has no such argument. Did you mean CORS_GUARD[\"hosts\"]?"
        " [unknown-argument]"
    ),
    (
        '5 = 1: A guard has no such argument. The arguments are CORS_GUARD["hosts"],'
        " own_origins, exempt, writes, websockets, reads, mode. [unknown-argument]"
    ),
]


def test_texts_name_the_setting() -> None:
    dialect = Dialect(names={"hosts": 'CORS_GUARD["hosts"]'})
    given: dict[Any, Any] = {"hosts": [], "host": ["a"], 5: 1}
    with pytest.raises(GuardError) as caught:
        CrossOriginGuard.from_mapping(POLICY, given, dialect=dialect)
    assert [str(problem) for problem in caught.value.problems] == TEXTS


def test_words_of_other_libraries_are_known() -> None:
    for name, meant in (("allowed_hosts", "hosts"), ("exempt_paths", "exempt")):
        with pytest.raises(TypeError, match=f"^{name}: .* Did you mean {meant}\\?$"):
            CrossOriginGuard(POLICY, **{name: ["x"]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("allow_origins", "allow_origins"),
        ("allowed_origins", "allow_origins"),
        ("origins", "allow_origins"),
        ("trusted_origins", "allow_origins"),
        ("CSRF_TRUSTED_ORIGINS", "allow_origins"),
        ("allow_credentials", "allow_credentials"),
    ],
)
def test_arguments_of_the_policy_belong_to_it(name: str, meant: str) -> None:
    with pytest.raises(TypeError, match=f"^{name}: .* with the policy, as {meant}\\.$"):
        CrossOriginGuard(POLICY, **{name: ["https://a.example"]})  # type: ignore[arg-type]
    with pytest.raises(GuardError) as caught:
        CrossOriginGuard.from_mapping(POLICY, {name: ["https://a.example"]})
    (problem,) = caught.value.problems
    assert (problem.code, problem.subject, problem.fix) == ("unknown-argument", name, meant)


def test_other_types_are_rejected() -> None:
    with pytest.raises(TypeError, match="policy is of type str: '\\*'"):
        CrossOriginGuard("*")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="policy is of type NoneType"):
        CrossOriginGuard()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="takes a mapping, not a list"):
        CrossOriginGuard.from_mapping(POLICY, [])  # type: ignore[arg-type]


def test_signature_is_that_of_the_table() -> None:
    parameters = inspect.signature(CrossOriginGuard).parameters
    options = {name: each.default for name, each in parameters.items() if name != "policy"}
    assert options == {name: row.default for name, row in GUARD_ARGUMENTS.items()}
    assert list(options) == list(GUARD_ARGUMENTS)
    documented = CrossOriginGuard.__doc__ or ""
    assert all(f"`{name}`" in documented for name in GUARD_ARGUMENTS)


def test_guard_is_immutable() -> None:
    guard = CrossOriginGuard(POLICY)
    with pytest.raises(AttributeError, match="immutable"):
        guard.mode = "report"
    with pytest.raises(AttributeError, match="immutable"):
        del guard.mode
    with pytest.raises(AttributeError, match="immutable"):
        guard.__init__(POLICY, mode="report")  # type: ignore[misc]
    assert guard.mode == "enforce"


def test_guards_are_compared_by_arguments() -> None:
    guard = CrossOriginGuard(POLICY, hosts=["a.example", "b.example"])
    assert guard == CrossOriginGuard(POLICY, hosts=["b.example", "a.example"])
    assert guard != CrossOriginGuard(POLICY)
    assert guard != CrossOriginGuard(CorsPolicy.deny_all(), hosts=["a.example", "b.example"])
    assert guard != POLICY


def test_guard_keeps_its_dialect_when_pickled() -> None:
    dialect = Dialect(names={"hosts": "COREKIT_GUARD_HOSTS"})
    guard = CrossOriginGuard.from_mapping(POLICY, {"hosts": ["a.example"]}, dialect=dialect)
    copy = pickle.loads(pickle.dumps(guard))
    assert "COREKIT_GUARD_HOSTS" in copy.judge("GET", "/", host="b.example").hint


def test_local() -> None:
    guard = CrossOriginGuard.local()
    assert (guard.hosts, guard.reads, guard.policy) == (
        LOCAL_HOSTS,
        "enforce",
        CorsPolicy.deny_all(),
    )
    routes = CorsRoutes([("/", POLICY)])
    guard = CrossOriginGuard.local(routes, reads="ignore", mode="report")
    assert (guard.policy, guard.reads, guard.mode) == (routes, "ignore", "report")


@given(st.sampled_from(["hosts", "own_origins", "exempt"]), st.text(max_size=20))
def test_any_text_is_accepted_or_has_a_problem(name: str, text: str) -> None:
    try:
        guard = CrossOriginGuard(POLICY, **{name: [text]})  # type: ignore[arg-type]
    except GuardError as error:
        (problem,) = error.problems
        if problem.fix is not None:
            CrossOriginGuard(POLICY, **{name: [problem.fix]})  # type: ignore[arg-type]
    else:
        assert getattr(guard, name) == (text,)


@given(st.from_regex(r"[a-z]{1,3}(\.[a-z]{1,3}){0,2}(:[1-9][0-9]{0,3})?", fullmatch=True))
def test_accepted_host_matches_itself(host: str) -> None:
    guard = CrossOriginGuard(POLICY, hosts=[host])
    assert guard.judge("GET", "/", host=host).allowed
    assert not guard.judge("GET", "/", host=f"x{host}").allowed


def test_a_verdict_depends_on_these_values() -> None:
    parameters = set(inspect.signature(CrossOriginGuard.judge).parameters)
    assert parameters == {
        *("self", "method", "path", "scheme", "websocket"),
        *("host", "origin", "cookie", "authorization"),
        *("sec_fetch_site", "sec_fetch_mode", "sec_fetch_dest"),
    }
