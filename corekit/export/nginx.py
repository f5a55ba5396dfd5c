r"""nginx: maps for what depends on the request, and the directives of a location.

The maps are for ``http { }``, the rest is for each ``location { }``, so there are two files.
``if`` contains only ``return``, which is safe there. A header whose value is empty is left out, and
``always`` adds headers to errors too.

Strings in a map are compared without case, so every origin is a regular expression. nginx 1.23
joins several lines of a header with commas, so that two Origin headers match nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent
from typing import Final, NamedTuple

from corekit._answers import ALLOW_ORIGIN, DENIED_BODY
from corekit._engine import MAX_METHOD_LENGTH
from corekit._names import CORS_RESPONSE_HEADERS, FORBIDDEN_METHODS
from corekit._origins import ANY
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .origins import escape_regex, write_regex
from .parts import (
    LOWER,
    TCHAR,
    find_common_differences,
    is_for_any,
    lists,
    names_requested_headers,
    names_requested_method,
    parse_upstream,
    varied_fields,
)
from .refusals import refuse
from .target import Level, Target

MOST_CHARACTERS: Final = 4000
"""nginx reads less than 4096 characters as one parameter."""


_GROUP: Final = "(?:"
"""Other groups would overwrite $1 of the location."""

_METHOD: Final = "$http_access_control_request_method"
_HEADERS: Final = "$http_access_control_request_headers"

_DOLLAR: Final = """\
# Values of maps cannot contain a dollar sign, but those of geo can.
geo $cors_dollar {
    default "$";
}
"""
_MAPS_HEAD: Final = (
    "# Include this file in http {{ }}, and {prefix}_location.conf in each location {{ }}.\n"
)
_LOCATION_HEAD: Final = """\
# Include this file in each location {{ }} that the policy covers, and {prefix}.conf in http {{ }}.
# Lines with add_header or proxy_hide_header outside of the location have no effect in it.
"""
_STANDALONE: Final = """\
# Run it: nginx -e stderr -p . -c nginx.conf

daemon off;
pid nginx.pid;
error_log stderr;

events {{ }}

