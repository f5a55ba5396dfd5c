"""Verdicts: hints, the response to a refused request, and what observers report."""

from __future__ import annotations

import logging
from typing import Any, Final

import pytest

from corekit import CorsPolicy
from corekit.guard import CrossOriginGuard, GuardedRequest, GuardEvent, GuardReason, Verdict
from corekit.guard.events import GuardObserver

APP: Final = "https://app.example.com"
EVIL: Final = "https://evil.example"
POLICY: Final = CorsPolicy(allow_origins=[APP])
OWN: Final = "If it is this server's own, add it to own_origins."

HINTS: Final[list[tuple[dict[str, Any], dict[str, Any], str, str]]] = [
    (
        {"hosts": ["example.com"]},
        {"host": "a.example:1"},
        "HOST_NOT_ALLOWED",
        "Call the server by another name, or add 'a.example:1' to hosts.",
    ),
    (
        {"hosts": ["example.com"]},
        {},
        "HOST_MALFORMED",
        "Send one Host header with the name of the server.",
    ),
    (
        {},
        {"sec_fetch_site": "none, none"},
        "SEVERAL_FETCH_SITES",
        "Let proxies pass on Sec-Fetch-Site as it is.",
    ),
    (
        {},
        {"origin": APP, "cookie": "a=b"},
        "CREDENTIALS_NOT_ALLOWED",
        (
            "Turn on allow_credentials if pages of this origin may act as the user, or send the"
            " request with credentials: 'omit'."
        ),
    ),
    (
        {},
        {"origin": "https://ap.example.com", "sec_fetch_site": "same-site"},
        "SAME_SITE",
        (
            "Nearest allowed origin: 'https://app.example.com'. Add 'https://ap.example.com' to"
            " allow_origins."
        ),
    ),
    (
        {},
        {"origin": EVIL, "sec_fetch_site": "cross-site"},
        "CROSS_SITE",
        "Add 'https://evil.example' to allow_origins.",
    ),
    ({}, {"sec_fetch_site": "cross-site"}, "CROSS_SITE", "Let proxies pass on Origin as it is."),
    (
        {},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        "CROSS_SITE",
        "Browsers send it for sandboxed iframes and local files: use a page with an origin.",
    ),
    (
        {},
        {"origin": "null"},
        "OPAQUE_ORIGIN",
        "Send your own pages with Referrer-Policy: same-origin instead of no-referrer.",
    ),
    ({}, {"origin": EVIL}, "OTHER_ORIGIN", f"Add '{EVIL}' to allow_origins. {OWN}"),
    ({}, {"origin": f"{EVIL}, {EVIL}"}, "OTHER_ORIGIN", "Send one Origin, as browsers do."),
    (
        {"writes": "browsers"},
        {},
        "BROWSERS_ONLY",
        "Set writes to 'judge' if other clients may do this.",
    ),
    (
        {"websockets": "browsers"},
        {"websocket": True},
        "BROWSERS_ONLY",
        "Set websockets to 'judge' if other clients may do this.",
    ),
    (
        {},
        {"websocket": True, "origin": EVIL, "sec_fetch_site": "cross-site"},
        "WEBSOCKET_ORIGIN",
        f"Add '{EVIL}' to allow_origins. {OWN}",
    ),
    (
        {},
        {"websocket": True, "origin": "null"},
        "WEBSOCKET_ORIGIN",
        "Browsers send it for sandboxed iframes and local files: use a page with an origin.",
    ),
]


@pytest.mark.parametrize(("options", "request_", "reason", "hint"), HINTS)
def test_hint(options: dict[str, Any], request_: dict[str, Any], reason: str, hint: str) -> None:
    verdict = CrossOriginGuard(POLICY, **options).judge("POST", "/", **request_)
    assert (verdict.reason.name, verdict.hint) == (reason, hint)


