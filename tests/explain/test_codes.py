"""corekit's own words: each code and reason is explained, by the texts that messages have."""

from __future__ import annotations

import re
import time
from typing import Any, Final

import pytest

from corekit import CorsPolicy, PolicyError
from corekit.decision import Reason
from corekit.events import DecisionEvent
from corekit.explain import ERRORS, codes
from corekit.explain.codes import CODES, Meaning, find_code
from corekit.export import REFUSALS
from corekit.guard import CrossOriginGuard, GuardEvent, GuardReason
from corekit.lint.advice import ADVICE
from corekit.probe.finding_kinds import FINDINGS
from corekit.problems import CODES as PROBLEM_CODES
from corekit.problems import RISKS
from corekit.shadow import ShadowReason
from tests.loading import load_again

REASONS: Final = (*Reason, *GuardReason, *ShadowReason)
OWN: Final = {*PROBLEM_CODES, *ADVICE, *FINDINGS, *REFUSALS, *(reason.name for reason in REASONS)}
PAGE: Final = "https://app.example.com"
POLICY: Final = CorsPolicy(allow_origins=[PAGE])


def test_every_code_is_known() -> None:
    assert set(CODES) == {*OWN, *ERRORS}


@pytest.mark.parametrize("code", CODES)
def test_meanings_are_sentences(code: str) -> None:
    found = CODES[code]
    assert len(set(found)) == len(found)
    for meaning in found:
        assert meaning.name == code
        assert re.match(r"[A-Z'].*\w", meaning.message), meaning.message
        for text in (meaning.message, meaning.hint):
            assert re.search(r"\{[a-z_]", text) is None, "a parameter that was not filled in"
            assert text == text.strip()


@pytest.mark.parametrize("code", CODES)
def test_code_is_found_alone_and_in_brackets(code: str) -> None:
    for text in (code, code.upper(), f" {code}\n", f"a: b [{code}]", f"a: b [{code}, Name]"):
        assert find_code(text) == CODES[code]


@pytest.mark.parametrize("reason", REASONS, ids=str)
def test_reason_has_its_own_sentence_and_a_hint(
    reason: Reason | GuardReason | ShadowReason,
) -> None:
    hints = {meaning.message: meaning.hint for meaning in find_code(reason.name)}
    assert hints[reason.value]
    assert set(hints) == {each.value for each in REASONS if each.name == reason.name}


@pytest.mark.parametrize("reason", GuardReason)
def test_only_refusals_have_something_to_change(reason: GuardReason) -> None:
    (hint,) = (each.hint for each in find_code(reason.name) if each.message == reason.value)
    assert (hint == "Change nothing.") == (reason.status is None)


def test_risk_says_how_to_accept_it() -> None:
    for code in RISKS:
        assert any(f"accept_risks=['{code}']" in meaning.hint for meaning in CODES[code])


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("method-case", "Method names are case-sensitive", "Did you mean '...'?"),
        ("max-age", "The value is below 0.", "0 (no caching) to 86400 seconds, or None"),
        ("prefix", "The server allows a host that begins with the name of the allowed one.", ""),
        ("safelisted-header", "Pages may set or read it without permission.", "Remove it."),
        ("refused", "A page that should be allowed is blocked.", ""),
        ("third-party-cookies", "The origin and the API are different sites", "one domain"),
        ("plain-http", "A network attacker can impersonate the origin", "HTTPS"),
        ("any-origin-with-credentials", "It matches '...', so any website could act", ""),
        ("every-subdomain", "Every subdomain of '...' can act", ""),
    ],
)
def test_parameters_are_put_into_words(code: str, message: str, hint: str) -> None:
    assert any(message in meaning.message and hint in meaning.hint for meaning in CODES[code])


def test_log_line_is_found() -> None:
    decision = POLICY.decide("GET", origin="https://other.example")
    line = str(DecisionEvent(decision, "asgi", "GET", "/items", "https://other.example"))
    (meaning,) = find_code(line)
    assert meaning == Meaning(
        "ORIGIN_NOT_ALLOWED",
        "GET '/items' from 'https://other.example': the policy does not allow this origin.",
        "Add 'https://other.example' to allow_origins.",
    )


@pytest.mark.parametrize("path", ["/CORS: x", "/a denied: b", "/[GRANTED]"])
def test_path_of_a_log_line_may_be_any(path: str) -> None:
    decision = POLICY.decide("GET", origin="https://other.example")
    line = str(DecisionEvent(decision, "asgi", "GET", path, "https://other.example"))
    (meaning,) = find_code(f"2026-11-28 INFO {line}")
    start = f"GET '{path}' from 'https://other.example': "
    assert (meaning.name, meaning.message.startswith(start)) == ("ORIGIN_NOT_ALLOWED", True)


