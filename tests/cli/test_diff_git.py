"""`corekit diff` with git: files and modules at a revision, and errors of git."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from corekit_cli.command import corekit
from corekit_cli.diff import isolated
from tests.cli.repositories import commit, forget_git, needs_git, run_git, write

pytestmark = needs_git

APP: Final = "https://app.example.com"
FIRST: Final = f'allow_origins = ["{APP}"]\n'
SECOND: Final = f'allow_origins = ["{APP}", "https://*.example.org"]\n'
MODULE: Final = """
from corekit import CorsPolicy, CorsRoutes
from corekit.compat import RegexCorsPolicy
from diffed_origins import ORIGINS
from corekit.guard import CrossOriginGuard
policy = RegexCorsPolicy(allow_origins=ORIGINS, allow_origin_regexes=[r"https://a\\d\\.example"])
routes = CorsRoutes([("/api/", CorsPolicy.deny_all()), ("/", policy)])
guard = CrossOriginGuard(policy)
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with a commit, another file in the index, and another again."""
    folder = tmp_path_factory.mktemp("template")
    files = {
        "cors.toml": FIRST,
        "sub/cors.json": json.dumps({"allow_origins": [APP]}),
        "pyproject.toml": f"[tool.corekit]\n{FIRST}",
        "odd:name.toml": FIRST,
        "bad.toml": "allow_origins = []\n",
        "broken.toml": "\nallow_origins = [",
        "diffed_app.py": MODULE,
        "diffed_origins.py": f'ORIGINS = ["{APP}"]\n',
        "diffed_bad.py": "from corekit import CorsPolicy\npolicy = CorsPolicy()\n",
        "diffed_dead.py": "import os\nos._exit(3)\n",
        "src/diffed_lib.py": MODULE,
        "sub/diffed_inner.py": MODULE,
    }
    with pytest.MonkeyPatch.context() as monkeypatch:
        forget_git(monkeypatch)
        commit(folder, files)
        write(folder, {"cors.toml": f'allow_origins = ["{APP}", "https://b.example.com"]\n'})
        run_git(folder, "add", "cors.toml")
    write(folder, {"cors.toml": SECOND})
    return folder


@pytest.fixture(autouse=True)
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a copy of the repository, as the current directory."""
    before = set(sys.modules)
    forget_git(monkeypatch)
    folder = tmp_path / "repository"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith("diffed_"):
            del sys.modules[name]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(corekit, ["diff", *arguments])


def summary(*arguments: str) -> str:
    """Return the first line of what is printed, and which origins are named as new."""
    result = run(*arguments, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found = json.loads(result.stdout)
    values = [value for each in found["differences"] for value in each["values"]]
    return " ".join([found["relation"], *values])


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("git:HEAD:cors.toml", "cors.toml", "wider https://*.example.org"),
        ("cors.toml", "git:HEAD:cors.toml", "narrower https://*.example.org"),
        ("git:HEAD:cors.toml", "git::cors.toml", "wider https://b.example.com"),
        ("git:HEAD:cors.toml", "git:HEAD:./sub/cors.json", "same"),
        ("git:HEAD^{tree}:cors.toml", "git:HEAD:sub/cors.json", "same"),
        ("git:HEAD:pyproject.toml", "git:HEAD:cors.toml", "same"),
        ("git:HEAD:odd:name.toml", "git:HEAD:cors.toml", "same"),
        ("git:HEAD:diffed_app:routes", "diffed_app:routes", "same"),
    ],
)
def test_revisions_are_compared(old: str, new: str, found: str) -> None:
    assert summary(old, new) == found


def test_first_line_names_both() -> None:
    lines = run("git:HEAD:cors.toml", "cors.toml").stdout.splitlines()
    assert lines[0] == "cors.toml is wider than git:HEAD:cors.toml."


def test_paths_begin_at_the_root_or_with_a_dot(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "sub")
    assert summary("git:HEAD:./cors.json", "cors.json") == "same"
    assert summary("git:HEAD:sub/cors.json", "cors.json") == "same"
    assert run("git:HEAD:cors.json", "cors.json").exit_code == 2


def test_policies_at_revisions_have_notes() -> None:
    found = json.loads(run("git:HEAD:diffed_app:guard", "cors.toml", "--json").stdout)
    assert found["notes"] == [
        "The policies of single handlers, set with cors(), are not compared.",
        "The guard is not compared, only the policy.",
    ]


