"""Reports of the Django adapter to CORS_ON_DECISION and to its logger."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.test import RequestFactory, override_settings

from corekit import CorsPolicy, CorsRoutes, DecisionEvent
from corekit_django.checks import check_names, check_problems
from corekit_django.middleware import CorsMiddleware
from corekit_django.signals import check_request_enabled
from tests.core.reporting import logged, reported
from tests.django.conftest import Ask
from tests.django.test_signal import Receiver, connected
from tests.django.views import OWN_ORIGIN

APP = "https://app.example.com"
PARTNER = "https://partner.example"
UNTRUSTED = "https://untrusted.example"
LOGGER = "corekit.django"


_heard: list[DecisionEvent] = []


def hear(event: DecisionEvent) -> None:
    """The function that CORS_ON_DECISION names."""
    _heard.append(event)


async def hear_later(event: DecisionEvent) -> None: ...


def fail(event: DecisionEvent) -> None:
    raise LookupError("a bug of the hook")


@pytest.fixture(autouse=True)
def project() -> Iterator[None]:
    with override_settings(CORS_ALLOWED_ORIGINS=[APP], CORS_ALLOW_METHODS=["PUT"]):
        yield


@pytest.fixture
def heard() -> Iterator[list[DecisionEvent]]:
    _heard.clear()
    with override_settings(CORS_ON_DECISION=hear):
        yield _heard


def visit(ask: Ask) -> None:
    ask("GET", "/plain/")
    ask("GET", "/plain/", origin=APP)
    ask("GET", "/missing/", origin=UNTRUSTED)
    ask("GET", "/crash/", origin=APP)
    for method in ("PUT", "DELETE"):
        ask("OPTIONS", "/plain/", origin=APP, asked=method, asked_headers="content-type")


VISITED = [
    ("NOT_CORS", "/plain/", "NOT_CORS"),
    ("ACTUAL", "/plain/", "GRANTED"),
    ("ACTUAL", "/missing/", "ORIGIN_NOT_ALLOWED"),
    ("ACTUAL", "/crash/", "GRANTED"),
    ("PREFLIGHT", "/plain/", "GRANTED"),
    ("PREFLIGHT", "/plain/", "METHOD_NOT_ALLOWED"),
]


class TestOnDecision:
    def test_every_request_is_reported_once(self, ask: Ask, heard: list[DecisionEvent]) -> None:
        visit(ask)
        assert reported(heard) == VISITED
        assert {event.adapter for event in heard} == {"django"}
        assert heard[1].origin == APP
        assert isinstance(heard[1].request, HttpRequest)
        assert (heard[-1].request_method, heard[-1].request_headers) == ("DELETE", "content-type")
        assert (heard[1].request_method, heard[1].request_headers) == (None, None)

    def test_dotted_path_is_imported(self, ask: Ask) -> None:
        _heard.clear()
        with override_settings(CORS_ON_DECISION=f"{__name__}.hear"):
            visit(ask)
        # If the tests are imported by file, it names another copy of this module.
        from importlib import import_module

        assert reported(import_module(__name__)._heard) == VISITED

    def test_on_decision_works_with_cors_policy(self, ask: Ask, heard: list[DecisionEvent]) -> None:
        routes = CorsRoutes([("/plain/", CorsPolicy(allow_origins=[APP]))])
        with override_settings(CORS_POLICY=routes):
            del_settings()
            ask("GET", "/plain/", origin=APP)
            ask("GET", "/stream/", origin=APP)
        assert reported(heard) == [("ACTUAL", "/plain/", "GRANTED")]

    def test_signal_can_allow_an_origin(self, ask: Ask, heard: list[DecisionEvent]) -> None:
        def admit(sender: object, request: HttpRequest, **kwargs: object) -> bool:
            return request.headers["Origin"] == PARTNER

        check_request_enabled.connect(admit)
        try:
            for origin in (PARTNER, UNTRUSTED):
                actual = ask("GET", "/plain/", origin=origin)
                preflight = ask("OPTIONS", "/plain/", origin=origin, asked="DELETE")
                for response, event in zip((actual, preflight), heard[-2:], strict=True):
                    sent = response.headers.get("Access-Control-Allow-Origin")
                    assert dict(event.decision.headers).get("Access-Control-Allow-Origin") == sent
        finally:
            assert check_request_enabled.disconnect(admit)
        assert [event.decision.reason.name for event in heard] == [
            "GRANTED",
            "METHOD_NOT_ALLOWED",
            "ORIGIN_NOT_ALLOWED",
            "ORIGIN_NOT_ALLOWED",
        ]

    def test_requests_that_the_signal_allows_are_reported(
        self, ask: Ask, heard: list[DecisionEvent]
    ) -> None:
        def admit(sender: object, request: HttpRequest, **kwargs: object) -> bool:
            return True

        check_request_enabled.connect(admit)
        try:
            with override_settings(CORS_URLS_REGEX=r"/api/.*"):
                ask("OPTIONS", "/plain/", origin=PARTNER, asked="PUT")
                ask("OPTIONS", "/plain/", origin=PARTNER, asked="DELETE")
        finally:
            assert check_request_enabled.disconnect(admit)
        assert [event.decision.reason.name for event in heard] == ["GRANTED", "METHOD_NOT_ALLOWED"]

    def test_view_policies_are_reported(self, ask: Ask, heard: list[DecisionEvent]) -> None:
        for path in ("/own/", "/own-method/", "/exempt/"):
            ask("PUT", path, origin=OWN_ORIGIN)
            ask("PUT", path, origin=APP)
            ask("OPTIONS", path, origin=OWN_ORIGIN, asked="PUT")
        found = [event.decision.reason.name for event in heard]
        assert found == ["GRANTED", "ORIGIN_NOT_ALLOWED", "GRANTED"] * 2

    def test_reported_decision_matches_the_response(
        self, ask: Ask, heard: list[DecisionEvent]
    ) -> None:
        # The methods have different policies, so the preflight is not cached.
        response = ask("OPTIONS", "/own-method/", origin=OWN_ORIGIN, asked="PUT")
        (event,) = heard
        assert dict(event.decision.headers)["Access-Control-Max-Age"] == "0"
        for name, value in event.decision.headers:
            assert response.headers[name] == value
        assert event.decision.status == response.status_code

    def test_failing_on_decision_changes_no_response(
        self, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        with override_settings(CORS_ON_DECISION=fail):
            response = ask("GET", "/plain/", origin=APP)
        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == APP
        (record,) = (record for record in caplog.records if record.name == LOGGER)
        assert record.levelname == "ERROR"


def del_settings() -> None:
    from django.conf import settings

    for name in ("CORS_ALLOWED_ORIGINS", "CORS_ALLOW_METHODS"):
        delattr(settings, name)


WRONG: list[tuple[Any, str]] = [
    (hear_later, "on_decision is a coroutine function"),
    (f"{__name__}.hear_later", "on_decision is a coroutine function"),
    ("nowhere.hear", "The function cannot be used: No module named 'nowhere'."),
    ("tests.django.urls.hear", "The function cannot be used"),
    ("hear", "The function cannot be used"),
    ("tests.django.urls.urlpatterns", "on_decision is of type list"),
    (7, "on_decision is of type int"),
]


class TestSetting:
    @pytest.mark.parametrize(("given", "message"), WRONG)
    def test_invalid_on_decision_raises_at_startup(self, given: Any, message: str) -> None:
        with override_settings(CORS_ON_DECISION=given):
            with pytest.raises(ImproperlyConfigured, match="CORS_ON_DECISION") as raised:
                CorsMiddleware(lambda request: None)
            assert message in str(raised.value)
            (found,) = check_problems()
            assert found.id == "corekit_django.E001"
            assert message in found.msg
            assert "its dotted path" in str(found.hint)

    def test_invalid_on_decision_is_reported_with_other_problems(self) -> None:
        with override_settings(CORS_ON_DECISION=7, CORS_ALLOWED_ORIGINS=["https://a.example/"]):
            assert len(list(check_problems())) == 2

    def test_on_decision_is_a_known_setting(self) -> None:
        with override_settings(CORS_ON_DECISION=hear):
            assert not list(check_names())
            assert not list(check_problems())

    def test_on_decision_may_be_none(self) -> None:
        with override_settings(CORS_ON_DECISION=None):
            assert not list(check_problems())
            CorsMiddleware(lambda request: None)


class TestLog:
    def test_denials_are_logged_at_info(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        visit(ask)
        assert logged(caplog, LOGGER) == []
        caplog.set_level(logging.INFO, LOGGER)
        visit(ask)
        assert logged(caplog, LOGGER) == [
            ("INFO", "ORIGIN_NOT_ALLOWED"),
            ("INFO", "METHOD_NOT_ALLOWED"),
        ]

    def test_debug_mode_warns_once_per_origin_and_reason(
        self, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Another function starts without any warnings that other tests caused.
        with override_settings(DEBUG=True, CORS_ON_DECISION=lambda event: None):
            visit(ask)
            visit(ask)
        assert logged(caplog, LOGGER) == [
            ("WARNING", "ORIGIN_NOT_ALLOWED"),
            ("WARNING", "METHOD_NOT_ALLOWED"),
        ]

    def test_overridden_debug_setting_takes_effect(self, caplog: pytest.LogCaptureFixture) -> None:
        from django.http import HttpResponse

        with override_settings(CORS_ON_DECISION=lambda event: None):
            middleware: Any = CorsMiddleware(lambda request: HttpResponse())
            for debug in (False, True, False):
                with override_settings(DEBUG=debug):
                    middleware(RequestFactory().get("/", headers={"Origin": UNTRUSTED}))
        assert logged(caplog, LOGGER) == [("WARNING", "ORIGIN_NOT_ALLOWED")]

    def test_hints_name_the_settings(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        with override_settings(DEBUG=True):
            visit(ask)
        lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
        assert f"Add '{UNTRUSTED}' to CORS_ALLOWED_ORIGINS." in lines[0]
        assert "to CORS_ALLOW_METHODS." in lines[1]


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/plain/", "CORS_URLS_REGEX does not match the path: extend it."),
        ("/api/a/items/b/x/../../x", "The path is ambiguous."),
        (
            "/api/a/items/b/" + "x" * 498,
            "The path is too long for a regular expression:",
        ),
    ],
)
def test_hint_is_about_the_path(
    path: str, hint: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    with override_settings(CORS_URLS_REGEX="/api/.*/items/.*/x"), connected(Receiver(False)):
        ask("GET", path, origin=APP)
    (line,) = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert f": the policy does not allow this origin. {hint}" in line
