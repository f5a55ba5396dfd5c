"""The two sites of the playground: that of the allowed origin and that of the untrusted one.

Both serve the same page, and the same frame, in which other origins make their calls. Each document
is assembled from the files in ``page/``. It loads nothing, and its Content-Security-Policy
(https://www.w3.org/TR/CSP3/) allows only the scripts and styles that it contains.

Only the page itself may have a form checked or run, which opens a session: those requests must be
JSON from the site's own origin. No response is shared with other origins.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from http.client import HTTPException
from importlib.resources import files
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from corekit import CorsPolicy
from corekit.arguments import SETTINGS
from corekit.browser import HttpRequest, HttpResponse

from .api import LOG_PATH, MAX_LOGGED, Api, Session, Sessions, get_run
from .form import (
    EMPTY,
    FormError,
    Origins,
    describe_arguments,
    list_examples,
    policy_settings,
    read_form,
)
from .judging import judge_form
from .servers import read_body, respond, respond_error, respond_json, send, start

MAX_FORM: Final = 16_384
"""The longest form that is read, in bytes."""

MAX_PROBLEMS: Final = 30
"""How many problems of a form are reported."""

SCRIPTS: Final = ("call.js", "form.js", "browser.js", "diagram.js", "results.js", "main.js")

_ALWAYS: Final = (
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


def describe(origins: Origins, here: str) -> dict[str, Any]:
    """Describe the demo, for JSON, to the page whose origin is `here`."""
    return {
        **origins._asdict(),
        "here": here,
        "frame_timeout": 10_000,  # milliseconds that the page waits for a frame
        "arguments": describe_arguments(),
        "empty": EMPTY,
        "examples": [example._asdict() for example in list_examples(origins, here)],
    }


def write_python(policy: CorsPolicy) -> str:
    """Write a policy as the Python code that builds it, with one argument per line.

    >>> print(write_python(CorsPolicy(allow_origins=["http://localhost:3000"], max_age=600)))
    CorsPolicy(
        allow_origins=['http://localhost:3000'],
        max_age=600,
    )
    """
    lines = [
        f"    {name}={list(value) if isinstance(value, tuple) else value!r},"
        for name, value in policy_settings(policy).items()
        if value not in (SETTINGS[name].default, [])
    ]
    return "\n".join([f"{type(policy).__name__}(", *lines, ")"])


_GUARDED: Final = """\
policy = {policy}
app = CorsMiddleware(
    app,
    policy,
    guard=CrossOriginGuard(policy),
)"""


def write_session(session: Session) -> str:
    """Write the policy of a session as Python code, and if it has a guard, the middleware too."""
    policy = write_python(session.policy)
    return policy if session.guard is None else _GUARDED.format(policy=policy)


class Document(NamedTuple):
    """An HTML document, and its Content-Security-Policy."""

    html: bytes
    security: str


def make_page(origins: Origins, here: str) -> Document:
    """Build the page for the site whose origin is `here`."""
    other = origins.untrusted if here == origins.page else origins.page
    return _assemble(
        "page.html",
        {"script": SCRIPTS, "style": ["page.css"]},
        f"connect-src 'self' {origins.api}",
        f"frame-src 'self' {other}",
        "frame-ancestors 'none'",
        "img-src data:",
    )


def make_frame(origins: Origins) -> Document:
    """Build the frame, which only the pages of the demo may embed."""
    return _assemble(
        "frame.html",
        {"script": ["call.js", "frame.js"]},
        f"connect-src {origins.api}",
        f"frame-ancestors {origins.page} {origins.untrusted}",
    )


def _assemble(name: str, inline: Mapping[str, Iterable[str]], *directives: str) -> Document:
    html = _read(name)
    security = ["default-src 'none'", "base-uri 'none'", "form-action 'none'"]
    security.append("require-trusted-types-for 'script'")
    for tag, names in inline.items():
        texts = [f"\n{_read(each)}" for each in names]
        end = "</head>" if tag == "style" else "</body>"
        elements = "".join(f"<{tag}>{text}</{tag}>\n" for text in texts)
        html = html.replace(end, f"{elements}{end}")
        digests = (b64encode(sha256(text.encode()).digest()).decode() for text in texts)
        security.append(" ".join([f"{tag}-src", *(f"'sha256-{digest}'" for digest in digests)]))
    return Document(html.encode(), "; ".join([*security, *directives]))


def _read(name: str) -> str:
    return files("corekit_cli.demo").joinpath("page", name).read_text("utf-8")


def serve_page(
    description: Mapping[str, Any], *, api: Api | None = None, sessions: Sessions | None = None
) -> WSGIApplication:
    """Build the WSGI application of one of the two sites, given what `describe` returns.

    `api` and `sessions` are those of the API, if it is served by this process.
    """
    here: str = description["here"]
    origins = Origins(*(description[name] for name in Origins._fields))
    page, frame = make_page(origins, here), make_frame(origins)
    api, sessions = api or Api(), sessions or Sessions()

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        match environ["REQUEST_METHOD"], environ["PATH_INFO"]:
            case "GET", "/":
                response = _respond_home(environ, here, page)
            case "GET", "/frame":
                response = _respond_document(frame)
            case "GET", "/demo.json":
                response = respond_json(description)
            case "GET", "/requests":
                response = _read_log(origins.api, environ.get("QUERY_STRING", ""))
            case "POST", "/check" | "/run" as path:
                response = _refuse(environ, here) or respond_to_form(environ, path == "/run")
            case _:
                response = respond_error(404, "Not found.", f"Open {here}/.")
        return start(start_response, replace(response, headers=(*response.headers, *_ALWAYS)))

    def respond_to_form(environ: WSGIEnvironment, runs: bool) -> HttpResponse:
        body = read_body(environ, MAX_FORM)
        if body is None:
            return respond_error(413, "The form is too long.", f"Send at most {MAX_FORM} bytes.")
        try:
            call = read_form(json.loads(body))
        except FormError as error:
            problems = [problem.to_dict() for problem in error.problems[:MAX_PROBLEMS]]
            return respond_json({"problems": problems})
        except (RecursionError, ValueError):
            return respond_error(400, "The body is not the form of the demo.", f"Open {here}/.")
        if not runs:
            return respond_json({"problems": []})
        # The cookie is same-site: browsers send it only from pages on this machine.
        is_local = call.page in (origins.page, origins.untrusted)
        cookie = environ.get("HTTP_COOKIE", "") if is_local else ""
        session = Session(call.policy, call.guard)
        return respond_json(
            {
                "problems": [],
                "policy": write_session(session),
                "verdict": judge_form(call, api, origins.api, cookie),
                "run": sessions.open(session),
            }
        )

    return application


def _refuse(environ: WSGIEnvironment, here: str) -> HttpResponse | None:
    """Refuse a request that the page of this site did not make; return None if it did."""
    site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
    origins = {environ.get("HTTP_ORIGIN"), f"http://{environ.get('HTTP_HOST', '')}"}
    if site != "same-origin" or origins != {here}:
        return respond_error(403, "Only the page of this site may use this.", f"Open {here}/.")
    if environ.get("CONTENT_TYPE") != "application/json":
        return respond_error(415, "The form is not JSON.", "Send application/json.")
    return None


def _respond_home(environ: WSGIEnvironment, here: str, page: Document) -> HttpResponse:
    host, _, port = environ["HTTP_HOST"].rpartition(":")
    if f"http://{host}:{port}" == here:
        return _respond_document(page)
    # From another origin the page would not work: the frames and the policy know this one.
    if here.endswith(f":{port}"):
        return HttpResponse(307, (("Location", f"{here}/"), ("Content-Length", "0")))
    hint = f"Open {here}/. If you forward ports, keep the port numbers of the three sites."
    return respond_error(421, f"The playground works only at {here}.", hint)


def _respond_document(document: Document) -> HttpResponse:
    security = ("Content-Security-Policy", document.security)
    return respond(200, "text/html; charset=utf-8", document.html, [security])


def _read_log(api: str, query: str) -> HttpResponse:
    # Encoded again, since a client can send a query that cannot be passed on.
    run = urlencode({"run": get_run(query)[:MAX_LOGGED]})
    try:
        log = send(HttpRequest("GET", f"{api}{LOG_PATH}?{run}"))
    except (OSError, HTTPException):
        return respond_error(502, "The API does not respond.", "Start the demo again.")
    return respond(200, "application/json", log.body)
