"""The commands that people develop with log a denied page on localhost, without any setup."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.frameworks.test_logging import ask, free_port, wait_for

FASTAPI: Final = """
from fastapi import FastAPI
from corekit_starlette import install

app = FastAPI()
install(app, allow_origins=["https://app.example.com"])

@app.get("/items")
def items() -> str:
    return "items"
"""
FLASK: Final = """
from flask import Flask
from corekit_flask import Cors

app = Flask(__name__)
Cors(app, allow_origins=["https://app.example.com"])

@app.get("/items")
def items() -> str:
    return "items"
"""
LITESTAR: Final = """
from litestar import Litestar, get
from corekit_asgi import install

@get("/items")
async def items() -> str:
    return "items"

app = install(Litestar([items]), allow_origins=["https://app.example.com"])
"""
QUART: Final = """
from quart import Quart
from corekit_asgi import install

app = Quart(__name__)

@app.get("/items")
async def items() -> str:
    return "items"

install(app, allow_origins=["https://app.example.com"])
"""
DJANGO: Final = """
import sys
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

def items(request):
    return HttpResponse("items")

urlpatterns = [path("items", items)]
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["corekit_django"],
    MIDDLEWARE=[
        "corekit_django.middleware.CorsMiddleware",
        "django.middleware.common.CommonMiddleware",
    ],
    CORS_ALLOWED_ORIGINS=["https://app.example.com"],
)
execute_from_command_line(sys.argv)
"""
COMMANDS: Final[Mapping[str, tuple[str, list[str], str]]] = {
    "fastapi dev": (
        FASTAPI,
        ["-m", "fastapi", "dev", "--no-reload", "--port", "PORT"],
        "allow_origins",
    ),
    "flask run": (FLASK, ["-m", "flask", "run", "--port", "PORT"], "allow_origins"),
    "litestar run": (LITESTAR, ["-m", "litestar", "run", "--port", "PORT"], "allow_origins"),
    "quart run": (QUART, ["-m", "quart", "run", "--port", "PORT"], "allow_origins"),
    "runserver": (DJANGO, ["app.py", "runserver", "--noreload", "PORT"], "CORS_ALLOWED_ORIGINS"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_denied_page_on_localhost_is_logged_once(command: str, tmp_path: Path) -> None:
    code, words, setting = COMMANDS[command]
    (tmp_path / "app.py").write_text(code)
    port = free_port()
    run = [sys.executable, *(word.replace("PORT", str(port)) for word in words)]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(run, cwd=tmp_path, stdout=output, stderr=output)
        try:
            wait_for(port)
            for _ in range(2):
                ask(port, "GET", "/items", Origin="http://localhost:5173")
        finally:
            process.terminate()
            process.wait(timeout=20)
    lines = (tmp_path / "output").read_text().splitlines()
    # Litestar shows INFO too.
    (line,) = [line for line in lines if "CORS: " in line and not line.startswith("INFO")]
    assert line[line.index("CORS: ") :] == (
        "CORS: GET '/items' from 'http://localhost:5173' denied: the policy does not allow this"
        f" origin. Add 'http://localhost:5173' to {setting}. [ORIGIN_NOT_ALLOWED]"
    )
