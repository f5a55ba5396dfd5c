"""The two sites that the playground is served from: of the allowed origin and of the foreign one.

Both serve the same page and the same frame. What the page asks of its server, no page of another
origin can: to check a form, and to run it, which opens a session, takes JSON from the site's own
origin, and no answer is shared. What is said to a form is worked out in `forms` and `judging`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode, urlsplit

from corekit import CorsPolicy, Decision, Problem
from corekit.diagnostics import show

from .api import LOG_PATH, MAX_SEEN, Api, Reply, run_of, send
from .cases import Case, Origins, judge
from .documents import Document, make_frame, make_page
from .examples import list_examples
from .form import EMPTY, FormError, read_form
from .judging import judge_form
from .sessions import Sessions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["describe", "describe_case", "serve_page"]

MAX_FORM: Final = 16_384
"""Longest form that is read, in bytes."""

MAX_PROBLEMS: Final = 30
"""How many problems of a form are told."""

PATIENCE: Final = 10_000
"""How long the page waits for a frame, in milliseconds."""

_ALWAYS: Final = (
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def describe(origins: Origins, here: str) -> dict[str, Any]:
    """Tell the page of the origin `here` where it is and what its examples are, ready for JSON."""
    return {
        "here": here,
        "api": origins.api,
        "page": origins.page,
        "foreign": origins.foreign,
        "patience": PATIENCE,
        "empty": EMPTY,
        "examples": list_examples(origins, here),
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
            "message": verdict.reason.value,
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
    default = CorsPolicy.deny_all()
    names = [name for name in CorsPolicy.__annotations__ if name != "engine"]
    lines = [
        f"    {name}={list(value) if isinstance(value, tuple) else value!r},"
        for name in names
        if (value := getattr(policy, name)) != getattr(default, name)
    ]
    return "\n".join(["CorsPolicy(", *lines, ")"])


def serve_page(
    description: Mapping[str, Any], *, api: Api | None = None, sessions: Sessions | None = None
) -> WSGIApplication:
    """Make the WSGI application of one of the two sites, given what `describe` tells of it.

    `api` and `sessions` are those of the API that is served, where that is in this process.
    """
    origins = Origins(description["api"], description["page"], description["foreign"])
    page, frame = make_page(origins, description["here"]), make_frame(origins)
    told = json.dumps(description).encode()
    api, sessions = api or Api(), sessions or Sessions()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/":
                reply = _reply_home(environ, page)
            case "GET", "/frame":
                reply = _reply_document(frame)
            case "GET", "/demo.json":
                reply = _reply(200, "application/json", told)
            case "GET", "/requests":
                reply = _read_log(origins.api, environ.get("QUERY_STRING", ""))
            case "POST", "/check" | "/run" as asked:
                reply = _refuse(environ) or _answer_form(environ, asked == "/run")
            case _:
                reply = _reply(404, "text/plain", b"Not found.\n")
        return send(start_response, reply)

    def _answer_form(environ: WSGIEnvironment, runs: bool) -> Reply:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            asked = read_form(json.loads(body))
        except FormError as error:
            return _reply_json({"problems": _tell_problems(error.problems)})
        except (RecursionError, ValueError):
            return _reply(400, "text/plain", b"This is not the form of the demo.\n")
        if not runs:
            return _reply_json({"problems": []})
        # The cookie is for pages of this machine only: to a browser, all others are other sites.
        near = asked.page in (origins.page, origins.foreign)
        cookie = environ.get("HTTP_COOKIE", "") if near else ""
        verdict = judge_form(asked, api, origins.api, cookie)
        run = sessions.open(asked.policy)
        told = {"problems": [], "policy": spell(asked.policy), "verdict": verdict, "run": run}
        return _reply_json(told)

    return application


def _refuse(environ: WSGIEnvironment) -> Reply | None:
    """Refuse a form that is not the page's own; None where there is nothing against it."""
    site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
    own = f"http://{environ.get('HTTP_HOST', '')}"
    if site != "same-origin" or environ.get("HTTP_ORIGIN") != own:
        return _reply(403, "text/plain", b"The page of this site alone may ask.\n")
    if environ.get("CONTENT_TYPE") != "application/json":
        return _reply(415, "text/plain", b"Send JSON.\n")
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isdecimal() or len(length) > 9 or int(length) > MAX_FORM:
        return _reply(413, "text/plain", b"The form is too long.\n")
    return None


def _tell_problems(problems: Iterable[Problem]) -> list[dict[str, str]]:
    return [
        {
            "code": problem.code,
            "field": problem.subject,
            "value": show(problem.value),
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in list(problems)[:MAX_PROBLEMS]
    ]


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {
        "status": decision.status,
        "headers": decision.headers,
        "vary": decision.vary,
    }


def _reply_home(environ: WSGIEnvironment, page: Document) -> Reply:
    host = environ["HTTP_HOST"]
    if host.startswith("localhost"):
        return _reply_document(page)
    # By an address it would be of another origin than the demo's, which no frame of it listens to.
    home = re.sub(r"127\.0\.0\.1|\[::1\]", "localhost", host)
    return Reply(307, [("Location", f"http://{home}/"), ("Content-Length", "0")], b"")


def _reply_document(document: Document) -> Reply:
    reply = _reply(200, "text/html; charset=utf-8", document.html)
    return reply._replace(headers=[*reply.headers, ("Content-Security-Policy", document.security)])


def _reply_json(value: object) -> Reply:
    return _reply(200, "application/json", json.dumps(value).encode())


def _reply(status: int, content_type: str, body: bytes) -> Reply:
    about = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    return Reply(status, [*about, *_ALWAYS], body)


def _read_log(api: str, query: str) -> Reply:
    connection = HTTPConnection(urlsplit(api).netloc, timeout=10)
    try:
        # Written anew: what a client writes into a query may be nothing that can be sent on.
        connection.request("GET", f"{LOG_PATH}?{urlencode({'run': run_of(query)[:MAX_SEEN]})}")
        return _reply(200, "application/json", connection.getresponse().read())
    except (OSError, HTTPException):
        return _reply(502, "text/plain", b"The API does not answer.\n")
    finally:
        connection.close()
