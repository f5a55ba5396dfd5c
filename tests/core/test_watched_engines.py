"""Engines for one request, which tell what they answer: the answer is the engine's own."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from corekit import CorsPolicy, DecisionEvent, Reason
from corekit.events import Observer, WatchedEngine

APP = "https://app.example.com"
STRANGER = "https://stranger.example"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], allow_headers=["x-a"])


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("corekit.tests")
    yield made
    made.setLevel(logging.NOTSET)


class TestWatchedEngines:
    """What an adapter asks in the place of the engine, where every decision is told."""

    def watch(
        self, method: str, logger: logging.Logger
    ) -> tuple[WatchedEngine, list[DecisionEvent], object]:
        told: list[DecisionEvent] = []
        observer = Observer("wsgi", logger, on_decision=told.append)
        request = object()
        grants = policy.replace(allow_private_network=True)
        return observer.watch(grants.engine, method, "/items", request), told, request

    def test_a_request_without_an_origin_is_answered_and_told(self, logger: logging.Logger) -> None:
        engine, told, request = self.watch("GET", logger)
        assert engine.no_origin == policy.engine.no_origin
        assert told[0] == DecisionEvent(policy.decide("GET"), "wsgi", "GET", "/items", None)
        assert told[0].request is request

    @pytest.mark.parametrize("origin", [APP, STRANGER])
    def test_an_actual_request_is_answered_and_told(
        self, origin: str, logger: logging.Logger
    ) -> None:
        engine, told, request = self.watch("PUT", logger)
        assert engine.actual(origin) == policy.engine.actual(origin)
        decision = policy.decide("PUT", origin=origin)
        assert told == [DecisionEvent(decision, "wsgi", "PUT", "/items", origin)]
        assert told[0].request is request

    @pytest.mark.parametrize("origin", [APP, STRANGER])
    @pytest.mark.parametrize(("asked", "names"), [("PUT", "x-a"), ("LOCK", None), ("PUT", "x-b")])
    def test_a_preflight_is_answered_and_told_with_what_it_asked_for(
        self, origin: str, asked: str, names: str | None, logger: logging.Logger
    ) -> None:
        engine, told, request = self.watch("OPTIONS", logger)
        raw = names if names is None else names.encode()
        answer = engine.preflight(origin, asked.encode(), raw, b"true")
        private = ("Access-Control-Allow-Private-Network", "true")
        assert (private in answer.headers) is (origin == APP)
        (event,) = told
        assert (event.adapter, event.method, event.path) == ("wsgi", "OPTIONS", "/items")
        assert (event.origin, event.request_method, event.request_headers) == (origin, asked, names)
        assert event.request is request
        expected = policy.decide(
            "OPTIONS", origin=origin, request_method=asked, request_headers=names
        )
        assert event.decision.reason is expected.reason

    def test_its_decision_of_an_answer_is_the_engines(self, logger: logging.Logger) -> None:
        engine, _, _ = self.watch("OPTIONS", logger)
        answer = policy.engine.preflight(APP, "PUT", "x-b", None)
        made = engine.decision_of(answer, APP, "PUT", "x-b")
        assert made == policy.engine.decision_of(answer, APP, "PUT", "x-b")
        assert made.reason is Reason.HEADER_NOT_ALLOWED

    def test_a_header_is_read_as_latin_1(self, logger: logging.Logger) -> None:
        engine, told, _ = self.watch("OPTIONS", logger)
        engine.preflight(APP, b"\xe9", None, None)
        assert told[0].request_method == "\xe9"

    def test_what_was_asked_reaches_the_engine(self, logger: logging.Logger) -> None:
        echoing = policy.replace(
            allow_credentials=True, allow_methods=["*"], allow_headers=["*"]
        ).engine
        watched = Observer("asgi", logger, on_decision=repr).watch(echoing, "OPTIONS", "/", None)
        asked = (APP, "LOCK", "x-z", None)
        assert watched.preflight(*asked) == echoing.preflight(*asked)
