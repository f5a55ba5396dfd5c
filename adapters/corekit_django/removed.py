"""Log CORS headers that a view or another middleware has set, and that the policy replaces."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from corekit.diagnostics import show
from corekit.events import Logger

_WARNING = 30
_REMEMBERED = 1_000


class RemovedHeaders:
    """Logs the first removed header of each path, at WARNING; for development."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self._paths: set[str] = set()

    def log(
        self, path: str, before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]
    ) -> None:
        """Log what is missing `after` of the CORS headers that were there `before`."""
        kept = {(name.lower(), value) for name, value in after}
        removed = [
            f"{name}: {value}"
            for name, value in before
            if name.lower().startswith("access-control-") and (name.lower(), value) not in kept
        ]
        if not removed or path in self._paths or len(self._paths) >= _REMEMBERED:
            return
        self._paths.add(path)
        # As for other lines of the log, an exception of a handler does not change the response.
        with suppress(Exception):
            self._logger.log(
                _WARNING,
                "CORS: removed %s from the response of %s: the policy sets the headers of this"
                " path. To keep it, put @cors_exempt on the view, or leave the path out of"
                " CORS_URLS_REGEX or of the routes in CORS_POLICY.",
                show(removed[0]),
                show(path),
            )
