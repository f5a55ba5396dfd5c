"""The names that a server is called by: the Host header, and a list of hosts.

A page that resolves its own name to another server (DNS rebinding) is of the same origin as that
server, so only the name in Host gives it away. Source: https://www.rfc-editor.org/rfc/rfc9110#field.host
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LOCAL_HOSTS: Final = ("localhost", "*.localhost", "127.*.*.*", "[::1]")
"""The names of the machine itself: no page elsewhere can have one."""

_MAX_LENGTH: Final = 254 + len(":65535")
_DEFAULT_PORTS: Final = ("80", "443")

_split = re.compile(r"([a-z0-9_\-.]{1,254}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{0,5}))?").fullmatch
_is_loopback_address = re.compile(r"127(?:\.(?:0|[1-9][0-9]{0,2})){3}").fullmatch
_LOOPBACK: Final = "127.*.*.*"


def split_host(value: str) -> tuple[str, str] | None:
    """Split the value of Host into a name in lower case and a port, which may be empty.

    Return None if it is not one well-formed host. One dot at the end of a name makes no difference.

    >>> split_host("Example.COM.:8000"), split_host("[::1]")
    (('example.com', '8000'), ('[::1]', ''))
    >>> split_host("a.example, b.example") is split_host("") is None
    True
    """
    if len(value) > _MAX_LENGTH or not value.isascii():
        return None
    match = _split(value.lower())
    if match is None or match[1][0] == "." or ".." in match[1]:
        return None
    return match[1].removesuffix("."), match[2] or ""


class HostSet:
    """The hosts of a list: ``name`` with any port, ``name:port``, ``*.name``, ``127.*.*.*``.

    A Host without a port has the default one, 80 or 443, since a proxy may add or remove TLS.

    >>> hosts = HostSet(["example.com", "*.example.com", "localhost:8000"])
    >>> ("example.com", "8080") in hosts, ("a.b.example.com", "") in hosts
    (True, True)
    >>> ("localhost", "8001") in hosts, ("example.com.evil.example", "") in hosts
    (False, False)
    """

    __slots__ = ("_loopback", "_suffixes", "_texts")

    def __init__(self, hosts: Iterable[str]) -> None:
        texts = frozenset(hosts)
        self._texts: Final = texts
        self._suffixes: Final = tuple(text[1:] for text in texts if text.startswith("*."))
        self._loopback: Final = _LOOPBACK in texts

    def __contains__(self, host: tuple[str, str]) -> bool:
        name, port = host
        if name in self._texts:
            return True
        ports = (port,) if port else _DEFAULT_PORTS
        if any(f"{name}:{each}" in self._texts for each in ports):
            return True
        if self._loopback and _is_loopback_address(name) is not None:
            return True
        return name.endswith(self._suffixes) and name[0] != "."
