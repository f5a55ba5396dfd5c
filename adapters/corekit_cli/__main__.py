"""The entry point of the `corekit` command, for the console script and ``python -m corekit``.

The command needs an extra, and its output may not be writable: both end in one line and status 2.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from typing import Final

_OUTPUT_ERRORS: Final = frozenset(
    {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EPIPE}
)


def main() -> None:
    """Run the command with the arguments of the process."""
    try:
        from .command import corekit  # noqa: PLC0415 - its requirements may be missing
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name not in {"click", "httpx", "rich"}:
            raise
        line = f"Error: The command needs {name}. Install corekit with the extra 'cli'."
        print(line, file=sys.stderr)
        raise SystemExit(2) from None
    try:
        try:
            corekit(prog_name="corekit")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.errno not in _OUTPUT_ERRORS:
            raise
        # Python would try to write the rest of the output, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:  # the reader has what it wants
            raise SystemExit(2) from None
        with suppress(OSError):
            print(f"Error: The output cannot be written: {error.strerror}.", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
