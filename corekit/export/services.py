"""What the targets have in common that take lists, and match origins by their own rules.

They are services of a cloud, or specified for several implementations, so that the tests know only
their documentation. An entry is exported if it means the same there as in the policy, for all
origins that a browser sends and whichever way the documentation is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Final

from corekit._origins import ANY, OriginPattern
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .refusals import refuse

_WEB: Final = ("https://", "http://")
_NON_WILDCARD_NAME: Final = "authorization"
"""https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name"""


def is_exact(entry: str) -> bool:
    """Return whether an entry of a policy is the one origin of a website.

    >>> is_exact("https://app.example.com"), is_exact("https://*.example.com"), is_exact("null")
    (True, False, False)
    """
    return entry.startswith(_WEB) and ANY not in entry


def is_subdomains(entry: str) -> bool:
    """Return whether an entry is a pattern for all subdomains of a website, at one port.

    >>> is_subdomains("https://*.example.com"), is_subdomains("https://*.example.com:*")
    (True, False)
    """
    pattern = OriginPattern.parse(entry)
    return (
        pattern is not None
        and entry.startswith(_WEB)
        and pattern.label == ANY
        and pattern.port != ANY
    )


def has_one_wildcard(entry: str) -> bool:
    """Return whether an entry can be written with a ``*`` that matches any characters.

    It is an origin, a pattern for subdomains, or one for any port: a browser sends nothing but the
    labels of a host before ``.example.com``, and nothing but a port after the colon. In
    ``https://pr-*.example.com``, the ``*`` would match dots too.

    >>> has_one_wildcard("http://localhost:*"), has_one_wildcard("https://pr-*.example.com")
    (True, False)
    """
    return is_exact(entry.removesuffix(f":{ANY}")) or is_subdomains(entry)


def write_origins(policy: CorsPolicy) -> list[str]:
    """Return the origins for a target whose ``*`` matches any characters.

    A pattern for any port matches the origin without a port too, which is another entry.
    """
    entries: dict[str, None] = {}
    for each in policy.allow_origins:
        if each.endswith(f":{ANY}"):
            entries[each.removesuffix(f":{ANY}")] = None
        entries[each] = None
    return [*entries]


def write_json(value: object) -> str:
    """Return the text of a JSON file."""
    return f"{json.dumps(value, indent=2)}\n"


def find_common_problems(
    policy: CorsPolicy,
    target: str,
    *,
    can_match: Callable[[str], bool],
    can_allow: Callable[[str], bool],
) -> Iterator[Diagnostic]:
    """Yield which origins and methods cannot be exported, and what none of these targets has.

    `can_match` is asked for each origin, and `can_allow` for each method; for ``*`` alone, if that
    is among them.
    """
    name = policy.engine.dialect.name
    if not policy.allow_origins:
        yield refuse("no-origins-not-exported", name("allow_origins"), target=target)
    for index, entry in enumerate(policy.allow_origins):
        if entry != ANY and not can_match(entry):
            subject = f"{name('allow_origins')}[{index}]"
            yield refuse("origin-not-exported", subject, entry, target=target)
    for method in (ANY,) if ANY in policy.allow_methods else policy.allow_methods:
        if not can_allow(method):
            code = "any-name-not-exported" if method == ANY else "method-not-exported"
            yield refuse(code, name("allow_methods"), method, target=target)
    if policy.allow_private_network:
        yield refuse("private-network-not-exported", name("allow_private_network"), target=target)


def refuse_any_name(policy: CorsPolicy, argument: str, target: str) -> Iterator[Diagnostic]:
    """Yield a problem if a list of names has ``*``."""
    if ANY in getattr(policy, argument):
        name = policy.engine.dialect.name(argument)
        yield refuse("any-name-not-exported", name, ANY, target=target)


def refuse_unnamed_authorization(policy: CorsPolicy, target: str) -> Iterator[Diagnostic]:
    """Yield a problem if ``*`` allows Authorization when requested names are reflected.

    A browser reads the ``*`` in a response without credentials as all other names.
    """
    names = policy.allow_headers
    if ANY in names and _NON_WILDCARD_NAME not in names and not policy.allow_credentials:
        name = policy.engine.dialect.name("allow_headers")
        yield refuse("authorization-not-named", name, ANY, target=target)


def find_common_differences(policy: CorsPolicy, service: str) -> Iterator[str]:
    """Yield what differs for all of these targets."""
    yield f"The status of preflights is chosen by {service}. Denied ones have no text of corekit."
    yield (
        f"Vary is chosen by {service}. If it lacks Origin, a cache may block an allowed page, since"
        " it has the response for another origin, or for none."
    )
    yield f"Errors of {service} itself may lack the headers. Pages do not see their status then."
    if any(map(is_subdomains, policy.allow_origins)):
        yield (
            "Patterns for subdomains also match hosts with a label of more than 63 characters, or"
            " with characters other than letters, digits, - and _."
        )


def find_any_name_difference(policy: CorsPolicy) -> Iterator[str]:
    """Yield what differs if requested names are reflected for ``*`` and credentials."""
    if policy.allow_credentials and ANY in (*policy.allow_methods, *policy.allow_headers):
        yield "A method or header that is itself named * is allowed too, where the policy has *."