@pytest.mark.parametrize("revision", ["HEAD", ""])
def test_modules_are_those_of_the_revision(revision: str, folder: Path) -> None:
    write(folder, {"diffed_origins.py": f'ORIGINS = ["{APP}", "https://c.example.com"]\n'})
    old = f"git:{revision}:diffed_app:policy"
    assert summary(old, "diffed_app:policy") == "wider https://c.example.com"
    assert run_git(folder, "status", "--short", "--untracked-files=no").split() == [
        "MM",
        "cors.toml",
        "M",
        "diffed_origins.py",
    ]


def test_modules_are_imported_from_the_current_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder / "sub")
    write(folder, {"sub/diffed_origins.py": "ORIGINS = ()"})
    result = run("git::diffed_inner:policy", "../cors.toml")
    assert "needs the module diffed_origins, which is not installed" in result.stderr
    run_git(folder, "add", "--all")
    assert run("git::diffed_inner:policy", "../cors.toml").exit_code == 0


def test_modules_outside_of_the_revision_are_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{folder}/src")
    assert run("git:HEAD:diffed_lib:policy", "cors.toml").stderr == (
        "Error: git:HEAD:diffed_lib:policy: diffed_lib was imported from"
        f" '{folder.resolve()}/src/diffed_lib.py', which is not of the revision."
        " Name the folder of the modules in the revision, such as PYTHONPATH=src.\n"
    )
    monkeypatch.setenv("PYTHONPATH", "src")
    assert run("git:HEAD:diffed_lib:policy", "cors.toml").exit_code == 0


def test_installed_modules_are_of_any_revision(folder: Path) -> None:
    write(folder, {"diffed_http.py": "import httpx\nfrom diffed_app import policy"})
    read = isolated.read_alone(
        "x", "diffed_http:policy", is_django=False, folder=folder, root=Path(sys.prefix)
    )
    assert read.notes == ()


@pytest.mark.parametrize(
    ("loads", "more"),
    [
        ("load_policy({root!r} + '/cors.toml')", ""),
        ("(load_policy({root!r} + '/cors.toml'), open({root!r} + '/bad.toml'))[0]", " and 1 more"),
        ("(os.open(Path({root!r}, 'link.toml'), os.O_RDONLY), CorsPolicy.deny_all())[1]", ""),
        ("(os.open(os.fsencode({root!r} + '/cors.toml'), 0), CorsPolicy.deny_all())[1]", ""),
        ("load_policy(Path(__file__).with_name('cors.toml'))", None),
        ("load_policy('cors.toml')", None),
        ("(open({root!r} + '/new.log', 'a'), CorsPolicy.deny_all())[1]", None),
        (
            "(open({root!r} + '/.git/HEAD'), sys.audit('open', 3, 0, 0), CorsPolicy.deny_all())[2]",
            None,
        ),
    ],
)
def test_files_of_the_working_tree_are_noted(loads: str, more: str | None, folder: Path) -> None:
    root = str(folder.resolve())
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom corekit import CorsPolicy\n"
        f"from corekit_config import load_policy\npolicy = {loads.format(root=root)}\n"
    )
    (folder / "link.toml").symlink_to(folder / "cors.toml")
    commit(folder, {"diffed_loading.py": code, "cors.toml": FIRST})
    name = "bad.toml" if more else "cors.toml"
    note = (
        f"The code of the revision reads '{root}/{name}'{more}, as in the working tree, not as in"
        " the revision. Use paths relative to __file__."
    )
    found = json.loads(run("git:HEAD:diffed_loading:policy", "cors.toml", "--json").stdout)
    assert found["notes"] == ([] if more is None else [note])


