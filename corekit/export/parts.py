"""What several targets need to know of a policy, and of the application behind a proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from corekit._origins import ANY
from corekit.diagnostics import show
from corekit.policy import CorsPolicy

TCHAR: Final = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
"""A character of a token, as a regular expression."""

LOWER: Final = TCHAR.replace("A-Z", "")
"""A character of a header name: browsers request them in lower case."""

PREFIX: Final = "cors"
"""What names in a configuration begin with, and the names of its files."""

# nginx reads variables without case, and their names have at most 46 characters.
_is_name = re.compile(r"[a-z][a-z0-9_]{0,19}").fullmatch
_ends_with_part = re.compile(r"(?:^|_)(?:location|requested)\Z").search
"""`cors_location.conf` and `cors_requested_headers` are names without a name of the policy."""

_is_upstream = re.compile(
    r"(https?)://(\[[0-9a-f:]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?"
).fullmatch


def write_prefix(name: str | None) -> str:
    """Return what the names begin with for a policy of this name, or raise ValueError.

    No name with one prefix is a name with another.

    >>> write_prefix(None), write_prefix("admin")
    ('cors', 'cors_admin')
    """
    if name is None:
        return PREFIX
    if not _is_name(name):
        raise ValueError(
            f"name={show(name)} cannot be a part of other names. Use up to 20 lower-case letters,"
            " digits and underscores, starting with a letter, such as 'admin'."
        )
    if _ends_with_part(name):
        raise ValueError(
            f"name={show(name)} could be mistaken for a part of another name. Let it end with a"
            " word other than 'location' or 'requested'."
        )
    return f"{PREFIX}_{name}"


class Upstream(NamedTuple):
    """The application behind a proxy; an IPv6 address is in brackets."""

    scheme: str
    host: str
    port: int


def parse_upstream(url: str) -> Upstream:
    """Return the parts of the URL of an application, or raise ValueError.

    >>> parse_upstream("https://[::1]")
    Upstream(scheme='https', host='[::1]', port=443)
    """
    match = _is_upstream(url)
    if match is None:
        raise ValueError("An upstream is an HTTP URL without a path: http://127.0.0.1:8000")
    scheme, host, port = match.groups()
    return Upstream(scheme, host, int(port or (443 if scheme == "https" else 80)))


def lists(policy: CorsPolicy) -> dict[str, str]:
    """Return the lists of the policy by argument, as they are sent."""
    return {
        "allow_methods": ", ".join(policy.engine.allow_methods),
        "allow_headers": ", ".join(policy.engine.allow_headers),
        "expose_headers": ", ".join(policy.expose_headers),
    }


def is_for_any(policy: CorsPolicy) -> bool:
    """Return whether any origin is allowed."""
    return ANY in policy.allow_origins


def names_requested_method(policy: CorsPolicy) -> bool:
    """Return whether any method is allowed with credentials, where browsers take * literally."""
    return policy.allow_credentials and ANY in policy.allow_methods


def names_requested_headers(policy: CorsPolicy) -> bool:
    """Return whether any header is allowed with credentials, where browsers take * literally."""
    return policy.allow_credentials and ANY in policy.allow_headers


def varied_fields(policy: CorsPolicy) -> list[str]:
    """Return the headers of a preflight, in addition to Origin, that its response depends on."""
    requested = {
        "Access-Control-Request-Method": names_requested_method(policy),
        "Access-Control-Request-Headers": names_requested_headers(policy),
        "Access-Control-Request-Private-Network": policy.allow_private_network,
    }
    return [name for name, is_read in requested.items() if is_read]


def find_pattern_differences(policy: CorsPolicy) -> Iterator[str]:
    """Yield what differs in every proxy that reads the regular expressions of `origins`."""
    if any(ANY in each and each != ANY for each in policy.allow_origins):
        yield (
            "Patterns also match origins that no browser sends: with a port above 65535 or the"
            " default port, with a host of more than 254 characters, or with an IPv6 address in"
            " another spelling."
        )


def find_common_differences(policy: CorsPolicy) -> Iterator[str]:
    """Yield what differs in such a proxy if it also sends the requested headers as they came."""
    yield from find_pattern_differences(policy)
    if names_requested_headers(policy):
        yield (
            "Requested headers are named as they were requested. None are if one of them is *,"
            " which the browser blocks anyway."
        )
