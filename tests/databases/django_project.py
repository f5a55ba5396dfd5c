"""A Django project with origins that the ORM finds, by the snippets of the documentation.

Not a test. Its table is that of the other tests here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.databases.pages import snippet

SETTINGS: Final = """
import os

SECRET_KEY = "tests" * 10
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["shop", "corekit_django"]
MIDDLEWARE = ["corekit_django.middleware.CorsMiddleware"]
ROOT_URLCONF = "shop.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends." + os.environ["SHOP_ENGINE"],
        "NAME": os.environ["SHOP_NAME"],
        "HOST": os.environ.get("PGHOST", ""),
        "USER": os.environ.get("PGUSER", ""),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"short": {"format": "%(levelname)s %(message)s"}},
    "handlers": {
        "file": {
            "class": "logging.FileHandler",
            "filename": os.environ["SHOP_LOG"],
            "formatter": "short",
        }
    },
    "loggers": {"corekit": {"handlers": ["file"], "level": "INFO"}},
}
"""

MODELS: Final = """
from django.db import models


class Tenant(models.Model):
    origin = models.CharField(max_length=330, primary_key=True)

    class Meta:
        db_table = "tenants"
"""

URLS: Final = """
import os

from django.http import HttpResponse
from django.urls import path

from shop.models import Tenant


def process(request):
    return HttpResponse(os.getpid())


def count(request):
    return HttpResponse(Tenant.objects.count())


urlpatterns = [path("", process), path("count/", count)]
"""


CORS_LOOKUP: Final = """
CORS_LOOKUP = "shop.cors.lookup"
"""

SERVER: Final = """
from django.core.{0} import get_{0}_application

application = get_{0}_application()
"""


def write_loading_project(folder: Path, every: float) -> None:
    """Write the project, in which origins are loaded again after `every` seconds."""
    _write(
        folder,
        {
            "settings.py": SETTINGS + snippet("# settings.py"),
            "wsgi.py": snippet("# wsgi.py").replace("every=30", f"every={every}"),
        },
    )


def write_asking_project(folder: Path) -> None:
    """Write the project, in which origins are looked up."""
    _write(
        folder,
        {
            "asgi.py": SERVER.format("asgi"),
            "cors.py": snippet("# shop/cors.py"),
            "settings.py": SETTINGS + snippet("# settings.py") + CORS_LOOKUP,
            "wsgi.py": SERVER.format("wsgi"),
        },
    )


def _write(folder: Path, files: dict[str, str]) -> None:
    package = folder / "shop"
    package.mkdir()
    files = {"__init__.py": "", "models.py": MODELS, "urls.py": URLS, **files}
    for name, text in files.items():
        (package / name).write_text(text)
