"""Hypothesis strategies for patterns, origins, policies and requests, biased to near misses.

A random string is hardly ever close to a pattern, so it finds no bugs. Here, an origin begins as
one that a pattern matches, and is then changed a few times, as attackers and typos change it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from hypothesis import strategies as st

from corekit import CorsPolicy, PolicyError

# Few and similar, so that hosts collide: prefixes, suffixes and parents of each other.
LABELS = [
    "a",
    "b",
    "ab",
    "aa",
    "pr-1",
    "pr-",
    "example",
    "xexample",
    "com",
    "co",
    "x_y",
    "xn--ls8h",
    "1a",
]
SCHEMES = ["https", "http", "capacitor", "ftp", "a+b.c-d"]
PORTS = ["", "", ":8080", ":1", ":65535", ":3000"]
ADDRESSES = ["127.0.0.1", "[::1]", "[2001:db8::1]", "192.0.2.10", "192.168.1.20", "localhost"]
NETWORKS = ["192.168.1.*", "192.168.*.*", "10.*.*.*", "10.1.*.*", "172.16.0.*", "169.254.*.*"]
APP_SCHEMES = ["capacitor", "a+b.c-d", "chrome-extension"]

labels = st.sampled_from(LABELS)
# One draw for a domain rather than one for each label, since drawing is slow.
domains = st.one_of(
    *(
        st.sampled_from([".".join(parts) for parts in product(LABELS, repeat=length)])
        for length in (1, 2, 3)
    )
)
schemes = st.sampled_from(SCHEMES)
ports = st.sampled_from(PORTS)
hosts = domains | domains | domains.map("{}.".format) | st.sampled_from(ADDRESSES)
partial_labels = st.tuples(
    st.sampled_from(["", "a", "pr-", "ab"]), st.sampled_from(["", "-x", "a", "b1"])
).map("*".join)


def _join(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


exact_origins = _join(schemes, st.just("://"), hosts, ports)
patterns = st.one_of(
    exact_origins,
    _join(schemes, st.just("://*."), domains, ports),
    _join(schemes, st.just("://"), partial_labels, st.just("."), domains, ports),
    _join(schemes, st.just("://"), hosts, st.just(":*")),
    _join(schemes, st.just("://"), partial_labels, st.just("."), domains, st.just(":*")),
    _join(st.sampled_from(APP_SCHEMES), st.just("://*"), ports | st.just(":*")),
    _join(
        st.sampled_from(["https://", "http://"]), st.sampled_from(NETWORKS), ports | st.just(":*")
    ),
)


@st.composite
def matching_origins(draw: st.DrawFn, pattern: str) -> str:
    """Draw an origin that `pattern` matches, by filling in its wildcards."""
    scheme, _, authority = pattern.partition("://")
    any_port = authority.endswith(":*")
    host = authority.removesuffix(":*")
    if host.partition(":")[0] == "*":
        host = draw(hosts | st.sampled_from(["AbC", "a~b"])) + host[1:]
    elif host[:1].isdigit() and "*" in host:
        while "*" in host:
            host = host.replace("*", str(draw(st.integers(0, 255))), 1)
    elif host.startswith("*."):
        host = draw(domains) + host[1:]
    elif "*" in host:
        host = host.replace("*", draw(labels))
    port: str = draw(ports) if any_port else ""
    return f"{scheme}://{host}{port}"


Change = Callable[[str, st.DrawFn], str]


def _cut(origin: str, draw: st.DrawFn) -> str:
    at = draw(st.integers(0, len(origin)))
    return origin[:at] + origin[at + 1 :]


def _insert(origin: str, draw: st.DrawFn) -> str:
    at = draw(st.integers(0, len(origin)))
    piece: str = draw(st.sampled_from([*".-:/*ax1A @,[]", "\x00", "é", "a" * 64]))
    return origin[:at] + piece + origin[at:]


CHANGES: list[Change] = [
    lambda origin, draw: (
        origin + draw(st.sampled_from(["/", ".", ":", "\n", " ", ".evil", "m", ":*"]))
    ),
    lambda origin, draw: (
        origin + draw(st.sampled_from([":1", ":80", ":443", ":0", ":08080", ":65536"]))
    ),
    lambda origin, draw: draw(st.sampled_from([" ", "x", "null", "\t", "https://a, "])) + origin,
    lambda origin, draw: origin.replace(".", draw(st.sampled_from(["x", "", "..", "-", "%2e"])), 1),
    lambda origin, draw: origin.replace(
        "://", draw(st.sampled_from(["://a.", "://x", "://.", ":/", "://u@"]))
    ),
    lambda origin, draw: origin.replace(draw(st.sampled_from([":8080", ":3000", ":1"])), ""),
    lambda origin, draw: draw(schemes) + origin[origin.find("://") :],
    lambda origin, draw: origin.replace("://", f"://{draw(labels)}."),
    lambda origin, draw: "://".join([origin.partition("://")[0], origin.partition(".")[2]]),
    lambda origin, draw: origin.rpartition(".")[0] + "." + draw(labels),
    lambda origin, draw: f"{origin}{draw(st.sampled_from(['', '.', '-']))}{draw(domains)}",
    lambda origin, draw: origin.upper(),
    lambda origin, draw: origin.title(),
    _cut,
    _insert,
]


@st.composite
def near_misses(draw: st.DrawFn, pool: list[str]) -> str:
    """Draw an origin from one or two of the patterns in `pool`, which may or may not match."""
    origin = draw(st.sampled_from(pool).flatmap(matching_origins))
    if draw(st.integers(0, 5)) == 0:
        # Parts of two patterns, which a suffix tree that mixed up its branches would allow.
        other = draw(st.sampled_from(pool).flatmap(matching_origins))
        at, start = draw(st.integers(0, len(origin))), draw(st.integers(0, len(other)))
        return origin[:at] + other[start:]
    for _ in range(draw(st.integers(0, 2))):
        origin = draw(st.sampled_from(CHANGES))(origin, draw)
    return origin


# The standard's names and variants in other case.
methods = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "patch", "DELETE", "PROPFIND", "X-y"]
)
header_names = st.sampled_from(
    ["authorization", "content-type", "x-a", "x-b", "X-Csrf", "range", "accept", "a!#$%&'+.^_`|~z"]
)
exposable_names = st.sampled_from(["x-request-id", "X-Total", "etag"])


class Setup(NamedTuple):
    """A policy, with the arguments that it was built from."""

    policy: CorsPolicy
    arguments: dict[str, Any]

    @property
    def origins(self) -> list[str]:
        return list(self.arguments["allow_origins"])


@st.composite
def setups(draw: st.DrawFn, any_origin: bool | None = None) -> Setup:
    """Draw a policy of any kind, with its risks accepted."""
    credentials = draw(st.booleans())
    origins = draw(st.lists(patterns, min_size=1, max_size=5, unique=True))
    if any_origin is None:
        any_origin = draw(st.integers(0, 3)) == 0
    if any_origin:
        credentials, origins = False, ["*"]
    elif not credentials and draw(st.booleans()):
        origins.append("null")
    wild = st.sampled_from([[], [], ["*"]])
    return build(
        {
            "allow_origins": origins,
            "allow_credentials": credentials,
            "allow_methods": draw(st.lists(methods.filter(_is_conventional), max_size=4))
            + draw(wild),
            "allow_headers": draw(st.lists(header_names, max_size=4)) + draw(wild),
            "expose_headers": draw(st.lists(exposable_names, max_size=2))
            + ([] if credentials else draw(wild)),
            "max_age": draw(st.none() | st.integers(0, 86400)),
            "allow_private_network": draw(st.booleans()),
            "preflight_status": draw(st.sampled_from([200, 204, 299])),
        }
    )


def build(arguments: dict[str, Any]) -> Setup:
    """Build a policy, with its risks accepted."""
    try:
        return Setup(CorsPolicy(**arguments), arguments)
    except PolicyError as error:
        arguments = {
            **arguments,
            "accept_risks": sorted({problem.code for problem in error.problems}),
        }
        return Setup(CorsPolicy(**arguments), arguments)


def _is_conventional(method: str) -> bool:
    return method != "patch"


class Preflight(NamedTuple):
    """The headers of a preflight, by the names of the arguments of `CorsPolicy.decide`."""

    origin: str
    request_method: str
    request_headers: str | None
    request_private_network: str | None


header_lists = st.none() | st.lists(header_names | st.sampled_from(["*", "x-c"]), max_size=5).map(
    ",".join
)


@st.composite
def preflights(draw: st.DrawFn, setup: Setup) -> Preflight:
    """Draw a preflight to a policy, often from one of its allowed origins."""
    origin = draw(near_misses(setup.origins)) if setup.origins != ["*"] else draw(exact_origins)
    return Preflight(
        origin,
        draw(methods | st.sampled_from(["FOO", "get", "*"])),
        draw(header_lists),
        draw(st.sampled_from([None, None, "true", "false", "TRUE"])),
    )
