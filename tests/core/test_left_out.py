"""Values of a policy that are useless and harmless: left out, with a warning."""

from __future__ import annotations

import pickle
import warnings
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError, PolicyWarning
from corekit.lint import lint_policy
from corekit.policy import _depth_of_caller

APP = "https://app.example.com"

CASES: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    # What is given, what is kept, and the subjects of the warnings.
    (
        {"allow_headers": ["Origin", "X-Token", "Access-Control-Allow-Origin", "sec-gpc"]},
        {"allow_headers": ["X-Token"]},
        ["allow_headers[0]", "allow_headers[2]", "allow_headers[3]"],
    ),
    ({"allow_headers": ["*", "ETag"]}, {"allow_headers": ["*"]}, ["allow_headers[1]"]),
    (
        {"expose_headers": ["Set-Cookie", "X-Total", "Range"]},
        {"expose_headers": ["X-Total"]},
        ["expose_headers[0]", "expose_headers[2]"],
    ),
    ({"allow_methods": ["TRACE", "PUT"]}, {"allow_methods": ["PUT"]}, ["allow_methods[0]"]),
    ({"allow_methods": ["connect"]}, {"allow_methods": []}, ["allow_methods[0]"]),
    ({"allow_origins": [APP, "*"]}, {"allow_origins": ["*"]}, ["allow_origins[1]"]),
    ({"max_age": 604_800}, {"max_age": 86_400}, ["max_age"]),
    ({"max_age": timedelta(days=7)}, {"max_age": 86_400}, ["max_age"]),
    (
        {"max_age": 86_401, "allow_headers": ["host"], "allow_methods": ["track"]},
        {"max_age": 86_400},
        ["allow_methods[0]", "allow_headers[0]", "max_age"],
    ),
]


def build(**arguments: Any) -> tuple[CorsPolicy, list[warnings.WarningMessage]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        policy = CorsPolicy(**{"allow_origins": [APP], **arguments})
    return policy, caught


@pytest.mark.parametrize(("given", "kept", "subjects"), CASES)
def test_policy_is_that_of_the_rest(
    given: dict[str, Any], kept: dict[str, Any], subjects: list[str]
) -> None:
    policy, caught = build(**given)
    (warning,) = caught
    assert isinstance(warning.message, PolicyWarning)
    assert warning.message.problems == policy.warnings
    assert [problem.subject for problem in policy.warnings] == subjects
    assert {problem.severity for problem in policy.warnings} == {"warning"}
    assert policy == CorsPolicy(**{"allow_origins": [APP], **kept})
    assert list(policy.warnings) == list(lint_policy(policy))[: len(subjects)]


def test_warning_points_to_the_code_that_builds_the_policy() -> None:
    _, (warning,) = build(max_age=90_000)
    assert warning.filename == __file__


def test_code_that_is_not_of_corekit_is_the_first_caller() -> None:
    assert _depth_of_caller() == 1


def test_code_without_a_module_name_is_not_of_corekit() -> None:
    scope: dict[str, object] = {"depth": _depth_of_caller}
    exec("found = depth()", scope)
    assert scope["found"] == 1


def test_warning_can_be_pickled() -> None:
    _, (caught,) = build(max_age=90_000)
    warning = caught.message
    assert isinstance(warning, PolicyWarning)
    received = pickle.loads(pickle.dumps(warning))
    assert (received.problems, str(received)) == (warning.problems, str(warning))


def test_message_names_each_value() -> None:
    _, caught = build(allow_headers=["Origin"], max_age=90_000)
    assert str(caught[0].message) == (
        "2 values without effect in the CORS policy:\n"
        "  - allow_headers[0] = 'Origin': Browsers do not let scripts set this request header."
        " Remove it. Headers that the browser sets itself need no permission. [forbidden-header]\n"
        "  - max_age = 90000: No browser caches a preflight response for longer than 86400 seconds."
        " Use 0 (no caching) to 86400 seconds, or None for the browser's default. [max-age]"
    )
    _, caught = build(allow_headers=[f"Sec-{number}" for number in range(25)])
    lines = str(caught[0].message).splitlines()
    assert (lines[0][:9], lines[-1]) == (
        "25 values",
        "  ... and 5 more; see PolicyWarning.problems",
    )
    assert str(build(max_age=86_401)[1][0].message).startswith("1 value without")


def test_warning_is_given_once() -> None:
    policy, _ = build(allow_headers=["Origin", "X-Token"], max_age=60)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pickle.loads(pickle.dumps(policy)) == policy
        assert policy.replace(max_age=600).allow_headers == ("x-token",)
        assert eval(repr(policy)) == policy
    assert policy.uncached.warnings == policy.warnings
    assert CorsPolicy.deny_all().warnings == ()
    assert CorsPolicy(allow_origins=[APP]).warnings == ()


def test_an_error_is_reported_without_the_warnings() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[APP], allow_headers=["Origin", "a b"])
    assert [problem.code for problem in caught.value.problems] == ["invalid-header"]


def test_credentials_with_any_origin_are_an_error_all_the_same() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=["*", APP], allow_credentials=True)
    assert [problem.code for problem in caught.value.problems] == ["any-origin-with-credentials"]


NAMES = ["x-a", "etag", "origin", "*", "authorization", "access-control-max-age", "range", "cookie"]


@given(
    st.lists(st.sampled_from(NAMES)),
    st.lists(st.sampled_from(["PUT", "TRACE", "*", "connect"])),
    st.integers(0, 10**9),
)
def test_what_is_left_out_changes_no_decision(
    headers: list[str], methods: list[str], max_age: int
) -> None:
    policy, caught = build(allow_headers=headers, allow_methods=methods, max_age=max_age)
    left = len(headers) + len(methods) - len(policy.allow_headers) - len(policy.allow_methods)
    assert bool(policy.warnings) == bool(caught)
    assert left >= len(policy.warnings) - (max_age > 86_400)
    # No page can send such a request, so no decision about one that it can send depends on them.
    for name in ("x-a", "authorization"):
        decision = policy.decide("OPTIONS", origin=APP, request_method="PUT", request_headers=name)
        is_named = name in headers or ("*" in headers and name != "authorization")
        assert decision.allowed == (is_named and bool({"PUT", "*"} & set(methods)))
