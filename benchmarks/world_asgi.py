"""ASGI: corekit beside Starlette's CORSMiddleware, asgi-cors and Litestar's, without a server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgi_cors import asgi_cors
from litestar import Litestar
from litestar.config.cors import CORSConfig
from litestar.middleware._internal.cors import CORSMiddleware as LitestarCors
from starlette.middleware.cors import CORSMiddleware as StarletteCors

from benchmarks.applications import POLICY, STREAMED, answering, drive_asgi, streaming, varying
from benchmarks.minimum import MinimalAsgi
from benchmarks.traffic import (
    ALLOWED,
    EXPOSED,
    HEADERS,
    MAX_AGE,
    METHODS,
    STRANGER,
    preflight_headers,
    request_headers,
    scope,
)
from benchmarks.workloads import BARE, MINIMUM, NO_OP, OURS, Workload, own_copy
from corekit import CorsRoutes
from corekit_asgi import CorsMiddleware


class NoOp:
    """A middleware that does nothing: what being one costs."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


def litestar(app: Any) -> Any:
    """Litestar's middleware, which asks the application for a request class on preflights."""
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
    # Its own set-up of logging would write a line for each denial of everybody.
    owner = Litestar(logging_config=None)

    def within(scope: Any, receive: Any, send: Any) -> Any:
        scope["litestar_app"] = owner
        return middleware(scope, receive, send)

    return within


def contenders(app: Any) -> dict[str, Any]:
    """Put everybody around `app`, with the same grants as far as they can say them."""
    return {
        BARE: own_copy(app),
        NO_OP: NoOp(own_copy(app)),
        MINIMUM: MinimalAsgi(own_copy(app)),
        OURS: CorsMiddleware(own_copy(app), POLICY),
        "starlette": StarletteCors(
            own_copy(app),
            allow_origins=[ALLOWED],
            allow_methods=METHODS,
            allow_headers=HEADERS,
            allow_credentials=True,
            expose_headers=EXPOSED,
            max_age=MAX_AGE,
        ),
        "asgi-cors": asgi_cors(
            own_copy(app),
            hosts=[ALLOWED],
            methods=[*METHODS],
            headers=[*HEADERS],
            max_age=str(MAX_AGE),
        ),
        "litestar": litestar(own_copy(app)),
    }


def asking(origin: str | None) -> Callable[[], Any]:
    """Make the maker of an actual request."""
    headers = request_headers(origin)
    return lambda: scope("GET", headers)


def preflighting(origin: str, *names: str) -> Callable[[], Any]:
    """Make the maker of a preflight."""
    headers = preflight_headers(origin, *names)
    return lambda: scope("OPTIONS", headers)


def workloads() -> list[Workload]:
    """List the workloads of ASGI."""
    around, around_varying, around_streaming = map(contenders, (answering, varying, streaming))
    return [
        Workload("asgi-no-origin", "no Origin", drive_asgi, asking(None), around),
        Workload("asgi-allowed", "allowed, credentials", drive_asgi, asking(ALLOWED), around),
        Workload("asgi-denied", "denied", drive_asgi, asking(STRANGER), around),
        Workload(
            "asgi-vary",
            "allowed, the application varies",
            drive_asgi,
            asking(ALLOWED),
            around_varying,
        ),
        Workload(
            "asgi-streamed",
            "a streamed body message",
            drive_asgi,
            asking(ALLOWED),
            around_streaming,
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
                BARE: own_copy(answering),
                OURS: CorsMiddleware(own_copy(answering), _routes(100)),
                "one policy": CorsMiddleware(own_copy(answering), POLICY),
            },
        ),
    ]


def _preflights() -> list[Workload]:
    # asgi-cors leaves preflights to the application.
    around = contenders(answering)
    left_out = (BARE, NO_OP, "asgi-cors")
    answerers = {name: app for name, app in around.items() if name not in left_out}
    granted, refused = preflighting(ALLOWED), preflighting(STRANGER)
    found = [
        Workload("asgi-preflight", "preflight", drive_asgi, granted, answerers, whole=True),
        Workload(
            "asgi-preflight-denied", "preflight, denied", drive_asgi, refused, answerers, whole=True
        ),
    ]
    hostile = {
        "commas": ("64 KiB of commas", "," * 65_536),
        "names": ("64 KiB of names", ",".join(f"x-{number}" for number in range(8_000))[:65_536]),
    }
    for key, (title, names) in hostile.items():
        make = preflighting(ALLOWED, names)

        def beside(make: Callable[[], Any] = make) -> Any:
            # An honest preflight, while the same bytes come and go: they empty the caches of the
            # processor whoever reads them.
            make()
            return granted()

        found.append(
            Workload(
                f"asgi-hostile-{key}",
                f"preflight, {title}",
                drive_asgi,
                make,
                {**answerers, "normal": around[OURS]},
                makes={"normal": beside},
                whole=True,
                batch=5,
            )
        )
    return found


def _routes(count: int) -> CorsRoutes:
    return CorsRoutes([(f"/api/v1/tenant-{number}/", POLICY) for number in range(count)])
