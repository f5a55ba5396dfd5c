"""The headers of a request, as servers pass them: pairs of bytes, other buffers, or strings."""

from __future__ import annotations

from collections.abc import Iterable

from .layers import Scope

__all__ = ["RawHeaders", "as_bytes", "find_line", "join_fields", "requested_method", "with_headers"]

RawHeaders = Iterable[tuple[bytes, bytes]]


def as_bytes(headers: Iterable[tuple[object, object]]) -> list[tuple[bytes, bytes]]:
    """Return headers as pairs of bytes; servers also pass other bytes-like objects, and strings."""
    return [(_as_bytes(name), _as_bytes(value)) for name, value in headers]


def with_headers(scope: Scope) -> Scope:
    """Return a scope whose headers are a list.

    They may be missing, or an iterator, which the application would find empty.
    """
    if type(scope.get("headers")) is list:
        return scope
    return {**scope, "headers": list(scope.get("headers") or ())}


def find_line(headers: Iterable[tuple[object, object]], name: bytes) -> bytes | None:
    """Return the value of a header, whose lines are joined; None if it is missing."""
    size = len(name)
    # Few names are as long, so few are read.
    lines = [
        _as_bytes(value)
        for each, value in headers
        if len(each) == size and _as_bytes(each).lower() == name  # type: ignore[arg-type]
    ]
    return b", ".join(lines) if lines else None


def requested_method(headers: Iterable[tuple[object, object]]) -> str | None:
    """Return the method that a preflight asks for; None if the request is not a preflight."""
    fields = {name.lower(): value for name, value in as_bytes(headers)}
    requested = fields.get(b"access-control-request-method")
    return None if requested is None or b"origin" not in fields else requested.decode("latin-1")


def join_fields(headers: RawHeaders) -> dict[bytes, bytes]:
    """Return all headers by name, with the lines of each joined."""
    # Adding one line after the other would take time that grows with the square of their number.
    lines: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        lines.setdefault(name.lower(), []).append(value)
    return {name: b",".join(values) for name, values in lines.items()}


def _as_bytes(value: object) -> bytes:
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode("latin-1")
    # Through a memoryview, since bytes(5) would be five zeros.
    return bytes(memoryview(value))  # type: ignore[arg-type]
