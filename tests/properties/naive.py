"""The pattern language and serialized origins, implemented directly from their definitions.

The code is slow and simple, with plain string operations, and independent of `corekit`, from which
nothing is imported. The properties compare the compiled matcher with it.

- https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
- https://url.spec.whatwg.org/#host-parsing
"""

from __future__ import annotations

from ipaddress import IPv6Address
from string import ascii_lowercase, digits

DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21"}
LONGEST_ORIGIN = 327
LONGEST_DOMAIN = 254
LONGEST_LABEL = 63
TOKEN_CHARACTERS = set("!#$%&'*+-.^_`|~" + digits + ascii_lowercase + ascii_lowercase.upper())
LABEL_CHARACTERS = set(ascii_lowercase + digits + "-_")
SCHEME_CHARACTERS = set(ascii_lowercase + digits + "+-.")
HOST_CHARACTERS = LABEL_CHARACTERS | set(".~!$&'()+;=")


def split(origin: str) -> tuple[str, str, str] | None:
    """Split an origin into scheme, host and the rest: a colon and a port, or nothing."""
    scheme, separator, rest = origin.partition("://")
    if not separator:
        return None
    if rest.startswith("["):
        host, bracket, tail = rest.partition("]")
        return scheme, host + bracket, tail
    host, colon, port = rest.partition(":")
    return scheme, host, colon + port


def is_label(text: str) -> bool:
    return 1 <= len(text) <= LONGEST_LABEL and set(text) <= LABEL_CHARACTERS


def is_domain(host: str) -> bool:
    """Return whether `host` is labels separated by dots, with an optional trailing dot."""
    labels = host.split(".")
    if len(labels) > 1 and labels[-1] == "":
        labels.pop()
    return len(host) <= LONGEST_DOMAIN and all(is_label(label) for label in labels)


def is_tail(scheme: str, tail: str) -> bool:
    """Return whether `tail`, a colon and a port or nothing, can follow the host in an origin."""
    if tail == "":
        return True
    port = tail[1:]
    if tail[0] != ":" or port == "" or not set(port) <= set(digits) or port[0] == "0":
        return False
    return int(port) <= 65535 and port != DEFAULT_PORTS.get(scheme)


def serialize_ipv6(address: IPv6Address) -> str:
    groups = [address.packed[at] * 256 + address.packed[at + 1] for at in range(0, 16, 2)]
    start, length = 0, 0
    for first in range(8):
        last = first
        while last < 8 and groups[last] == 0:
            last += 1
        if last - first > length:
            start, length = first, last - first
    texts = [format(group, "x") for group in groups]
    if length < 2:
        return ":".join(texts)
    return ":".join(texts[:start]) + "::" + ":".join(texts[start + length :])


def is_address(host: str) -> bool:
    """Return whether `host` is an IPv6 address in brackets, as a browser serializes it."""
    if not host.startswith("[") or not host.endswith("]"):
        return False
    try:
        return serialize_ipv6(IPv6Address(host[1:-1])) == host[1:-1]
    except ValueError:
        return False


def ends_in_number(host: str) -> bool:
    labels = host.split(".")
    if labels[-1] == "":
        labels.pop()
    last = labels[-1] if labels else ""
    if last.startswith("0x"):
        return set(last[2:]) <= set("0123456789abcdef")
    return last != "" and set(last) <= set(digits)


