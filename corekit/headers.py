"""Writing an answer into the headers of a response: what every adapter does last.

The policy is the one authority: Access-Control-* headers of the application are left out, so that
none is doubled and a denied origin stays denied. Vary is merged, never overwritten. What comes in
is never changed, since an application may use one list for all of its responses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .decision import ALLOW_ORIGIN, Answer

__all__ = ["merge_headers", "merge_raw_headers", "merge_vary"]

_RAW_ALLOW_ORIGIN = ALLOW_ORIGIN.lower().encode()


def merge_headers(
    headers: Iterable[tuple[str, str]], answer: Answer, origin: str | None
) -> list[tuple[str, str]]:
    """Make the headers of a response out of the application's and an answer.

    `headers` are pairs of str, as WSGI has them; `origin` is the Origin header of the request that
    `answer` was given for. All other headers keep their order and their spelling.

    >>> from corekit import CorsPolicy
    >>> answer = CorsPolicy(allow_origins=["https://a.example"]).engine.actual("https://a.example")
    >>> merge_headers([("Vary", "Accept")], answer, "https://a.example")
    [('Access-Control-Allow-Origin', 'https://a.example'), ('Vary', 'Accept, Origin')]
    """
    merged: list[tuple[str, str]] = []
    vary: list[tuple[str, str]] = []
    for header in headers:
        # Most names begin with neither letter, and need no second look.
        if header[0][:1] in "aAvV":
            name = header[0].lower()
            if name.startswith("access-control-"):
                continue
            if name == "vary":
                vary.append(header)
                continue
        merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((ALLOW_ORIGIN, origin))
    merged += answer.headers
    value = merge_vary([line for _, line in vary], answer.vary)
    merged += vary if value is None else [("Vary", value)]
    return merged


def merge_raw_headers(
    headers: Iterable[tuple[bytes, bytes]], answer: Answer, origin: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Do the same for pairs of bytes, as ASGI has them."""
    merged: list[tuple[bytes, bytes]] = []
    vary: list[tuple[bytes, bytes]] = []
    for header in headers:
        if header[0][:1] in b"aAvV":
            name = header[0].lower()
            if name.startswith(b"access-control-"):
                continue
            if name == b"vary":
                vary.append(header)
                continue
        merged.append(header)
    if answer.echoes_origin and origin is not None:
        merged.append((_RAW_ALLOW_ORIGIN, origin))
    merged += answer.raw_headers
    value = merge_vary([line.decode("latin-1") for _, line in vary], answer.vary)
    merged += vary if value is None else [(b"vary", value.encode("latin-1"))]
    return merged


def merge_vary(lines: Sequence[str], names: Sequence[str]) -> str | None:
    """Merge field names into the values of a response's Vary headers.

    Returns the one value to set, or None where nothing is missing and the lines stay as they are;
    so does ``*``, which covers everything: https://www.rfc-editor.org/rfc/rfc9110#field.vary

    >>> merge_vary(["Accept", "Cookie"], ["Origin"])
    'Accept, Cookie, Origin'
    >>> merge_vary(["origin"], ["Origin"]) is merge_vary(["*"], ["Origin"]) is None
    True
    """
    present = {name.strip().lower() for line in lines for name in line.split(",")}
    missing = [name for name in names if name.lower() not in present]
    if not missing or "*" in present:
        return None
    return ", ".join([*(line for line in lines if line.strip()), *missing])
