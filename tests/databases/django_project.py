"""A Django project that loads origins with the ORM, by the snippets of the documentation.

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


def write_project(folder: Path, every: float) -> None:
    """Write the project, in which origins are loaded again after `every` seconds."""
    package = folder / "shop"
    package.mkdir()
    files = {
        "__init__.py": "",
        "models.py": MODELS,
        "settings.py": SETTINGS + snippet("# settings.py"),
        "urls.py": URLS,
        "wsgi.py": snippet("# wsgi.py").replace("every=30", f"every={every}"),
    }
    for name, text in files.items():
        (package / name).write_text(text)
