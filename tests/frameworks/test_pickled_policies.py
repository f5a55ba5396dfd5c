"""A per-route policy applies in a process that only received it, pickled with the endpoint.

Servers such as Ray Serve pickle an application and run it in another process, where `cors` was
never called. What arrives with a function there are its attributes.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import corekit_django
import corekit_flask
import corekit_starlette
from corekit import CorsPolicy

ROOT = Path(__file__).parents[2]

RECEIVE = """
import pickle, sys

def received(function):
    vars(function).update(pickle.load(sys.stdin.buffer))
    return function

headers = {"Origin": "https://evil.example"}
"""

STARLETTE = """
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from corekit import CorsPolicy
from corekit_starlette import install

async def admin(request):
    return PlainTextResponse("secret")

app = Starlette(routes=[Route("/admin", received(admin))])
install(app, CorsPolicy(allow_origins=["*"]))
print(TestClient(app).get("/admin", headers=headers).headers.get("access-control-allow-origin"))
"""

FASTAPI = """
from fastapi import FastAPI
from starlette.testclient import TestClient
from corekit import CorsPolicy
from corekit_starlette import install

app = FastAPI()

def admin():
    return "secret"

app.get("/admin")(received(admin))
install(app, CorsPolicy(allow_origins=["*"]))
print(TestClient(app).get("/admin", headers=headers).headers.get("access-control-allow-origin"))
"""

FLASK = """
from flask import Flask
from corekit import CorsPolicy
from corekit_flask import Cors

app = Flask("shop")

def admin():
    return "secret"

app.get("/admin")(received(admin))
Cors(app, CorsPolicy(allow_origins=["*"]))
print(app.test_client().get("/admin", headers=headers).headers.get("access-control-allow-origin"))
"""

DJANGO = """
import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

def admin(request):
    return HttpResponse("secret")

urlpatterns = [path("admin", received(admin))]
settings.configure(
    ALLOWED_HOSTS=["*"],
    CORS_ALLOW_ALL_ORIGINS=True,
    INSTALLED_APPS=["corekit_django"],
    MIDDLEWARE=["corekit_django.middleware.CorsMiddleware"],
    ROOT_URLCONF="__main__",
)
django.setup()
from django.test import Client
print(Client().get("/admin", headers=headers).headers.get("access-control-allow-origin"))
"""


@pytest.mark.parametrize(
    ("cors", "script"),
    [
        (corekit_starlette.cors, STARLETTE),
        (corekit_starlette.cors, FASTAPI),
        (corekit_flask.cors, FLASK),
        (corekit_django.cors, DJANGO),
    ],
    ids=["starlette", "fastapi", "flask", "django"],
)
def test_pickled_policy_applies_in_another_process(cors: Callable[..., Any], script: str) -> None:
    def admin() -> None: ...

    attributes = dict(vars(cors(CorsPolicy.deny_all())(admin)))
    attributes.pop("__wrapped__", None)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RECEIVE + script],
        input=pickle.dumps(attributes),
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.stdout.decode().strip(), done.stderr.decode()) == ("None", "")