@pytest.mark.parametrize(
    ("old", "line"),
    [
        (
            "git:main",
            (
                "The path is missing. Write it as git:REVISION:PATH, such as"
                " git:origin/main:cors.toml."
            ),
        ),
        (
            "git:HEAD:",
            (
                "The path is missing. Write it as git:REVISION:PATH, such as"
                " git:origin/main:cors.toml."
            ),
        ),
        (
            "git:--output=x:cors.toml",
            (
                "'--output=x' is not a revision. Write it as git:REVISION:PATH, such as"
                " git:origin/main:cors.toml."
            ),
        ),
        (
            "git:nowhere:cors.toml",
            (
                "There is no revision 'nowhere'. Check its name; in a shallow or partial clone,"
                " fetch it first with 'git fetch'."
            ),
        ),
        (
            "git:nowhere:diffed_app:policy",
            (
                "There is no revision 'nowhere'. Check its name; in a shallow or partial clone,"
                " fetch it first with 'git fetch'."
            ),
        ),
        (
            "git:HEAD:--none.toml",
            (
                "There is no such file in the revision. Check the path, which begins at the root"
                " of the repository, or with ./ in the current directory."
            ),
        ),
        (
            "git:HEAD:sub",
            (
                "There is no such file in the revision. Check the path, which begins at the root"
                " of the repository, or with ./ in the current directory."
            ),
        ),
        (
            "git::none.toml",
            (
                "There is no such file in the index. Check the path, which begins at the root of"
                " the repository, or with ./ in the current directory."
            ),
        ),
        (
            "git:HEAD:shop.settings",
            (
                "There is no such file in the revision. Pass --django for a module with settings of"
                " Django, and write a policy in a module as git:REVISION:app.main:policy."
            ),
        ),
        (
            "git:HEAD:src/diffed_lib.py",
            (
                "This is a Python file, which is imported by the name of its module. Name the"
                " policy in it, such as git:HEAD:src.diffed_lib:policy."
            ),
        ),
        ("HEAD:cors.toml", "There is no such file. Did you mean git:HEAD:cors.toml?"),
        ("v1.2:app.main:policy", "There is no such file. Did you mean git:v1.2:app.main:policy?"),
        ("C:/none.toml", "There is no such file. Check the path."),
        (
            "git:HEAD:diffed_none:policy",
            "There is no module diffed_none. Check the name and the current directory.",
        ),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_errors_take_one_line(old: str, line: str, form: str, folder: Path) -> None:
    result = run(old, "cors.toml", f"--format={form}")
    assert (result.exit_code, result.stderr) == (2, f"Error: {old}: {line}\n")
    if form == "json":
        error = json.loads(result.stdout)["error"]
        assert (error["source"], f"{error['message']} {error['hint']}") == (old, line)
    assert not (folder / "x").exists()


def test_syntax_errors_have_a_line() -> None:
    result = run("git:HEAD:broken.toml", "cors.toml")
    assert result.stderr.startswith("Error: git:HEAD:broken.toml, line 2, column 18: This is not")


@pytest.mark.parametrize("name", ["bad.toml", "diffed_bad:policy"])
def test_problems_at_a_revision_cannot_be_fixed(name: str) -> None:
    result = run(f"git:HEAD:{name}", "cors.toml")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        f"Error: git:HEAD:{name}: The policy has problems. Name a revision whose policy has no"
        " problems.\n"
    )
    assert "\nerror: allow_origins" in result.stderr


def test_directory_may_be_missing_in_the_revision(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "new").mkdir()
    monkeypatch.chdir(folder / "new")
    result = run("git:HEAD:diffed_app:policy", "../cors.toml")
    assert result.stderr == (
        "Error: git:HEAD:diffed_app:policy: The current directory does not exist in the revision."
        " Run the command in one that does.\n"
    )


@pytest.mark.parametrize("old", ["git:HEAD:a.toml", "git::a.toml", "git:HEAD:a:policy"])
def test_other_errors_are_those_of_git(
    old: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    monkeypatch.chdir(outside)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(outside.parent))
    result = run(old, "cors.toml")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {old}: git failed: not a git repository")
    assert result.stderr.count("\n") == 1


def test_silent_failure_of_git_has_its_status(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = folder / "bin" / "git"
    write(folder, {"bin/git": "#!/bin/sh\nexit 3\n"})
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    result = run("git::cors.toml", "cors.toml")
    assert result.stderr == (
        "Error: git::cors.toml: git failed: status 3. Run 'git status' to find out more.\n"
    )


def test_missing_git_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    result = run("git:HEAD:cors.toml", "cors.toml")
    assert result.stderr == "Error: git:HEAD:cors.toml: git is not installed. Install it.\n"


def test_warnings_of_a_policy_are_not_printed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"diffed_origins.py": f'ORIGINS = ["{APP}", "*"]\n'})
    run_git(folder, "add", "--all")
    assert run("git::diffed_app:policy", "cors.toml").exit_code == 0
    assert capfd.readouterr().err == ""


def test_process_that_dies_is_reported() -> None:
    result = run("git:HEAD:diffed_dead:policy", "cors.toml")
    assert (result.exit_code, result.stderr) == (
        2,
        (
            "Error: git:HEAD:diffed_dead:policy: The process that reads it ended with status 3."
            " Try: python -c 'import diffed_dead'\n"
        ),
    )


def test_annotations_name_the_file_of_the_revision() -> None:
    for name, place in (("cors.toml", "file=cors.toml,line=1,col=1,"), ("./cors.toml", "")):
        line = run("cors.toml", f"git:HEAD:{name}", "--format=github").stdout
        assert line.startswith(f"::notice {place}title=corekit%3A narrower-origins::")
