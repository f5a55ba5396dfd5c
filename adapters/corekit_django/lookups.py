"""CORS_LOOKUP: looks up the origins that the settings do not list.

The guard judges a request before its view runs, and its response is written afterwards. So the
engine for the origin is kept with the request, which is looked up at most once.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import HttpRequest

from corekit.adapter import (
    Engine,
    Lookup,
    LookupRequest,
    find_lookup,
    look_up,
    look_up_async,
    use_looked_up,
)

from .conf import Configuration
from .signals import check_request_enabled

_ENGINE: Final = "_corekit_looked_up"
"""The attribute of a request for its engine, if its origin was looked up."""


class Pending(NamedTuple):
    """An origin that has to be looked up."""

    lookup: Lookup
    request: HttpRequest
    engine: Engine

    def ask(self) -> None:
        """Look up the origin, and keep the engine."""
        origin, asked = self._read()
        vars(self.request)[_ENGINE] = look_up(self.lookup, self.engine, origin, asked)

    async def ask_async(self) -> None:
        """Like `ask()`, for a request under ASGI."""
        origin, asked = self._read()
        engine = await look_up_async(self.lookup, self.engine, origin, asked)
        vars(self.request)[_ENGINE] = engine

    def _read(self) -> tuple[str, LookupRequest]:
        request, meta = self.request, self.request.META
        host: str = meta.get("HTTP_HOST", "")
        return meta["HTTP_ORIGIN"], LookupRequest(request.scheme or "http", host, request.path)


def find_pending(
    request: HttpRequest, configuration: Configuration, engine: Engine
) -> Pending | None:
    """Return what has to be looked up for a request; `engine` is that of its policy."""
    lookup, meta = configuration.lookup, request.META
    if lookup is None or "HTTP_ORIGIN" not in meta or find_engine(request, engine) is not engine:
        return None
    origin, site = meta["HTTP_ORIGIN"], meta.get("HTTP_SEC_FETCH_SITE")
    found = find_lookup(lookup, engine, origin, site)
    return None if found is None else Pending(found, request, engine)


def find_engine(request: HttpRequest, engine: Engine) -> Engine:
    """Return the engine for a request, after its origin was looked up if that was needed."""
    return use_looked_up(vars(request).get(_ENGINE), engine)


def has_two_lookups(configuration: Configuration) -> bool:
    """Return whether origins would be looked up by the setting and by receivers of the signal."""
    return configuration.lookup is not None and check_request_enabled.has_listeners(None)
