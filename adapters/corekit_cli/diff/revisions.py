"""Files and whole trees of a git repository at a revision, read by the program `git`.

Nothing is changed in the repository. Revisions are resolved first, so later commands get only the
ids of objects.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from corekit.diagnostics import show
from corekit_cli.output import CommandError

OTHER_REVISION: Final = "Name a revision whose policy has no problems."
"""The hint for a policy with problems at a revision."""

_PREFIX: Final = "git:"

_FORM: Final = "Write it as git:REVISION:PATH, such as git:origin/main:cors.toml."

_SETTINGS: Final = (
    "Pass --django for a module with settings of Django, and write a policy in a module as"
    " git:REVISION:app.main:policy."
)

_PATHS: Final = (
    "Check the path, which begins at the root of the repository, or with ./ in the current"
    " directory."
)

_is_path = re.compile(r".*[/-].*|.*\.(?:toml|json)|\w+", re.IGNORECASE | re.DOTALL).fullmatch


@dataclass(frozen=True, slots=True)
class Revised:
    """Something at a revision, as named by ``git:REVISION:NAME``.

    An empty revision is the index, as in git.
    """

    source: str
    revision: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Revised | None:
        """Return what `text` names; None if it does not begin with ``git:``."""
        if not text.startswith(_PREFIX):
            return None
        revision, _, name = text.removeprefix(_PREFIX).partition(":")
        if not name:
            raise CommandError("The path is missing.", _FORM, source=text)
        if revision.startswith("-"):
            message = f"{show(revision)} is not a revision."
            raise CommandError(message, _FORM, source=text)
        return cls(text, revision, name)

    def read(self) -> bytes:
        """Return the content of a file; raises `CommandError` if it does not exist.

        Its path begins at the root of the repository, or with ``./`` in the current directory.
        """
        done = self._run("cat-file", "blob", f"{self._find_tree()}:{self.name}")
        if done.returncode:
            message = f"There is no such file in the {'revision' if self.revision else 'index'}."
            hint = _PATHS if _is_path(self.name) else _SETTINGS
            raise CommandError(message, hint, source=self.source)
        return done.stdout

    def export(self, folder: Path) -> tuple[Path, Path]:
        """Write all files of the revision into `folder`.

        Return the folder in it that corresponds to the current directory, and the root of the
        repository.
        """
        found = self._require("rev-parse", "--show-toplevel", "--show-prefix").split("\n")
        root, prefix = Path(found[0]), found[1]
        tree = self._find_tree()
        index = folder / "index" if tree else None
        if tree:
            self._require("read-tree", tree, index=index)
        self._require(
            "checkout-index", "--all", f"--prefix={folder / 'tree'}/", cwd=root, index=index
        )
        current = folder / "tree" / prefix
        if not current.is_dir():
            message = "The current directory does not exist in the revision."
            raise CommandError(message, "Run the command in one that does.", source=self.source)
        return current, root

    def _find_tree(self) -> str:
        """Return the id of the tree; empty for the index."""
        if not self.revision:
            self._require("rev-parse", "--git-dir")
            return ""
        done = self._run("rev-parse", "--verify", "--quiet", f"{self.revision}^{{tree}}")
        if not done.returncode:
            return done.stdout.decode().strip()
        if done.stderr:
            raise self._failure(done)
        message = f"There is no revision {show(self.revision)}."
        hint = "Check its name; in a shallow or partial clone, fetch it first with 'git fetch'."
        raise CommandError(message, hint, source=self.source)

    def _require(self, *arguments: str, cwd: Path | None = None, index: Path | None = None) -> str:
        done = self._run(*arguments, cwd=cwd, index=index)
        if done.returncode:
            raise self._failure(done)
        return os.fsdecode(done.stdout)

    def _run(
        self, *arguments: str, cwd: Path | None = None, index: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        program = shutil.which("git")
        if program is None:
            raise CommandError("git is not installed.", "Install it.", source=self.source)
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
        if index is not None:
            environment["GIT_INDEX_FILE"] = str(index)
        # No shell, and no argument that begins with a dash comes from the user.
        return subprocess.run(  # noqa: S603
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=cwd,
            env=environment,
            check=False,
        )

    def _failure(self, done: subprocess.CompletedProcess[bytes]) -> CommandError:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[0].removeprefix("fatal: ") if lines else f"status {done.returncode}"
        message = f"git failed: {reason.removesuffix('.')}."
        return CommandError(message, "Run 'git status' to find out more.", source=self.source)