def test_hints_of_reads() -> None:
    guard = CrossOriginGuard(POLICY, reads="enforce")
    assert guard.judge("GET", "/", origin=EVIL).hint == f"Add {EVIL!r} to allow_origins. {OWN}"
    verdict = guard.judge("GET", "/", origin=EVIL, sec_fetch_site="cross-site")
    assert verdict.hint == f"Add {EVIL!r} to allow_origins."
    guard = CrossOriginGuard(POLICY, reads="isolate")
    verdict = guard.judge("GET", "/", sec_fetch_site="cross-site")
    assert verdict.hint == "Add the path to exempt if every website may load it, and write to it."


def test_hint_about_any_origin() -> None:
    guard = CrossOriginGuard(CorsPolicy(allow_origins=["*"]))
    expected = "With '*' every page may read. List the origins that may do more in allow_origins."
    verdict = guard.judge("POST", "/", origin=EVIL, sec_fetch_site="cross-site")
    assert verdict.hint == expected
    assert guard.judge("GET", "/", origin=EVIL, websocket=True).hint == f"{expected} {OWN}"


def test_hint_without_a_policy_for_the_path() -> None:
    from corekit import CorsRoutes

    guard = CrossOriginGuard(CorsRoutes([("/api/", POLICY)]))
    hint = guard.judge("POST", "/", origin=APP, sec_fetch_site="cross-site").hint
    assert hint == "Cover the path with a policy that lists the origin."


def test_allowed_request_has_no_hint() -> None:
    verdict = CrossOriginGuard(POLICY).judge("POST", "/", origin=APP)
    assert (verdict.hint, verdict.status) == ("", None)
    assert Verdict(GuardReason.CROSS_SITE).hint == ""


def test_response() -> None:
    verdict = CrossOriginGuard(POLICY).judge("POST", "/", origin=EVIL)
    body = b"Guard: the page has another origin than this server, as far as Origin and Host show.\n"
    assert verdict.response() == (
        403,
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        body,
    )
    assert verdict.raw_response() == (
        403,
        [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ],
        body,
    )


def test_response_names_the_host_and_no_origin_of_the_policy() -> None:
    guard = CrossOriginGuard(POLICY, hosts=["secret.example"], reads="enforce")
    status, headers, body = guard.judge("GET", "/", host="x\u00fc").response()
    assert (status, dict(headers)["Vary"]) == (400, "Origin")
    assert body == b"Guard: the request has no single, well-formed Host header.\n"
    status, _, body = guard.judge("GET", "/", host="rebind.example").response()
    assert status == 421
    assert body == (
        b"Guard: the server is not known by this name. Call the server by another name, or add"
        b" 'rebind.example' to hosts.\n"
    )
    refused = guard.judge("POST", "/", host="secret.example", origin=EVIL)
    for text in (body, refused.body):
        assert b"secret" not in text
        assert b"app.example.com" not in text


def test_verdicts_are_compared_by_value() -> None:
    guard = CrossOriginGuard(POLICY)
    verdict = guard.judge("POST", "/", origin=EVIL)
    assert verdict == guard.judge("PUT", "/x", origin="https://b.example")
    assert hash(verdict) == hash(guard.judge("PUT", "/x", origin="https://b.example"))
    assert verdict != guard.judge("POST", "/", origin=APP)
    assert verdict != CrossOriginGuard(POLICY, mode="report").judge("POST", "/", origin=EVIL)
    assert verdict != "OTHER_ORIGIN"
    assert repr(verdict) == "<Verdict OTHER_ORIGIN allowed=False status=403>"


def test_allowed_request_has_one_verdict_in_each_mode() -> None:
    options: list[dict[str, Any]] = [{}, {"reads": "enforce"}, {"reads": "isolate"}]
    for each in options:
        for method in ("GET", "POST"):
            first = CrossOriginGuard(POLICY, **each).judge(method, "/")
            second = CrossOriginGuard(POLICY, mode="report", **each).judge(method, "/")
            assert first.allowed
            assert first == second


def observe(guard: CrossOriginGuard, observer: GuardObserver, **request: Any) -> Verdict:
    guarded = GuardedRequest(guard, "POST", ("/orders",), POLICY.engine, **request)
    verdict = guard.judge_request(guarded)
    observer.observe(verdict, guarded, path="/orders", request="the request")
    return verdict


