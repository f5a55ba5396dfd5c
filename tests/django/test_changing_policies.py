"""The project of the guide, whose policy follows a file and a table, with real servers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from tests.config.watching import NEW, OLD, policy_text, wait_for
from tests.docs.pages import ROOT, blocks
from tests.frameworks.test_paths import Server, served

SHOP: Final = "https://shop-1.example"
OTHER: Final = "https://shop-2.example"

SETTINGS: Final = """
from pathlib import Path

BASE_DIR = Path(__file__).parents[1]
ALLOWED_HOSTS = ["127.0.0.1"]
SECRET_KEY = "x"
ROOT_URLCONF = "mysite.urls"
INSTALLED_APPS = ["corekit_django", "mysite"]
MIDDLEWARE = ["corekit_django.middleware.CorsMiddleware"]
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "shop.db"}}
"""
MODELS: Final = """
from django.db import models


class Tenant(models.Model):
    origin = models.CharField(max_length=300)
"""
URLS: Final = """
from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("", lambda request: HttpResponse("hello"))]
"""

SERVERS: Final = {
    "gunicorn": (
        "mysite.wsgi",
        "--preload",
        "--bind=127.0.0.1:{port}",
        "--log-level=critical",
        "--pythonpath={folder}",
    ),
    "uvicorn": (
        "mysite.asgi:application",
        "--workers=2",  # then it imports the module in its event loop
        "--port={port}",
        "--log-level=critical",
        "--app-dir={folder}",
    ),
}


def execute(folder: Path, statement: str, *values: str) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute(statement, values)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return the folder of a project, after its table was created."""
    folder = tmp_path / "mysite"
    folder.mkdir()
    files = {"__init__.py": "", "settings.py": SETTINGS, "models.py": MODELS, "urls.py": URLS}
    for block in blocks(ROOT / "docs" / "django.md", "python"):
        if block.startswith("# mysite/"):
            title, rest = block.split("\n", 1)
            name = title.removeprefix("# mysite/")
            text = rest.replace("settings.CORS_POLICY)", "settings.CORS_POLICY, every=0.05)")
            files[name] = files.get(name, "") + text
    for name, text in files.items():
        (folder / name).write_text(text)
    (tmp_path / "cors.toml").write_text(policy_text(OLD))
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--settings=mysite.settings"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    execute(tmp_path, "INSERT INTO mysite_tenant (origin) VALUES (?)", SHOP)
    return tmp_path


@pytest.mark.parametrize("name", SERVERS)
def test_policy_follows_file_and_table(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mysite.settings")

    def allows(origin: str) -> bool:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/", headers={"Origin": origin, "Connection": "close"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"hello")
        connection.close()
        return response.headers["Access-Control-Allow-Origin"] == origin

    def answers(allowed: set[str]) -> bool:
        """Return whether these are the origins that all workers allow, as far as it shows."""
        asked = [each for _ in range(5) for each in (OLD, NEW, SHOP, OTHER)]
        return all(allows(each) is (each in allowed) for each in asked)

    command = [each.replace("{folder}", str(project)) for each in SERVERS[name]]
    with served(Server(name, (name, *command), ())) as port:
        assert wait_for(lambda: answers({OLD, SHOP}))
        (project / "cors.toml").write_text(policy_text(NEW))
        execute(project, "UPDATE mysite_tenant SET origin = ?", OTHER)
        assert wait_for(lambda: answers({NEW, OTHER}))
