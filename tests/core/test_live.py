"""`LivePolicy`: the policy of an application, replaced while it serves."""

from __future__ import annotations

import copy
import logging
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import pytest

from corekit import CorsPolicy, CorsRoutes, LivePolicy, WideningError
from corekit.adapter import (
    MARKS,
    Applied,
    Observer,
    ReadPolicies,
    check_guard,
    check_policy,
    make_policy,
    policy_source,
    read_policy,
    share_reads,
    shared_reads,
)
from corekit.browser import Fetch
from corekit.diff import compare
from corekit.explain import explain, explain_outcome
from corekit.extended import extend_live
from corekit.guard import CrossOriginGuard
from corekit.lint import lint_guard, lint_policy
from corekit.live import OnWiden
from corekit.snapshots import Rules, SnapshotReader
from tests.core.marking import mark, mark_of, runs_under

APP = CorsPolicy(allow_origins=["https://app.example.com"])
ADMIN = CorsPolicy(allow_origins=["https://admin.example.com"], allow_methods=["PUT"], max_age=600)
ROUTES = CorsRoutes([("/admin/", ADMIN), ("/", APP)])


def test_policy_is_replaced() -> None:
    live = LivePolicy(APP)
    assert (live.policy, live._source.current, live.generation) == (APP, APP, 1)
    live.replace(ROUTES)
    assert live.policy is live._source.current is ROUTES
    assert (live.generation, live.fingerprint) == (2, ROUTES.fingerprint)
    assert live.policy.policy_for("/admin/x") is ADMIN


def test_equal_policy_is_another_generation() -> None:
    live = LivePolicy(APP)
    equal = CorsPolicy(allow_origins=["https://app.example.com"])
    live.replace(equal)
    assert live.policy is equal
    assert live.generation == 2


def test_policy_is_replaced_and_not_assigned() -> None:
    live = LivePolicy(APP)
    with pytest.raises(
        AttributeError, match=r"^policy cannot be assigned\. Call live\.replace\(po"
    ):
        live.policy = CorsPolicy.deny_all()  # type: ignore[assignment]
    assert live.policy is APP


def test_holder_does_not_hold_another() -> None:
    live = LivePolicy(APP)
    for take in (LivePolicy, live.replace):
        with pytest.raises(
            TypeError, match=r"^policy is of type LivePolicy\. Pass .*: live\.policy"
        ):
            take(LivePolicy(APP))  # type: ignore[arg-type]
    assert live.generation == 1


@pytest.mark.parametrize("value", ["*", None, {"allow_origins": ["*"]}])
def test_only_a_policy_is_held(value: Any) -> None:
    live = LivePolicy(APP)
    for take in (LivePolicy, live.replace):
        with pytest.raises(TypeError, match=r"^policy is of type .*Pass a CorsPolicy or a CorsRou"):
            take(value)
    assert (live.policy, live.generation) == (APP, 1)


def test_on_widen_is_one_of_three() -> None:
    for value in ("allow", "warn", "refuse"):
        assert LivePolicy(APP, on_widen=value).on_widen == value
    live = LivePolicy(APP, on_widen="refuse")
    with pytest.raises(AttributeError):
        live.on_widen = "refues"  # type: ignore[assignment,misc]
    with pytest.raises(ValueError, match=r"^on_widen is 'no'\. Pass one of 'allow', 'warn', 're"):
        LivePolicy(APP, on_widen="no")  # type: ignore[arg-type]


def test_holders_are_compared_by_identity() -> None:
    live, other = LivePolicy(APP), LivePolicy(APP)
    assert live != other
    assert len({live, other}) == 2
    before = hash(live)
    live.replace(ADMIN)
    assert hash(live) == before


@pytest.mark.parametrize(
    "make", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copy_has_the_policy_of_that_moment(make: Any) -> None:
    live = LivePolicy(APP, on_widen="refuse")
    live.replace(CorsPolicy.deny_all())
    made = make(live)
    assert (type(made), made.policy, made.on_widen) == (LivePolicy, live.policy, "refuse")
    assert made.generation == 1
    assert made.replace(CorsPolicy.deny_all()).relation.value == "same"
    assert (live.generation, made.generation) == (2, 2)


def test_repr_shows_the_policy() -> None:
    assert repr(LivePolicy(APP)) == f"LivePolicy({APP!r})"


def test_threads_replace_one_after_the_other() -> None:
    live, barrier = LivePolicy(APP), Barrier(8)

    def replace(_: int) -> None:
        barrier.wait(10)
        for policy in (ADMIN, APP) * 10:
            live.replace(policy)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(replace, range(8)))
    assert live.generation == 161


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_process_that_is_forked_during_a_replacement_can_replace() -> None:
    live = LivePolicy(APP)
    with live._replacing, live._changing:
        child = os.fork()
        if not child:
            # `os._exit` is needed in any case: this process must not go on with the tests.
            try:
                thread = Thread(target=live.replace, args=(ADMIN,), daemon=True)
                thread.start()
                thread.join(5)
                os._exit(0 if live.policy is ADMIN else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_replacement_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "corekit.live")
    live = LivePolicy(APP)
    comparison = live.replace(ADMIN)
    (record,) = caplog.records
    assert record.name == "corekit.live"
    assert record.getMessage() == (
        f"CORS: policy {ADMIN.fingerprint} replaced {APP.fingerprint} (generation 2).\n{comparison}"
    )


