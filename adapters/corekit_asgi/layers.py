"""The layers inside an ASGI middleware, and errors of one that a framework creates.

Starlette and FastAPI create the middleware of ``app.add_middleware`` when the server starts. If
that raised, a server would assume an application without lifespan, start, and respond to each
request with a 500.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Final

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_MOST_LAYERS: Final = 100
_CREATED_AT_START: Final = "starlette.middleware.exceptions.ExceptionMiddleware"
_OTHERS: Final = frozenset({"starlette.middleware.cors.CORSMiddleware"})
"""The classes of other libraries that also write the headers of CORS."""


def layers_of(app: Any) -> Iterator[Any]:
    """Yield an application and the layers inside it, the outermost first."""
    for _ in range(_MOST_LAYERS):
        # Quart's layers wrap a method: app.asgi_app = CorsMiddleware(app.asgi_app, policy).
        app = getattr(app, "__self__", app)
        if app is None:
            break
        yield app
        app = getattr(app, "app", None)


def class_names(cls: type) -> list[str]:
    """Return the full names of a class and of those that it inherits from.

    >>> class_names(bool)
    ['builtins.bool', 'builtins.int', 'builtins.object']
    """
    return [f"{each.__module__}.{each.__qualname__}" for each in cls.__mro__]


def is_created_at_start(app: ASGIApp) -> bool:
    """Return whether Starlette creates a middleware around `app`, and not the user's own code."""
    return any(_CREATED_AT_START in class_names(type(layer)) for layer in layers_of(app))


def find_second_layer(app: ASGIApp, own: type) -> str | None:
    """Return the name of a layer inside that writes the headers of CORS too, or None.

    `own` is the class of corekit's middleware.
    """
    for layer in layers_of(app):
        if getattr(layer, "cors_config", None) is not None:
            return f"cors_config of {type(layer).__name__}"
        added = (getattr(each, "cls", None) for each in getattr(layer, "user_middleware", ()))
        for cls in (type(layer), *added):
            if isinstance(cls, type) and (issubclass(cls, own) or _OTHERS & {*class_names(cls)}):
                return f"{cls.__module__}.{cls.__qualname__}"
    return None


class FailedStart:
    """An application that keeps the server from starting, since its middleware has an error."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raise the error, for each request too; at the start, tell the server first."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(self.error)})
        # As Starlette does, whose test client waits for it.
        raise self.error.with_traceback(None)