http {{
    access_log off;
    client_body_temp_path client_body_temp;
    proxy_temp_path proxy_temp;

{maps}
    server {{
        listen 127.0.0.1:8080;

        location / {{
            proxy_pass {upstream};
            proxy_set_header Host $http_host;

{location}        }}
    }}
}}
"""


class _Header(NamedTuple):
    """A header of the policy: its value, often a variable, and the map of that."""

    name: str
    value: str
    map: str = ""


def _write(policy: CorsPolicy, standalone: str | None, prefix: str) -> Mapping[str, str]:
    headers = [*_headers(policy, prefix)]
    common = _common_maps(policy, prefix)
    maps = "\n".join(filter(None, [*common, *(each.map for each in headers)]))
    location = "".join(_location(policy, headers, prefix))
    if standalone is None:
        return {
            f"{prefix}.conf": f"{_MAPS_HEAD.format(prefix=prefix)}\n{maps}",
            f"{prefix}_location.conf": f"{_LOCATION_HEAD.format(prefix=prefix)}\n{location}",
        }
    parse_upstream(standalone)
    text = _STANDALONE.format(
        maps=indent(maps, " " * 4), location=indent(location, " " * 12), upstream=standalone
    )
    return {"nginx.conf": text}


def _common_maps(policy: CorsPolicy, prefix: str) -> Iterator[str]:
    """Yield the maps for the origin and for the kind of the request."""
    verdict = "granted"
    if any("$" in each for each in lists(policy).values()):
        yield _DOLLAR
    if not is_for_any(policy):
        regexes = (write_regex(each, _GROUP) for each in policy.allow_origins)
        rows = [(rf"~^{regex}\z", "$http_origin") for regex in regexes]
        rows = rows or [("default", "")]
        yield "# The origin, if it is allowed.\n" + _map(f"{prefix}_origin", "$http_origin", rows)
        verdict = f"${prefix}_verdict"
        rows = [("", "denied"), ("default", "granted")]
        yield _map(f"{prefix}_verdict", f"${prefix}_origin", rows)
    yield "# Whether a preflight is granted or denied; empty for other requests.\n" + _map(
        f"{prefix}_preflight",
        f"$request_method {_METHOD} $http_origin",
        [("~^OPTIONS [^ ]+ .", verdict)],
    )


def _headers(policy: CorsPolicy, prefix: str) -> Iterator[_Header]:
    """Yield the headers that the policy can send."""
    values = {name: _escape_value(text) for name, text in lists(policy).items()}
    origin, preflight = f"${prefix}_origin", f"${prefix}_preflight"
    yield _Header(ALLOW_ORIGIN, '"*"' if is_for_any(policy) else origin)
    if policy.allow_credentials:
        rows = [("", ""), ("default", "true")]
        yield _header("Access-Control-Allow-Credentials", f"{prefix}_credentials", origin, rows)
    if policy.expose_headers:
        source, key = f"{origin} {preflight}", r"~^[^ ]+ \z"
        if is_for_any(policy):
            source, key = preflight, ""
        rows = [(key, values["expose_headers"])]
        yield _header("Access-Control-Expose-Headers", f"{prefix}_expose", source, rows)
    yield _methods(policy, values["allow_methods"], prefix)
    if values["allow_headers"] or names_requested_headers(policy):
        yield _request_headers(policy, values["allow_headers"], prefix)
    if policy.max_age is not None:
        rows = [("granted", str(policy.max_age))]
        yield _header("Access-Control-Max-Age", f"{prefix}_max_age", preflight, rows)
    if policy.allow_private_network:
        source = f"{preflight} $http_access_control_request_private_network"
        rows = [(r"~^granted true\z", "true")]
        variable = f"{prefix}_private_network"
        yield _header("Access-Control-Allow-Private-Network", variable, source, rows)
    yield from _vary(policy, prefix)


def _methods(policy: CorsPolicy, methods: str, prefix: str) -> _Header:
    before = ""
    if names_requested_method(policy):
        named = _any_of((*policy.engine.allow_methods, ANY))
        rows = [
            (rf"~^{named}\z", ""),
            (rf"~*^{_any_of(sorted(FORBIDDEN_METHODS))}\z", ""),
            (rf"~^{TCHAR}{{1,{MAX_METHOD_LENGTH}}}\z", f", {_METHOD}"),
        ]
        before = (
            "# With credentials, browsers take * literally, so what they request is named.\n"
            + _map(f"{prefix}_requested_method", _METHOD, rows)
            + "\n"
        )
        methods += f"${prefix}_requested_method"
    rows = [("granted", methods)]
    variable, source = f"{prefix}_methods", f"${prefix}_preflight"
    return _header("Access-Control-Allow-Methods", variable, source, rows, before)


def _request_headers(policy: CorsPolicy, headers: str, prefix: str) -> _Header:
    before = ""
    if names_requested_headers(policy):
        separator = ", " if headers else ""
        rows = [
            (rf"~.{{{policy.engine.max_request_headers + 1}}}", ""),
            (r"~(?:^|[ ,])\*(?:,|\z)", ""),
            (rf"~^{LOWER}+(?:, ?{LOWER}+)*+\z", f"{separator}{_HEADERS}"),
        ]
        before = (
            "# The requested headers, unless one of them is named * or the list is very long.\n"
            + _map(f"{prefix}_requested_headers", _HEADERS, rows)
            + "\n"
        )
        headers += f"${prefix}_requested_headers"
    rows = [("granted", headers)]
    variable, source = f"{prefix}_headers", f"${prefix}_preflight"
    return _header("Access-Control-Allow-Headers", variable, source, rows, before)


def _vary(policy: CorsPolicy, prefix: str) -> Iterator[_Header]:
    """Yield Vary, without Origin if the application has named that or everything."""
    fields = varied_fields(policy)
    source, rows = "$upstream_http_vary", [(r"~*(?:^|[\s,])(?:origin|\*)\s*(?:,|\z)", "")]
    if is_for_any(policy):
        if not fields:
            return
        source, rows = f"${prefix}_preflight", [("granted", ", ".join(fields))]
    else:
        rows.append(("default", "Origin"))
        if fields:
            source = f"${prefix}_preflight {source}"
            rows.insert(0, ("~^granted ", ", ".join(("Origin", *fields))))
    yield _header("Vary", f"{prefix}_vary", source, rows)


def _location(policy: CorsPolicy, headers: Iterable[_Header], prefix: str) -> Iterator[str]:
    yield "# Preflights do not reach the application.\n"
    yield f"if (${prefix}_preflight = granted) {{ return {policy.preflight_status}; }}\n"
    if not is_for_any(policy):
        # With a text, `error_page` does not apply.
        text = DENIED_BODY.decode().replace("\n", r"\n")
        yield f'if (${prefix}_preflight = denied) {{ return 403 "{text}"; }}\n'
    yield "\n# The headers of the application are replaced by those of the policy.\n"
    yield from (f"proxy_hide_header {name.title()};\n" for name in sorted(CORS_RESPONSE_HEADERS))
    yield from (f"add_header {each.name} {each.value} always;\n" for each in headers)


def _header(
    name: str, variable: str, source: str, rows: Iterable[tuple[str, str]], before: str = ""
) -> _Header:
    return _Header(name, f"${variable}", before + _map(variable, source, rows))


def _map(variable: str, source: str, rows: Iterable[tuple[str, str]]) -> str:
    quoted = [(key if key == "default" else _quote(key), _quote(value)) for key, value in rows]
    width = max(len(key) for key, _ in quoted)
    lines = (f"    {key:{width}} {value};\n" for key, value in quoted)
    return f"map {_quote(source)} ${variable} {{\n{''.join(lines)}}}\n"


_is_plain = re.compile(r"[$A-Za-z0-9_]+").fullmatch
_needs_escape = re.compile(r"\"|\\(?=[\"'\\trn]|\Z)")


def _quote(text: str) -> str:
    r"""Return a parameter; variables and regular expressions are for the caller to escape.

    >>> print(_quote("$http_origin"), _quote(r"~^https://a\.example\z"), _quote('\\r"'))
    $http_origin "~^https://a\.example\z" "\\r\""
    """
    if _is_plain(text):
        return text
    escaped = _needs_escape.sub(r"\\\g<0>", text)
    return f'"{escaped}"'


def _escape_value(text: str) -> str:
    return text.replace("$", "${cors_dollar}")


def _any_of(names: Iterable[str]) -> str:
    return f"{_GROUP}{'|'.join(map(escape_regex, names))})"


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for argument, text in lists(policy).items():
        length = max(len(_escape_value(text)), len(escape_regex(text)))
        if length > MOST_CHARACTERS:
            name = policy.engine.dialect.name(argument)
            yield refuse("list-too-long", name, length=length, target="nginx", most=MOST_CHARACTERS)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield "An empty Origin or Access-Control-Request-Method header is a missing one."
    yield from find_common_differences(policy)


NGINX: Final = Target(
    name="nginx",
    requires="nginx 1.23 or newer",
    level=Level.EXACT,
    limits=(
        "The application is behind proxy_pass.",
        "Origins are tried one after the other.",
    ),
    comment="# ",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
)