def test_handler_of_the_log_may_use_the_holder() -> None:
    live, seen = LivePolicy(APP), []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            # It would wait for a lock, so it is done in a thread.
            thread = Thread(target=setattr, args=(live, "candidate", None), daemon=True)
            thread.start()
            thread.join(5)
            seen.append((thread.is_alive(), record.getMessage().partition("\n")[0]))

    logger, handler = logging.getLogger("corekit.live"), Handler()
    logger.addHandler(handler)
    try:
        live.replace(CorsPolicy(allow_origins=["*"]))
    finally:
        logger.removeHandler(handler)
    ((has_to_wait, line),) = seen
    assert not has_to_wait
    assert line.endswith("(generation 2).")


def test_log_that_raises_changes_nothing() -> None:
    def refuse(record: logging.LogRecord) -> bool:
        raise ValueError

    live, logger = LivePolicy(APP), logging.getLogger("corekit.live")
    logger.addFilter(refuse)
    try:
        assert live.replace(ADMIN) == compare(APP, ADMIN)
    finally:
        logger.removeFilter(refuse)
    assert live.policy is ADMIN


class TestFirstDenial:
    """The first denial of each kind is a warning: of each holder and path, not of each policy."""

    @pytest.fixture
    def deny(self, caplog: pytest.LogCaptureFixture) -> Callable[..., str]:
        caplog.set_level(logging.INFO, "tests")
        observer = Observer("asgi", logging.getLogger("tests"), debug=True)

        def deny(live: LivePolicy, path: str = "/") -> str:
            engine = policy_source(live).current.policy_for(path).engine  # type: ignore[union-attr]
            observer.observe(
                engine,
                engine.actual("https://a.example"),
                method="GET",
                path=path,
                origin="https://a.example",
                host=None,
                sec_fetch_site=None,
                request=None,
            )
            record = caplog.records[-1]
            assert f", policy {engine.source.fingerprint}" in record.getMessage()
            return record.levelname

        return deny

    def test_each_holder_has_one(self, deny: Callable[..., str]) -> None:
        lives = [LivePolicy(policy) for policy in (APP, ADMIN)]
        assert [deny(live) for live in lives] == ["WARNING", "WARNING"]

    def test_each_route_has_one(self, deny: Callable[..., str]) -> None:
        live = LivePolicy(ROUTES)
        assert [deny(live, path) for path in ("/", "/admin/")] == ["WARNING", "WARNING"]
        live.replace(CorsRoutes([("/admin/", APP), ("/", ADMIN)]))
        assert [deny(live, path) for path in ("/", "/admin/")] == ["INFO", "INFO"]

    def test_policies_that_follow_each_other_have_one(self, deny: Callable[..., str]) -> None:
        live = LivePolicy(APP)
        assert deny(live) == "WARNING"
        for policy in (ADMIN, ADMIN.replace(max_age=0), APP):
            live.replace(policy)
            assert deny(live) == "INFO"

    def test_loads_that_follow_each_other_have_one(self, deny: Callable[..., str]) -> None:
        live = LivePolicy(APP)
        assert deny(live) == "WARNING"
        for number in range(5):
            reader = SnapshotReader(Rules.of(APP))
            reader.read([f"https://shop-{number}.example"])
            extend_live(live, reader.finish())
            assert deny(live) == "INFO"


@pytest.mark.parametrize(
    ("on_widen", "level"), [("allow", "INFO"), ("warn", "WARNING"), ("refuse", None)]
)
def test_wider_policy(
    caplog: pytest.LogCaptureFixture, on_widen: OnWiden, level: str | None
) -> None:
    caplog.set_level(logging.INFO, "corekit.live")
    live = LivePolicy(APP, on_widen=on_widen)
    wider = CorsPolicy(allow_origins=["https://app.example.com", "https://*.example.net"])
    if level is None:
        with pytest.raises(WideningError, match="wider than the old one") as caught:
            live.replace(wider)
        assert caught.value.comparison == compare(APP, wider)
        copied = pickle.loads(pickle.dumps(caught.value))
        assert (str(copied), copied.comparison) == (str(caught.value), caught.value.comparison)
        assert (live.policy, live.generation, caplog.records) == (APP, 1, [])
    else:
        assert live.replace(wider) == compare(APP, wider)
        assert [record.levelname for record in caplog.records] == [level]
        assert live.policy is wider


