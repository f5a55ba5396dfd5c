"""`observe`: reports what a policy would change for an application that has another CORS layer.

Responses pass unchanged: the same messages, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from corekit.adapter import Observer, Policies, check_application, check_policy, policy_source

from .guard import LOGGER
from .headers import as_bytes, find_line
from .layers import ASGIApp, Message, Receive, Scope, Send
from .paths import PathReader

if TYPE_CHECKING:
    from corekit.shadow import OnDifference, Shadow


def observe(
    app: ASGIApp,
    candidate: Policies,
    *,
    on_difference: OnDifference | None = None,
    sample: float = 1.0,
    strips_root_path: bool | None = None,
) -> Observed:
    """Wrap an application, and report which responses would change with a policy.

    `app` is an ASGI 3 application with any CORS layer, or none. Its responses are not changed. What
    browsers would treat otherwise with `candidate` is logged by "corekit.asgi", and passed to
    `on_difference`, a plain function of a `corekit.shadow.ShadowEvent`. `candidate` is a
    `CorsPolicy`, a `CorsRoutes` or a `LivePolicy`; `sample` is that of a `LivePolicy`, and
    `strips_root_path` that of `CorsMiddleware`.

    Wrap it last, around all of its middleware. Raise TypeError if `app` is not callable, and
    otherwise TypeError and ValueError as `LivePolicy` does.

    >>> from corekit import CorsPolicy
    >>> async def hello(scope, receive, send): ...
    >>> app = observe(hello, CorsPolicy(allow_origins=["https://app.example.com"]))
    """
    from corekit.shadow import Shadow  # noqa: PLC0415 - importing the adapter stays fast

    check_application(app)
    check_policy(candidate, "candidate")
    shadow = Shadow(policy_source(candidate), on_difference=on_difference, sample=sample)
    return Observed(app, shadow, PathReader.of(app, strips_root_path))


class Observed:
    """An application whose responses are compared with those of a candidate; see `observe`."""

    def __init__(self, app: ASGIApp, shadow: Shadow, paths: PathReader) -> None:
        self.app = app
        self._shadow = shadow
        self._paths = paths
        self._reporter = Observer("asgi", LOGGER)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, as an ASGI 3 application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if type(scope.get("headers")) is not list:
            # It may be an iterator, which the application would find empty.
            scope = {**scope, "headers": list(scope.get("headers") or ())}
        origin = _find(scope["headers"], b"origin")
        if origin is None:
            await self.app(scope, receive, send)
            return

        # An application may change the scope and its headers, so they are read before.
        found = {**scope, "headers": [*scope["headers"]]}

        async def send_and_compare(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.get("headers", ())
                if not isinstance(headers, list | tuple):
                    headers = list(headers)
                    message = {**message, "headers": headers}
                self._compare(scope, found, origin, message["status"], headers)
            await send(message)

        await self.app(scope, receive, send_and_compare)

    def _compare(
        self,
        scope: Scope,
        found: Scope,
        origin: str,
        status: int,
        headers: Iterable[tuple[Any, Any]],
    ) -> None:
        sent = found["headers"]

        def read() -> tuple[int, tuple[tuple[str, str], ...]]:
            pairs = as_bytes(headers)
            text = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
            return status, tuple(text)

        self._shadow.observe_response(
            self._reporter,
            read,
            method=found["method"],
            path=found["path"],
            origin=origin,
            request_method=_find(sent, b"access-control-request-method"),
            request_headers=_find(sent, b"access-control-request-headers"),
            host=_find(sent, b"host"),
            sec_fetch_site=_find(sent, b"sec-fetch-site"),
            request=scope,
            find_policy=lambda policies: self._paths.find_policy(policies, found),
        )


def _find(headers: Iterable[tuple[Any, Any]], name: bytes) -> str | None:
    value = find_line(headers, name)
    return None if value is None else value.decode("latin-1")