def is_dotted_decimal(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and all(
        part != "" and set(part) <= set(digits) and str(int(part)) == part and int(part) < 256
        for part in parts
    )


def is_scheme(text: str) -> bool:
    return (
        1 <= len(text) <= 64
        and text[0] in ascii_lowercase
        and set(text) <= SCHEME_CHARACTERS
        and text not in ("file", "ws", "wss")
    )


def is_host(scheme: str, host: str) -> bool:
    if is_address(host):
        return True
    characters = HOST_CHARACTERS
    if scheme not in DEFAULT_PORTS:
        characters = characters | set(ascii_lowercase.upper())
    if not 1 <= len(host) <= LONGEST_DOMAIN or not set(host) <= characters:
        return False
    if scheme not in DEFAULT_PORTS:
        return True
    labels = host.split(".")
    if labels[-1] == "" and len(labels) > 1:
        labels.pop()
    return "" not in labels and (not ends_in_number(host) or is_dotted_decimal(host))


def is_possible_website(text: str) -> bool:
    """Return whether a website can have a host of the pattern `text`: DNS knows its characters.

    Whether labels of Punycode can be registered is not looked at.
    """
    scheme, _, rest = text.partition("://")
    host = rest.partition(":")[0]
    return not is_web(scheme) or host.startswith("[") or set(host) <= LABEL_CHARACTERS | set(".*")


def is_hostless(text: str) -> bool:
    """Return whether `text` is an origin of local files or of an app, without a host."""
    scheme = text.removesuffix("://")
    return scheme != text and (scheme == "file" or (is_scheme(scheme) and not is_web(scheme)))


def is_web(scheme: str) -> bool:
    return scheme in DEFAULT_PORTS


def is_network(host: str) -> bool:
    """Return whether `host` is a private IPv4 address with wildcards for its last parts."""
    parts = host.split(".")
    fixed = [part for part in parts if part != "*"]
    first = host.replace("*", "0")
    if len(parts) != 4 or parts[: len(fixed)] != fixed or len(fixed) == 4:
        return False
    if not is_dotted_decimal(first):
        return False
    return (
        fixed[:1] == ["10"]
        or fixed[:2] in (["192", "168"], ["169", "254"])
        or (len(fixed) > 1 and fixed[0] == "172" and 16 <= int(fixed[1]) <= 31)
    )


def is_origin(text: str) -> bool:
    """Return whether a browser could send `text` as Origin."""
    if text == "null" or is_hostless(text):
        return True
    parts = split(text)
    if parts is None or len(text) > LONGEST_ORIGIN:
        return False
    scheme, host, tail = parts
    return is_scheme(scheme) and is_host(scheme, host) and is_tail(scheme, tail)


def is_pattern(text: str) -> bool:
    """Return whether `text` is a pattern: ``*``, an origin, or an origin with a wildcard."""
    if text == "*" or is_origin(text):
        return True
    scheme, separator, rest = text.partition("://")
    any_port = rest.endswith(":*")
    if any_port:
        rest = rest[: -len(":*")]
    if "*" not in rest:
        parts = split(scheme + separator + rest)
        has_host = parts is not None and parts[1] != "" and parts[2] == ""
        return any_port and has_host and is_origin(text[: -len(":*")])
    open_host, colon, port = rest.partition(":")
    if open_host == "*" or is_network(open_host):
        return (
            (is_web(scheme) if open_host != "*" else is_scheme(scheme) and not is_web(scheme))
            and is_tail(scheme, colon + port)
            and not (any_port and port)
        )
    label, _, rest = rest.partition(".")
    parts = split(scheme + separator + rest)
    if parts is None or not is_origin(scheme + separator + rest):
        return False
    host, tail = parts[1:]
    return (
        label.count("*") == 1
        and is_label(label.replace("*", "x"))
        and is_domain(host)
        and not ends_in_number(host)
        and len(label) + 1 + len(host) <= LONGEST_DOMAIN
        and not (any_port and tail)
    )


def matches(pattern: str, origin: str) -> bool:
    """Return whether `pattern`, which must be valid, matches `origin`, which may be any text."""
    if pattern == "*":
        return True
    if "*" not in pattern:
        return pattern == origin
    wanted, given = split(pattern), split(origin)
    if wanted is None or given is None or not is_origin(origin) or wanted[0] != given[0]:
        return False
    if wanted[2] not in (":*", given[2]):
        return False
    if is_network(wanted[1]):
        pairs = zip(wanted[1].split("."), given[1].split("."), strict=False)
        return is_dotted_decimal(given[1]) and all(part in ("*", other) for part, other in pairs)
    if wanted[1] == "*":
        return given[1] != ""
    return matches_host(wanted[1], given[1])


def matches_host(wanted: str, given: str) -> bool:
    """Return whether a host, which may have a wildcard in its first label, matches another one."""
    if "*" not in wanted:
        return wanted == given
    if not is_domain(given):
        return False
    label, *base = wanted.split(".")
    labels = given.split(".")
    if label == "*":
        return len(labels) > len(base) and labels[-len(base) :] == base
    before, after = label.split("*")
    return (
        labels[1:] == base
        and len(labels[0]) > len(before) + len(after)
        and labels[0].startswith(before)
        and labels[0].endswith(after)
    )


def read_field_names(value: str) -> set[str] | None:
    """Parse a list of field names: https://www.rfc-editor.org/rfc/rfc9110#abnf.extension"""
    names = set()
    for element in value.split(","):
        name = element.strip(" \t")
        if name:
            if not set(name) <= TOKEN_CHARACTERS:
                return None
            names.add("".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in name))
    return names
