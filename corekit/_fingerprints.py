"""Fingerprints of policies: a few digits that name one, the same in every process.

Two policies with equal arguments have the same fingerprint, in whatever order they list them.
There may be very many origins, and other threads answer requests, which do not run while C code
sorts, or while the garbage collector looks into a set: so the origins are the keys of a dict.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["Source", "find_fingerprint", "find_share", "sum_of_digests"]

_DIGITS: Final = 12


class Source:
    """What an engine was compiled from, by which logs name it, and how they fix a denial.

    `cls` is the class of the policy, `arguments` are those that differ from their defaults.
    """

    __slots__ = ("_digest", "arguments", "cls", "hint", "live")

    def __init__(
        self, cls: type | None = None, arguments: Mapping[str, object] | None = None
    ) -> None:
        self.cls = cls
        self.arguments = arguments or {}
        self.live: object = None
        """Which `LivePolicy` the policy is one of, and the path of its route; None for none."""
        self.hint = ""
        """How to fix a denial, if no setting of the policy would; otherwise empty."""
        self._digest = ""

    @property
    def fingerprint(self) -> str:
        """The first digits of the digest, computed when they are first read."""
        # Another thread may do the same at the same time, with the same result.
        if not self._digest:
            items = ((name, _canonical(value)) for name, value in self.arguments.items())
            kind = "" if self.cls is None else f"{self.cls.__module__}.{self.cls.__qualname__}"
            self._digest = _digest([kind, sorted(items)])
        return self._digest


def find_fingerprint(parts: Iterable[tuple[str, str]]) -> str:
    """Return the fingerprint of routes: `parts` are their paths and fingerprints, in order.

    >>> find_fingerprint([("/", "0123456789ab")]) == find_fingerprint([("/", "ba9876543210")])
    False
    """
    return _digest(["routes", list(parts)])


def find_share(text: str) -> float:
    """Return a number from 0 to below 1 that depends on `text` alone, the same in every process.

    >>> 0 <= find_share("https://a.example") < 1
    True
    """
    from hashlib import sha256  # noqa: PLC0415 - keeps importing corekit fast

    # Some servers decode bytes that are not UTF-8 to surrogates.
    data = text.encode(errors="surrogatepass")
    return int.from_bytes(sha256(data).digest()[:6], "big") / 2**48


def sum_of_digests(texts: Iterable[str]) -> int:
    """Return a number that names a set of texts, and that can be added and subtracted.

    >>> sum_of_digests(["a", "b"]) - sum_of_digests(["a"]) == sum_of_digests(["b"])
    True
    """
    from hashlib import sha256  # noqa: PLC0415

    return sum(int.from_bytes(sha256(text.encode()).digest()) for text in texts)


def _canonical(value: object) -> object:
    if isinstance(value, tuple):
        texts = {_text(item): None for item in value}
        return [len(texts), sum_of_digests(texts)]
    return value


def _text(item: object) -> str:
    # Only arguments of strings and regular expressions are collections.
    return f"{item.flags} {item.pattern}" if isinstance(item, re.Pattern) else str(item)


def _digest(value: object) -> str:
    # Imported here, since importing corekit stays fast.
    import json  # noqa: PLC0415
    from hashlib import sha256  # noqa: PLC0415

    return sha256(json.dumps(value).encode()).hexdigest()[:_DIGITS]
