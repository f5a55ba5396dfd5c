"""The API of the demo: the items of a shop, a session cookie, a log of the requests, and policies.

`Api` knows nothing about CORS. `serve_api` wraps it in the middleware, and both in the log, so that
it also has what never reaches the API: preflights, and what a guard refuses.

The policies that users try in the playground, and their guards, are kept in memory only, each in a
session for one run. The calls of a run carry the token of its session in their query, so the API
responds to them, and to their preflights, by the policy of the session. A token cannot be guessed,
and since each run has its own URLs, browsers do not use a preflight response of an earlier run.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import deque
from collections.abc import Iterable, Mapping
from logging import CRITICAL, Logger
from threading import Lock
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from corekit import CorsPolicy
from corekit.adapter import GuardObserver
from corekit.browser import HttpResponse
from corekit.events import Observer
from corekit.guard import CrossOriginGuard, GuardEvent, OnVerdict
from corekit_wsgi import CorsMiddleware, GuardMiddleware

from .servers import read_body, respond_error, respond_json, start

_SILENT: Final = Logger("corekit.demo", CRITICAL)  # noqa: LOG001 - of no other
"""Logs nothing: the page shows what is denied."""

LOG_PATH: Final = "/requests"
"""The path of the log, read with ``?run=``. No policy covers it, so no other origin can read it."""

COOKIE: Final = "corekit-demo"
MAX_BODY: Final = 65_536
"""The longest request body that is read, in bytes."""

MAX_LOGGED: Final = 200
"""How many characters of each value the log keeps."""

MAX_SESSIONS: Final = 100
"""How many sessions are kept; a new one replaces the oldest."""

_ITEMS: Final = [{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]
_is_item = re.compile(r"/items/[0-9]{1,9}").fullmatch


class Api:
    """The WSGI application. It keeps no state but a session token."""

    def __init__(self) -> None:
        self._session = f"{COOKIE}={secrets.token_urlsafe(16)}"

    def reply(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> HttpResponse:
        """Respond to a request; the names in `headers` are in lower case."""
        match method, path:
            case "GET", "/items":
                more = [("X-Items-Total", str(len(_ITEMS)))]
                if "x-request-id" in headers:
                    more.append(("X-Request-ID", headers["x-request-id"]))
                return respond_json(_ITEMS, headers=more)
            case "POST", "/session":
                cookie = f"{self._session}; Path=/; HttpOnly; SameSite=Lax"
                return respond_json({"user": "ada"}, headers=[("Set-Cookie", cookie)])
            case "GET", "/me":
                cookies = [part.strip() for part in headers.get("cookie", "").split(";")]
                if self._session in cookies:
                    return respond_json({"user": "ada"})
                return respond_error(401, "You are not signed in.", "Send POST /session first.")
            case "PUT" | "PATCH", _ if _is_item(path):
                try:
                    item = dict(json.loads(body))
                    # What can be read may still be nested too deeply to be written.
                    return respond_json({**item, "id": int(path.rpartition("/")[2])})
                except (RecursionError, TypeError, ValueError):
                    hint = 'Send an object such as {"name": "lamp"}.'
                    return respond_error(400, "The body is not a JSON object.", hint)
            case "DELETE", _ if _is_item(path):
                return HttpResponse(204, (("Cache-Control", "no-store"),))
        return respond_error(404, "Not found.", "The API has /items, /items/1, /session and /me.")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond as a WSGI application."""
        body = read_body(environ, MAX_BODY)
        if body is None:
            hint = f"Send at most {MAX_BODY} bytes."
            return start(start_response, respond_error(413, "The body is too long.", hint))
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        return start(start_response, self.reply(method, path, _read_headers(environ), body))


class LoggedRequest(NamedTuple):
    """A request that reached the server; `run` comes from its query.

    `refused` is the name of the reason if the guard refused the request, otherwise None.
    """

    run: str
    method: str
    origin: str | None
    request_method: str | None
    request_headers: str | None
    cookie: bool
    status: int
    refused: str | None


