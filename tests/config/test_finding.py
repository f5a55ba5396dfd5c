"""Policies that a command line names: a file, an import path, standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit_config import ConfigError, ConfigPolicyError, find_policy, import_policy

APP = "https://app.example.com"
POLICY = CorsPolicy(allow_origins=[APP])

MODULE = f"""
from corekit import CorsPolicy, CorsRoutes

policy = CorsPolicy(allow_origins=["{APP}"])
routes = CorsRoutes([("/api/", policy)])
number = 1

class Settings:
    cors = policy
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Change to a folder with modules, which are unloaded afterwards."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop_app").mkdir()
    (tmp_path / "shop_app" / "main.py").write_text(MODULE)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("shop_"):
            del sys.modules[name]


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        find_policy(text)
    message = str(caught.value)
    assert message.startswith(f"{text}: ")
    assert "\n" not in message
    return message


def test_policy_is_imported_from_the_current_directory(folder: Path) -> None:
    path = list(sys.path)
    assert find_policy("shop_app.main:policy") == POLICY
    assert find_policy("shop_app.main:routes") == CorsRoutes([("/api/", POLICY)])
    assert find_policy("shop_app.main:Settings.cors") == POLICY
    assert sys.path == path, "the folder stays on the path"


def test_policy_is_imported_from_the_path() -> None:
    assert import_policy("tests.config.test_finding:POLICY") is POLICY


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("shop_app.main:polcy", "shop_app.main has no polcy. Did you mean shop_app.main:policy?"),
        ("shop_app.main:zzz", "Did you mean shop_app.main:policy or shop_app.main:routes?"),
        ("shop_app.main:number", "This is of type int. Did you mean shop_app.main:policy or"),
        ("shop_app.main:Settings.none", "shop_app.main has no Settings.none."),
        (
            "shop_app:policy",
            "shop_app has no policy. Name a CorsPolicy, a CorsRoutes, or an application",
        ),
        (
            "shop_none:policy",
            "There is no module shop_none. Check the name and the current directory.",
        ),
        ("shop_app.none:policy", "There is no module shop_app.none."),
        ("shop_app", "This is a directory."),
        ("shop_app.main", "Name a file such as cors.toml, or an import path"),
        ("shop_app/main.py", "This is a Python file, which is imported by the name of its module."),
        ("shop_app/main.py", "Name the policy in it, such as shop_app.main:policy."),
        ("./shop_app/main.py", "such as shop_app.main:policy."),
        ("/srv/none/app.py", "Name the policy in it, such as app:policy."),
        ("none.toml", "There is no such file."),
        ("none.yaml", "There is no such file."),
        ("a/none", "There is no such file."),
        ("shop_app.main:", "There is no such file."),
        ("shop app:policy", "There is no such file."),
        ("shop_app.main:policy()", "There is no such file."),
        ("", "There is no such file."),
    ],
)
def test_missing_name_has_suggestions(folder: Path, text: str, message: str) -> None:
    if text:
        assert message in refused(text)
    else:
        with pytest.raises(ConfigError, match=r"no such file|a directory"):
            find_policy(text)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "shop_bad cannot be imported: ZeroDivisionError: 'division by zero'."),
        ("import sys; sys.exit(3)", "shop_bad cannot be imported: SystemExit: '3'."),
        ("import shop_dependency", "shop_bad needs the module shop_dependency, which is not"),
        ("x = (", "shop_bad cannot be imported: SyntaxError: "),
        ("raise ValueError('a\\n\\x1bb')", r"ValueError: 'a\n\x1bb'."),
    ],
)
def test_failed_import_has_its_cause(folder: Path, code: str, message: str) -> None:
    (folder / "shop_bad.py").write_text(code)
    assert message in refused("shop_bad:policy")


def test_problems_of_an_imported_policy_are_reported(folder: Path) -> None:
    (folder / "shop_bad.py").write_text(
        "from corekit import CorsPolicy\npolicy = CorsPolicy(allow_origins=['a.example'])"
    )
    with pytest.raises(PolicyError, match="malformed-origin"):
        find_policy("shop_bad:policy")


def test_module_may_remove_the_folder_from_the_path(folder: Path) -> None:
    (folder / "shop_tidy.py").write_text("import sys\nsys.path.remove(sys.path[0])\n" + MODULE)
    assert find_policy("shop_tidy:policy") == POLICY


def test_file_name_is_not_an_import_path() -> None:
    with pytest.raises(ConfigError, match=r"cors\.toml: This is not an import path\."):
        import_policy("cors.toml")


def test_file_takes_precedence_over_an_import_path(folder: Path) -> None:
    content = f'allow_origins = ["{APP}"]'
    for name in ("cors.toml", "cors", "shop_app.main:policy"):
        (folder / name).write_text(content + "\nmax_age = 1")
        assert find_policy(name) == POLICY.replace(max_age=1)


@pytest.mark.parametrize(
    "content", [f'allow_origins = ["{APP}"]', f'{{"allow_origins": ["{APP}"]}}']
)
def test_standard_input_is_toml_or_json(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(content.encode())))
    assert find_policy("-") == POLICY


def test_problems_of_standard_input_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b"")))
    with pytest.raises(ConfigPolicyError, match="in <stdin>:"):
        find_policy("-")
