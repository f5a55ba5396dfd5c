"""Settings of all tests: the terminal, hypothesis profiles and the hypothesis database."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

from corekit._shadowing import SHADOWS

# The same terminal settings wherever the tests are started.
for name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)
os.environ.update(COLUMNS="80", TERM="xterm-256color")

CACHE = Path(__file__).parents[1] / ".cache" / "hypothesis"

# Before anything is drawn, since hypothesis also writes its Unicode tables there.
set_hypothesis_home_dir(CACHE)

SUPPRESSED = [HealthCheck.too_slow, HealthCheck.differing_executors]
"""The machine may be busy, and `make mutation` runs each test twice in one process."""

# Many examples, the same in every run, independent of earlier runs.
settings.register_profile(
    "ci",
    max_examples=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=SUPPRESSED,
)
# Few examples, and the same in every run: a change that breaks nothing never fails by chance.
settings.register_profile(
    "dev",
    max_examples=50,
    derandomize=True,
    deadline=None,
    suppress_health_check=SUPPRESSED,
)
# Very many examples, new ones in every run, to find what the fixed ones miss.
settings.register_profile(
    "search", max_examples=2_000, deadline=None, suppress_health_check=SUPPRESSED
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)


def pytest_runtest_setup() -> None:
    """Forget that a test before had a candidate: denials are then compared in the whole process."""
    SHADOWS.exist = False


# `make fuzz` runs it; it needs atheris, which the tests do not install.
collect_ignore = ["fuzz"]