@pytest.mark.parametrize("reason", Reason)
def test_log_line_without_a_hint_has_that_of_its_reason(reason: Reason) -> None:
    sentence = reason.value[0].lower() + reason.value[1:]
    (meaning,) = find_code(f"CORS: GET '/' denied: {sentence} [{reason.name}]")
    assert meaning == Meaning(reason.name, f"GET '/': {sentence}", CODES[reason.name][0].hint)


@pytest.mark.parametrize("hint", ["Add ['x'] to CORS_ORIGINS.", "X is not allowed, but Y.X."])
def test_hint_of_a_log_line_is_kept(hint: str) -> None:
    line = f"CORS: GET '/' denied: the policy does not allow this origin. {hint}"
    (meaning,) = find_code(f"{line} [ORIGIN_NOT_ALLOWED]")
    assert meaning.hint == hint


def test_body_of_a_refused_preflight_is_found() -> None:
    answer = POLICY.engine.preflight("https://other.example", "PUT", None, None)
    assert find_code(answer.body.decode()) == CODES["ORIGIN_NOT_ALLOWED"]


@pytest.mark.parametrize("mode", ["enforce", "report"])
@pytest.mark.parametrize(("method", "is_websocket"), [("POST", False), ("GET", True)])
def test_log_line_of_the_guard_is_found(mode: Any, method: str, is_websocket: bool) -> None:
    origin = "https://other.example"
    guard = CrossOriginGuard(POLICY, mode=mode)
    verdict = guard.judge(method, "/items", origin=origin, websocket=is_websocket)
    line = str(GuardEvent(verdict, "asgi", method, "/items", origin, is_websocket))
    message = f"{verdict.reason.value[0].lower()}{verdict.reason.value[1:]}"
    name = "WebSocket" if is_websocket else method
    (meaning,) = find_code(f"WARNING:corekit.asgi:{line}")
    assert meaning == Meaning(
        verdict.reason.name,
        f"{name} '/items' from 'https://other.example': {message}",
        "Add 'https://other.example' to allow_origins. If it is this server's own, add it to"
        " own_origins.",
    )


def test_line_of_an_allowed_request_is_found() -> None:
    verdict = CrossOriginGuard(POLICY).judge("POST", "/", origin=PAGE)
    (meaning,) = find_code(str(GuardEvent(verdict, "wsgi", "POST", "/", PAGE)))
    message = f"POST '/' from '{PAGE}': the policy lists the origin of the page."
    assert meaning == Meaning("LISTED_ORIGIN", message, "Change nothing.")


def test_body_of_a_refused_request_is_found() -> None:
    guard = CrossOriginGuard(POLICY, hosts=["a.example"])
    body = guard.judge("POST", "/", host="a.example", origin="null").response()[2].decode()
    assert find_code(body) == CODES["OPAQUE_ORIGIN"]
    (meaning,) = find_code(guard.judge("GET", "/", host="b.example").response()[2].decode())
    assert meaning.name == "HOST_NOT_ALLOWED"
    assert meaning.message == GuardReason.HOST_NOT_ALLOWED.value
    assert meaning.hint == "Call the server by another name, or add 'b.example' to hosts."


def test_message_of_a_policy_error_is_found() -> None:
    with pytest.raises(PolicyError) as caught:
        CorsPolicy(allow_origins=[PAGE], allow_methods=["put"])
    assert find_code(str(caught.value)) == CODES["method-case"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "[nothing]",
        "max age",
        "a [max-age",
        "x" * 20_000 + "[max-age]",
        "Guard: POST '/' refused: x [NOTHING]",
        "Guard: POST '/' from 'https://a.example' [X_SITE]",
    ],
)
def test_other_text_has_no_code(text: str) -> None:
    assert find_code(text) == ()


def test_long_text_takes_bounded_time() -> None:
    start = time.process_time()
    for piece in (
        "[",
        "[a",
        "[max",
        "CORS: ",
        "CORS: a denied: [",
        "Guard: a ",
        "Guard: a refused: [",
    ):
        assert find_code(piece * 1_000_000) == ()
    assert time.process_time() - start < 1.0


def test_table_is_the_same_each_time_it_is_built() -> None:
    assert load_again(codes).CODES == CODES


def test_path_in_a_line_of_the_guard_is_kept_whole() -> None:
    path = "/ refused: the page belongs to another site. [SAFE]"
    verdict = CrossOriginGuard(POLICY).judge("POST", path, sec_fetch_site="cross-site")
    (meaning,) = find_code(str(GuardEvent(verdict, "wsgi", "POST", path, None)))
    assert meaning.message == f"POST '{path}': the page belongs to another site."
    assert meaning.hint == "Let proxies pass on Origin as it is."
