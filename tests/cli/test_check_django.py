"""`corekit check --django`: the settings of a project, read as the middleware reads them.

Each project is checked in its own process, since a process reads settings only once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HEAD = 'SECRET_KEY = "x"\n'
FINE = HEAD + 'CORS_ALLOWED_ORIGINS = ["https://app.example.com"]\n'


def check(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    return subprocess.run(
        [sys.executable, "-m", "corekit_cli", "check", *arguments],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def check_settings(folder: Path, settings: str, *arguments: str) -> tuple[int, Any]:
    (folder / "shop").mkdir()
    (folder / "shop" / "settings.py").write_text(settings)
    done = check(folder, "--django", "shop.settings", "--json", *arguments)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def codes(found: Any, severity: str) -> list[tuple[str, str]]:
    diagnostics = found["diagnostics"]
    return [(each["code"], each["subject"]) for each in diagnostics if each["severity"] == severity]


def test_settings_without_problems(tmp_path: Path) -> None:
    status, found = check_settings(tmp_path, FINE, "--strict")
    assert status == 0
    assert found == {
        "version": 1,
        "ok": True,
        "sources": ["shop.settings"],
        "diagnostics": [],
    }


def test_output_of_settings_goes_to_stderr(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(f"print('loading')\n{FINE}")
    done = check(tmp_path, "--django", "settings", "--json")
    assert json.loads(done.stdout)["ok"]
    assert done.stderr == "loading\n"


def test_environment_may_name_the_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(FINE)
    done = check(tmp_path, "--django", DJANGO_SETTINGS_MODULE="settings")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "settings: no problems\n"


def test_problems_name_the_settings(
    tmp_path: Path,
) -> None:
    settings = HEAD + (
        'CORS_ALLOWED_ORIGINS = ["app.example.com"]\n'
        'CORS_ALLOW_METHODS = ["put"]\n'
        'CORS_ALLOW_ORIGIN = ["https://app.example.com"]\n'
    )
    status, found = check_settings(tmp_path, settings)
    assert status == 1
    assert codes(found, "error") == [
        ("malformed-origin", "CORS_ALLOWED_ORIGINS[0]"),
        ("method-case", "CORS_ALLOW_METHODS[0]"),
        ("corekit_django.E005", "settings"),
    ]
    assert found["diagnostics"][2]["hint"] == "Did you mean CORS_ALLOWED_ORIGINS?"


def test_misspelled_setting_is_an_error(tmp_path: Path) -> None:
    status, found = check_settings(tmp_path, FINE + 'CORS_ALLOW_METHOD = ["PUT"]\n')
    assert (status, codes(found, "error")) == (1, [("corekit_django.E005", "settings")])


def test_defaults_get_no_advice(tmp_path: Path) -> None:
    settings = FINE + (
        'CORS_ALLOW_HEADERS = ["accept", "cookie", "x-a"]\n'
        "CORS_PREFLIGHT_MAX_AGE = 86400\n"
        "CORS_ALLOW_CREDENTIALS = True\n"
    )
    status, found = check_settings(tmp_path, settings, "--api", "https://api.example.org")
    assert status == 0
    assert codes(found, "warning") == [
        ("forbidden-header", "CORS_ALLOW_HEADERS[1]"),
        ("third-party-cookies", "CORS_ALLOWED_ORIGINS"),
        ("safelisted-header", "CORS_ALLOW_HEADERS"),
        ("max-age-capped", "CORS_PREFLIGHT_MAX_AGE"),
    ]


@pytest.mark.parametrize("package", ["corekit_django", "corsheaders"])
def test_recipe_of_the_guide_gets_no_advice(package: str, tmp_path: Path) -> None:
    settings = FINE + (
        f"from {package}.defaults import default_headers, default_methods\n"
        'CORS_ALLOW_HEADERS = [*default_headers, "x-request-id"]\n'
        'CORS_ALLOW_METHODS = [*default_methods, "PURGE"]\n'
    )
    status, found = check_settings(tmp_path, settings, "--strict")
    assert (status, found["diagnostics"]) == (0, [])


def test_part_of_the_defaults_is_what_was_written(tmp_path: Path) -> None:
    settings = FINE + 'CORS_ALLOW_HEADERS = ["accept", "x-a"]\nCORS_ALLOW_METHODS = ["GET"]\n'
    status, found = check_settings(tmp_path, settings, "--strict")
    assert (status, codes(found, "warning")) == (
        1,
        [
            ("safelisted-method", "CORS_ALLOW_METHODS"),
            ("safelisted-header", "CORS_ALLOW_HEADERS"),
        ],
    )


def test_old_setting_is_named_as_it_was_written(tmp_path: Path) -> None:
    settings = HEAD + 'CORS_ORIGIN_WHITELIST = ["https://app.example.com", "http://localhost:1"]\n'
    _, found = check_settings(tmp_path, settings)
    assert codes(found, "info") == [("development-origin", "CORS_ORIGIN_WHITELIST")]


def test_regex_gets_the_advice_of_a_pattern_once(tmp_path: Path) -> None:
    regexes = r"['https://app.example\.com', 'https://appxexample\.com']"
    _, found = check_settings(tmp_path, f"{HEAD}CORS_ALLOWED_ORIGIN_REGEXES = {regexes}")
    assert codes(found, "warning") == [
        ("covered-origin", "CORS_ALLOWED_ORIGIN_REGEXES"),
        ("open-pattern", "CORS_ALLOWED_ORIGIN_REGEXES"),
    ]


def test_policy_in_the_settings_keeps_its_argument_names(tmp_path: Path) -> None:
    settings = HEAD + (
        "from corekit import CorsPolicy, CorsRoutes\n"
        "CORS_POLICY = CorsRoutes([('/api/', CorsPolicy(allow_origins=['https://a.example'],"
        " allow_methods=['GET'], max_age=600))])\n"
    )
    status, found = check_settings(tmp_path, settings, "--strict")
    assert (status, codes(found, "warning")) == (1, [("safelisted-method", "allow_methods")])
    assert found["diagnostics"][0]["route"] == "/api/"


def test_problems_of_a_policy_in_the_settings_are_printed(tmp_path: Path) -> None:
    settings = HEAD + "from corekit import CorsPolicy\nCORS_POLICY = CorsPolicy()\n"
    status, found = check_settings(tmp_path, settings)
    assert (status, found["sources"]) == (1, ["shop.settings"])
    assert codes(found, "error") == [("no-origins", "allow_origins")]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--django"], "Error: --django: DJANGO_SETTINGS_MODULE is not set. Name the settings: "),
        (
            ["--django", "none.settings"],
            "Error: none.settings: The settings cannot be read: Module",
        ),
        (["--django", "broken"], "ZeroDivisionError: 'division by zero'. Run: python -c 'import"),
        (["--django", "leaving"], "SystemExit: '3'. "),
    ],
)
def test_unreadable_settings_are_reported_in_one_line(
    arguments: list[str], found: str, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text("1 / 0")
    (tmp_path / "leaving.py").write_text("import sys; sys.exit(3)")
    done = check(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert found in done.stderr
    assert done.stderr.count("\n") == 1


HIDING = """
import sys
sys.modules["{name}"] = None
from corekit_cli.__main__ import main
sys.argv = ["corekit", "check", "--django", "shop.settings"]
main()
"""


@pytest.mark.parametrize(
    ("name", "status", "found"),
    [
        (
            "django",
            2,
            "Error: --django needs Django, which is not installed. Install corekit with the",
        ),
        ("corekit_django.conf", 1, "ModuleNotFoundError"),
    ],
)
def test_missing_django_is_reported(name: str, status: int, found: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDING.format(name=name)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status
    assert found in done.stderr


def test_checking_a_file_does_not_import_django(tmp_path: Path) -> None:
    (tmp_path / "cors.toml").write_text('allow_origins = ["https://app.example.com"]')
    code = (
        "import sys\nfrom corekit_cli.__main__ import main\n"
        "sys.argv = ['corekit', 'check', 'cors.toml']\n"
        "try:\n    main()\nfinally:\n    print('django' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False"


GUARD = 'CORS_GUARD = {"mode": "report", "own_origins": ["https://app.example.com"]}\n'
LOOKUP = "CORS_LOOKUP = corekit_lookups.OriginLookup(lambda origin: False, ttl=5)\n"
LOCAL_API = "--api=http://localhost:8000"


@pytest.mark.parametrize(
    ("settings", "arguments", "found"),
    [
        (
            FINE + GUARD,
            [],
            [
                ("listed-own-origin", 'CORS_GUARD["own_origins"]', "Remove it from CORS_ALLOWED"),
                ("report-mode", 'CORS_GUARD["mode"]', "Remove it when"),
            ],
        ),
        (f"{FINE}CORS_GUARD = True\n", [LOCAL_API], []),
        (
            f"{FINE}CORS_GUARD = True\nALLOWED_HOSTS = ['*']\n",
            [LOCAL_API],
            [("unchecked-host", 'CORS_GUARD["hosts"]', "")],
        ),
        (
            f"{HEAD}CORS_ALLOW_ALL_ORIGINS = True\nCORS_GUARD = True\n",
            [],
            [("any-origin-cannot-write", "CORS_ALLOW_ALL_ORIGINS", "List the origins")],
        ),
        (FINE + GUARD, ["--accept=report-mode", "--accept=listed-own-origin"], []),
        (
            f"{FINE}import corekit_lookups\n{LOOKUP}",
            [],
            [("max-age-over-ttl", "CORS_PREFLIGHT_MAX_AGE", "Set it to at most 5.")],
        ),
    ],
)
def test_guard_of_the_settings_is_checked(
    tmp_path: Path, settings: str, arguments: list[str], found: list[tuple[str, str, str]]
) -> None:
    other = "--accept=third-party-cookies"
    diagnostics = check_settings(tmp_path, settings, *arguments, other)[1]["diagnostics"]
    assert [(each["code"], each["subject"]) for each in diagnostics] == [
        (code, subject) for code, subject, _ in found
    ]
    for each, (_, _, hint) in zip(diagnostics, found, strict=True):
        assert each["hint"].startswith(hint)
