"""What an event says, in lines that cannot be forged, and who is given it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import Decision, DecisionEvent, RequestKind
from corekit.events import Observer, bounded
from tests.core.reporting import APP, UNTRUSTED, make_event, policy, report


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
