"""Where the `corekit` command begins: `python -m corekit_cli` and the console script.

What the command needs is an extra, so it may be missing; that is said here, in one line.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command with the arguments of the process."""
    try:
        from .command import corekit  # noqa: PLC0415 - they may be missing
    except ModuleNotFoundError as error:
        if error.name not in {"click", "httpx", "rich"}:
            raise
        print(f'corekit needs {error.name}: pip install "corekit[cli]"', file=sys.stderr)
        raise SystemExit(1) from None
    corekit(prog_name="corekit")


if __name__ == "__main__":
    main()
