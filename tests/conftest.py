"""What every test runs under: how hard hypothesis searches, and where it keeps what it found."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir

CACHE = Path(__file__).parents[1] / ".cache" / "hypothesis"

# Before anything is drawn: the tables that hypothesis makes go there too.
set_hypothesis_home_dir(CACHE)

SLOW_IS_NO_FAULT = [HealthCheck.too_slow]
"""The machine that runs the tests may be busy with others."""

# The same examples in every run, and many of them; without a memory of earlier runs.
settings.register_profile(
    "ci",
    max_examples=500,
    derandomize=True,
    deadline=None,
    suppress_health_check=SLOW_IS_NO_FAULT,
)
# Other examples in every run; what failed once is tried again first.
settings.register_profile(
    "dev", max_examples=50, deadline=None, suppress_health_check=SLOW_IS_NO_FAULT
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)

# A program of its own, which needs what the tests do not: `make fuzz`.
collect_ignore = ["fuzz"]
