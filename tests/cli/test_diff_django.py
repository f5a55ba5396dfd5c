"""`corekit diff --django`: the settings of two projects, or of two revisions of one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from corekit import CorsPolicy
from corekit.diff import Direction, Relation
from corekit_cli.command import corekit
from corekit_cli.diff import isolated
from corekit_cli.diff.sources import Side, compare_sides
from tests.cli.repositories import commit, forget_git, needs_git, write

HEAD: Final = 'SECRET_KEY = "x"\nfrom shop.origins import ORIGINS\nCORS_ALLOWED_ORIGINS = ORIGINS\n'
APP: Final = "https://app.example.com"
FILES: Final = {
    "shop/origins.py": f'ORIGINS = ["{APP}"]\n',
    "shop/settings.py": HEAD,
    "shop/changed.py": f"""{HEAD}
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOWED_ORIGIN_REGEXES = [r'https://a\\.example']
CORS_GUARD = True
CORS_URLS_REGEX = '^/api/'
print('loading', flush=True)
import os
os.write(1, b'still loading\\n')
""",
    "shop/bad.py": 'SECRET_KEY = "x"\nCORS_ALLOWED_ORIGINS = ["app.example.com"]\n',
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    forget_git(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write(tmp_path, FILES)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["diff", "--django", *arguments])


def test_settings_are_compared(capfd: pytest.CaptureFixture[str]) -> None:
    result = run("shop.settings", "shop.changed")
    assert capfd.readouterr() == ("", "loading\nstill loading\n")
    assert result.exit_code == 0
    assert result.stdout == (
        "shop.changed is wider than shop.settings, and the rest cannot be determined.\n"
        "\n"
        "wider: credentials\n"
        "    A page at https://app.example.com may now GET any path with the user's\n"
        "    cookies and read the response; before, it could not.\n"
        "\n"
        "wider: origins\n"
        "    A page at https://a.example (https://a\\.example) may now GET any path with\n"
        "    the user's cookies and read the response; before, it could not.\n"
        "\n"
        "unknown: no longer governed\n"
        "    CORS_URLS_REGEX changes from every path to '^/api/'. Whether the policy\n"
        "    covers more or fewer paths cannot be determined.\n"
        "\n"
        "Note: The policies of single views, set with cors(), are not compared.\n"
        "\n"
        "Note: Receivers of the signal check_request_enabled are not compared.\n"
        "\n"
        "Note: The guard is not compared, only the policy.\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "kind", "change"),
    [
        (None, "^/", "no-longer-governed", "every path to '^/'"),
        ("^/", None, "newly-governed", "'^/' to every path"),
        ("^/a", "^/b", "newly-governed", "'^/a' to '^/b'"),
    ],
)
def test_changed_paths_cannot_be_compared(
    old: str | None, new: str | None, kind: str, change: str
) -> None:
    policy = CorsPolicy(allow_origins=[APP])
    comparison = compare_sides(Side("a", policy, old), Side("b", policy, new))
    (difference,) = comparison.differences
    assert (comparison.relation, difference.direction) == (Relation.UNKNOWN, Direction.UNKNOWN)
    assert difference.kind.value == kind
    assert difference.message.startswith(f"CORS_URLS_REGEX changes from {change}. Whether ")
    assert not compare_sides(Side("a", policy, new), Side("b", policy, new)).differences


def test_changed_paths_are_before_what_is_narrower() -> None:
    policy = CorsPolicy(allow_origins=[APP], allow_methods=["PUT"])
    other = policy.replace(allow_methods=["PATCH"])
    comparison = compare_sides(Side("a", policy), Side("b", other, "^/"))
    directions = [each.direction.value for each in comparison.differences]
    assert directions == ["wider", "unknown", "narrower"]


@needs_git
def test_settings_of_revisions_are_compared(folder: Path) -> None:
    commit(folder, {})
    write(folder, {"shop/origins.py": f'ORIGINS = ["{APP}", "https://b.example.com"]\n'})
    found = json.loads(run("git:HEAD:shop.settings", "shop.settings", "--json").stdout)
    assert (found["old"], found["relation"]) == ("git:HEAD:shop.settings", "wider")
    assert [each["values"] for each in found["differences"]] == [["https://b.example.com"]]


@pytest.mark.parametrize(
    ("old", "line"),
    [
        ("shop.none", "shop.none: The settings cannot be read: ModuleNotFoundError: "),
        ("", "--django: DJANGO_SETTINGS_MODULE is not set. Name the settings: --django shop"),
        (
            "shop.bad",
            "shop.bad: The policy has problems. Fix them; 'corekit check --django shop.bad' lists",
        ),
        (
            "git:HEAD:shop/settings.py",
            (
                "git:HEAD:shop/settings.py: This is a Python file, which is imported by the name"
                " of its module. Name the module: git:HEAD:shop.settings.\n"
            ),
        ),
        (
            "shop/settings.py",
            (
                "shop/settings.py: This is a Python file, which is imported by the name of its"
                " module. Name the module: shop.settings.\n"
            ),
        ),
        *[
            (
                name,
                (
                    f"{name}: --django is for settings of Django, and this is the name of a file."
                    " Leave out --django to compare files.\n"
                ),
            )
            for name in ("cors.toml", "git:HEAD:cors.json")
        ],
        *[
            (
                name,
                (f"{name}: --django takes the name of a module, without a colon. {hint}\n"),
            )
            for name, hint in {
                "HEAD:shop.settings": (
                    "Write git:HEAD:shop.settings for a revision, or leave out --django for a"
                    " policy."
                ),
                "git:HEAD:shop.policies:policy": "Leave out --django for a policy in a module.",
            }.items()
        ],
    ],
)
def test_unreadable_settings_are_reported(old: str, line: str) -> None:
    result = run(old, "shop.settings")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {line}")
    named = "error: CORS_ALLOWED_ORIGINS[0] = 'app.example.com'" in result.stderr
    assert named == (old == "shop.bad")


def test_missing_django_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hiding = "import sys\nsys.modules['django'] = None\n"
    write(folder, {"hiding/sitecustomize.py": hiding})
    monkeypatch.setenv("PYTHONPATH", str(folder / "hiding"))
    assert run("shop.settings", "shop.settings").stderr == (
        "Error: shop.settings: --django needs Django, which is not installed. Install corekit with"
        " the extra 'django'.\n"
    )


def test_modules_of_the_current_directory_replace_none_of_the_command(folder: Path) -> None:
    write(folder, {"click.py": "1 / 0"})
    # Another test may have imported a module of this name.
    before = sys.modules.get("shop")
    assert isolated.read_alone("x", "shop.settings", is_django=True).paths is None
    assert sys.modules.get("shop") is before
