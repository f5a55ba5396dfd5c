"""Sanic's worker processes. Unless they are forked, each imports the application again.

So a policy that is installed in the main process only would not apply to any request.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from functools import partial
from typing import Any

from sanic import Sanic
from sanic.application.constants import ServerStage

__all__ = ["AppFinder", "is_only_main_process"]

GetApp = Callable[..., Sanic[Any, Any]]


class AppFinder:
    """`Sanic.get_app`, as Sanic pickles it for its workers, which load the application with it.

    The class of a covered application cannot be pickled, so this refers to the one it comes from.
    """

    def __init__(self, get_app: GetApp) -> None:
        self._get_app = get_app

    def __call__(self, name: str | None = None, *, force_create: bool = False) -> Sanic[Any, Any]:
        return self._get_app(name, force_create=force_create)

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (_load, self._get_app)


def _load(get_app: GetApp, name: str) -> Sanic[Any, Any]:
    """Return the application of this process. Raise RuntimeError if it has no policy here."""
    app = get_app(name)
    if not hasattr(app, "corekit_policy"):
        raise RuntimeError(
            f"The application {name!r} has its policy only in the main process, and Sanic's "
            "workers import the application again. Call install() at module level, outside "
            '`if __name__ == "__main__"`, or in @app.before_server_start.'
        )
    return app


def is_only_main_process(app: Sanic[Any, Any]) -> bool:
    """Return whether Sanic is starting `app` here, and will import it again in its workers."""
    state = app.state
    return (
        bool(state.server_info)
        and state.stage is ServerStage.STOPPED
        # Sanic removes it when it starts, before it calls the listeners.
        and "app" not in state.server_info[0].settings
        and "SANIC_WORKER_NAME" not in os.environ
        and multiprocessing.get_start_method() != "fork"
    )
