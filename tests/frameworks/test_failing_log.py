"""A log that fails changes no response."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from corekit import DecisionEvent
from corekit.browser import HttpResponse
from tests.frameworks.observing import (
    APP,
    UNTRUSTED,
    Client,
    Fields,
    fail,
    origin,
    preflight,
)


class BrokenFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        raise LookupError("a bug of the filter")


class BrokenHandler(logging.Handler):
    def handle(self, record: logging.LogRecord) -> bool:
        raise LookupError("a bug of the handler")


def break_filter(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "filters", [BrokenFilter()])


def break_handler(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logger, "handlers", [BrokenHandler()])


def break_logger(logger: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*values: object, **named: object) -> None:
        raise LookupError("a bug of the logger")

    monkeypatch.setattr(logger, "isEnabledFor", refuse)
    monkeypatch.setattr(logger, "log", refuse)


class TestFailingLog:
    @pytest.mark.parametrize("break_log", [break_filter, break_handler, break_logger])
    def test_failing_log_changes_no_response(
        self,
        client: Client,
        break_log: Callable[[logging.Logger, pytest.MonkeyPatch], None],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        asked: tuple[tuple[str, Fields], ...] = (
            ("GET", {}),
            ("GET", origin(APP)),
            ("GET", origin(UNTRUSTED)),
            ("OPTIONS", preflight(UNTRUSTED)),
            ("OPTIONS", preflight(APP, "PATCH")),
        )

        def visit() -> list[HttpResponse]:
            return [client.ask(method, fields) for method, fields in asked]

        client.install()
        quiet = visit()
        caplog.set_level(logging.INFO, client.logger)
        break_log(logging.getLogger(client.logger), monkeypatch)
        for on_decision in (None, fail):
            client.install(on_decision=on_decision)
            assert visit() == quiet
            assert "raised an exception; the request continues" in capsys.readouterr().err

    def test_on_decision_is_called_if_the_log_fails(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        heard: list[DecisionEvent] = []
        client.install(on_decision=heard.append)
        break_logger(logging.getLogger(client.logger), monkeypatch)
        client.ask("GET", origin(UNTRUSTED))
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        assert len(heard) == 2
