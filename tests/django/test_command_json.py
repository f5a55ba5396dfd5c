"""`manage.py cors --json`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from corekit import CorsPolicy, CorsRoutes
from tests.django.commanding import APP, PARTNER, run_json
from tests.django.test_middleware import forget_settings

pytestmark = pytest.mark.usefixtures("project")


def test_policy_is_printed_as_json() -> None:
    with override_settings(
        CORS_ALLOWED_ORIGIN_REGEXES=[r"https://pr-\d+\.example\.com"], CORS_URLS_REGEX="/api/.*"
    ):
        status, data = run_json()
    assert (status, data["source"], data["urls"]) == (0, "the CORS_* settings", "/api/.*")
    ((path, policy),) = [(each["path"], each["policy"]) for each in data["policies"]]
    assert (path, policy["allow_origins"], policy["max_age"]) == (None, [APP], 86400)
    assert policy["allow_origin_regexes"] == [r"https://pr-\d+\.example\.com"]
    views = {(each["path"], each["method"]): each for each in data["views"]}
    assert views["/exempt/", None]["policy"] is None
    assert views["/own-method/", "GET"]["policy"]["allow_origins"] == ["https://own.example"]
    assert data["receivers"] == 0


def test_routes_are_printed_as_json() -> None:
    routes = CorsRoutes([("/api/", CorsPolicy(allow_origins=["*"])), ("/", CorsPolicy.deny_all())])
    with override_settings(CORS_POLICY=routes):
        forget_settings()
        _, data = run_json()
    assert (data["source"], data["urls"]) == ("CORS_POLICY", None)
    assert [(each["path"], each["policy"]["allow_origins"]) for each in data["policies"]] == [
        ("/api/", ["*"]),
        ("/", []),
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "allowed"),
    [
        ([APP, "--path", "/plain/"], 0, True),
        ([PARTNER, "--path", "/plain/"], 1, False),
        ([APP, "--path", "/exempt/"], 2, None),
    ],
)
def test_verdict_is_printed_as_json(
    arguments: list[str], status: int, allowed: bool | None
) -> None:
    found, data = run_json("--origin", *arguments)
    assert (found, data["allowed"]) == (status, allowed)
    assert data["summary"]
    assert data["policy"]
    assert ("steps" in data) is (allowed is not None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--path", "/"], "Pass --origin"),
        (["--origin", "https://*.example.com"], "Name one origin, not a pattern."),
        (["--origin", APP, "--host", "other.example"], "ALLOWED_HOSTS"),
        (["--origin", APP, "--host", "ws://testserver"], "scheme is neither http nor https"),
    ],
)
def test_errors_are_printed_as_json(arguments: list[str], said: str) -> None:
    out = StringIO()
    with pytest.raises(CommandError, match=said) as caught:
        call_command("cors", *arguments, "--json", stdout=out)
    assert caught.value.returncode == 2
    assert said in json.loads(out.getvalue())["error"]["message"]


def test_problems_are_printed_as_json() -> None:
    out = StringIO()
    with override_settings(CORS_ALLOWED_ORIGINS=[f"{APP}/"]), pytest.raises(CommandError) as caught:
        call_command("cors", "--json", stdout=out)
    assert caught.value.returncode == 2
    ((diagnostic,),) = [json.loads(out.getvalue())["error"]["diagnostics"]]
    assert (diagnostic["subject"], diagnostic["fix"]) == ("CORS_ALLOWED_ORIGINS[0]", APP)
