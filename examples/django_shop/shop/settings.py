"""Settings of the shop. Those that other sites need are at the end."""

from __future__ import annotations

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = os.environ.get(
    "SHOP_SECRET_KEY", "for development only, never in production " + "." * 20
)
DEBUG = os.environ.get("SHOP_DEBUG") == "1"
ALLOWED_HOSTS = ["api.example.org", "localhost", "127.0.0.1"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "corekit_django",
    "shop",
]
MIDDLEWARE = [
    "corekit_django.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
ROOT_URLCONF = "shop.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", BASE_DIR / "db.sqlite3"),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

# The origins whose pages may call the API with the user's cookies, and what they may send.
CORS_ALLOWED_ORIGINS = ["https://app.example.com", "http://localhost:3000"]
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = ["authorization", "content-type", "x-csrftoken"]

# CSRF protection is separate, and needs the same origins.
CSRF_TRUSTED_ORIGINS = CORS_ALLOWED_ORIGINS

# Browsers send only such cookies with requests from other sites.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# With SHOP_GUARD=1, the guard takes the place of CSRF tokens: only pages of this server and of the
# origins above can change anything.
CORS_GUARD = os.environ.get("SHOP_GUARD") == "1"
if CORS_GUARD:
    MIDDLEWARE.remove("django.middleware.csrf.CsrfViewMiddleware")
    CSRF_TRUSTED_ORIGINS = []
