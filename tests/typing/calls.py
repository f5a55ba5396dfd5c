"""Calls of corekit as its users write them; only type checkers read this file.

Each line that ends in `expect-error` is a mistake that mypy and pyright have to report.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web
from flask import Flask
from starlette.applications import Starlette

import corekit_aiohttp
import corekit_asgi
import corekit_flask
import corekit_starlette
import corekit_wsgi
from corekit import CorsPolicy, DecisionEvent

APP = "https://app.example.com"


def collections() -> None:
    CorsPolicy(allow_origins=[APP])
    CorsPolicy(allow_origins=(APP,))
    CorsPolicy(allow_origins={APP})
    CorsPolicy(allow_origins=frozenset({APP}))
    CorsPolicy(allow_origins=[f"https://{name}.example.com" for name in ("a", "b")])


def every_argument() -> None:
    CorsPolicy(
        allow_origins=[APP, "http://192.168.1.*:*"],
        allow_credentials=True,
        allow_methods=["PUT"],
        allow_headers=["content-type"],
        expose_headers=["x-request-id"],
        max_age=timedelta(minutes=10),
        allow_private_network=False,
        preflight_status=200,
        accept_risks=["insecure-origin", "public-suffix"],
    ).replace(max_age=None, accept_risks=())


def bare_strings() -> None:
    CorsPolicy(allow_origins=APP)  # expect-error
    CorsPolicy(allow_origins=[APP], allow_methods="PUT")  # expect-error
    CorsPolicy(allow_origins=[APP], allow_headers="content-type")  # expect-error
    CorsPolicy(allow_origins=[APP], expose_headers="x-request-id")  # expect-error
    CorsPolicy(allow_origins=[APP], accept_risks="insecure-origin")  # expect-error


def wrong_types() -> None:
    CorsPolicy(allow_origins=[APP], allow_credentials="yes")  # expect-error
    CorsPolicy(allow_origins=[APP], max_age="600")  # expect-error
    CorsPolicy(allow_origins=[1])  # expect-error
    CorsPolicy([APP])  # expect-error


def misspelled_arguments() -> None:
    CorsPolicy(allow_origin=[APP])  # expect-error
    CorsPolicy(allow_origins=[APP], allow_method=["PUT"])  # expect-error


def missing_origins() -> None:
    CorsPolicy()  # expect-error
    CorsPolicy(allow_methods=["PUT"])  # expect-error


def unknown_risk() -> None:
    CorsPolicy(allow_origins=[APP], accept_risks=["insecure"])  # expect-error


def on_decision(event: DecisionEvent) -> None:
    print(event)


async def async_hook(event: DecisionEvent) -> None:
    print(event)


def observed(app: Any, policy: CorsPolicy) -> None:
    corekit_asgi.CorsMiddleware(app, policy, on_decision=on_decision)
    corekit_wsgi.CorsMiddleware(app, policy, on_decision=on_decision)
    corekit_starlette.install(Starlette(), policy, on_decision=on_decision)
    corekit_flask.Cors(Flask(__name__), policy, on_decision=on_decision)
    corekit_aiohttp.install(web.Application(), policy, on_decision=on_decision)


def observed_by_coroutines(app: Any, policy: CorsPolicy) -> None:
    corekit_asgi.CorsMiddleware(app, policy, on_decision=async_hook)  # expect-error
    corekit_wsgi.CorsMiddleware(app, policy, on_decision=async_hook)  # expect-error
    corekit_starlette.install(Starlette(), policy, on_decision=async_hook)  # expect-error
    corekit_flask.Cors(Flask(__name__), policy, on_decision=async_hook)  # expect-error
    corekit_aiohttp.install(web.Application(), policy, on_decision=async_hook)  # expect-error
