"""The applications that `servers` starts, one for each contender, by variable name."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware as StarletteCors
from wsgicors import CORS as WsgiCors  # noqa: N811 - it is a class

from benchmarks.applications import POLICY, plain_app
from benchmarks.framework_wsgi import plain_app as plain_wsgi_app
from benchmarks.traffic import ALLOWED, EXPOSED, HEADERS, MAX_AGE, METHODS
from corekit_asgi import CorsMiddleware
from corekit_wsgi import CorsMiddleware as WsgiCorsMiddleware

asgi_bare = plain_app
asgi_corekit = CorsMiddleware(plain_app, POLICY)
asgi_starlette = StarletteCors(
    plain_app,
    allow_origins=[ALLOWED],
    allow_methods=METHODS,
    allow_headers=HEADERS,
    allow_credentials=True,
    expose_headers=EXPOSED,
    max_age=MAX_AGE,
)
wsgi_bare = plain_wsgi_app
wsgi_corekit = WsgiCorsMiddleware(plain_wsgi_app, POLICY)
wsgi_wsgicors = WsgiCors(
    plain_wsgi_app,
    origin=ALLOWED,
    methods=",".join(METHODS),
    headers=",".join(HEADERS),
    expose_headers=",".join(EXPOSED),
    credentials="true",
    maxage=str(MAX_AGE),
)