@pytest.mark.parametrize("on_widen", ["allow", "warn", "refuse"])
def test_narrower_policy_is_never_refused(
    caplog: pytest.LogCaptureFixture, on_widen: OnWiden
) -> None:
    caplog.set_level(logging.INFO, "corekit.live")
    live = LivePolicy(ADMIN, on_widen=on_widen)
    live.replace(ADMIN.replace(allow_methods=[]))
    live.replace(CorsPolicy.deny_all())
    assert [record.levelname for record in caplog.records] == ["INFO", "INFO"]


def test_live_policy_is_read_once() -> None:
    live, read = LivePolicy(APP), ReadPolicies()
    assert read_policy(live, read) is APP
    live.replace(ADMIN)
    assert read_policy(live, read) is APP
    assert read_policy(live) is ADMIN
    assert read_policy(APP, read) is APP
    assert read_policy(None, read) is None
    assert read == {policy_source(live): APP}


def test_layers_share_what_they_read_if_they_have_to() -> None:
    live, scope = LivePolicy(APP), dict[str, Any]()
    assert read_policy(live, shared_reads(scope, live)) is APP
    assert scope == {}
    share_reads(live)
    for made in (live, pickle.loads(pickle.dumps(live))):
        scope = {}
        read = read_policy(made, shared_reads(scope, made))
        made.replace(ADMIN)
        assert read_policy(made, shared_reads({**scope}, made)) is read
        assert read_policy(made, shared_reads({}, made)) is ADMIN


def test_source_is_read_by_one_attribute() -> None:
    live = LivePolicy(ROUTES)
    assert policy_source(live).current.engine is None
    live.replace(APP)
    assert policy_source(live).current.engine is APP.engine
    assert policy_source(APP).current is APP


def test_live_policy_is_taken_wherever_a_policy_is() -> None:
    live = LivePolicy(APP)
    check_policy(live)
    assert make_policy(live, {}) is live
    guard = CrossOriginGuard(live)
    check_guard(guard, live)
    with pytest.raises(ValueError, match="another policy"):
        check_guard(guard, APP)
    assert lint_policy(live) == lint_policy(APP)
    assert lint_guard(CrossOriginGuard(LivePolicy(ROUTES))) == lint_guard(CrossOriginGuard(ROUTES))
    fetch = Fetch("https://api.example.com/items")
    page = "https://app.example.com"
    explanation = explain(live, fetch, page=page, guard=guard)
    assert explanation.allowed
    assert explain_outcome(explanation.outcome, fetch, page=page, policy=live).allowed


def test_guard_judges_by_the_policy_of_the_moment() -> None:
    live = LivePolicy(APP)
    guard = CrossOriginGuard(live)
    assert guard.judge("POST", "/", origin="https://admin.example.com").status == 403
    live.replace(ADMIN)
    assert guard.judge("POST", "/", origin="https://admin.example.com").allowed
    assert guard == CrossOriginGuard(live)
    assert guard != CrossOriginGuard(ADMIN)


def test_handler_runs_under_the_policy_that_was_read() -> None:
    """Its own mark was not found, but the application has the same live policy."""
    live = LivePolicy(APP)
    handler = mark(lambda: "ran", live)
    applied = Applied(APP.engine, (), {policy_source(live): APP})
    live.replace(ADMIN)
    assert runs_under(handler, applied)
    assert not runs_under(handler, Applied(APP.engine, (), {}))
    assert runs_under(handler, Applied(ADMIN.engine))


def test_handler_runs_under_the_live_policy_of_another_mark() -> None:
    live = LivePolicy(APP)
    handler, mount = mark(lambda: "ran", live), mark(lambda: "ran", live)
    applied = Applied(APP.engine, [mark_of(mount)], {policy_source(live): APP})
    live.replace(ADMIN)
    assert runs_under(handler, applied)


def test_live_policies_of_marks_are_read_together() -> None:
    live = LivePolicy(APP)
    handlers = [mark(lambda: "ran", live) for _ in range(2)]
    assert MARKS.read({})[policy_source(live)] is APP
    live.replace(ADMIN)
    assert MARKS.read({})[policy_source(live)] is ADMIN
    assert len([each for each in MARKS.read({}) if each is policy_source(live)]) == 1
    del handlers
    before = len(MARKS.read({}))
    del live
    assert len(MARKS.read({})) == before - 1
