"""The path of a request that an ASGI application routes.

``path`` includes ``root_path``, the prefix that the application is mounted at:
https://asgi.readthedocs.io/en/latest/specs/www.html#http-connection-scope. Most frameworks remove
it before they route, each in its own way, and not all servers add it. If it is not known what an
application does, all ways must lead to the same policy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any, Final, NamedTuple

from corekit import CorsPolicy, CorsRoutes
from corekit.adapter import AMBIGUOUS, deny_with_hint, policy_for_readings, raw_path_readings

from .layers import class_names, layers_of

Read = Callable[[str, str], str]
"""Returns what is routed of a path and its root path."""


def path_below_root(path: str, root: str) -> str:
    """Return the path below the root path, as Starlette and FastAPI route it.

    >>> path_below_root("/api/items", "/api")
    '/items'
    >>> path_below_root("/items", "/api")
    '/items'
    """
    is_below = bool(root) and f"{path}/".startswith(f"{root}/")
    return (path[len(root) :] or "/") if is_below else path


def _whole_path(path: str, root: str) -> str:  # noqa: ARG001
    return path


def _without_prefix(path: str, root: str) -> str:
    return f"/{path.removeprefix(root).removeprefix('/')}"


def _after_root(path: str, root: str) -> str:
    return f"/{path.split(root, 1)[-1].removeprefix('/')}" if root else path


_STRIPS: Final[tuple[Read, ...]] = (path_below_root, _without_prefix, _after_root)
# By the class of the application.
_KNOWN: Final[dict[str, Read]] = {
    "starlette.applications.Starlette": path_below_root,
    "starlette.routing.Router": path_below_root,
    "litestar.app.Litestar": _after_root,
    "quart.app.Quart": _without_prefix,
    "django.core.handlers.asgi.ASGIHandler": _without_prefix,
    "falcon.asgi.app.App": _whole_path,
}

_NOT_A_PATH: Final = deny_with_hint("Request a path that begins with a slash, not a URL.")
_UNKNOWN_ROOT: Final = deny_with_hint(
    "The path has another policy with the root path than without it. Pass strips_root_path=True to"
    " CorsMiddleware if the application removes it before it routes, False if not."
)


def _no_root_path() -> str:
    return ""


def _script_name() -> str:
    script_name: str | None = sys.modules["django.conf"].settings.FORCE_SCRIPT_NAME
    return script_name or ""


def _own_root_path(app: Any, names: Sequence[str]) -> Callable[[], str]:
    """Return a function for the root path of FastAPI, or FORCE_SCRIPT_NAME of Django."""
    if "fastapi.applications.FastAPI" in names:
        # It may be set until a request arrives.
        return lambda: app.root_path or ""
    if "django.core.handlers.asgi.ASGIHandler" in names:
        return _script_name
    return _no_root_path


class PathReader(NamedTuple):
    """How an application reads the path of a request.

    `reads` are the ways that it may have. `root_path` returns its own, which replaces that of the
    server, or an empty string. With `reads_raw_path`, the application may route the path as it was
    sent, like Sanic.
    """

    reads: tuple[Read, ...]
    root_path: Callable[[], str] = _no_root_path
    reads_raw_path: bool = False

    @classmethod
    def of(cls, app: object, strips_root_path: bool | None) -> PathReader:
        """Return the reader for an application, which may be inside other layers."""
        if strips_root_path is not None:
            return cls(_STRIPS if strips_root_path else (_whole_path,))
        for layer in layers_of(app):
            names = class_names(type(layer))
            for name in _KNOWN.keys() & names:
                return cls((_KNOWN[name],), _own_root_path(layer, names))
        return cls((_whole_path, *_STRIPS), reads_raw_path=True)

    def find_policy(
        self, policies: CorsPolicy | CorsRoutes, scope: MutableMapping[str, Any]
    ) -> CorsPolicy | None:
        """Return the policy for the path of a request; None if no policy covers it."""
        path: str = scope["path"]
        if path and not path.startswith("/"):
            # A target in absolute form, which some frameworks route like a path.
            return _NOT_A_PATH
        policy = policy_for_readings(policies, self.readings(scope))
        is_unknown = self.reads_raw_path and bool(scope.get("root_path"))
        return _UNKNOWN_ROOT if policy is AMBIGUOUS and is_unknown else policy

    def readings(self, scope: MutableMapping[str, Any]) -> tuple[str, ...]:
        """Return everything that the application may route a request as."""
        root = self.root_path() or scope.get("root_path", "")
        paths = [scope["path"]]
        # Servers also pass other bytes-like objects.
        raw_path = bytes(scope.get("raw_path") or b"")
        if self.reads_raw_path and raw_path and b"%" in raw_path:
            paths += raw_path_readings(raw_path.decode("latin-1"))
        return tuple(read(path, root) for path in paths for read in self.reads)
