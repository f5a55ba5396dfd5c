"""The sessions of the playground."""

from __future__ import annotations

from corekit import CorsPolicy
from corekit_cli.demo.api import MAX_SESSIONS, Session, Sessions

SESSION = Session(CorsPolicy(allow_origins=["https://app.example.com"]))


def test_session_is_found_by_its_token_only() -> None:
    sessions = Sessions()
    token = sessions.open(SESSION)
    assert sessions.find(token) is SESSION
    assert sessions.find(token[:-1]) is sessions.find("") is None


def test_tokens_are_random() -> None:
    sessions = Sessions()
    tokens = {sessions.open(SESSION) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 22, "16 random bytes"


def test_new_session_replaces_the_oldest() -> None:
    sessions = Sessions()
    tokens = [sessions.open(SESSION) for _ in range(MAX_SESSIONS + 2)]
    kept = [sessions.find(token) is not None for token in tokens]
    assert kept == [False, False] + [True] * MAX_SESSIONS
