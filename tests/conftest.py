"""What every test runs under: how hard hypothesis searches, and where it keeps what it found."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

# The same terminal for every test, whichever one they are started from.
for name in ("COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(name, None)
os.environ.update(COLUMNS="80", TERM="xterm-256color")

CACHE = Path(__file__).parents[1] / ".cache" / "hypothesis"

# Before anything is drawn: the tables that hypothesis makes go there too.
set_hypothesis_home_dir(CACHE)

NO_FAULTS = [HealthCheck.too_slow, HealthCheck.differing_executors]
"""The machine may be busy with others, and `make mutation` runs each test twice in one process."""

# The same examples in every run, and many of them; without a memory of earlier runs.
settings.register_profile(
    "ci",
    max_examples=500,
    derandomize=True,
    deadline=None,
    suppress_health_check=NO_FAULTS,
)
# Other examples in every run; what failed once is tried again first.
settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=NO_FAULTS)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)

# A program of its own, which needs what the tests do not: `make fuzz`.
collect_ignore = ["fuzz"]