def test_refusals_are_logged_and_all_verdicts_reported(caplog: pytest.LogCaptureFixture) -> None:
    events: list[GuardEvent] = []
    logger = logging.getLogger("corekit.test")
    observer = GuardObserver("test", logger, on_verdict=events.append)
    guard = CrossOriginGuard(POLICY)
    with caplog.at_level(logging.INFO, "corekit.test"):
        for request in (
            {"origin": EVIL},
            {"origin": EVIL},
            {"origin": "https://b.example"},
            {"origin": APP},
            {"origin": EVIL, "is_websocket": True},
        ):
            observe(guard, observer, **request)
    line = (
        f"Guard: POST '/orders' from '{EVIL}' refused: the page has another origin than this"
        " server, as far as Origin and Host show. "
    )
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", f"{line}Add '{EVIL}' to allow_origins. {OWN} [OTHER_ORIGIN]"),
        ("INFO", f"{line}[OTHER_ORIGIN]"),
        (
            "WARNING",
            line.replace(EVIL, "https://b.example")
            + f"Add 'https://b.example' to allow_origins. {OWN} [OTHER_ORIGIN]",
        ),
        (
            "WARNING",
            (
                f"Guard: WebSocket '/orders' from '{EVIL}' refused: the policy does not list the"
                f" origin of the page that opens the WebSocket. Add '{EVIL}' to allow_origins."
                f" {OWN} [WEBSOCKET_ORIGIN]"
            ),
        ),
    ]
    assert [event.outcome for event in events] == ["refused"] * 3 + ["allowed", "refused"]
    assert {event.request for event in events} == {"the request"}
    assert str(events[0]) == events[0].describe() == caplog.records[0].getMessage()
    assert repr(events[0]) == f"<GuardEvent {events[0]}>"


def test_report_mode_is_logged_as_reported(caplog: pytest.LogCaptureFixture) -> None:
    observer = GuardObserver("test", logging.getLogger("corekit.test"))
    guard = CrossOriginGuard(POLICY, mode="report", hosts=["example.com"])
    with caplog.at_level(logging.INFO, "corekit.test"):
        observe(guard, observer, host="b.example")
        observe(guard, observer, host="example.com")
    (record,) = caplog.records
    assert record.getMessage().startswith("Guard: POST '/orders' reported: the server is not")


def test_log_is_silent_if_it_is_off(caplog: pytest.LogCaptureFixture) -> None:
    observer = GuardObserver("test", logging.getLogger("corekit.test"))
    with caplog.at_level(logging.ERROR, "corekit.test"):
        observe(CrossOriginGuard(POLICY), observer, origin=EVIL)
    assert not caplog.records


def test_an_exception_changes_nothing(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_event: object) -> None:
        raise ValueError("from on_verdict")

    logger = logging.getLogger("corekit.test")
    observer = GuardObserver("test", logger, on_verdict=fail)
    with caplog.at_level(logging.ERROR, "corekit.test"):
        observe(CrossOriginGuard(POLICY), observer, origin=EVIL)
    (record,) = caplog.records
    assert record.getMessage().startswith("Guard: on_verdict raised an exception; the request")

    class Broken:
        def isEnabledFor(self, level: int, /) -> bool:  # noqa: N802 - the name in logging
            raise OSError(level)

        def log(self, *_: object, **__: object) -> None: ...

    observer = GuardObserver("test", Broken())
    for _ in range(2):
        observe(CrossOriginGuard(POLICY), observer, origin=EVIL)
    assert capsys.readouterr().err.count("Guard: the log of corekit_test raised an exception") == 1


@pytest.mark.parametrize("value", [1, "print", GuardEvent])
def test_on_verdict_is_a_plain_function(value: Any) -> None:
    with pytest.raises(TypeError, match="on_verdict is"):
        GuardObserver("test", logging.getLogger(), on_verdict=value)


def test_on_verdict_is_no_coroutine_function() -> None:
    async def on_verdict(event: GuardEvent) -> None: ...

    with pytest.raises(TypeError, match="on_verdict is a coroutine function"):
        GuardObserver("test", logging.getLogger(), on_verdict=on_verdict)  # type: ignore[arg-type]
