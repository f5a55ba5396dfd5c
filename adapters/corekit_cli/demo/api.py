"""The API of the demo: a shop's items and a session cookie, and a log of what reached it.

The API knows nothing of CORS and of no server: `Api.reply` takes a request and gives a reply.
`cover` puts it behind the middleware, and `serve_api` puts the log around both, so that the log has
the preflights, which never reach the API.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import parse_qs

from corekit import CorsPolicy
from corekit_wsgi import CorsMiddleware

from .sessions import Sessions

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["LOG_PATH", "Api", "Reply", "RequestLog", "Seen", "cover", "run_of", "send", "serve_api"]

LOG_PATH: Final = "/requests"
"""Where the log is read, with ``?run=``; no policy covers it, so no page of another origin can."""

COOKIE: Final = "corekit-demo"
MAX_BODY: Final = 65_536
"""Longest request body that is read, in bytes."""

MAX_SEEN: Final = 200
"""How much of each value the log keeps, in characters."""

_ITEMS: Final = [{"id": 1, "name": "desk"}, {"id": 2, "name": "chair"}]
_is_item = re.compile(r"/items/[0-9]{1,9}").fullmatch


class Reply(NamedTuple):
    """A response, whatever the server."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Api:
    """The application: it answers each request from the request alone, and one session token."""

    def __init__(self) -> None:
        self._session = f"{COOKIE}={secrets.token_urlsafe(16)}"

    def reply(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer a request; the names of `headers` are in lower case."""
        cookies = [part.strip() for part in headers.get("cookie", "").split(";")]
        match method, path:
            case "GET", "/items":
                more = [("X-Items-Total", str(len(_ITEMS)))]
                if "x-request-id" in headers:
                    more.append(("X-Request-ID", headers["x-request-id"]))
                return _reply(200, _ITEMS, more)
            case "POST", "/session":
                cookie = f"{self._session}; Path=/; HttpOnly; SameSite=Lax"
                return _reply(200, {"user": "ada"}, [("Set-Cookie", cookie)])
            case "GET", "/me":
                if self._session in cookies:
                    return _reply(200, {"user": "ada"})
                return _reply(401, {"error": "sign in first"})
            case "PUT" | "PATCH", _ if _is_item(path):
                try:
                    item = dict(json.loads(body))
                except (TypeError, ValueError):
                    return _reply(400, {"error": "the body is not a JSON object"})
                return _reply(200, {**item, "id": int(path.rpartition("/")[2])})
            case "DELETE", _ if _is_item(path):
                return Reply(204, [("Cache-Control", "no-store")], b"")
        return _reply(404, {"error": "no such thing here"})


class Seen(NamedTuple):
    """A request that reached the server, as the log has it; `run` and `case` are of its query."""

    run: str
    case: str
    method: str
    origin: str | None
    request_method: str | None
    request_headers: str | None
    cookie: bool
    status: int


class RequestLog:
    """The last requests, the newest last; safe to share between threads."""

    def __init__(self) -> None:
        self._seen: deque[Seen] = deque(maxlen=1000)

    def add(self, method: str, query: str, headers: Mapping[str, str], status: int) -> None:
        """Add a request; the names of `headers` are in lower case."""
        asked = parse_qs(query)
        self._seen.append(
            Seen(
                run=run_of(query)[:MAX_SEEN],
                case=asked.get("case", [""])[0][:MAX_SEEN],
                method=method[:MAX_SEEN],
                origin=_cut(headers.get("origin")),
                request_method=_cut(headers.get("access-control-request-method")),
                request_headers=_cut(headers.get("access-control-request-headers")),
                cookie=COOKIE in headers.get("cookie", ""),
                status=status,
            )
        )

    def of_run(self, run: str) -> list[Seen]:
        """Find the requests of one run, in the order in which they were answered."""
        return [seen for seen in tuple(self._seen) if seen.run == run]

    def reply(self, query: str) -> Reply:
        """Tell the requests of the run that the query names, as JSON."""
        return _reply(200, [seen._asdict() for seen in self.of_run(run_of(query))])


def run_of(query: str) -> str:
    """Give the name of the run that a query is of, "" where it is of none.

    >>> run_of("case=items&run=r"), run_of("case=items")
    ('r', '')
    """
    return parse_qs(query).get("run", [""])[0]


def cover(api: Api, policy: CorsPolicy) -> WSGIApplication:
    """Make the WSGI application of the API, with the middleware around it."""

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or len(length) > 9 or int(length) > MAX_BODY:
            return send(start_response, _reply(413, {"error": "the body is too long"}))
        body = environ["wsgi.input"].read(int(length))
        headers = _headers(environ)
        return send(
            start_response,
            api.reply(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body),
        )

    return CorsMiddleware(application, policy)


def serve_api(
    policy: CorsPolicy, *, api: Api | None = None, sessions: Sessions | None = None
) -> WSGIApplication:
    """Make the WSGI application: the log around the middleware around the API.

    A request whose query names a session, as ``?run=``, is answered by the policy of that session,
    every other one by `policy`.
    """
    api, sessions, log = api or Api(), sessions or Sessions(), RequestLog()
    usual = cover(api, policy)

    def logged(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        if environ["PATH_INFO"] == LOG_PATH:
            return send(start_response, log.reply(query))

        def start_and_log(
            status: str, headers: list[tuple[str, str]], exc_info: OptExcInfo | None = None
        ) -> Callable[[bytes], object]:
            log.add(environ["REQUEST_METHOD"], query, _headers(environ), int(status[:3]))
            return start_response(status, headers, exc_info)

        tried = sessions.find(run_of(query))
        covered = usual if tried is None else cover(api, tried)
        return covered(environ, start_and_log)

    return logged


def send(start_response: StartResponse, reply: Reply) -> list[bytes]:
    """Give a reply to a WSGI server."""
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.headers)
    return [reply.body]


def _reply(status: int, value: Any, headers: Iterable[tuple[str, str]] = ()) -> Reply:
    body = json.dumps(value).encode()
    return Reply(
        status,
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            *headers,
        ],
        body,
    )


def _cut(value: str | None) -> str | None:
    return value and value[:MAX_SEEN]


def _headers(environ: WSGIEnvironment) -> dict[str, str]:
    return {
        key[5:].replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith("HTTP_")
    }
