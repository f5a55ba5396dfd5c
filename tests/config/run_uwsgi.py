"""`python -m tests.config.run_uwsgi OPTIONS` runs uWSGI in this environment. Not a test."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    import pyuwsgi

    pyuwsgi.run(sys.argv[1:])
