"""How decisions are reported: to whom, at which level, in lines that cannot be forged."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from io import StringIO
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, Decision, DecisionEvent, Reason, RequestKind
from corekit._engine import Engine
from corekit.events import Observer, bounded

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"

policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"], allow_headers=["x-a"])


def make_event(
    origin: str | None = UNTRUSTED,
    method: str = "GET",
    path: str = "/",
    asked: str | None = None,
    asked_headers: str | None = None,
) -> DecisionEvent:
    decision = policy.decide(
        method, origin=origin, request_method=asked, request_headers=asked_headers
    )
    return DecisionEvent(decision, "asgi", method, path, origin, asked, asked_headers)


def report(observer: Observer, event: DecisionEvent) -> None:
    """Report the request of an event, as an adapter does."""
    engine, origin = policy.engine, event.origin
    if origin is None:
        answer = engine.no_origin
    elif event.request_method is not None:
        answer = engine.preflight(origin, event.request_method, event.request_headers, None)
    else:
        answer = engine.actual(origin)
    observer.observe(
        engine,
        answer,
        method=event.method,
        path=event.path,
        origin=origin,
        request_method=event.request_method,
        request_headers=event.request_headers,
        request=event.request,
    )


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.getLogger("corekit.tests")
    yield made
    made.setLevel(logging.NOTSET)


class TestDescription:
    @pytest.mark.parametrize(
        ("event", "line"),
        [
            (
                make_event(None),
                (
                    "CORS: GET '/' not cors: the request has no Origin header, so CORS does not"
                    " apply. [NOT_CORS]"
                ),
            ),
            (
                make_event(APP, "POST", "/items"),
                f"CORS: POST '/items' from '{APP}' granted: allowed by the policy. [GRANTED]",
            ),
            (
                make_event(UNTRUSTED),
                (
                    f"CORS: GET '/' from '{UNTRUSTED}' denied: the policy does not allow this"
                    f" origin. Add '{UNTRUSTED}' to allow_origins. [ORIGIN_NOT_ALLOWED]"
                ),
            ),
            (
                make_event("https://app.exmaple.com"),
                (
                    "CORS: GET '/' from 'https://app.exmaple.com' denied: the policy does not allow"
                    f" this origin. Nearest allowed origin: '{APP}'. Add 'https://app.exmaple.com'"
                    " to allow_origins. [ORIGIN_NOT_ALLOWED]"
                ),
            ),
            (
                make_event(APP, "OPTIONS", "/items", "DELETE"),
                (
                    f"CORS: preflight for DELETE '/items' from '{APP}' denied: the policy does not"
                    " allow the requested method. Add 'DELETE' to allow_methods."
                    " [METHOD_NOT_ALLOWED]"
                ),
            ),
            (
                make_event(APP, "OPTIONS", "/", "PUT", "x-a"),
                (
                    f"CORS: preflight for PUT '/' with 'x-a' from '{APP}' granted: allowed by the"
                    " policy. [GRANTED]"
                ),
            ),
        ],
        ids=["no origin", "granted", "denied", "near", "method denied", "preflight granted"],
    )
    def test_event_text_shows_request_reason_and_fix(self, event: DecisionEvent, line: str) -> None:
        assert event.describe() == str(event) == line
        assert repr(event) == f"<DecisionEvent {line}>"

    def test_events_compare_by_value_whatever_the_request_object(self) -> None:
        one, other = (
            DecisionEvent(
                make_event().decision, "wsgi", "GET", "/", UNTRUSTED, request={"a": number}
            )
            for number in (1, 2)
        )
        assert one == other
        assert hash(one) == hash(other)
        assert one != make_event()

    def test_an_event_cannot_be_changed(self) -> None:
        with pytest.raises(AttributeError):
            make_event().origin = APP  # type: ignore[misc]


# What makes a second line, colors a terminal, hides or turns text round.
forging = st.text(
    st.one_of(
        st.sampled_from("\r\n\t\0\x1b\x7f\x85\u2028\u2029\u202e\u2066\u200b\ufeff'\"\\%{}"),
        st.characters(),
    ),
    max_size=60,
)
values = st.builds(
    lambda text, times: (text * times)[:65_536], forging, st.sampled_from([1, 1, 1, 3_000])
)

LONGEST_LINE = 8_000
"""Four values of 120 characters, of ten bytes each where they are escaped, and what is around."""


class TestForging:
    @given(origin=values, method=values, path=values, asked=st.none() | values, names=values)
    def test_a_line_is_one_line_of_bounded_printable_ascii(
        self, origin: str, method: str, path: str, asked: str | None, names: str
    ) -> None:
        written = StringIO()
        logger = logging.getLogger("corekit.tests.forged")
        logger.setLevel(logging.INFO)
        logger.handlers = [logging.StreamHandler(written)]
        observer = Observer("asgi", logger)
        names_or_none = None if asked is None else names
        event = make_event(origin, "OPTIONS" if asked else method, path, asked, names_or_none)
        report(observer, event)
        (line,) = written.getvalue().split("\n")[:-1]
        assert line == event.describe()
        assert all(" " <= character <= "~" for character in line)
        assert len(line) < LONGEST_LINE

    def test_64_kib_in_every_value_are_cut(self) -> None:
        long = "\U0001f600" * 65_536
        event = make_event(long, long, long, long, long)
        assert len(event.describe()) < LONGEST_LINE
        assert "(65536 long)" in event.describe()

    @given(values)
    def test_a_bounded_value_is_printable_and_short(self, value: str) -> None:
        shown = bounded(value)
        assert all(" " <= character <= "~" for character in shown)
        assert len(shown) < LONGEST_LINE / 4

    @pytest.mark.parametrize("value", ["", APP, "a" * 120])
    def test_plain_value_is_not_changed(self, value: str) -> None:
        assert bounded(value) == value

    @pytest.mark.parametrize("value", ["a" * 121, "caf\u00e9", "a\nb", "\u202e"])
    def test_any_other_value_is_escaped_or_cut(self, value: str) -> None:
        assert bounded(value) != value


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


class TestOnDecision:
    def test_it_is_given_every_event(self, logger: logging.Logger) -> None:
        heard: list[DecisionEvent] = []
        observer = Observer("asgi", logger, on_decision=heard.append)
        events = [make_event(None), make_event(APP), make_event()]
        for event in events:
            report(observer, event)
        assert heard == events
        assert observer.observes_all

    def test_without_it_not_every_decision_is_heard(self, logger: logging.Logger) -> None:
        assert not Observer("asgi", logger).observes_all

    @pytest.mark.parametrize("origin", [APP, UNTRUSTED, "a\r\nb"])
    def test_failing_on_decision_is_logged_as_an_error(
        self, origin: str, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(event: DecisionEvent) -> None:
            raise LookupError("a bug of the hook")

        report(Observer("asgi", logger, on_decision=fail), make_event(origin))
        (record,) = caplog.records
        assert record.levelname == "ERROR"
        assert record.getMessage() == (
            "CORS: on_decision raised an exception; the request continues: "
            + make_event(origin)._describe("")
        )
        assert record.exc_info
        assert isinstance(record.exc_info[1], LookupError)

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_exit_exceptions_pass(self, error: type[BaseException], logger: logging.Logger) -> None:
        def stop(event: DecisionEvent) -> None:
            raise error

        with pytest.raises(error):
            report(Observer("asgi", logger, on_decision=stop), make_event())


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


class TestDecisionsOfAnswers:
    @pytest.mark.parametrize("credentials", [True, False])
    @pytest.mark.parametrize("method", ["GET", "OPTIONS"])
    @pytest.mark.parametrize("origin", [None, APP, UNTRUSTED, "nonsense"])
    def test_the_decision_of_an_answer_is_what_the_policy_decides(
        self, origin: str | None, method: str, credentials: bool
    ) -> None:
        own = policy.replace(allow_credentials=credentials)
        engine = own.engine
        for asked, names in product([None, "PUT", "DELETE", "@"], [None, "x-a", "x-b", "@@"]):
            is_preflight = method == "OPTIONS" and origin is not None and asked is not None
            if is_preflight:
                answer = engine.preflight(str(origin), str(asked), names, None)
            else:
                answer = engine.actual(origin)
            decided = own.decide(method, origin=origin, request_method=asked, request_headers=names)
            made = Decision(answer, engine, origin, asked, names)
            assert made == decided
            assert (made.kind is RequestKind.PREFLIGHT) is is_preflight


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


def test_bounded_value_shows_the_value() -> None:
    assert bounded("a\r\nb") == "'a\\r\\nb'"
    assert bounded("x" * 121) == f"'{'x' * 120}'... (121 long)"


def test_unsupported_value_is_an_error(logger: logging.Logger) -> None:
    async def later(event: DecisionEvent) -> None:
        """Do nothing, and later."""

    with pytest.raises(
        TypeError,
        match=r"^on_decision is a coroutine function or a generator, which would never run. Pass"
        r" a plain function, which may start a task.$",
    ):
        Observer("asgi", logger, on_decision=later)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^debug is of type str. Pass True or False.$"):
        Observer("asgi", logger, debug="yes")  # type: ignore[arg-type]
