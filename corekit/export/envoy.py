r"""Envoy: a filter for the headers of responses, and routes for preflights.

The filter is the first, so that errors of the others have the headers too. It reads the lines of a
header as one value, as routes do, so that two Origin headers match nothing. What else depends on
the request or on the response is CEL in a value: ``%CEL(...)%``. A header whose value is empty is
left out.

A regular expression matches the whole value. By default, routes read only short ones, so there is
a layer of runtime.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from textwrap import indent
from typing import Final

from corekit._answers import ALLOW_ORIGIN, DENIED_BODY
from corekit._engine import MAX_METHOD_LENGTH
from corekit._names import FORBIDDEN_METHODS
from corekit._origins import ANY
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .origins import write_regex
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

MOST_BYTES: Final = 16_384
"""Envoy reads no longer value of a header."""

MOST_INSTRUCTIONS: Final = 300_000
"""Envoy compiles regular expressions of at least as many instructions."""

_METHOD: Final = "request.headers['access-control-request-method']"
_HEADERS: Final = "request.headers['access-control-request-headers']"
_PRIVATE_NETWORK: Final = "request.headers['access-control-request-private-network']"
_VARY: Final = "response.headers['vary']"

_FOLD: Final = "\n"
"""In a value, where its line is folded. Values of a policy have no line breaks."""

_HEAD: Final = """\
# The filter is for http_filters, before all others. The routes are for each virtual host, before
# all others.
"""
_HEAD_OF_RUNTIME: Final = """\
# The layer of runtime is for the bootstrap: without it, routes read only short regular expressions.
"""
_RUNTIME: Final = """\
layered_runtime:
  layers:
  - name: cors
    static_layer:
      re2.max_program_size.error_level: 4294967295

"""
_FILTER: Final = """\
# The headers of the application are replaced by those of the policy.
- name: cors
  typed_config:
{config}"""
_COMPOSITE: Final = """\
"@type": type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher
extension_config:
  name: composite
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.Composite
xds_matcher:
  matcher_list:
    matchers:
    - predicate:
        single_predicate:
          input:
            name: origin
            typed_config:
              "@type": type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput
              header_name: origin
          value_match:
            safe_regex:
              google_re2: {{}}
              regex: &cors_origins "\\
{regex}
      on_match:
{allowed}  on_no_match:
{denied}"""
_ACTION: Final = """\
action:
  name: {name}
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction
    typed_config:
      name: {name}
      typed_config:
{config}"""
_MUTATION: Final = """\
"@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
mutations:
  response_mutations:
