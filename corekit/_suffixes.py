"""Public suffixes: names below which anybody can register a name (https://publicsuffix.org/).

A pattern for the subdomains of one matches hosts of other people, and a name directly below one is
a site. The list is part of `publicsuffixlist`, and is read only if a policy needs it. Browsers know
only that list, so cookies and sites follow it. Whether a pattern is open also depends on
`SHARED_SUFFIXES`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from ._origins import ends_in_number, is_private_range

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

PRIVATE_SUFFIXES: Final = frozenset({"home.arpa", "internal", "local", "localhost", "test"})
"""Names that no registry hands out: RFC 6761, RFC 6762, RFC 8375 and ICANN's ``internal``."""

SHARED_SUFFIXES: Final = {
    "app.github.dev": "https://docs.github.com/codespaces/developing-in-a-codespace/forwarding-ports-in-your-codespace",
    "devtunnels.ms": "https://learn.microsoft.com/azure/developer/dev-tunnels/overview",
    "*.devtunnels.ms": "https://learn.microsoft.com/azure/developer/dev-tunnels/overview",
    "gitpod.io": "https://www.gitpod.io/docs/configure/workspaces/ports",
    "*.gitpod.io": "https://www.gitpod.io/docs/configure/workspaces/ports",
    "gradio.live": "https://www.gradio.app/guides/sharing-your-app",
    "lhr.life": "https://localhost.run/docs/",
    "loca.lt": "https://github.com/localtunnel/localtunnel",
    "serveo.net": "https://serveo.net/",
    "stackblitz.io": "https://developer.stackblitz.com/",
    "vscode-cdn.net": "https://code.visualstudio.com/docs/setup/network",
    "webcontainer.io": "https://webcontainers.io/",
    "*.webcontainer.io": "https://webcontainers.io/",
}
"""Tunnels and workspaces below which anybody gets a name, and which are not on the list.

By rule, as the list writes them, with the operator's page about the service."""


def is_public_suffix(host: str) -> bool:
    """Return whether anybody can get names directly below `host` (lower case, ASCII).

    A top-level name that is not on the list is public, by the default rule of the list.

    >>> is_public_suffix("com"), is_public_suffix("github.io"), is_public_suffix("example.com")
    (True, True, False)
    >>> is_public_suffix("localhost"), is_public_suffix("app.github.dev")
    (False, True)
    """
    host = host.removesuffix(".")
    is_shared = host in SHARED_SUFFIXES or f"*.{host.partition('.')[2]}" in SHARED_SUFFIXES
    return is_shared or is_listed_suffix(host)


def is_known_suffix(host: str) -> bool:
    """Return whether `host` is a public suffix, and not by the default rule of the list.

    >>> is_known_suffix("com"), is_known_suffix("xx"), is_known_suffix("co.uk")
    (True, False, True)
    """
    host = host.removesuffix(".")
    return is_public_suffix(host) and ("." in host or host in _top_level_domains())


def is_listed_suffix(host: str) -> bool:
    """Return whether browsers take `host` as a public suffix, and store no cookies for it.

    >>> is_listed_suffix("github.io"), is_listed_suffix("app.github.dev")
    (True, False)
    """
    return host not in PRIVATE_SUFFIXES and bool(_public_suffixes().is_public(host))


def find_open_suffix(host: str, *, below: bool) -> str | None:
    """Return the public suffix that a wildcard label before `host` covers, or None.

    It is `host` itself or, with `below`, if the wildcard covers several labels, one of the public
    suffixes below it.

    >>> find_open_suffix("example.com", below=True) is None
    True
    >>> find_open_suffix("platform.sh", below=True), find_open_suffix("platform.sh", below=False)
    ('ent.platform.sh', None)
    """
    if is_public_suffix(host):
        return host
    rules = suffix_rules_below(host.removesuffix(".")) if below else ()
    return next((rule.removeprefix("*.") for rule in rules), None)


def suffix_rules_below(host: str) -> tuple[str, ...]:
    """Return the rules of the list for public suffixes below `host`; ``*`` is any label.

    >>> suffix_rules_below("example.com")
    ()
    """
    return tuple(_suffix_rules().get(host, ()))


def site_of(host: str) -> str:
    """Return the registrable domain of a host; an address or a single label is its own site.

    Source: https://html.spec.whatwg.org/multipage/browsers.html#same-site

    >>> site_of("api.shop.example.co.uk"), site_of("me.github.io"), site_of("127.0.0.1")
    ('example.co.uk', 'me.github.io', '127.0.0.1')
    """
    labels = host.removesuffix(".").split(".")
    if host.startswith("[") or ends_in_number(host) or is_private_range(host):
        return host
    for index in range(1, len(labels)):
        if is_listed_suffix(".".join(labels[index:])):
            return ".".join(labels[index - 1 :])
    return ".".join(labels[-2:])


@cache
def _suffix_rules() -> dict[str, list[str]]:
    # Each name that has public suffixes below it, with their rules.
    below: dict[str, list[str]] = {}
    for rule in _rules():
        host = rule.partition(".")[2]
        while host:
            below.setdefault(host, []).append(rule)
            host = host.partition(".")[2]
    return below


@cache
def _top_level_domains() -> frozenset[str]:
    return frozenset(rule.rpartition(".")[2] for rule in _rules())


@cache
def _rules() -> tuple[str, ...]:
    # As browsers write them.
    from pathlib import Path  # noqa: PLC0415 - keeps importing corekit fast

    import idna  # noqa: PLC0415 - takes 2 ms
    from publicsuffixlist import PSLFILE  # noqa: PLC0415 - takes longer than everything else

    rules: list[str] = []
    for line in (*Path(PSLFILE).read_text(encoding="utf-8").splitlines(), *SHARED_SUFFIXES):
        rule = line.partition(" ")[0]
        if line.startswith(("//", "!")) or not rule:
            continue
        host = rule.removeprefix("*.")
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
        rules.append(f"*.{host}" if rule.startswith("*.") else host)
    return tuple(rules)


@cache
def _public_suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - takes longer than everything else

    return PublicSuffixList()