class RequestLog:
    """The last 1,000 requests, oldest first; safe to share between threads."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=1000)

    def add(
        self,
        method: str,
        query: str,
        headers: Mapping[str, str],
        status: int,
        refused: str | None = None,
    ) -> None:
        """Add a request; the names in `headers` are in lower case."""
        kept = {name: value[:MAX_LOGGED] for name, value in headers.items()}
        self._requests.append(
            LoggedRequest(
                run=get_run(query)[:MAX_LOGGED],
                method=method[:MAX_LOGGED],
                origin=kept.get("origin"),
                request_method=kept.get("access-control-request-method"),
                request_headers=kept.get("access-control-request-headers"),
                cookie=COOKIE in headers.get("cookie", ""),
                status=status,
                refused=refused,
            )
        )

    def of_run(self, run: str) -> list[LoggedRequest]:
        """Return the requests of one run, in the order of their responses."""
        return [request for request in tuple(self._requests) if request.run == run]

    def reply(self, query: str) -> HttpResponse:
        """Return the requests of the run in `query`, as JSON."""
        return respond_json([request._asdict() for request in self.of_run(get_run(query))])


def get_run(query: str) -> str:
    """Return the run that a query names, or "".

    >>> get_run("page=1&run=r"), get_run("page=1")
    ('r', '')
    """
    return parse_qs(query).get("run", [""])[0]


class Session(NamedTuple):
    """What the API is behind: a policy, and a guard with the same policy, None without one."""

    policy: CorsPolicy
    guard: CrossOriginGuard | None = None

    def cover(self, app: WSGIApplication, on_verdict: OnVerdict) -> WSGIApplication:
        """Wrap an application in the middleware; `on_verdict` is called by the guard."""
        if self.guard is not None:
            # As CorsMiddleware(guard=...) does, which would log.
            observer = GuardObserver("demo", _SILENT, on_verdict=on_verdict)
            app = GuardMiddleware(app, self.guard, observer=observer)
        return CorsMiddleware(app, self.policy, observer=Observer("demo", _SILENT))


class Sessions:
    """Sessions by their token; safe to share between threads."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lock = Lock()

    def open(self, session: Session) -> str:
        """Keep a session and return its token.

        >>> sessions, session = Sessions(), Session(CorsPolicy.deny_all())
        >>> sessions.find(sessions.open(session)) is session
        True
        """
        token = secrets.token_urlsafe(16)
        with self._lock:
            self._sessions[token] = session
            if len(self._sessions) > MAX_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
        return token

    def find(self, token: str) -> Session | None:
        """Return the session with a token, or None if there is no such session."""
        return self._sessions.get(token)


def serve_api(
    policy: CorsPolicy, *, api: Api | None = None, sessions: Sessions | None = None
) -> WSGIApplication:
    """Build the WSGI application: the log around the middleware around the API.

    A request whose query names a session (``?run=``) gets the policy and the guard of that session,
    every other request gets `policy`.
    """
    api, sessions, log = api or Api(), sessions or Sessions(), RequestLog()
    usual = Session(policy)

    def logged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if environ["PATH_INFO"] == LOG_PATH:
            return start(start_response, log.reply(query))

        events: list[GuardEvent] = []

        def start_and_log(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            refused = [each.verdict.reason.name for each in events if not each.verdict.allowed]
            log.add(
                environ["REQUEST_METHOD"],
                query,
                _read_headers(environ),
                int(status[:3]),
                refused=refused[0] if refused else None,
            )
            return start_response(status, headers, *error)

        session = sessions.find(get_run(query)) or usual
        return session.cover(api, events.append)(environ, start_and_log)

    return logged


def _read_headers(environ: WSGIEnvironment) -> dict[str, str]:
    return {
        key[5:].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
