"""Checks of CORS_GUARD: W018, W019, and what no longer has to be reported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.urls import path

from corekit import CorsPolicy
from corekit_django import cors
from tests.django import views
from tests.django.checking import APP, CREDENTIALS, HOSTS, run
from tests.django.settings import EXAMPLE

GUARDED: dict[str, Any] = {**CREDENTIALS, **HOSTS, "CORS_GUARD": True}
OWN = "https://api.example.org"


@pytest.mark.parametrize(
    ("listed", "trusted", "refused"),
    [
        ([APP], [], ""),
        ([APP], [APP], ""),
        ([APP], ["https://other.example.com"], "https://other.example.com"),
        ([APP], [f"{APP}:8443"], f"{APP}:8443"),
        ([APP], [OWN], ""),
        ([APP], [f"{OWN}:8443"], ""),
        # There, a wildcard takes in the domain itself.
        (["https://*.example.com"], ["https://*.example.com"], "https://example.com"),
        (["https://*.example.com", "https://example.com"], ["https://*.example.com"], ""),
        ([APP], ["https://*.example.com"], "https://any.example.com, https://example.com"),
        (["https://*.example.com:*"], ["https://*.example.com:8443"], "https://example.com:8443"),
    ],
)
def test_trusted_origin_that_the_guard_refuses_is_reported(
    listed: list[str], trusted: list[str], refused: str
) -> None:
    values = {**GUARDED, "CORS_ALLOWED_ORIGINS": listed, "CSRF_TRUSTED_ORIGINS": trusted}
    messages = run("W018", **values)
    assert [message.msg.partition("requests: ")[2] for message in messages] == (
        [f"{refused}."] if refused else []
    )
    for message in messages:
        assert "to CORS_ALLOWED_ORIGINS" in message.hint
        assert ("also means 'https://example.com'" in message.hint) is ("*" in trusted[0])


def test_trusted_origin_needs_credentials() -> None:
    values = {**GUARDED, "CSRF_TRUSTED_ORIGINS": [APP], "CORS_ALLOW_CREDENTIALS": False}
    assert len(run("W018", **values)) == 1


def test_policies_of_views_count() -> None:
    values = {**GUARDED, "CORS_ALLOWED_ORIGINS": [], "CSRF_TRUSTED_ORIGINS": ["https://a.example"]}
    assert len(run("W018", **values)) == 1
    policy = CorsPolicy(allow_origins=["https://a.example"], allow_credentials=True)

    class Urls:
        urlpatterns = (path("", cors(policy)(views.plain)),)

    assert run("W018", **values, ROOT_URLCONF=Urls) == []


@pytest.mark.parametrize(
    "guard",
    [None, {"writes": "ignore"}, {"own_origins": ["https://a.example"]}],
    ids=["none", "ignoring", "own"],
)
def test_origin_that_nothing_refuses_is_not_reported(guard: object) -> None:
    values = {**GUARDED, "CORS_GUARD": guard, "CSRF_TRUSTED_ORIGINS": ["https://a.example"]}
    assert run("W018", **values) == []


def test_settings_with_problems_are_reported_alone() -> None:
    values = {
        **GUARDED,
        "CORS_ALLOWED_ORIGINS": ["x"],
        "CSRF_TRUSTED_ORIGINS": ["https://a.example"],
    }
    assert run("W018", **values) == []


@pytest.mark.parametrize(
    ("guard", "fires"),
    [(None, True), (True, False), ({"mode": "report"}, True), ({"writes": "ignore"}, True)],
)
def test_tokens_that_are_not_needed_are_not_reported(guard: object, fires: bool) -> None:
    values = {**GUARDED, "CORS_GUARD": guard}
    assert len(run("W006", **values)) == len(run("W007", **values)) == fires
    assert len(run("W005", **values)) == 1


@pytest.mark.parametrize(
    ("guard", "origins", "fires"),
    [
        (None, [APP], False),
        (True, [APP], False),
        ({"mode": "report"}, [APP], True),
        ({"mode": "report"}, ["x"], False),
    ],
    ids=["none", "enforced", "reporting", "problems"],
)
def test_guard_that_refuses_nothing_is_reported(
    guard: object, origins: list[str], fires: bool
) -> None:
    values = {**GUARDED, "CORS_ALLOWED_ORIGINS": origins, "CORS_GUARD": guard}
    assert len(run("W019", deploy=True, **values)) == fires
    assert run("W019", **values) == []


def test_example_with_the_guard_has_no_problems(tmp_path: Path) -> None:
    environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "shop.settings", "SHOP_GUARD": "1"}
    environ["SHOP_DATABASE"] = str(tmp_path / "none.sqlite3")
    command = [sys.executable, "manage.py", "check", "--fail-level", "WARNING"]
    done = subprocess.run(
        command, cwd=EXAMPLE, env=environ, check=False, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert done.stdout == "System check identified no issues (0 silenced).\n"
