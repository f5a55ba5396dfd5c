r"""Caddy: one `route` with the directives, next to `reverse_proxy`.

In a `route`, directives run in the order in which they are written. Caddy sends its own errors with
the headers that are set until then. An application adds its headers later, so that `defer` sets
those of the policy once more, when the response is sent. What is deferred runs backwards: the last
`header` first.

A placeholder of a header has all its lines, joined with commas, so that two Origin headers match
nothing. The matcher `vars_regexp` is not used: until Caddy 2.11.2 it replaces placeholders in what
the client sent. All strings are in double quotes: `caddy fmt` breaks regular expressions in
backquotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent
from typing import Final

from corekit._answers import ALLOW_ORIGIN, DENIED_BODY
from corekit._engine import MAX_METHOD_LENGTH
from corekit._names import FORBIDDEN_METHODS
from corekit._origins import ANY
from corekit.policy import CorsPolicy

from .origins import escape_regex, write_regex
from .parts import (
    TCHAR,
    find_common_differences,
    is_for_any,
    lists,
    names_requested_headers,
    names_requested_method,
    parse_upstream,
    varied_fields,
)
from .target import Level, Target

_TCHAR: Final = TCHAR.replace("`", r"\x60")
"""A character of a token. In Caddy 2.10, `caddy fmt` takes a backquote for the end of a string."""
_LOWER: Final = _TCHAR.replace("A-Z", "")
"""A character of a header name: browsers request them in lower case."""

_ORIGIN: Final = "{header.Origin}"
_METHOD: Final = "{header.Access-Control-Request-Method}"
_HEADERS: Final = "{header.Access-Control-Request-Headers}"
_PRIVATE_NETWORK: Final = "{header.Access-Control-Request-Private-Network}"

_HEAD: Final = """\
# Import this file into each block that the policy covers: a site, handle or route.
"""
_STANDALONE: Final = """\
# Run it: caddy run --config Caddyfile
{{
	admin off
}}

http://:8080 {{
	bind 127.0.0.1

