"""The guard in every adapter: what sends a request through it, and a table of requests.

An adapter is a function that puts a guard in front of a small application and returns what sends a
request to it. A new adapter is one function and its row in `GUARDED`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import FastAPI
from litestar import Litestar, asgi
from quart import Quart
from starlette.applications import Starlette

import corekit_asgi
import corekit_starlette
from corekit import CorsPolicy, CorsRoutes
from corekit.browser import HttpRequest
from corekit.guard import GUARD_ARGUMENTS, CrossOriginGuard, GuardEvent, OnVerdict
from tests.frameworks import guarded_apps
from tests.properties.adapters import asgi_sender, django_sender
from tests.properties.application import Application, Send

__all__ = ["CASES", "GUARDED", "GUARDS", "SITE", "Case", "Guarded", "Outcome"]

SITE: Final = "https://api.example.org"
APP: Final = "https://app.example.com"
READER: Final = "https://reader.example.com"
EVIL: Final = "https://evil.example"

Protect = Callable[..., Send]
"""Puts a guard in front of an application, in the framework of an adapter.

It takes a guard, an `Application`, a function for verdicts, and more arguments of the layer.
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a request: the response, whether the application ran, and the verdicts."""

    status: int
    headers: dict[str, str]
    body: bytes
    ran: bool
    events: list[GuardEvent]


@dataclass(frozen=True)
class Guarded:
    """An adapter.

    With `writes_cors`, it also writes the headers of CORS, so that an allowed page can read a
    refusal, and preflights do not reach the application. `knows_scheme` is whether a request to
    HTTPS looks so to the guard.
    """

    protect: Protect
    writes_cors: bool = True
    knows_scheme: bool = True

    def ask(self, guard: CrossOriginGuard, request: HttpRequest) -> Outcome:
        """Send a request to an application behind the guard."""
        events: list[GuardEvent] = []
        application = Application(200, [("Vary", "Accept")])
        response = self.protect(guard, application, events.append)(request)
        headers: dict[str, list[str]] = {}
        for name, value in response.headers:
            headers.setdefault(name.lower(), []).append(value)
        joined = {name: ", ".join(values) for name, values in headers.items()}
        ran = bool(application.reached)
        return Outcome(response.status, joined, response.body, ran, events)


def protect_asgi(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return asgi_sender(
        corekit_asgi.CorsMiddleware(
            application.asgi, guard.policy, guard=guard, on_verdict=on_verdict, **more
        )
    )


def protect_asgi_alone(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict
) -> Send:
    return asgi_sender(corekit_asgi.GuardMiddleware(application.asgi, guard, on_verdict=on_verdict))


def protect_starlette(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return install_in_starlette(Starlette(), guard, application, on_verdict, **more)


def protect_fastapi(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return install_in_starlette(FastAPI(), guard, application, on_verdict, **more)


def install_in_starlette(
    app: Starlette,
    guard: CrossOriginGuard,
    application: Application,
    on_verdict: OnVerdict,
    **more: Any,
) -> Send:
    app.mount("/", application.asgi)
    corekit_starlette.install(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
    return asgi_sender(app)


def protect_quart(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    app = Quart(__name__)

    async def respond(path: str) -> tuple[bytes, int, list[tuple[str, str]]]:
        application.reached.append(path)
        return b"secret", application.status, application.headers

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_url_rule("/<path:path>", view_func=respond, methods=methods)
    corekit_asgi.install(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
    return asgi_sender(app)


def protect_litestar(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    handler = asgi("/", is_mount=True, copy_scope=True)(application.asgi)
    app = Litestar([handler], openapi_config=None, logging_config=None)
    corekit_asgi.install(app, guard.policy, guard=guard, on_verdict=on_verdict, **more)
    return asgi_sender(app)


def protect_django(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return send_to_django(guard, application, on_verdict, **more, is_async=False)


def protect_django_asgi(
    guard: CrossOriginGuard, application: Application, on_verdict: OnVerdict, **more: Any
) -> Send:
    return send_to_django(guard, application, on_verdict, **more, is_async=True)


def send_to_django(
    guard: CrossOriginGuard,
    application: Application,
    on_verdict: OnVerdict,
    *,
    is_async: bool,
    **more: Any,
) -> Send:
    return django_sender(
        application,
        is_async=is_async,
        CORS_POLICY=guard.policy,
        CORS_GUARD={name: getattr(guard, name) for name in GUARD_ARGUMENTS},
        CORS_ON_VERDICT=on_verdict,
        **{f"CORS_{name.upper()}": value for name, value in more.items()},
    )


GUARDED: Final = {
    "asgi": Guarded(protect_asgi),
    "asgi, guard alone": Guarded(protect_asgi_alone, writes_cors=False),
    "starlette": Guarded(protect_starlette),
    "fastapi": Guarded(protect_fastapi),
    "quart": Guarded(protect_quart),
    "litestar": Guarded(protect_litestar),
    "wsgi": Guarded(guarded_apps.protect_wsgi),
    "wsgi, guard alone": Guarded(guarded_apps.protect_wsgi_alone, writes_cors=False),
    "flask": Guarded(guarded_apps.protect_flask),
    "aiohttp": Guarded(guarded_apps.protect_aiohttp, knows_scheme=False),
    "sanic": Guarded(guarded_apps.protect_sanic, knows_scheme=False),
    "sanic in an ASGI server": Guarded(guarded_apps.protect_sanic_over_asgi),
    "django": Guarded(protect_django),
    "django, asgi": Guarded(protect_django_asgi),
}

POLICY: Final = CorsRoutes(
    [
        ("/readable/", CorsPolicy(allow_origins=[READER])),
        ("/public/", CorsPolicy(allow_origins=["*"])),
        ("/", CorsPolicy(allow_origins=[APP], allow_credentials=True)),
    ]
)

GUARDS: Final = {
    "default": CrossOriginGuard(POLICY, exempt=["/webhooks/", "/saml/acs"]),
    "hosts": CrossOriginGuard(POLICY, hosts=["api.example.org", "a.example.net:8000"]),
    "own": CrossOriginGuard(POLICY, own_origins=["https://www.example.com"]),
    "browsers": CrossOriginGuard(POLICY, writes="browsers"),
    "enforce": CrossOriginGuard(POLICY, reads="enforce"),
    "isolate": CrossOriginGuard(POLICY, reads="isolate"),
    "reports": CrossOriginGuard(POLICY, mode="report"),
    "local": CrossOriginGuard.local(),
}


Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Case:
    """One request to `SITE`, and what becomes of it.

    `request` is a method and a path, `origin` and `site` are Origin and Sec-Fetch-Site. `reason` is
    that of the verdict, None if the request is not judged. The application runs if and only if
    `status` is 200.
    """

    name: str
    request: str
    origin: str | None
    site: str | None
    reason: str | None
    status: int = 200
    guard: str = "default"
    more: Fields = ()
    server: str = SITE

    @property
    def http_request(self) -> HttpRequest:
        """The request, as the adapters of the tests take it."""
        method, path = self.request.split()
        values = (("Origin", self.origin), ("Sec-Fetch-Site", self.site))
        headers = tuple((name, value) for name, value in values if value is not None)
        return HttpRequest(method, f"{self.server}{path}", headers + self.more)


OWN: Final = "same-origin"
CROSS: Final = "cross-site"
COOKIE: Final = (("Cookie", "a=b"),)
TOKEN: Final = (("Authorization", "Bearer x"),)
PASSWORD: Final = (("Authorization", "Basic x"),)

CASES: Final = [
    # Writes.
    Case("no browser", "POST /orders", None, None, "NO_BROWSER"),
    Case("own page", "POST /orders", SITE, OWN, "SAME_ORIGIN"),
    Case("own page that hides it", "POST /orders", "null", OWN, "SAME_ORIGIN"),
    Case("own page, old browser", "POST /orders", SITE, None, "SAME_ORIGIN"),
    Case("the user", "POST /orders", None, "none", "USER"),
    Case("listed page", "POST /orders", APP, CROSS, "LISTED_ORIGIN", more=COOKIE),
    Case("other site", "POST /orders", EVIL, CROSS, "CROSS_SITE", 403),
    Case("other site, PUT", "PUT /orders", EVIL, CROSS, "CROSS_SITE", 403),
    Case("other site, old browser", "POST /orders", EVIL, None, "OTHER_ORIGIN", 403),
    Case("other port", "POST /orders", f"{SITE}:8443", None, "OTHER_ORIGIN", 403),
    Case("same site", "POST /orders", "https://www.example.org", "same-site", "SAME_SITE", 403),
    Case("opaque origin", "POST /orders", "null", None, "OPAQUE_ORIGIN", 403),
    Case("two origins", "POST /orders", APP, None, "OTHER_ORIGIN", 403, more=(("Origin", APP),)),
    Case("two own", "POST /orders", SITE, None, "OTHER_ORIGIN", 403, more=(("Origin", SITE),)),
    Case(
        "two sites",
        "POST /orders",
        SITE,
        OWN,
        "SEVERAL_FETCH_SITES",
        403,
        more=(("Sec-Fetch-Site", OWN),),
    ),
    Case("token", "POST /readable/x", READER, CROSS, "LISTED_ORIGIN", more=TOKEN),
    Case("cookie", "POST /readable/x", READER, CROSS, "CREDENTIALS_NOT_ALLOWED", 403, more=COOKIE),
    Case(
        "password", "POST /readable/x", READER, CROSS, "CREDENTIALS_NOT_ALLOWED", 403, more=PASSWORD
    ),
    Case("path of another page", "POST /readable/x", APP, CROSS, "CROSS_SITE", 403),
    Case("public path", "POST /public/x", EVIL, CROSS, "CROSS_SITE", 403),
    Case("exempt path", "POST /saml/acs", "null", CROSS, "EXEMPT"),
    Case("below an exempt path", "POST /webhooks/a", EVIL, None, "EXEMPT"),
    Case("next to an exempt path", "POST /saml/acs/", EVIL, None, "OTHER_ORIGIN", 403),
    Case("out of an exempt path", "POST /webhooks/..%2Forders", EVIL, None, "OTHER_ORIGIN", 403),
    Case("browsers only", "POST /orders", None, None, "BROWSERS_ONLY", 403, "browsers"),
    Case("own origin", "POST /orders", "https://www.example.com", None, "SAME_ORIGIN", 200, "own"),
    # Reads.
    Case("GET of another site", "GET /orders", EVIL, CROSS, None),
    Case("HEAD of another site", "HEAD /orders", EVIL, CROSS, None),
    Case("read", "GET /orders", EVIL, CROSS, "READ_NOT_ALLOWED", 403, "enforce"),
    Case("allowed read", "GET /orders", APP, CROSS, "SAFE", 200, "enforce"),
    Case("public read", "GET /public/x", EVIL, CROSS, "SAFE", 200, "enforce"),
    Case("loaded", "GET /orders", None, CROSS, "CROSS_SITE_READ", 403, "isolate"),
    Case("loaded by an own page", "GET /orders", None, OWN, "SAFE", 200, "isolate"),
    Case(
        "navigation",
        "GET /orders",
        None,
        CROSS,
        "SAFE",
        200,
        "isolate",
        more=(("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")),
    ),
    # Hosts.
    Case("listed host", "GET /orders", None, None, "SAFE", 200, "hosts"),
    Case(
        "listed host with its port",
        "GET /orders",
        None,
        None,
        "SAFE",
        200,
        "hosts",
        server="https://a.example.net:8000",
    ),
    Case(
        "other host",
        "GET /orders",
        None,
        None,
        "HOST_NOT_ALLOWED",
        421,
        "hosts",
        server="https://rebind.example",
    ),
    Case(
        "rebinding",
        "POST /orders",
        "http://rebind.example:8000",
        None,
        "HOST_NOT_ALLOWED",
        421,
        "local",
        server="http://rebind.example:8000",
    ),
    Case(
        "own page of a local server",
        "POST /orders",
        "http://localhost:8000",
        OWN,
        "SAME_ORIGIN",
        200,
        "local",
        server="http://localhost:8000",
    ),
    # Reports.
    Case("reported write", "POST /orders", EVIL, None, "OTHER_ORIGIN", 200, "reports"),
    Case("passed write", "POST /orders", SITE, None, "SAME_ORIGIN", 200, "reports"),
]
