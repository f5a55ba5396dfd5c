"""The two sites that the demo's page is served from: of the allowed origin and of the foreign one.

Both serve the same `page.html`; what it has to do on each is told by ``/demo.json``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http.client import HTTPConnection, HTTPException
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from corekit import CorsPolicy, Decision

from .api import LOG_PATH, Reply, send
from .cases import CASES, Case, Origins, judge

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["describe", "describe_case", "serve_page"]

MAX_REPORT: Final = 1_000_000
"""Longest report that is taken, in bytes."""

FRAME_PATIENCE: Final = 10_000
"""How long the page waits for the foreign page in its frame, in milliseconds."""

Page = Literal["page", "foreign"]


def describe(policy: CorsPolicy, origins: Origins, page: Page) -> dict[str, Any]:
    """Tell a page what to do and what the policy says to it, ready for JSON.

    ``calls`` are for the page to show; those of the foreign origin are made by ``framed`` of the
    foreign page, in a frame. On its own that page makes the calls of the allowed one.
    """
    allowed_ones = [case for case in CASES if case.page == "page"]
    foreign_ones = [case for case in CASES if case.page == "foreign"]
    own = origins.page if page == "page" else origins.foreign
    calls = [describe_case(policy, case, own) for case in allowed_ones]
    framed = [describe_case(policy, case, origins.foreign) for case in foreign_ones]
    return {
        "here": page,
        "api": origins.api,
        "page": origins.page,
        "foreign": origins.foreign,
        "patience": FRAME_PATIENCE,
        "policy": spell(policy),
        "calls": calls + framed if page == "page" else calls,
        "framed": framed if page == "foreign" else [],
    }


def describe_case(policy: CorsPolicy, case: Case, origin: str) -> dict[str, Any]:
    """Tell a case and what the policy says to it, ready for JSON."""
    verdict = judge(policy, case, origin)
    return {
        "name": case.name,
        "title": case.title,
        "origin": origin,
        "method": case.method,
        "path": case.path,
        "headers": dict(case.headers),
        "credentials": case.credentials,
        "body": case.body,
        "policy": {
            "allowed": verdict.allowed,
            "sent": verdict.sent,
            "reason": verdict.reason.name,
            "sentence": verdict.reason.value,
            "consequence": verdict.consequence,
            "preflight": verdict.preflight and _describe_decision(verdict.preflight),
            "actual": _describe_decision(verdict.actual),
        },
    }


def spell(policy: CorsPolicy) -> str:
    """Write a policy as the Python that makes it, an argument a line.

    >>> print(spell(CorsPolicy(allow_origins=["http://localhost:3000"], max_age=600)))
    CorsPolicy(
        allow_origins=['http://localhost:3000'],
        max_age=600,
    )
    """
    default = CorsPolicy.nothing()
    names = [name for name in CorsPolicy.__annotations__ if name != "engine"]
    lines = [
        f"    {name}={list(value) if isinstance(value, tuple) else value!r},"
        for name in names
        if (value := getattr(policy, name)) != getattr(default, name)
    ]
    return "\n".join(["CorsPolicy(", *lines, ")"])


def serve_page(
    description: dict[str, Any], on_report: Callable[[Any], object] | None = None
) -> WSGIApplication:
    """Make the WSGI application of one of the two sites.

    It also reads the API's log for its page, which no other origin may. With ``?report=1`` the page
    posts its outcomes to its server, which gives them to `on_report`, out of JSON.
    """
    html = files("corekit_cli").joinpath("page.html").read_bytes()
    told = json.dumps(description).encode()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/":
                reply = _ok("text/html; charset=utf-8", html)
            case "GET", "/demo.json":
                reply = _ok("application/json", told)
            case "GET", "/requests":
                reply = _read_log(description["api"], environ.get("QUERY_STRING", ""))
            case "POST", "/report" if on_report is not None:
                length = min(int(environ.get("CONTENT_LENGTH") or 0), MAX_REPORT)
                on_report(json.loads(environ["wsgi.input"].read(length)))
                reply = Reply(204, [], b"")
            case _:
                reply = Reply(404, [("Content-Type", "text/plain")], b"Not found.\n")
        return send(start_response, reply)

    return application


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {
        "status": decision.status,
        "headers": decision.headers,
        "vary": decision.vary,
    }


def _ok(content_type: str, body: bytes) -> Reply:
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    return Reply(200, headers, body)


def _read_log(api: str, query: str) -> Reply:
    connection = HTTPConnection(urlsplit(api).netloc, timeout=10)
    try:
        connection.request("GET", f"{LOG_PATH}?{query}")
        return _ok("application/json", connection.getresponse().read())
    except (OSError, HTTPException):
        return Reply(502, [("Content-Type", "text/plain")], b"The API does not answer.\n")
    finally:
        connection.close()
