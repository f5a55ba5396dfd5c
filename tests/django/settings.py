"""Settings of the test project, with every feature of the adapter.

Tests override the settings they need. The models are those of the example, whose folder is added
to the path here.
"""

from __future__ import annotations

import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "django_shop"
sys.path.append(str(EXAMPLE))

SECRET_KEY = "tests" * 10
ALLOWED_HOSTS = ["api.example.org", "testserver"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "corekit_django",
    "rest_framework",
    "tests.django.apps.Models",
]
MIDDLEWARE = [
    "corekit_django.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "tests.django.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
