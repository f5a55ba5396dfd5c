"""What every adapter logs of its decisions."""

from __future__ import annotations

import logging

import pytest

from corekit import DecisionEvent
from tests.frameworks.observing import (
    APP,
    UNTRUSTED,
    Client,
    origin,
    preflight,
    routes,
)


class TestLog:
    def test_denials_are_logged_at_info(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        client.install(routes)

        def deny() -> None:
            client.ask("GET", origin(UNTRUSTED), "/api/")
            client.ask("OPTIONS", preflight(UNTRUSTED), "/api/")
            client.ask("OPTIONS", preflight(APP, "PUT", "x-b"), "/api/")
            client.ask("OPTIONS", preflight(APP, "PATCH"), "/api/items")

        deny()
        assert client.records(caplog) == []
        caplog.set_level(logging.INFO, client.logger)
        deny()
        records = client.records(caplog)
        assert [record.levelname for record in records] == ["INFO"] * 4
        assert [record.getMessage().partition("://")[0] for record in records] == [
            "CORS: GET '/api/' from 'https",
            "CORS: preflight for PUT '/api/' with 'content-type' from 'https",
            "CORS: preflight for PUT '/api/' with 'x-b' from 'https",
            "CORS: preflight for PATCH '/api/items' with 'content-type' from 'https",
        ]
        assert [record.getMessage().rpartition("[")[2] for record in records] == [
            "ORIGIN_NOT_ALLOWED]",
            "ORIGIN_NOT_ALLOWED]",
            "HEADER_NOT_ALLOWED]",
            "METHOD_NOT_ALLOWED]",
        ]

    def test_allowed_and_uncovered_requests_are_not_logged(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG, client.logger)
        client.install(routes)
        client.ask(path="/api/")
        client.ask("GET", origin(APP), "/api/")
        client.ask("OPTIONS", preflight(APP), "/api/")
        client.ask("GET", origin(UNTRUSTED), "/other")
        assert client.records(caplog) == []

    def test_denial_is_logged_and_reported(
        self, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, client.logger)
        heard: list[DecisionEvent] = []
        client.install(on_decision=heard.append)
        client.ask("GET", origin(UNTRUSTED))
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        lines = [record.getMessage() for record in client.records(caplog)]
        assert lines == list(map(str, heard))
        assert len(lines) == 2

    def test_verdict_is_not_computed_without_observers(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*values: object) -> None:
            raise AssertionError("nobody asked")

        client.install()
        monkeypatch.setattr("corekit.events.Decision", refuse)
        client.ask("OPTIONS", preflight(APP, "PATCH"))
        client.ask("GET", origin(UNTRUSTED))

    @pytest.mark.parametrize("level", [logging.INFO, logging.CRITICAL])
    def test_allowed_request_skips_the_logger(
        self,
        client: Client,
        level: int,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(level, client.logger)
        asked: list[int] = []
        is_enabled = logging.Logger.isEnabledFor

        def count(self: logging.Logger, level: int) -> bool:
            if self.name == client.logger:
                asked.append(level)
            return is_enabled(self, level)

        client.install()
        monkeypatch.setattr(logging.Logger, "isEnabledFor", count)
        for fields in ({}, origin(APP)):
            assert client.ask(fields=fields).body == b"secret"
        assert asked == []
        client.ask(fields=origin(UNTRUSTED))
        assert asked


LOCAL = ["http://localhost:5173", "https://localhost", "http://127.0.0.1:3000", "http://[::1]:81"]
REMOTE = ["http://localhost.example.com", "https://127.0.0.1.example.com", "http://localhost:a"]


def test_denial_of_a_page_on_localhost_is_a_warning_once(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, client.logger)
    client.install()
    for _ in range(2):
        for value in (*LOCAL, *REMOTE, UNTRUSTED, APP):
            client.ask(fields=origin(value))
            client.ask("OPTIONS", preflight(value))
    expected = [kind for value in LOCAL for kind in (f"GET '/' from '{value}'", f" from '{value}'")]
    messages = [record.getMessage() for record in client.records(caplog)]
    if client.name == "django":  # in this test, each request has its own settings
        messages = list(dict.fromkeys(messages))
    assert len(messages) == len(expected)
    for part, message in zip(expected, messages, strict=True):
        assert part in message
        assert "to allow_origins" in message or "CORS_ALLOWED_ORIGINS" in message


AMBIGUOUS = "/public%2F..%2Fapi/items"


def test_denial_of_an_ambiguous_path_says_how_to_request_it(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, client.logger)
    client.install(routes)
    client.ask("GET", origin(APP), AMBIGUOUS)
    client.ask("OPTIONS", preflight(UNTRUSTED), AMBIGUOUS)
    lines = [record.getMessage() for record in client.records(caplog)]
    assert len(lines) == 2
    for line in lines:
        assert "The path is ambiguous. Request it without '.' and '..' segments" in line
        assert "allow_origins" not in line
        assert "CORS_ALLOWED_ORIGINS" not in line
