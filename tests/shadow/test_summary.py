"""The summary of a log: what is read of it, what is not, and the fixes."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corekit import CorsPolicy, CorsRoutes, LivePolicy
from corekit.adapter import Observer
from corekit.shadow import ShadowKind, ShadowReason
from corekit.shadow.events import MARKER
from corekit.shadow.summary import LIMITS, Difference, Summary, find_fixes, read_log, summarize
from tests.core.steps import steps_of

ROOT: Final = Path(__file__).parents[2]
APP, ADMIN = "https://app.example.com", "https://admin.example.com"
ENFORCED: Final = CorsPolicy(
    allow_origins=[APP, ADMIN],
    allow_credentials=True,
    allow_methods=["PUT"],
    allow_headers=["x-a", "x-b"],
    expose_headers=["x-total"],
)
CANDIDATE: Final = CorsPolicy(allow_origins=[APP, "https://*.new.example"])
TRUST: Final = (
    " Allow an origin only if you control it or trust its owner: its pages can read the responses."
)


class Log(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"2026-01-01 {record.levelname} {record.getMessage()}\n")


def log(
    requests: Sequence[tuple[str, str, str | None, str | None]],
    enforced: CorsPolicy = ENFORCED,
    candidate: CorsPolicy | CorsRoutes = CANDIDATE,
) -> list[str]:
    """Return what is logged of requests: their origin, path, and for preflights what they ask."""
    logger, handler = logging.getLogger("corekit.summaries"), Log()
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    observer = Observer("tests", logger)
    engine: Any = LivePolicy(enforced, candidate=candidate)._source.current.engine
    for origin, path, method, names in requests:
        answer = engine.actual(origin)
        if method is not None:
            answer = engine.preflight(origin, method, names, None)
        observer.observe(
            engine,
            answer,
            method="GET" if method is None else "OPTIONS",
            path=path,
            origin=origin,
            request_method=method,
            request_headers=names,
            host=None,
            sec_fetch_site=None,
            request=None,
        )
    return handler.lines


def get(origin: str = APP, path: str = "/x") -> tuple[str, str, None, None]:
    return origin, path, None, None


def line(**values: Any) -> str:
    required = {
        MARKER: "would_deny",
        "reasons": ["ORIGIN_DENIED"],
        "method": "GET",
        "path": "/x",
        "origin": ADMIN,
    }
    return f"INFO CORS shadow: {json.dumps({**required, **values})}"


def test_differences_are_counted() -> None:
    found = summarize(
        log([get(ADMIN), get(ADMIN, "/y"), get(ADMIN), get(), (APP, "/x", "PUT", None)])
    )
    assert [(each.line.origin, each.count) for each in found.differences] == [
        (ADMIN, 3),
        (APP, 1),
        (APP, 1),
    ]
    assert found.differences[0].paths == {"/x": 2, "/y": 1}
    assert (found.total, found.unread) == (5, 0)
    assert found.kinds == {"would_deny": 3, "would_grant": 0, "would_differ": 2}
    assert found.origins == {ADMIN: 3, APP: 2}
    assert found.paths == {"/x": 4, "/y": 1}


def test_counting_is_not_quadratic() -> None:
    few, many = (
        summarize(
            line(origin=f"https://a{number}.example", path=f"/{number}") for number in range(most)
        )
        for most in (100, 1_000)
    )
    for name in ("paths", "origins", "kinds", "total"):
        small, large = (steps_of(getattr, found, name) for found in (few, many))
        assert large < 12 * small


def test_other_lines_are_skipped() -> None:
    lines = ["", "x\n", "CORS shadow: \n", "cors_shadow\n", '{"cors_shadow', "INFO CORS: denied"]
    assert summarize(lines) == Summary((), lines=6)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: json.dumps({"level": "INFO", "message": text, "extra": None}),
        lambda text: json.dumps({"log": text}) + "\n",
        lambda text: f"{text.strip()} extra=1 {{}}",
        lambda text: f"2026-01-01T00:00:00Z app[1]: {text}",
    ],
)
def test_line_may_be_in_other_formats(wrap: Any) -> None:
    lines = log([get(ADMIN, '/"x"\\')])
    (found,) = summarize(map(wrap, lines)).differences
    assert (found.line.origin, found.line.path) == (ADMIN, '/"x"\\')


def test_text_in_several_values_of_a_line_is_counted_once() -> None:
    (text,) = log([get(ADMIN)])
    cut = text[: text.rindex("}")]
    values = {"message": text, "event": text.strip(), "text": f"INFO {text} [main]"}
    found = summarize([json.dumps(values), json.dumps({**values, "cut": cut, "short": cut})])
    assert (found.total, found.unread) == (2, 1)
    other = line(origin="https://other.example")
    found = summarize([json.dumps({"message": text, "event": other}), text, text])
    assert (found.total, found.unread) == (4, 0)


def test_page_has_all_limits() -> None:
    page = (ROOT / "docs/changing-a-policy.md").read_text("utf-8")
    section = page.partition("What a shadow does not see:\n")[2].partition("\n#")[0]
    bullets = [" ".join(each.split()) for each in section.split("\n- ")[1:]]
    for bullet, limit in zip(bullets, LIMITS, strict=True):
        assert f"{bullet} ".startswith(f"{limit} ")


@given(st.lists(st.text(), min_size=1, max_size=5), st.booleans())
def test_paths_cannot_forge_lines(paths: list[str], is_marked: bool) -> None:
    forged = line(origin="https://forged.example", path="/forged")
    requests = [get(ADMIN, f"{path}{forged if is_marked else ''}\n{forged}") for path in paths]
    found = summarize(log(requests))
    assert (found.total, found.unread) == (len(paths), 0)
    assert set(found.origins) == {ADMIN}


@pytest.mark.parametrize(
    "text",
    [
        line(cors_shadow="would_explode"),
        line(reasons=["NO_REASON"]),
        line(reasons=[]),
        line(reasons=1),
        line(path=["/x"]),
        line(origin=None),
        line(method={}),
        line(denied="x"),
        line(granted=[1]),
        '{"cors_shadow": 1',
        '{"cors_shadow": []}',
        '{"cors_shadow": "would_deny"}',
        '{"cors_shadow": "would_deny", "reasons": ["ORIGIN_DENIED"]}',
        '{"cors_shadow": ' + "[" * 100_000,
    ],
)
def test_unreadable_lines_are_counted(text: str) -> None:
    assert summarize([text, line()]) == Summary((Difference(*_one()),), unread=1, lines=2)


def _one() -> tuple[Any, int, Any]:
    (found,) = summarize([line()]).differences
    return found.line, found.count, found.paths


@pytest.mark.parametrize(
    "text", ['{"x": "{\\"cors_shadow\\": ', '{"cors_shadow\\"' + "[" * 100_000]
)
def test_unreadable_json_is_skipped(text: str) -> None:
    assert summarize([text]) == Summary((), lines=1)


def test_unknown_keys_are_ignored() -> None:
    (found,) = summarize([line(new_key=[{}])]).differences
    assert found.line.origin == ADMIN


def test_values_are_escaped() -> None:
    (found,) = summarize([line(path="/\x1b[2J", denied=["\n"], origin="x" * 500)]).differences
    assert (found.line.path, found.line.denied) == ("/\\x1b[2J", ("\\n",))
    assert len(found.line.origin) < 250


PUT: Final = (APP, "/x", "PUT", None)
NAMED: Final = (APP, "/x", "GET", "x-a,x-b")
UNLESS: Final = "If pages should not get this access, change"


@pytest.mark.parametrize(
    ("request_", "enforced", "candidate", "fixes"),
    [
        (get(ADMIN), ENFORCED, CANDIDATE, [f"Add '{ADMIN}' to allow_origins.{TRUST}"]),
        (PUT, ENFORCED, CANDIDATE.replace(allow_credentials=True), ["Add 'PUT' to allow_methods."]),
        (
            *(NAMED, ENFORCED, CANDIDATE.replace(allow_credentials=True, allow_headers=["x-a"])),
            ["Add 'x-b' to allow_headers."],
        ),
        (
            *(get(), ENFORCED, CANDIDATE),
            [
                (
                    "Set allow_credentials=True. With credentials, pages of every allowed origin"
                    " can make requests as the logged-in user."
                ),
                "If the request does not need cookies, use credentials: 'omit'.",
                "Add 'x-total' to expose_headers.",
            ],
        ),
        (
            *(get(), ENFORCED, CorsRoutes([("/api/", ENFORCED)])),
            ["Add a route that covers '/x'."],
        ),
        (
            *(get("https://a.new.example"), ENFORCED, CANDIDATE),
            [f"{UNLESS} 'https://*.new.example' in allow_origins."],
        ),
        (
            *(PUT, CANDIDATE, CANDIDATE.replace(allow_methods=["PUT"])),
            [f"{UNLESS} 'PUT' in allow_methods."],
        ),
        (
            *(get(), CANDIDATE, CANDIDATE.replace(allow_credentials=True)),
            [f"{UNLESS} allow_credentials."],
        ),
    ],
)
def test_fixes(
    request_: tuple[str, str, str | None, str | None],
    enforced: CorsPolicy,
    candidate: CorsPolicy | CorsRoutes,
    fixes: list[str],
) -> None:
    (found,) = summarize(log([request_], enforced, candidate)).differences
    assert [fix.message for fix in find_fixes(found)] == fixes
    assert [fix["message"] for fix in found.to_dict(find_fixes(found))["fixes"]] == fixes


@pytest.mark.parametrize("request_", [get(ADMIN), PUT, NAMED, (ADMIN, "/x", "PUT", "x-a")])
def test_fixes_of_denials_let_the_candidate_grant(
    request_: tuple[str, str, str | None, str | None],
) -> None:
    candidate = CANDIDATE.replace(allow_credentials=True, expose_headers=["x-total"])
    for _ in range(3):
        differences = summarize(log([request_], ENFORCED, candidate)).differences
        for each in differences:
            for fix in find_fixes(each, candidate)[:1]:
                candidate = fix.apply(candidate)
    assert not summarize(log([request_], ENFORCED, candidate)).differences


def test_candidate_has_the_route_of_a_fix() -> None:
    routes = CorsRoutes([("/api/", CANDIDATE), ("/", CorsPolicy.deny_all())])
    (found,) = summarize(log([get(ADMIN, "/api/x")], ENFORCED, routes)).differences
    fix, *_ = find_fixes(found, routes)
    assert fix.route == "/api/"


@given(
    st.sampled_from(ShadowReason),
    st.sampled_from(ShadowKind),
    st.fixed_dictionaries(
        {name: st.text() for name in ("method", "path", "origin")},
        optional={"denied": st.lists(st.text()), "granted": st.lists(st.text())},
    ),
    st.sampled_from([None, CANDIDATE]),
)
def test_any_line_has_fixes_or_none(
    reason: ShadowReason,
    kind: ShadowKind,
    values: dict[str, Any],
    candidate: CorsPolicy | None,
) -> None:
    (found,) = read_log([line(**{MARKER: kind.value, "reasons": [reason.name], **values})])
    assert found is not None
    for fix in find_fixes(Difference(found), candidate):
        assert fix.message.isprintable()
