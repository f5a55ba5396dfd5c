"""ASGI: corekit and the CORS middleware of Starlette, asgi-cors and Litestar, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgi_cors import asgi_cors
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.middleware._internal.cors import CORSMiddleware as LitestarCors
from starlette.middleware.cors import CORSMiddleware as StarletteCors

from benchmarks.applications import POLICY, STREAMED, drive_asgi, plain_app, streaming_app, vary_app
from benchmarks.minimum import MinimalAsgi
from benchmarks.traffic import (
    ALLOWED,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    UNTRUSTED,
    preflight_headers,
    request_headers,
    scope,
)
from benchmarks.workloads import BARE, MINIMUM, NO_OP, OURS, Workload, copy_function
from corekit import CorsRoutes
from corekit_asgi import CorsMiddleware


class NoOp:
    """A middleware that does nothing, to measure the cost of any middleware."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def litestar(app: Any) -> Any:
    """Return Litestar's middleware, which takes the request class of preflights from an app."""
    methods: Any = METHODS
    config = CORSConfig(
        allow_origins=[ALLOWED],
        allow_methods=[*methods],
        allow_headers=[*HEADERS],
        allow_credentials=True,
        expose_headers=[*EXPOSED],
        max_age=MAX_AGE,
    )
    middleware = LitestarCors(app, config)
    # Litestar's logging setup would write a line for each denial of every contender.
    owner = Litestar(logging_config=None)

    def within(scope: Any, receive: Any, send: Any) -> Any:
        scope["litestar_app"] = owner
        return middleware(scope, receive, send)

    return within


def contenders(app: Any) -> dict[str, Any]:
    """Return `app` wrapped by each contender, with the same policy as far as it can express it."""
    return {
        BARE: copy_function(app),
        NO_OP: NoOp(copy_function(app)),
        MINIMUM: MinimalAsgi(copy_function(app)),
        OURS: CorsMiddleware(copy_function(app), POLICY),
        "starlette": StarletteCors(
            copy_function(app),
            allow_origins=[ALLOWED],
            allow_methods=METHODS,
            allow_headers=HEADERS,
            allow_credentials=True,
            expose_headers=EXPOSED,
            max_age=MAX_AGE,
        ),
        "asgi-cors": asgi_cors(
            copy_function(app),
            hosts=[ALLOWED],
            methods=[*METHODS],
            headers=[*HEADERS],
            max_age=str(MAX_AGE),
        ),
        "litestar": litestar(copy_function(app)),
    }


def served_apps() -> dict[str, Any]:
    """Return the applications for `served`."""
    return contenders(plain_app)


def get_factory(origin: str | None) -> Callable[[], Any]:
    """Return a function that builds an actual request."""
    headers = request_headers(origin)
    return lambda: scope("GET", headers)


def preflight_factory(origin: str, *names: str) -> Callable[[], Any]:
    """Return a function that builds a preflight."""
    headers = preflight_headers(origin, *names)
    return lambda: scope("OPTIONS", headers)


def workloads() -> list[Workload]:
    """Return the workloads for ASGI."""
    apps, vary_apps, streaming_apps = map(contenders, (plain_app, vary_app, streaming_app))
    return [
        Workload("asgi-no-origin", "no Origin", drive_asgi, get_factory(None), apps),
        Workload("asgi-allowed", "allowed, credentials", drive_asgi, get_factory(ALLOWED), apps),
        Workload("asgi-denied", "denied", drive_asgi, get_factory(UNTRUSTED), apps),
        Workload(
            "asgi-vary",
            "allowed, with a Vary header",
            drive_asgi,
            get_factory(ALLOWED),
            vary_apps,
        ),
        Workload(
            "asgi-streamed",
            "one message of a streamed body",
            drive_asgi,
            get_factory(ALLOWED),
            streaming_apps,
            batch=5,
            per=STREAMED,
        ),
        *_preflights(),
        Workload(
            "asgi-routes",
            "100 routes",
            drive_asgi,
            lambda: scope("GET", request_headers(ALLOWED), "/api/v1/tenant-57/items/7"),
            {
                BARE: copy_function(plain_app),
                OURS: CorsMiddleware(copy_function(plain_app), _routes(100)),
                "one policy": CorsMiddleware(copy_function(plain_app), POLICY),
            },
        ),
    ]


def _preflights() -> list[Workload]:
    # asgi-cors leaves preflights to the application.
    apps = contenders(plain_app)
    left_out = (BARE, NO_OP, "asgi-cors")
    preflight_apps = {name: app for name, app in apps.items() if name not in left_out}
    granted, refused = preflight_factory(ALLOWED), preflight_factory(UNTRUSTED)
    found = [
        Workload("asgi-preflight", "preflight", drive_asgi, granted, preflight_apps, whole=True),
        Workload(
            "asgi-preflight-denied",
            "preflight, denied",
            drive_asgi,
            refused,
            preflight_apps,
            whole=True,
        ),
    ]
    hostile = {
        "commas": ("64 KiB of commas", "," * 65_536),
        "names": ("64 KiB of names", ",".join(f"x-{number}" for number in range(8_000))[:65_536]),
    }
    for key, (title, names) in hostile.items():
        make = preflight_factory(ALLOWED, names)

        def make_with_hostile(make: Callable[[], Any] = make) -> Any:
            # A well-formed preflight while the same bytes are allocated and freed: they evict the
            # processor's caches, no matter who reads them.
            make()
            return granted()

        found.append(
            Workload(
                f"asgi-hostile-{key}",
                f"preflight, {title}",
                drive_asgi,
                make,
                {**preflight_apps, "normal": apps[OURS]},
                makes={"normal": make_with_hostile},
                whole=True,
                batch=5,
            )
        )
    return found


def _routes(count: int) -> CorsRoutes:
    return CorsRoutes([(f"/api/v1/tenant-{number}/", POLICY) for number in range(count)])
