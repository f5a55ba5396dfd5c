"""The applications that `servers` starts: one for each contender, named by its variable."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware as StarletteCors
from wsgicors import CORS as WsgiCors  # noqa: N811 - it is a class

from benchmarks.applications import POLICY, answering
from benchmarks.traffic import ALLOWED, EXPOSED, HEADERS, MAX_AGE, METHODS
from benchmarks.world_wsgi import answering as answering_wsgi
from corekit_asgi import CorsMiddleware
from corekit_wsgi import CorsMiddleware as WsgiCorsMiddleware

asgi_bare = answering
asgi_corekit = CorsMiddleware(answering, POLICY)
asgi_starlette = StarletteCors(
    answering,
    allow_origins=[ALLOWED],
    allow_methods=METHODS,
    allow_headers=HEADERS,
    allow_credentials=True,
    expose_headers=EXPOSED,
    max_age=MAX_AGE,
)
wsgi_bare = answering_wsgi
wsgi_corekit = WsgiCorsMiddleware(answering_wsgi, POLICY)
wsgi_wsgicors = WsgiCors(
    answering_wsgi,
    origin=ALLOWED,
    methods=",".join(METHODS),
    headers=",".join(HEADERS),
    expose_headers=",".join(EXPOSED),
    credentials="true",
    maxage=str(MAX_AGE),
)