"""
_REMOVE: Final = "{remove_on_match: {key_matcher: {prefix: access-control-}}}"

_HEAD_OF_ROUTES: Final = """\
# Preflights do not reach the application. If another filter refuses them, disable it here too.
"""
_ROUTE: Final = """\
- match:
    prefix: /
    headers:
    - {{name: ":method", string_match: {{exact: OPTIONS}}}}
    - {{name: access-control-request-method, present_match: true}}
    - {{name: origin, {origin}}}
  direct_response: {response}
  typed_per_filter_config:
    cors: {{"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}}
  response_headers_to_add:
"""
_PRESENT: Final = "present_match: true"
_ALLOWED: Final = "string_match: {safe_regex: {regex: *cors_origins}}"

_NETWORK: Final = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
_STANDALONE: Final = """\
# Run it: envoy --disable-hot-restart -c envoy.yaml

{runtime}static_resources:
  listeners:
  - address: {{socket_address: {{address: 127.0.0.1, port_value: 8080}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": {network}.HttpConnectionManager
          stat_prefix: cors
          http_filters:
{filter}          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
          route_config:
            virtual_hosts:
            - name: application
              domains: ["*"]
              routes:
{routes}              - match: {{prefix: /}}
                route: {{cluster: application}}

  clusters:
  - name: application
    type: {type}
    load_assignment:
      cluster_name: application
      endpoints:
      - lb_endpoints:
        - endpoint: {{address: {{socket_address: {{address: "{host}", port_value: {port}}}}}}}
"""
_TLS: Final = """\
    # The certificate is not verified.
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: "{host}"
"""

Header = tuple[str, str]


def _write(policy: CorsPolicy, standalone: str | None) -> Mapping[str, str]:
    filters = _FILTER.format(config=indent(_config(policy), " " * 4))
    routes = f"{_HEAD_OF_ROUTES}{''.join(_routes(policy))}"
    runtime = _RUNTIME if _has_regex(policy) else ""
    if standalone is None:
        head = f"{_HEAD}{_HEAD_OF_RUNTIME}" if runtime else _HEAD
        return {"cors.yaml": f"{head}\n{runtime}http_filters:\n{filters}\nroutes:\n{routes}"}
    scheme, host, port = parse_upstream(standalone)
    host = host.strip("[]")
    text = _STANDALONE.format(
        runtime=runtime,
        network=_NETWORK,
        filter=indent(filters, " " * 10),
        routes=indent(routes, " " * 14),
        type="STATIC" if _is_address(host) else "STRICT_DNS",
        host=host,
        port=port,
    )
    return {"envoy.yaml": text + _TLS.format(host=host) if scheme == "https" else text}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _has_regex(policy: CorsPolicy) -> bool:
    return bool(policy.allow_origins) and not is_for_any(policy)


def _config(policy: CorsPolicy) -> str:
    """Return the configuration of the filter."""
    headers = [*_origin_headers(policy), *_expose(policy)]
    vary = [] if is_for_any(policy) else [_vary_by_origin()]
    mutations = [_REMOVE, *map(_append, headers), *vary]
    if not _has_regex(policy):
        return _mutate(mutations)
    first, *others, last = mutations
    allowed = _mutate([f"&cors_remove {first}", *others, f"&cors_vary {last}"])
    denied = _mutate(["*cors_remove", "*cors_vary"])
    # One alternative in each line.
    regex = f"|\\{_FOLD}".join(_quote(write_regex(each))[1:-1] for each in policy.allow_origins)
    return _COMPOSITE.format(
        regex=indent(f'{regex}"', " " * 16),
        allowed=indent(_execute("allowed", allowed), " " * 8),
        denied=indent(_execute("denied", denied), " " * 4),
    )


def _execute(name: str, config: str) -> str:
    return _ACTION.format(name=name, config=indent(config, " " * 8))


def _mutate(mutations: Iterable[str]) -> str:
    return _MUTATION + "".join(f"  - {each}\n" for each in mutations)


def _append(header: Header) -> str:
    return f"{{append: {{header: {_write_header(header)}}}}}"


def _vary_by_origin() -> str:
    """Return the mutation that adds Origin to Vary, unless that or everything is named."""
    is_named = (
        f"'vary' in response.headers && {_FOLD}"
        f"{_VARY}.matches('(?i)(^|[[:space:],])(origin|[*])([[:space:],]|$)')"
    )
    return _append(("Vary", _either(is_named, "''", "'Origin'")))


def _origin_headers(policy: CorsPolicy) -> Iterator[Header]:
    """Yield the headers that every response to an allowed origin has."""
    if policy.allow_origins:
        yield ALLOW_ORIGIN, ANY if is_for_any(policy) else "%REQ(origin)%"
        if policy.allow_credentials:
            yield "Access-Control-Allow-Credentials", "true"


def _expose(policy: CorsPolicy) -> Iterator[Header]:
    if policy.expose_headers:
        yield "Access-Control-Expose-Headers", _escape(lists(policy)["expose_headers"])


def _methods(policy: CorsPolicy) -> Iterator[Header]:
    methods = _escape(lists(policy)["allow_methods"])
    if names_requested_method(policy):
        named = ", ".join(map(_literal, (*policy.engine.allow_methods, ANY)))
        methods += _requested(
            _METHOD,
            ", ",
            f"size({_METHOD}) <= {MAX_METHOD_LENGTH}",
            f"{_METHOD}.matches({_literal(f'^{TCHAR}+$')})",
            f"!{_METHOD}.matches('(?i)^({'|'.join(sorted(FORBIDDEN_METHODS))})$')",
            f"!({_METHOD} in [{named}])",
        )
    yield "Access-Control-Allow-Methods", methods


def _request_headers(policy: CorsPolicy) -> Iterator[Header]:
    headers = _escape(lists(policy)["allow_headers"])
    if names_requested_headers(policy):
        headers += _requested(
            _HEADERS,
            ", " if headers else "",
            f"size({_HEADERS}) <= {policy.engine.max_request_headers}",
            f"{_HEADERS}.matches({_literal(f'^{LOWER}+(, ?{LOWER}+)*$')})",
            f"!{_HEADERS}.matches('(^|[ ,])[*](,|$)')",
        )
    if headers:
        yield "Access-Control-Allow-Headers", headers


def _requested(value: str, separator: str, *conditions: str) -> str:
    """Return what a list ends with under conditions: a separator, and a value of the request."""
    condition = f" && {_FOLD}".join(conditions)
    before = f"{_FOLD}{_either(condition, _literal(separator), _literal(''))}" if separator else ""
    return f"{before}{_FOLD}{_either(condition, value, _literal(''))}"


def _preflight_headers(policy: CorsPolicy) -> Iterator[Header]:
    """Yield the headers of the response to a granted preflight."""
    yield from _origin_headers(policy)
    yield from _methods(policy)
    yield from _request_headers(policy)
    if policy.max_age is not None:
        yield "Access-Control-Max-Age", str(policy.max_age)
    if policy.allow_private_network:
        value = _either(f"{_PRIVATE_NETWORK} == 'true'", "'true'", "''")
        yield "Access-Control-Allow-Private-Network", value
    vary = [*([] if is_for_any(policy) else ["Origin"]), *varied_fields(policy)]
    if vary:
        yield "Vary", ", ".join(vary)


def _routes(policy: CorsPolicy) -> Iterator[str]:
    if policy.allow_origins:
        origin = _ALLOWED if _has_regex(policy) else _PRESENT
        status = f"{{status: {policy.preflight_status}}}"
        yield _route(origin, status, _preflight_headers(policy))
    if not is_for_any(policy):
        body = _quote(DENIED_BODY.decode())
        response = f"{{status: 403, body: {{inline_string: {body}}}}}"
        yield _route(_PRESENT, response, [("Vary", "Origin")])


def _route(origin: str, response: str, headers: Iterable[Header]) -> str:
    lines = (f"  - header: {_write_header(each)}\n" for each in headers)
    return _ROUTE.format(origin=origin, response=response) + "".join(lines)


def _write_header(header: Header) -> str:
    name, value = header
    # An escaped line break, and the white space after it, are not a part of a scalar.
    folded = f"\\{_FOLD}    ".join(_quote(part)[1:-1] for part in value.split(_FOLD))
    return f'{{key: {name}, value: "{folded}"}}'


def _quote(text: str) -> str:
    r"""Return a scalar of YAML, which reads strings of JSON.

    >>> print(_quote('a"\\.\n'))
    "a\"\\.\n"
    """
    return json.dumps(text)


def _literal(text: str) -> str:
    r"""Return a string of CEL. It does not contain ``)%``, which would end the command.

    >>> print(_literal("it's"))
    'it\'s'
    """
    escaped = text.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"


def _either(condition: str, one: str, other: str) -> str:
    return f"%CEL({condition} ? {one} : {other})%"


def _escape(text: str) -> str:
    return text.replace("%", "%%")


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    name = policy.engine.dialect.name
    values = {
        "allow_methods": _methods(policy),
        "allow_headers": _request_headers(policy),
        "expose_headers": _expose(policy),
    }
    for argument, headers in values.items():
        for _, value in headers:
            length = len(value.replace(_FOLD, ""))
            if length > MOST_BYTES:
                subject = name(argument)
                yield refuse(
                    "list-too-long", subject, length=length, target="Envoy", most=MOST_BYTES
                )
    if _has_regex(policy):
        size = sum(_size(write_regex(each)) for each in policy.allow_origins)
        if size > MOST_INSTRUCTIONS:
            yield refuse("too-many-origins", name("allow_origins"))


_lengths = re.compile(r"\{1,([0-9]+)\}").findall


def _size(regex: str) -> int:
    """Return about how many instructions a regular expression is, or more."""
    # A character of a label is one of several ranges, and optional.
    return len(regex) + sum(6 * int(length) for length in _lengths(regex))


ENVOY: Final = Target(
    name="envoy",
    requires="Envoy 1.36 or newer",
    level=Level.EXACT,
    limits=(
        "All origins are one regular expression.",
        "A filter that refuses preflights has to be disabled for them.",
    ),
    comment="# ",
    write=_write,
    find_problems=_find_problems,
    find_differences=find_common_differences,
)
