"""Public suffixes: names below which anybody can register a name (https://publicsuffix.org/).

A pattern for the subdomains of one lets strangers in. The list comes from `publicsuffixlist`, whose
releases carry it; it is read only when a policy asks.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["is_public_suffix"]

PRIVATE_SUFFIXES: Final = frozenset({"home.arpa", "internal", "local", "localhost", "test"})
"""Names that no registry hands out: RFC 6761, RFC 6762, RFC 8375 and ICANN's ``internal``."""


def is_public_suffix(host: str) -> bool:
    """Say whether strangers can have names directly below `host` (lower case, ASCII).

    A top-level name that the list does not know counts as public, as the list's own rule has it.

    >>> is_public_suffix("com"), is_public_suffix("github.io"), is_public_suffix("example.com")
    (True, True, False)
    >>> is_public_suffix("localhost")
    False
    """
    host = host.removesuffix(".")
    return host not in PRIVATE_SUFFIXES and bool(_public_suffixes().is_public(host))


@cache
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - takes longer than all the rest

    return PublicSuffixList()
