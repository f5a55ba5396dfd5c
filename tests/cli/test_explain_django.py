"""`corekit explain --django`: the settings of a project, read as the middleware reads them.

Each project is read in its own process, since a process reads settings only once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.cli.explaining import run
from tests.cli.live import serving
from tests.probe.servers import PAGE, right

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

HEAD: Final = 'SECRET_KEY = "x"\n'
FINE: Final = f'{HEAD}CORS_ALLOWED_ORIGINS = ["{PAGE}"]\n'
BELOW_API: Final = FINE + 'CORS_URLS_REGEX = r"^/api/.*$"\n'
ROUTES: Final = f"""{HEAD}
from corekit import CorsPolicy, CorsRoutes
CORS_POLICY = CorsRoutes([("/api/", CorsPolicy(allow_origins=["{PAGE}"]))])
"""


def explain(
    folder: Path, settings: str, *arguments: str, named: bool = True
) -> subprocess.CompletedProcess[str]:
    (folder / "shop").mkdir()
    (folder / "shop" / "settings.py").write_text(settings)
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    if not named:
        kept["DJANGO_SETTINGS_MODULE"] = "shop.settings"
    django = ["--django", "shop.settings"] if named else ["--django"]
    return subprocess.run(
        [sys.executable, "-m", "corekit_cli", "explain", *django, *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def found_by(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stderr == ""
    return json.loads(done.stdout)


GUARDED: Final = f'{BELOW_API}CORS_GUARD = {{"hosts": ["api.example.com"]}}\n'


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        ([f"--origin={PAGE}", "-X", "POST"], 0, "LISTED_ORIGIN"),
        (["--origin=https://evil.example", "-X", "POST"], 1, "CROSS_SITE"),
        ([f"--origin={PAGE}", "--host=rebind.example"], 1, "HOST_NOT_ALLOWED"),
        ([f"--origin={PAGE}", "-X", "POST", "--api=https://api.example.com/x"], 1, "SAME_SITE"),
        (["--origin=https://evil.example", "--api=wss://api.example.com/"], 1, "WEBSOCKET_ORIGIN"),
    ],
)
def test_guard_of_the_settings_judges(
    tmp_path: Path, arguments: list[str], status: int, reason: str
) -> None:
    if "--api" not in arguments[-1]:
        arguments = [*arguments, "--api=https://api.example.com/api/"]
    done = explain(tmp_path, GUARDED, *arguments, "--json")
    found = found_by(done)
    assert (done.returncode, found["guard"]["reason"]) == (status, reason)
    assert ("get_guard()" in found["note"]) == (reason == "WEBSOCKET_ORIGIN")


@pytest.mark.parametrize("named", [True, False])
def test_settings_are_explained(tmp_path: Path, *, named: bool) -> None:
    done = explain(tmp_path, FINE, f"--origin={PAGE}", named=named)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"The policy allows the origin by the exact origin '{PAGE}'." in done.stdout


def test_fix_names_the_setting(tmp_path: Path) -> None:
    done = explain(tmp_path, FINE, f"--origin={PAGE}", "--method=PUR", "--json")
    assert done.returncode == 1
    fixes = [fix["message"] for fix in found_by(done)["fixes"]]
    assert fixes == ["Add 'PUR' to CORS_ALLOW_METHODS."]


@pytest.mark.parametrize(
    ("settings", "path", "fix"),
    [
        (BELOW_API, "/api/items", None),
        (
            BELOW_API,
            "/items",
            "Change CORS_URLS_REGEX, or call another path: the path is outside of CORS_URLS_REGEX.",
        ),
        (ROUTES, "/api/items", None),
        (ROUTES, "/items", "No route covers the path /items"),
    ],
)
def test_path_may_not_be_covered(tmp_path: Path, settings: str, path: str, fix: str | None) -> None:
    api = f"--api=https://api.example.com{path}"
    done = explain(tmp_path, settings, f"--origin={PAGE}", api, "--json")
    found = found_by(done)
    assert found["allowed"] == (fix is None)
    assert done.returncode == (fix is not None)
    assert [each["message"].startswith(fix or "") for each in found["fixes"]] == [True] * bool(fix)


@pytest.mark.parametrize(
    ("headers", "fix"),
    [
        ([], "Change CORS_URLS_REGEX"),
        ([("Access-Control-Allow-Origin", "*")], "'manage.py cors' shows the policy of the view"),
    ],
)
def test_policy_of_a_view_is_up_to_manage_py(
    tmp_path: Path, headers: list[tuple[str, str]], fix: str
) -> None:
    def app(_: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", headers)
        return [b""]

    with serving(app) as live:
        called = (f"--url={live.url}", "--credentials=include")
        done = explain(tmp_path, BELOW_API, f"--origin={PAGE}", *called, "--json")
    found = found_by(done)
    assert [fix in each["message"] for each in found["fixes"]] == [True]
    assert "use 'manage.py cors'" in found["note"]


def test_live_server_is_compared_with_the_settings(tmp_path: Path) -> None:
    with serving(right()) as live:
        done = explain(tmp_path, FINE, f"--origin={PAGE}", f"--url={live.url}", "--json")
    assert done.returncode == 0
    assert "The policy allows the origin by" in found_by(done)["steps"][-2]["details"][0]


def test_problems_of_the_settings_are_listed(tmp_path: Path) -> None:
    settings = HEAD + 'CORS_ALLOWED_ORIGINS = ["app.example.com"]\n'
    done = explain(tmp_path, settings, f"--origin={PAGE}", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert "'corekit check --django shop.settings' lists them too." in error["hint"]
    assert [each["subject"] for each in error["diagnostics"]] == ["CORS_ALLOWED_ORIGINS[0]"]


def test_settings_that_fail_are_reported(tmp_path: Path) -> None:
    done = explain(tmp_path, "1 / 0", f"--origin={PAGE}")
    assert done.returncode == 2
    assert "The settings cannot be read: ZeroDivisionError" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--django=shop.settings",), "Pass --origin and --policy, --django or --url"),
        (
            ("--django=shop.settings", "--policy=-", f"--origin={PAGE}"),
            "Pass --policy or --django, not both.",
        ),
        (("CORSMissingAllowOrigin", "--django"), "without other options"),
    ],
)
def test_options_exclude_each_other(arguments: tuple[str, ...], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())
