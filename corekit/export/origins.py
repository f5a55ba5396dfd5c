r"""An origin or a pattern as a regular expression that all proxies understand.

The syntax is what PCRE, RE2 and POSIX have in common: no `\d`, no look-around. Only POSIX has no
groups that capture nothing, so it can be chosen how a group begins. A regular expression has to be
anchored at both ends, and matched with case.

A few strings that no browser sends are matched too: a port that is above 65535 or the default of
the scheme, a host of more than 254 characters, an IPv6 address of an app in another spelling.
"""

from __future__ import annotations

import re
from typing import Final

from corekit._origins import ANY, OriginPattern

_LABEL: Final = "[a-z0-9_-]"
_MAX_LABEL: Final = 63
_BYTE: Final = "25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]"
_APP_HOST: Final = r"[A-Za-z0-9_.~!$&'()+;=-]+|\[[0-9a-f:]{2,39}\]"
_PORT: Final = ":[1-9][0-9]{0,4}"

_special = re.compile(r"[.\\+*?()\[\]{}^$|]")


def write_regex(origin: str, group: str = "(") -> str:
    r"""Return the regular expression of an origin or a pattern, without anchors.

    >>> print(write_regex("https://app.example.com"))
    https://app\.example\.com
    >>> print(write_regex("https://*.example.com"))
    https://([a-z0-9_-]{1,63}\.)+example\.com
    >>> print(write_regex("https://pr-*.example.com:*", group="(?:"))
    https://pr-[a-z0-9_-]{1,60}\.example\.com(?::[1-9][0-9]{0,4})?
    """
    pattern = OriginPattern.parse(origin) if ANY in origin else None
    if pattern is None:
        return escape_regex(origin)
    label = host = ""
    if pattern.label == ANY:
        label = rf"{group}{_LABEL}{{1,{_MAX_LABEL}}}\.)+"
    elif pattern.label is not None:
        before, after = map(escape_regex, pattern.label.split(ANY))
        rest = _MAX_LABEL - len(pattern.label) + 1
        label = rf"{before}{_LABEL}{{1,{rest}}}{after}\."
    if pattern.host == ANY:
        host = f"{group}{_APP_HOST})"
    else:
        host = escape_regex(pattern.host).replace(rf"\{ANY}", f"{group}{_BYTE})")
    port = f"{group}{_PORT})?" if pattern.port == ANY else pattern.port and f":{pattern.port}"
    return f"{escape_regex(pattern.scheme)}://{label}{host}{port}"


def escape_regex(text: str) -> str:
    r"""Return a regular expression that matches exactly this text.

    >>> print(escape_regex("a+b.c-d://x$"))
    a\+b\.c-d://x\$
    """
    return _special.sub(r"\\\g<0>", text)
