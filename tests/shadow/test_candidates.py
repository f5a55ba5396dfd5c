"""The candidate of a `LivePolicy`: what is reported, to whom, and what it may not change."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit._shadowing import SHADOWS
from corekit.adapter import Observer
from corekit.shadow import Shadow, ShadowEvent, ShadowKind

APP, ADMIN, EVIL = "https://app.example.com", "https://admin.example.com", "https://evil.example"
BOTH = CorsPolicy(allow_origins=[APP, ADMIN], allow_methods=["PUT"], max_age=600)
ONE = CorsPolicy(allow_origins=[APP])
ROUTES = CorsRoutes([("/a/", BOTH), ("/b/", BOTH), ("/c/", ONE)])


class Broken(CorsPolicy):
    def decide(self, method: str, **fields: Any) -> Any:
        raise LookupError("a bug of the candidate")


@pytest.fixture
def logger(caplog: pytest.LogCaptureFixture) -> Iterator[logging.Logger]:
    made = logging.getLogger("corekit.tests")
    with caplog.at_level(logging.INFO, "corekit.tests"):
        yield made


def send(
    live: LivePolicy,
    observer: Observer,
    origin: str | None,
    path: str = "/a/x",
    method: str | None = None,
    **fields: Any,
) -> Any:
    """Do what an adapter does with a request."""
    engine = live._source.current.engine
    if engine is None:
        policy = live._source.current.policy_for(path)
        assert policy is not None
        engine = policy.engine
    if method is None or origin is None:
        answer = engine.actual(origin)
    else:
        answer = engine.preflight(origin, method, None, None)
    if observer.observes_all or (answer.may_be_denied and observer.logs_denials(origin)):
        observer.observe(
            engine,
            answer,
            method="GET" if method is None else "OPTIONS",
            path=path,
            origin=origin,
            request_method=method,
            request=None,
            **{"host": "api.example.org", "sec_fetch_site": None, **fields},
        )
    return answer


def lines_of(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.getMessage().startswith("CORS shadow: ")
    ]


class TestReports:
    @pytest.mark.parametrize("level", [logging.INFO, logging.ERROR])
    @pytest.mark.parametrize("enforced", [BOTH, ROUTES])
    def test_function_is_called_with_every_difference(
        self, enforced: CorsPolicy | CorsRoutes, level: int, logger: logging.Logger
    ) -> None:
        events: list[ShadowEvent] = []
        live = LivePolicy(enforced, candidate=ONE, on_difference=events.append)
        logger.setLevel(level)
        observer = Observer("tests", logger)
        for origin, method in ((APP, None), (ADMIN, None), (EVIL, None), (APP, "PUT"), (None, "")):
            send(live, observer, origin, method=method)
        send(live, observer, ADMIN, host="admin.example.com")
        send(live, observer, ADMIN, sec_fetch_site="same-origin")
        found = [(event.kind, event.origin, event.request_method) for event in events]
        assert found == [
            (ShadowKind.WOULD_DENY, ADMIN, None),
            (ShadowKind.WOULD_DIFFER, APP, "PUT"),
        ]
        (event, _) = events
        assert (event.adapter, event.method, event.path) == ("tests", "GET", "/a/x")
        assert event.candidate == ONE.decide("GET", origin=ADMIN)
        assert event.enforced == BOTH.decide("GET", origin=ADMIN)

    def test_first_of_each_origin_and_reason_is_a_warning(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        live, observer = LivePolicy(BOTH, candidate=ONE), Observer("tests", logger)
        for path in ("/1", "/2"):
            send(live, observer, ADMIN, path)
        send(live, observer, APP, method="PUT")
        live.candidate = CorsPolicy(allow_origins=[EVIL])
        for _ in range(2):
            send(live, observer, APP)
        levels = ["WARNING", "INFO", "WARNING", "WARNING", "INFO"]
        assert [level for level, _ in lines_of(caplog)] == levels
        hints = [
            "Add 'https://admin.example.com' to allow_origins. {" in line
            for _, line in lines_of(caplog)
        ]
        assert hints[:2] == [True, False]

    def test_another_reason_of_an_origin_is_another_warning(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = LivePolicy(BOTH.replace(allow_credentials=True), candidate=ONE)
        observer = Observer("tests", logger)
        for method in (None, "PUT", None, "PUT"):
            send(live, observer, APP, method=method)
        levels = [level for level, _ in lines_of(caplog)]
        assert levels == ["WARNING", "WARNING", "INFO", "INFO"]

    def test_line_shows_request_and_reason_and_is_data(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        live, observer = LivePolicy(BOTH, candidate=ONE), Observer("tests", logger)
        send(live, observer, APP, "/caf\u00e9\n", "PUT")
        ((_, line),) = lines_of(caplog)
        text, _, data = line.partition(" {")
        assert text == (
            f"CORS shadow: preflight for PUT '/caf\\xe9\\n' from '{APP}' would differ: only the"
            " policy in force allows the requested method: 'PUT'. Add 'PUT' to allow_methods."
        )
        assert json.loads(f"{{{data}") == {
            "cors_shadow": "would_differ",
            "reasons": ["METHOD_DENIED"],
            "method": "OPTIONS",
            "path": "/caf\\xe9\\n",
            "origin": APP,
            "request_method": "PUT",
            "denied": ["PUT"],
            "rule": APP,
            "adapter": "tests",
        }
        assert line.isascii()
        assert line.isprintable()

    def test_memory_is_bounded(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        enforced = CorsPolicy(allow_origins=["*"])
        live, observer = LivePolicy(enforced, candidate=ONE), Observer("tests", logger)
        for number in range(1_010):
            send(live, observer, f"https://a{number}.example")
        assert [level for level, _ in lines_of(caplog)].count("WARNING") == 1_000

    def test_several_adapters_share_the_first_warning(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = LivePolicy(BOTH, candidate=ONE)
        for name in ("one", "other"):
            send(live, Observer(name, logger), ADMIN)
        assert [level for level, _ in lines_of(caplog)] == ["WARNING", "INFO"]


@pytest.mark.parametrize(
    ("method", "asked", "sample", "reasons"),
    [
        ("GET", None, 1.0, ["ORIGIN_DENIED"]),
        ("POST", "PUT", 1.0, ["ORIGIN_DENIED"]),
        ("OPTIONS", None, 1.0, ["ORIGIN_DENIED"]),
        ("OPTIONS", "PUT", 1.0, ["ORIGIN_DENIED"]),
        ("GET", None, 1e-9, []),
    ],
)
@pytest.mark.parametrize("host", ["api.example.org", "admin.example.com"])
def test_responses_of_other_layers(
    method: str, asked: str | None, sample: float, reasons: list[str], host: str
) -> None:
    events: list[ShadowEvent] = []
    headers = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "*"))
    Shadow(ONE, on_difference=events.append, sample=sample).observe_response(
        Observer("tests", logging.getLogger("corekit.tests")),
        lambda: (200, headers),
        method=method,
        path="/a/x",
        origin=ADMIN,
        request_method=asked,
        request_headers=None,
        host=host,
        sec_fetch_site=None,
        request=None,
    )
    is_preflight = method == "OPTIONS" and asked is not None
    is_own = host == "admin.example.com" and not is_preflight
    assert [event.reason.name for event in events] == ([] if is_own else reasons)
    for event in events:
        assert event.request_method == (asked if is_preflight else None)


class TestSampling:
    def test_all_requests_of_an_origin_are_compared_or_none(self, logger: logging.Logger) -> None:
        events: list[ShadowEvent] = []
        enforced = CorsPolicy(allow_origins=["*"], allow_methods=["PUT"])
        live = LivePolicy(enforced, candidate=ONE, on_difference=events.append, sample=0.3)
        observer = Observer("tests", logger)
        origins = [f"https://a{number}.example" for number in range(400)]
        for origin in origins:
            send(live, observer, origin)
            send(live, observer, origin, method="PUT")
        counts = {origin: sum(event.origin == origin for event in events) for origin in origins}
        assert {*counts.values()} == {0, 2}
        assert 80 < sum(map(bool, counts.values())) < 160

    def test_sampled_origins_are_the_same_in_every_process(self) -> None:
        sampled = [
            number
            for number in range(20)
            if Shadow(ONE, sample=0.5).compares(f"https://a{number}.example")
        ]
        assert sampled == SAMPLED

    def test_origin_that_is_not_text_is_no_error(self, logger: logging.Logger) -> None:
        # So aiohttp and Sanic decode the byte 0xff.
        live = LivePolicy(BOTH, candidate=ONE, sample=0.5)
        assert not send(live, Observer("tests", logger), "https://\udcff.example").origin_allowed

    @pytest.mark.parametrize("sample", [0, -0.1, 1.1, float("nan"), "1", None, True])
    def test_sample_is_a_share(self, sample: Any) -> None:
        with pytest.raises((TypeError, ValueError), match=r"^sample is .*above 0 and at most 1"):
            LivePolicy(BOTH, sample=sample)


SAMPLED = [4, 5, 7, 11, 14, 15, 18]
"""Found once: another process has another hash of a string."""


class TestFailures:
    def test_exception_of_the_function_is_logged(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(event: ShadowEvent) -> None:
            raise LookupError("a bug of the function")

        live = LivePolicy(BOTH, candidate=ONE, on_difference=fail)
        assert send(live, Observer("tests", logger), ADMIN).origin_allowed
        first, second = caplog.records
        assert (first.levelname, second.levelname) == ("ERROR", "WARNING")
        assert first.getMessage().startswith(
            "CORS: on_difference raised an exception; the request continues: CORS shadow: GET"
        )
        assert first.exc_info

    def test_exception_of_the_candidate_is_logged(
        self, logger: logging.Logger, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = LivePolicy(BOTH, candidate=Broken(allow_origins=[APP]))
        assert send(live, Observer("tests", logger), ADMIN).origin_allowed
        (record,) = caplog.records
        assert record.getMessage() == (
            "CORS: comparing with the candidate raised an exception; the request continues: GET"
            f" '/a/x' from '{ADMIN}'"
        )
        assert (record.levelname, bool(record.exc_info)) == ("ERROR", True)

    @pytest.mark.parametrize("candidate", [ONE, Broken(allow_origins=[APP])])
    def test_exception_of_the_log_is_printed_once(
        self, candidate: CorsPolicy, logger: logging.Logger, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def fail(record: logging.LogRecord) -> bool:
            raise LookupError("a bug of the log")

        logger.addFilter(fail)
        live, observer = LivePolicy(BOTH, candidate=candidate), Observer("tests", logger)
        try:
            for _ in range(2):
                assert send(live, observer, ADMIN).origin_allowed
        finally:
            logger.removeFilter(fail)
        assert capsys.readouterr().err.count("It is shown once.") == 1

    @pytest.mark.parametrize("value", ["*", CorsPolicy, LivePolicy(ONE), 1])
    def test_candidate_is_a_policy(self, value: Any) -> None:
        live = LivePolicy(BOTH)
        with pytest.raises(TypeError, match=r"^candidate is .*\. Pass (a CorsP|an inst|what it h)"):
            LivePolicy(BOTH, candidate=value)
        with pytest.raises(TypeError, match=r"^candidate is (of type|the class) "):
            live.candidate = value
        assert live.candidate is None

    def test_function_is_a_plain_one(self) -> None:
        async def later(event: ShadowEvent) -> None: ...

        for value in ("print", later, ShadowEvent):
            with pytest.raises(TypeError, match=r"^on_difference is"):
                LivePolicy(BOTH, on_difference=value)  # type: ignore[arg-type]


class TestReplacing:
    def test_candidate_and_policy_change_while_serving(self, logger: logging.Logger) -> None:
        events: list[ShadowEvent] = []
        live, observer = LivePolicy(BOTH, on_difference=events.append), Observer("tests", logger)
        kinds = []
        for change in (
            lambda: None,
            lambda: setattr(live, "candidate", ONE),
            lambda: live.replace(ONE),
            lambda: setattr(live, "candidate", BOTH),
            lambda: live.replace(CorsPolicy.deny_all()),
            lambda: setattr(live, "candidate", None),
        ):
            change()
            events.clear()
            send(live, observer, ADMIN)
            kinds.append([event.kind.value for event in events])
        assert kinds == [[], ["would_deny"], [], ["would_grant"], ["would_grant"], []]

    def test_enforced_policy_is_unchanged(self) -> None:
        for enforced in (BOTH, ROUTES):
            live = LivePolicy(enforced, candidate=ONE)
            assert live.policy is enforced
            assert live._source.current == enforced
            assert (live.candidate, live.fingerprint) == (ONE, enforced.fingerprint)
            live.candidate = None
            assert live._source.current is enforced
            assert live.generation == 1
        assert BOTH.engine.shadow is None
        assert not BOTH.engine.actual(APP).may_be_denied

    def test_answers_are_the_same(self) -> None:
        live = LivePolicy(BOTH, candidate=ONE)
        engine = live._source.current.engine
        assert engine is not None
        for origin in (None, APP, ADMIN, EVIL):
            assert engine.actual(origin) == BOTH.engine.actual(origin)
            if origin is not None:
                asked = (origin, "PUT", None, None)
                assert engine.preflight(*asked) == BOTH.engine.preflight(*asked)

    def test_routes_keep_which_policies_are_the_same(self) -> None:
        routes = LivePolicy(ROUTES, candidate=ONE)._source.current
        assert routes.policy_for("/a/x") is routes.policy_for("/b/x")
        assert routes.policy_for("/a/../b/x") is routes.policy_for("/a/x")
        assert routes.policy_for("/a/../c/x") == CorsPolicy.deny_all()

    def test_uncached_copies_are_compared_and_looked_up_origins_are_not(self) -> None:
        assert BOTH.uncached.engine.shadow is None
        policy = LivePolicy(BOTH, candidate=ONE)._source.current.policy_for("/")
        assert policy is not None
        assert policy.uncached.engine.shadow is policy.engine.shadow is not None
        assert policy.engine_for({EVIL}).shadow is None
        for outcome, allowed in (("allowed", True), ("failed", None)):
            assert policy.engine.looked_up(outcome, allowed=allowed).shadow is None

    def test_denied_origins_are_compared_after_a_look_up(self) -> None:
        """A candidate that lists such an origin would allow it, as the policy did."""
        policy = LivePolicy(BOTH, candidate=ONE)._source.current.policy_for("/")
        assert policy is not None
        engine = policy.engine.looked_up("denied", allowed=False)
        assert engine.shadow is policy.engine.shadow is not None

    @pytest.mark.parametrize(
        "make", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
    )
    def test_copy_has_the_candidate(self, make: Any) -> None:
        live = LivePolicy(BOTH, candidate=ONE, on_difference=print, sample=0.5)
        made = make(live)
        assert (made.policy, made.candidate) == (BOTH, ONE)
        assert made._comparing == (print, 0.5)

    def test_repr_shows_the_candidate(self) -> None:
        assert repr(LivePolicy(BOTH, candidate=ONE)) == f"LivePolicy({BOTH!r}, candidate={ONE!r})"


def test_without_candidates_a_quiet_log_is_not_asked_more(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger.setLevel(logging.ERROR)
    observer = Observer("tests", logger)
    monkeypatch.setattr(SHADOWS, "exist", False)
    assert not observer.logs_denials(EVIL)
    LivePolicy(ONE, candidate=BOTH)
    assert observer.logs_denials(EVIL)


def test_importing_corekit_does_not_load_shadows() -> None:
    code = (
        "import sys; from corekit import *; LivePolicy(CorsPolicy.deny_all());"
        " print('corekit.shadow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=True)
    assert done.stdout.strip() == b"False"