{route}
	reverse_proxy {upstream}
}}
"""
_PREFLIGHT: Final = """\
@cors_preflight {
	method OPTIONS
	header Origin *
	header Access-Control-Request-Method *
}
"""
_VARY: Final = "{http.response.header.Vary}"
_ROWS_OF_VARY: Final = (
    # An application that names Origin itself, or an asterisk.
    (r"~(?i)^(.*,)?origin,((.*[\s,])?(origin|\*)([\s,].*)?)$", "${1}${2}"),
    (r"~(?i)^(.*[\s,])?(origin|\*)([\s,].*)?$", "${0}"),
    # After early hints with Vary, Caddy has forgotten that of the policy.
    ("~.+", "Origin, ${0}"),
    ("default", "Origin"),
)

_Fields = list[tuple[str, str]]
_Rows = Iterable[tuple[str, str]]


def _write(policy: CorsPolicy, standalone: str | None, prefix: str) -> Mapping[str, str]:
    route = f"route {{\n{_indent(''.join(_route(policy)))}}}\n"
    if standalone is None:
        return {f"{prefix}.caddy": f"{_HEAD}\n{route}"}
    parse_upstream(standalone)
    return {"Caddyfile": _STANDALONE.format(route=_indent(route), upstream=standalone)}


def _route(policy: CorsPolicy) -> Iterator[str]:
    """Yield the directives, in the order in which they run."""
    fields: _Fields = [(ALLOW_ORIGIN, ANY if is_for_any(policy) else _ORIGIN)]
    if policy.allow_credentials:
        fields.append(("Access-Control-Allow-Credentials", "true"))
    exposed: _Fields = []
    if policy.expose_headers:
        exposed.append(("Access-Control-Expose-Headers", lists(policy)["expose_headers"]))
    matcher = "" if is_for_any(policy) else "@cors_allowed "
    if not policy.allow_origins:
        fields = exposed = []
    elif matcher:
        yield from _verdict(policy)
    yield _PREFLIGHT

    yield "\n# Errors of Caddy itself have these headers too.\n"
    if matcher:
        yield "header +Vary Origin\n"
    yield _header(fields, matcher)
    yield f"\n# Preflights do not reach the application.\n{_preflight(policy)}"
    if exposed:
        yield f"\n{_header(exposed, matcher)}"

    if matcher:
        yield "\n# The application's Vary is kept, and has Origin once, or an asterisk instead.\n"
        yield _map(_VARY, "cors_vary", _ROWS_OF_VARY)
        yield _header([("Vary", "{cors_vary}")], defer=True)
    yield "\n# The headers of the application are replaced by those of the policy.\n"
    yield _header(fields + exposed, matcher, defer=True)
    yield "header -Access-Control-*\n"


def _verdict(policy: CorsPolicy) -> Iterator[str]:
    rows = (
        (f"~^{write_regex(each)}$" if ANY in each else each, "allowed")
        for each in policy.allow_origins
    )
    yield "# Whether the origin is allowed: the variable has it, so that the map is read once.\n"
    yield _map(_ORIGIN, "cors_verdict", rows)
    yield "vars cors_verdict {cors_verdict}\n"
    yield "@cors_allowed vars cors_verdict allowed\n\n"


def _preflight(policy: CorsPolicy) -> str:
    """Return the route that responds to preflights."""
    denied = f"respond {_quote(DENIED_BODY.decode())} 403\n"
    if not policy.allow_origins:
        return denied.replace(" ", " @cors_preflight ", 1)
    granted = f"{''.join(_grant(policy))}respond {policy.preflight_status}\n"
    if not is_for_any(policy):
        granted = f"route @cors_allowed {{\n{_indent(granted)}}}\n{denied}"
    return f"route @cors_preflight {{\n{_indent(granted)}}}\n"


def _grant(policy: CorsPolicy) -> Iterator[str]:
    """Yield the directives for the headers of a granted preflight."""
    methods, headers = lists(policy)["allow_methods"], lists(policy)["allow_headers"]
    if names_requested_method(policy):
        rows = [
            (f"~^{_any_of((*policy.engine.allow_methods, ANY))}$", ""),
            (f"~(?i)^{_any_of(sorted(FORBIDDEN_METHODS))}$", ""),
            (f"~^{_TCHAR}{{1,{MAX_METHOD_LENGTH}}}$", ", ${0}"),
        ]
        yield "# With credentials, browsers take * literally, so what they request is named.\n"
        yield _map(_METHOD, "cors_requested_method", rows)
        methods += "{cors_requested_method}"
    fields: _Fields = [("Access-Control-Allow-Methods", methods)]
    if headers:
        fields.append(("Access-Control-Allow-Headers", headers))
    if policy.max_age is not None:
        fields.append(("Access-Control-Max-Age", str(policy.max_age)))
    if varied := varied_fields(policy):
        origin = [] if is_for_any(policy) else ["Origin"]
        fields.append(("Vary", ", ".join((*origin, *varied))))
    yield _header(fields)
    if names_requested_headers(policy):
        yield from _requested_headers(policy.engine.max_request_headers, headers)
    if policy.allow_private_network:
        yield f"@cors_private_network vars {_PRIVATE_NETWORK} true\n"
        private_network = [("Access-Control-Allow-Private-Network", "true")]
        yield _header(private_network, "@cors_private_network ")


def _requested_headers(most: int, headers: str) -> Iterator[str]:
    rows = [
        (r"~(^|[ ,])\*(,|$)", ""),
        (f"~^{_LOWER}+(, ?{_LOWER}+)*$", "allowed"),
    ]
    yield "# The requested headers, unless one of them is named * or the list is very long.\n"
    yield _map(_HEADERS, "cors_requested_headers", rows)
    is_short = f"{{cors_requested_headers}} == 'allowed' && size({_HEADERS}) <= {most}"
    yield f"@cors_requested_headers {_quote(is_short)}\n"
    names = ", ".join(filter(None, (headers, _HEADERS)))
    yield _header([("Access-Control-Allow-Headers", names)], "@cors_requested_headers ")


def _header(fields: _Fields, matcher: str = "", *, defer: bool = False) -> str:
    """Return the directive that sets headers, if there are any."""
    lines = [f"{name} {_quote(value)}\n" for name, value in fields]
    if not lines:
        return ""
    if not defer and len(lines) == 1:
        return f"header {matcher}{lines[0]}"
    lines += ["defer\n"] if defer else []
    return f"header {matcher}{{\n{_indent(''.join(lines))}}}\n"


def _map(source: str, placeholder: str, rows: _Rows) -> str:
    lines = (f"\t{_quote(key)} {_quote(value)}\n" for key, value in rows)
    return f"map {source} {{{placeholder}}} {{\n{''.join(lines)}}}\n"


_is_plain = re.compile(r"\{[A-Za-z_.-]+\}|[A-Za-z0-9_.:/-]+").fullmatch


def _quote(text: str) -> str:
    r"""Return a token; placeholders are for the caller to write.

    >>> print(_quote("https://app.example.com"), _quote("{header.Origin}"), _quote(r"~^a\.b$"))
    https://app.example.com {header.Origin} "~^a\.b$"
    >>> print(_quote('a "b"'))
    "a \"b\""
    """
    if _is_plain(text):
        return text
    escaped = text.replace('"', r"\"")
    return f'"{escaped}"'


def _indent(text: str) -> str:
    """Indent lines, but not the end of a string: it would be longer."""
    return indent(text, "\t", lambda line: line.strip() != "" and line[0] != '"')


def _any_of(names: Iterable[str]) -> str:
    return f"({'|'.join(map(escape_regex, names))})"


CADDY: Final = Target(
    name="caddy",
    requires="Caddy 2.6 or newer",
    level=Level.EXACT,
    limits=("Origins are tried one after the other.",),
    comment="# ",
    write=_write,
    find_problems=lambda _: (),
    find_differences=find_common_differences,
)
