"""Run the checks of corekit_django with the settings of a test."""

from __future__ import annotations

import warnings
from typing import Any

from django.core.checks import run_checks
from django.test import override_settings
from django.urls import path

from corekit import PolicyWarning
from tests.django import views

APP = "https://app.example.com"
OURS = "corekit_django.middleware.CorsMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"


class Urls:
    urlpatterns = (path("", views.plain),)


def run(number: str | None = None, *, deploy: bool = False, **values: Any) -> list[Any]:
    """Run all Django checks with these settings; return our messages, optionally of one id."""
    urls = values.pop("ROOT_URLCONF", Urls)
    with override_settings(ROOT_URLCONF=urls, **values), warnings.catch_warnings():
        warnings.simplefilter("ignore", PolicyWarning)  # W004 has it too
        found = [
            message
            for message in run_checks(include_deployment_checks=deploy)
            if str(message.id).startswith("corekit_django.")
        ]
    wanted = None if number is None else f"corekit_django.{number}"
    return [message for message in found if wanted in (None, message.id)]


CREDENTIALS: dict[str, Any] = {"CORS_ALLOWED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": True}
HOSTS: dict[str, Any] = {"ALLOWED_HOSTS": ["api.example.org"]}
NONE: dict[str, Any] = {"SESSION_COOKIE_SAMESITE": "None", "CSRF_COOKIE_SAMESITE": "None"}
SECURE: dict[str, Any] = {"SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True}
