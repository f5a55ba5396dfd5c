"""The verdict of the guard on one request, and the response to a request that is refused."""

from __future__ import annotations

from typing import Final

from corekit._hints import find_origin_hint
from corekit._origins import ANY, OPAQUE, is_serialized_origin
from corekit.diagnostics import show

from .rules import GuardedRequest, GuardReason

_FORBIDDEN: Final = 403
FETCH_METADATA: Final = ("Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest")

_ORIGIN_REASONS: Final = frozenset(
    {
        GuardReason.SAME_SITE,
        GuardReason.CROSS_SITE,
        GuardReason.OTHER_ORIGIN,
        GuardReason.WEBSOCKET_ORIGIN,
        GuardReason.READ_NOT_ALLOWED,
    }
)


class Verdict:
    """The verdict on one request, compared by value.

    >>> from corekit import CorsPolicy
    >>> from corekit.guard import CrossOriginGuard
    >>> guard = CrossOriginGuard(CorsPolicy(allow_origins=["https://app.example.com"]))
    >>> verdict = guard.judge("POST", "/orders", origin="https://evil.example",
    ...                       sec_fetch_site="cross-site")
    >>> verdict.allowed, verdict.reason.name, verdict.status
    (False, 'CROSS_SITE', 403)
    """

    __slots__ = ("_request", "is_enforced", "reason", "vary")

    reason: GuardReason
    """Why the request is allowed or not; ``reason.value`` is a sentence."""
    vary: tuple[str, ...]
    """The field names to merge into Vary, whether the request is allowed or not."""
    is_enforced: bool
    """False if the request is not allowed and passes, since the guard has ``mode="report"``."""

    def __init__(
        self,
        reason: GuardReason,
        request: GuardedRequest | None = None,
        *,
        vary: tuple[str, ...] = (),
    ) -> None:
        self.reason = reason
        self.vary = vary
        self.is_enforced = self.allowed or request is None or request.guard.mode == "enforce"
        self._request = request

    @property
    def allowed(self) -> bool:
        """Whether the request is allowed."""
        return self.reason.status is None

    @property
    def is_proven(self) -> bool:
        """Whether a browser showed that the page is the server's own, or one of a listed origin."""
        return self.reason.is_proven

    @property
    def status(self) -> int | None:
        """The status of the response, None if the application responds."""
        return self.reason.status if self.is_enforced else None

    @property
    def hint(self) -> str:
        """How to fix a refusal; empty if the request is allowed.

        Computed only when it is read; a search for the nearest origin can take milliseconds.
        """
        request = self._request
        if self.allowed or request is None:
            return ""
        return _find_hint(self.reason, request)

    @property
    def body(self) -> bytes:
        """The text of the response to a request that is refused, in ASCII."""
        sentence = f"Guard: {self.reason.value[0].lower()}{self.reason.value[1:]}"
        # Which origins are listed is not the client's business; which name it used is.
        hint = f" {self.hint}" if self.reason is GuardReason.HOST_NOT_ALLOWED else ""
        return f"{sentence}{hint}\n".encode()

    def response(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the status, the headers and the body for a request that is refused.

        >>> from corekit import CorsPolicy
        >>> from corekit.guard import CrossOriginGuard
        >>> verdict = CrossOriginGuard(CorsPolicy.deny_all()).judge("POST", "/", origin="null")
        >>> verdict.response()[::2]
        (403, b'Guard: the page has no origin, or hides it.\\n')
        """
        body = self.body
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        if self.vary:
            headers.append(("Vary", ", ".join(self.vary)))
        return self.reason.status or _FORBIDDEN, headers, body

    def raw_response(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Like `response()`, for ASGI byte pairs."""
        status, headers, body = self.response()
        return status, [(name.lower().encode(), value.encode()) for name, value in headers], body

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Verdict):
            return NotImplemented
        return (self.reason, self.vary, self.is_enforced) == (
            other.reason,
            other.vary,
            other.is_enforced,
        )

    def __hash__(self) -> int:
        return hash((self.reason, self.vary, self.is_enforced))

    def __repr__(self) -> str:
        return f"<Verdict {self.reason.name} allowed={self.allowed} status={self.status}>"


def _find_hint(reason: GuardReason, request: GuardedRequest) -> str:
    name, engine = request.guard.dialect.name, request.engine
    if reason in _ORIGIN_REASONS:
        return _find_origin_hint(reason, request)
    match reason:
        case GuardReason.HOST_MALFORMED:
            return "Send one Host header with the name of the server."
        case GuardReason.HOST_NOT_ALLOWED:
            return (
                f"Call the server by another name, or add {show(request.host)} to {name('hosts')}."
            )
        case GuardReason.SEVERAL_FETCH_SITES:
            return "Let proxies pass on Sec-Fetch-Site as it is."
        case GuardReason.CREDENTIALS_NOT_ALLOWED if engine is not None:
            setting = engine.dialect.name("allow_credentials")
            # Pages cannot open a WebSocket without credentials.
            other = "" if request.is_websocket else ", or send the request with credentials: 'omit'"
            return f"Turn on {setting} if pages of this origin may act as the user{other}."
        case GuardReason.OPAQUE_ORIGIN:
            return "Send your own pages with Referrer-Policy: same-origin instead of no-referrer."
        case GuardReason.BROWSERS_ONLY:
            setting = name("websockets" if request.is_websocket else "writes")
            return f"Set {setting} to 'judge' if other clients may do this."
    return f"Add the path to {name('exempt')} if every website may load it, and write to it."


def _find_origin_hint(reason: GuardReason, request: GuardedRequest) -> str:
    engine, origin = request.engine, request.origin
    if origin is None:
        return "Let proxies pass on Origin as it is."
    if not is_serialized_origin(origin):
        return "Send one Origin, as browsers do."
    if engine is None:
        hint = "Cover the path with a policy that lists the origin."
    elif reason is not GuardReason.READ_NOT_ALLOWED and engine.find_rule(origin) == ANY:
        setting = engine.dialect.origins
        hint = f"With '*' every page may read. List the origins that may do more in {setting}."
    else:
        hint = find_origin_hint(engine, origin)
    if origin != OPAQUE and (request.is_websocket or request.sec_fetch_site is None):
        # Origin was compared with Host, which a proxy may have changed.
        setting = request.guard.dialect.name("own_origins")
        hint += f" If it is this server's own, add it to {setting}."
    return hint
