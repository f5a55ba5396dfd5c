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

from . import envoy_yaml as texts
from .origins import write_regex
from .parts import (
    LOWER,
    PREFIX,
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

Header = tuple[str, str]


def _write(policy: CorsPolicy, standalone: str | None, prefix: str) -> Mapping[str, str]:
    is_named = prefix != PREFIX
    filters = texts.FILTER.format(
        prefix=prefix,
        disabled=texts.DISABLED if is_named else "",
        config=indent(_config(policy, prefix), " " * 4),
    )
    routes = f"{texts.HEAD_OF_ROUTES}{''.join(_routes(policy, prefix))}"
    runtime = texts.RUNTIME if _has_regex(policy) else ""
    if standalone is None:
        head = f"{texts.HEAD}{texts.HEAD_OF_RUNTIME}" if runtime else texts.HEAD
        head += texts.HEAD_OF_NAMED if is_named else ""
        return {f"{prefix}.yaml": f"{head}\n{runtime}http_filters:\n{filters}\nroutes:\n{routes}"}
    scheme, host, port = parse_upstream(standalone)
    host = host.strip("[]")
    text = texts.STANDALONE.format(
        runtime=runtime,
        network=texts.NETWORK,
        filter=indent(filters, " " * 10),
        routes=indent(routes, " " * 14),
        enabled=texts.ENABLED.format(prefix=prefix) if is_named else "",
        type="STATIC" if _is_address(host) else "STRICT_DNS",
        host=host,
        port=port,
    )
    return {"envoy.yaml": text + texts.TLS.format(host=host) if scheme == "https" else text}


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _has_regex(policy: CorsPolicy) -> bool:
    return bool(policy.allow_origins) and not is_for_any(policy)


def _config(policy: CorsPolicy, prefix: str) -> str:
    """Return the configuration of the filter."""
    headers = [*_origin_headers(policy), *_expose(policy)]
    vary = [] if is_for_any(policy) else [_vary_by_origin()]
    mutations = [texts.REMOVE, *map(_append, headers), *vary]
    if not _has_regex(policy):
        return _mutate(mutations)
    first, *others, last = mutations
    allowed = _mutate([f"&{prefix}_remove {first}", *others, f"&{prefix}_vary {last}"])
    denied = _mutate([f"*{prefix}_remove", f"*{prefix}_vary"])
    # One alternative in each line.
    regex = f"|\\{_FOLD}".join(_quote(write_regex(each))[1:-1] for each in policy.allow_origins)
    return texts.COMPOSITE.format(
        prefix=prefix,
        regex=indent(f'{regex}"', " " * 16),
        allowed=indent(_execute("allowed", allowed), " " * 8),
        denied=indent(_execute("denied", denied), " " * 4),
    )


def _execute(name: str, config: str) -> str:
    return texts.ACTION.format(name=name, config=indent(config, " " * 8))


def _mutate(mutations: Iterable[str]) -> str:
    return texts.MUTATION + "".join(f"  - {each}\n" for each in mutations)


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


def _routes(policy: CorsPolicy, prefix: str) -> Iterator[str]:
    if policy.allow_origins:
        origin = texts.ALLOWED.format(prefix=prefix) if _has_regex(policy) else texts.PRESENT
        status = f"{{status: {policy.preflight_status}}}"
        yield _route(prefix, origin, status, _preflight_headers(policy))
    if not is_for_any(policy):
        body = _quote(DENIED_BODY.decode())
        response = f"{{status: 403, body: {{inline_string: {body}}}}}"
        yield _route(prefix, texts.PRESENT, response, [("Vary", "Origin")])


def _route(prefix: str, origin: str, response: str, headers: Iterable[Header]) -> str:
    lines = (f"  - header: {_write_header(each)}\n" for each in headers)
    return texts.ROUTE.format(prefix=prefix, origin=origin, response=response) + "".join(lines)


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
