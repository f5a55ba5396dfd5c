"""A `watch()` that is closed while it reads, and a log that fails: which policy stays."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from corekit import CorsPolicy, LivePolicy
from corekit.locks import is_held
from corekit_config import load_policy, polling, watch, watching
from corekit_config.files import read_content
from corekit_config.watching import WatchedFile
from tests.config.watching import NEW, OLD, policy_text, wait_for


def test_read_that_hangs_does_not_replace_what_is_set_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONGEST_WAIT", 0.01)
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))
    live = LivePolicy(load_policy(path))
    hangs, released = threading.Event(), threading.Event()

    def read_slowly(path: Path) -> bytes:
        content = read_content(path)
        if watcher._file._new is not None:  # it is read for the second time
            hangs.set()
            released.wait(10)
        return content

    with watch(path, live, every=0.02) as watcher:
        assert wait_for(lambda: watcher._file._settled is not None)
        monkeypatch.setattr(watching, "read_content", read_slowly)
        path.write_text(policy_text(NEW))
        assert hangs.wait(10)
    nothing = CorsPolicy.deny_all()
    live.replace(nothing, source="incident 42")
    released.set()
    watcher._thread.join(10)
    assert not watcher._thread.is_alive()
    assert watcher._file._settled is not None
    assert NEW.encode() in (watcher._file._settled.content or b"")
    assert live.policy is nothing


def test_whether_a_policy_is_wanted_is_asked_immediately_before(tmp_path: Path) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(NEW))
    live = LivePolicy(CorsPolicy(allow_origins=[OLD]))
    answers, are_held = [False, True], list[bool]()

    def is_wanted() -> bool:
        are_held.append(is_held(live._changing))
        return answers[len(are_held) - 1]

    for allowed in (OLD, NEW):
        file = WatchedFile(path, live, is_wanted)
        while file.look():
            pass
        assert live.policy == CorsPolicy(allow_origins=[allowed])
    assert are_held == [True, True]
    assert live.generation == 2


def test_log_that_raises_does_not_undo_an_emergency(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The policy of the file was used, so the file has no other policy than before."""

    def refuse(record: logging.LogRecord) -> bool:
        raise ValueError

    path = tmp_path / "cors.toml"
    path.write_text(policy_text(NEW))
    live = LivePolicy(CorsPolicy(allow_origins=[OLD]))
    file, logger = WatchedFile(path, live), logging.getLogger("corekit.live")
    logger.addFilter(refuse)
    try:
        while file.look():
            pass
    finally:
        logger.removeFilter(refuse)
    assert live.policy == load_policy(path)
    assert caplog.records == []
    nothing = CorsPolicy.deny_all()
    live.replace(nothing)
    path.write_text(f"# a comment\n{policy_text(NEW)}")
    while file.look():
        pass
    assert live.policy is nothing
