"""What an author of an adapter, or its user, reads if an argument is of the wrong kind."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.adapter import (
    CrossOriginGuard,
    Observer,
    check_application,
    check_policy,
    keep_policy,
    make_policy,
    raw_path_readings,
)
from corekit.compat import RegexCorsPolicy
from corekit.problems import Dialect

POLICY = CorsPolicy(allow_origins=["*"])


def test_check_policy_names_the_argument() -> None:
    message = "policy is of type str: '*'. Pass a CorsPolicy, a CorsRoutes or a LivePolicy."
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        check_policy("*")


@pytest.mark.parametrize("policy", [CorsPolicy, CorsRoutes, LivePolicy])
def test_class_is_not_a_policy(policy: Any) -> None:
    message = f"^policy is the class {policy.__name__}. Pass an instance.$"
    for take in (check_policy, LivePolicy, LivePolicy(POLICY).replace, CrossOriginGuard):
        with pytest.raises(TypeError, match=message):
            take(policy)


@pytest.mark.parametrize("app", [None, "app.main:app"])
def test_application_is_callable(app: object) -> None:
    message = (
        f"app is of type {type(app).__name__}: {app!r}. Pass the application, which is callable."
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        check_application(app)


@pytest.mark.parametrize(
    ("policy", "grants", "message"),
    [
        (
            POLICY,
            {"max_age": 1, "allow_headers": ["*"]},
            "cors() got a policy and max_age, allow_headers. Pass one or the other.",
        ),
        (
            ["*"],
            {},
            (
                "cors() got a list: ['*']. Pass a CorsPolicy, a CorsRoutes or a LivePolicy, or"
                ' arguments: allow_origins=["https://app.example.com"].'
            ),
        ),
        (LivePolicy, {}, "cors() got the class LivePolicy. Pass an instance."),
    ],
)
def test_make_policy_says_what_to_pass(
    policy: object, grants: dict[str, object], message: str
) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        make_policy(policy, grants)


def test_make_policy_names_the_caller_and_its_options() -> None:
    message = "^on_decison: install\\(\\) has no such argument. Did you mean on_decision[?]$"
    for policy in (POLICY, None):
        with pytest.raises(TypeError, match=message):
            make_policy(policy, {"on_decison": print}, "install()", ["on_decision"])
    with pytest.raises(TypeError, match=r"^allow_origin: .* Did you mean allow_origins[?]$"):
        make_policy(None, {"allow_origin": ["*"]}, "install()", ["on_decision"])


def test_keep_policy_says_what_can_keep_one() -> None:
    message = "A int cannot keep a policy. Pass the function or the class."
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        keep_policy(5, POLICY, "the function or the class")


def test_what_browsers_do_not_encode_has_one_reading() -> None:
    path = "/a!$&'()*+,;=:@~b"
    assert raw_path_readings(path) == (path,)


def test_denials_are_logged_only_if_the_logger_shows_them() -> None:
    logger = logging.getLogger("corekit.test_adapter_errors")
    observer = Observer("test", logger)
    for level, is_logged in ((logging.INFO, True), (logging.WARNING, False)):
        logger.setLevel(level)
        assert observer.logs_denials("https://a.example") is is_logged


def test_the_engine_of_a_policy_speaks_its_dialect() -> None:
    dialect = Dialect(names={"allow_origins": "ORIGINS"})
    for policy in (CorsPolicy, RegexCorsPolicy):
        made = policy.from_mapping({"allow_origins": ["https://a"]}, dialect=dialect)
        assert made.engine.dialect is dialect


def test_a_logger_that_cannot_say_its_level_logs_no_denials() -> None:
    class Broken(logging.Logger):
        def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name in logging
            raise RuntimeError(level)

    assert Observer("test", Broken("broken")).logs_denials(None) is False
