"""Find, start and terminate a browser.

A browser runs under `supervisor.py`, so that none is left behind, however the tests end.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")


def require(name: str, commands: Sequence[str], package: str, variable: str) -> str:
    """Return the path of a browser, or skip the test; fail it if COREKIT_REQUIRE_BROWSERS=1.

    `variable` is the environment variable that overrides the command.
    """
    named = os.environ.get(variable)
    candidates = (named,) if named else commands
    found = next(filter(None, map(shutil.which, candidates)), None)
    if found is not None:
        return found
    looked = f"{variable}={named}" if named else ", ".join(commands)
    message = f"no {name} found (looked for {looked}); on Debian: apt install {package}"
    if os.environ.get("COREKIT_REQUIRE_BROWSERS") == "1":
        pytest.fail(f"COREKIT_REQUIRE_BROWSERS=1, but {message}", pytrace=False)
    pytest.skip(message)


@contextmanager
def supervised(
    command: Sequence[str], environment: Mapping[str, str], *, output: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command under the supervisor during the block.

    Its output is written to the file `output`, if given.
    """
    with (output or Path(os.devnull)).open("wb") as stdout:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR), *command],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.DEVNULL if output is None else subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
