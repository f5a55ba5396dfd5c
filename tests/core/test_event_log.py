"""Which decisions are logged, at which level, and what happens if the log fails."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from corekit import DecisionEvent, Reason
from corekit._engine import Engine
from corekit.events import Observer
from tests.core.reporting import APP, UNTRUSTED, make_event, report


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("corekit.tests")
    yield made
    made.setLevel(logging.NOTSET)


def reported(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [level for level, _ in reported(caplog)]


class TestLog:
    @pytest.mark.parametrize(
        "event",
        [
            make_event(UNTRUSTED),
            make_event("nonsense"),
            make_event(UNTRUSTED, "OPTIONS", asked="PUT"),
            make_event(APP, "OPTIONS", asked="DELETE"),
            make_event(APP, "OPTIONS", asked="PUT", asked_headers="x-b"),
        ],
        ids=lambda event: f"{event.decision.kind.name} {event.decision.reason.name}",
    )
    def test_denial_is_logged_at_info(
        self, event: DecisionEvent, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        observer = Observer("asgi", logger)
        report(observer, event)
        assert reported(caplog) == []
        logger.setLevel(logging.INFO)
        report(observer, event)
        assert reported(caplog) == [("INFO", event.describe())]

    @pytest.mark.parametrize(
        "event",
        [make_event(None), make_event(APP), make_event(APP, "OPTIONS", asked="PUT")],
        ids=lambda event: event.decision.kind.name,
    )
    @pytest.mark.parametrize("debug", [False, True])
    def test_allowed_request_is_not_logged(
        self,
        event: DecisionEvent,
        debug: bool,
        logger: logging.Logger,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        logger.setLevel(logging.DEBUG)
        report(Observer("asgi", logger, debug=debug), event)
        assert reported(caplog) == []

    def test_debug_mode_warns_once_per_kind_of_denial(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger.setLevel(logging.INFO)
        observer = Observer("asgi", logger, debug=True)
        for event in (
            make_event(UNTRUSTED),
            make_event(UNTRUSTED, path="/other"),
            make_event("https://other.example"),
            make_event(APP, "OPTIONS", asked="DELETE"),
            make_event(APP, "OPTIONS", asked="PATCH"),
            make_event(APP, "OPTIONS", asked="PUT", asked_headers="x-b"),
        ):
            report(observer, event)
        assert levels(caplog) == ["WARNING", "INFO", "WARNING", "WARNING", "WARNING", "WARNING"]

    def test_warning_is_shown_without_logging_configuration(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        observer = Observer("asgi", logger, debug=True)
        for _ in range(3):
            report(observer, make_event())
        assert levels(caplog) == ["WARNING"]
        logger.setLevel(logging.ERROR)
        report(observer, make_event("https://other.example"))
        assert levels(caplog) == ["WARNING"]

    def test_debug_mode_is_asked_of_each_request(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        observer = Observer("asgi", logger, debug=lambda request: request == "debugged")
        for request in ("other", "debugged"):
            event = make_event()
            assert levels(caplog) == []
            report(observer, replace(event, request=request))
        assert levels(caplog) == ["WARNING"]

    def test_denial_that_was_logged_before_debug_mode_is_a_warning(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger.setLevel(logging.INFO)
        observer = Observer("asgi", logger, debug=lambda request: request == "debugged")
        event = make_event()
        for request in ("other", "debugged", "debugged", "other"):
            report(observer, replace(event, request=request))
        assert levels(caplog) == ["INFO", "WARNING", "INFO", "INFO"]
        # Nor do many denials without debug mode leave no room for those with it.
        for number in range(1_010):
            report(observer, make_event(f"https://a-{number}.example"))
        report(observer, replace(make_event("https://b.example"), request="debugged"))
        assert levels(caplog)[-1] == "WARNING"

    def test_remembered_denials_are_bounded(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger.setLevel(logging.INFO)
        observer = Observer("asgi", logger, debug=True)
        for number in range(1_010):
            report(observer, make_event(f"https://a-{number}.example" + "x" * 65_536))
        assert levels(caplog) == ["WARNING"] * 1_000 + ["INFO"] * 10
        kept = len(str(observer._seen))
        assert kept < 1_000 * 300

    def test_near_miss_is_logged_once(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger.setLevel(logging.INFO)
        observer = Observer("asgi", logger)
        for _ in range(2):
            report(observer, make_event("https://ap.example.com"))
        found = ["Nearest allowed origin" in message for _, message in reported(caplog)]
        assert found == [True, False]

    def test_threads_may_share_an_observer(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        logger.setLevel(logging.INFO)
        observer = Observer("asgi", logger, debug=True)
        events = [make_event(f"https://a-{number}.example") for number in range(20)] * 10
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(partial(report, observer), events))
        found = levels(caplog)
        assert len(found) == 200
        assert 20 <= found.count("WARNING") < 40

    def test_verdict_is_not_computed_without_observers(
        self, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*values: object) -> Reason:
            raise AssertionError("nobody asked")

        monkeypatch.setattr(Engine, "judge", fail)
        event = make_event(APP, "OPTIONS", asked="DELETE")
        report(Observer("asgi", logger), event)
        with pytest.raises(AssertionError, match="nobody asked"):
            event.describe()


class TestFailingLog:
    def test_failing_debug_function_leaves_on_decision(
        self,
        logger: logging.Logger,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def fail(request: object) -> bool:
            raise LookupError("a bug of the function")

        logger.setLevel(logging.INFO)
        heard: list[DecisionEvent] = []
        observer = Observer("asgi", logger, on_decision=heard.append, debug=fail)
        for _ in range(2):
            report(observer, make_event())
        assert len(heard) == 2
        assert levels(caplog) == []
        assert capsys.readouterr().err.count("LookupError: a bug of the function") == 1

    def test_exception_is_dropped_without_stderr(
        self, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*values: object, **named: object) -> None:
            raise LookupError("a bug of the logger")

        monkeypatch.setattr(logger, "log", fail)
        monkeypatch.setattr(sys, "stderr", None)
        report(Observer("asgi", logger, debug=True), make_event())

    def test_exception_is_printed(
        self,
        logger: logging.Logger,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def fail(*values: object, **named: object) -> None:
            raise LookupError("a bug of the logger")

        monkeypatch.setattr(logger, "log", fail)
        report(Observer("asgi", logger, debug=True), make_event())
        printed = capsys.readouterr().err
        assert printed.startswith(
            "CORS: the log of corekit_asgi raised an exception; the request continues. It is shown"
            " once.\nTraceback"
        )
        assert printed.endswith("LookupError: a bug of the logger\n")

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
    @pytest.mark.parametrize("name", ["log", "isEnabledFor"])
    def test_exit_exceptions_of_the_log_pass(
        self,
        error: type[BaseException],
        name: str,
        logger: logging.Logger,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def stop(*values: object, **named: object) -> None:
            raise error

        monkeypatch.setattr(logger, name, stop)
        observer = Observer("asgi", logger, debug=True)
        with pytest.raises(error):
            report(observer, make_event())


def test_level_of_denials(logger: logging.Logger) -> None:
    for debug, level in ((False, logging.INFO), (True, logging.WARNING), (bool, logging.WARNING)):
        assert Observer("asgi", logger, debug=debug).level == level


def test_line_is_an_argument_of_the_log_message(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    logger.setLevel(logging.INFO)
    report(Observer("asgi", logger), make_event(path="/%s"))
    (record,) = caplog.records
    assert (record.msg, record.args) == ("%s", (make_event(path="/%s").describe(),))


def test_request_without_an_origin_is_no_denial(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    logger.setLevel(logging.WARNING)
    assert Observer("asgi", logger).logs_denials(None) is False
    assert capsys.readouterr().err == ""


def test_warnings_for_pages_on_localhost_are_bounded(
    logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    logger.setLevel(logging.WARNING)
    observer = Observer("asgi", logger)
    for port in range(3000, 3030):
        origin = f"http://localhost:{port}"
        assert observer.logs_denials(origin) is (port < 3020)
        report(observer, make_event(origin))
    assert len(caplog.records) == 20
    # Each was a warning once. In debug mode, the others are warnings too.
    debugged = Observer("asgi", logger, debug=True)
    for port in range(3000, 3030):
        report(debugged, make_event(f"http://localhost:{port}"))
    assert len(caplog.records) == 50
