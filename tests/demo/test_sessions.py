"""The sessions of the playground: which policies are kept, and for how long."""

from __future__ import annotations

from corekit import CorsPolicy
from corekit_cli.demo.sessions import MAX_SESSIONS, Sessions

POLICY = CorsPolicy(allow_origins=["https://app.example.com"])


def test_a_session_is_found_by_its_token_only() -> None:
    sessions = Sessions()
    token = sessions.open(POLICY)
    assert sessions.find(token) is POLICY
    assert sessions.find(token[:-1]) is sessions.find("") is None


def test_no_token_can_be_guessed_from_another() -> None:
    sessions = Sessions()
    tokens = {sessions.open(POLICY) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 22, "16 random bytes"


def test_a_new_session_takes_the_place_of_the_oldest() -> None:
    sessions = Sessions()
    tokens = [sessions.open(POLICY) for _ in range(MAX_SESSIONS + 2)]
    kept = [sessions.find(token) is not None for token in tokens]
    assert kept == [False, False] + [True] * MAX_SESSIONS
