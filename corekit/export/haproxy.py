"""HAProxy: a `defaults` section with rules, which frontends take over with ``from cors``.

HAProxy includes no files but loads several, and each begins with a section. The rules of
`http-after-response` are for all responses, also for those of HAProxy itself. They cannot read the
request, so variables hold what they need of it.

Words are quoted as in a shell: nothing is special between single quotes.
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
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .origins import escape_regex, write_regex
from .parts import (
    TCHAR,
    find_pattern_differences,
    is_for_any,
    lists,
    names_requested_headers,
    names_requested_method,
    parse_upstream,
    varied_fields,
)
from .refusals import refuse
from .target import Level, Target

MOST_INLINE: Final = 20
"""If there are more exact origins than these, they are in a separate file."""

MOST_CHARACTERS: Final = {"allow_methods": 3000, "allow_headers": 3000, "expose_headers": 500}
"""HAProxy sends an error instead of a response that has no room for the headers that it adds: 1024
bytes are free (`tune.maxrewrite`), for preflights 16384 (`tune.bufsize`), with what they request.
"""

_METHOD: Final = "access-control-request-method"
_HEADERS: Final = "access-control-request-headers"
_PRIVATE_NETWORK: Final = "access-control-request-private-network"

_HEAD: Final = """\
# Load this file before the frontends that the policy covers: frontend NAME from {prefix}

"""
_STANDALONE: Final = """\
# Run it: haproxy -f haproxy.cfg

{section}
frontend web from {prefix}
    bind 127.0.0.1:8080
    timeout client 1m
    default_backend application

defaults
    mode http
    timeout connect 5s
    timeout server 1m

backend application
    server application {server}
"""


def _write(policy: CorsPolicy, standalone: str | None, prefix: str) -> Mapping[str, str]:
    exact = [each for each in policy.allow_origins if ANY not in each]
    file = f"{prefix}_origins.lst" if len(exact) > MOST_INLINE else None
    files = {file: "".join(f"{each}\n" for each in exact)} if file else {}
    origins = _origins(policy, file)
    parts = [origins, _requested(policy), _preflights(policy), _responses(policy)]
    rules = "\n".join(filter(None, ("".join(f"{line}\n" for line in part) for part in parts)))
    section = f"defaults {prefix}\n    mode http\n\n{indent(rules, ' ' * 4)}"
    if standalone is None:
        return {f"{prefix}.cfg": f"{_HEAD.format(prefix=prefix)}{section}", **files}
    server = _server(standalone)
    text = _STANDALONE.format(section=section, prefix=prefix, server=server)
    return {"haproxy.cfg": text, **files}


def _server(url: str) -> str:
    """Return the address of an application, and how a certificate is verified."""
    scheme, host, port = parse_upstream(url)
    address = f"{host}:{port}"
    if scheme == "http":
        return address
    return f"{address} ssl verify required ca-file @system-ca sni str({host.strip('[]')})"


def _origins(policy: CorsPolicy, file: str | None) -> Iterator[str]:
    if is_for_any(policy) or not policy.allow_origins:
        return
    yield "# The origin, if it is allowed."
    if file is not None:
        yield f"acl cors_listed req.fhdr(origin) -m str -f {file}"
    for each in policy.allow_origins:
        if ANY in each:
            yield f"acl cors_listed req.fhdr(origin) -m reg {_quote(f'^{write_regex(each)}$')}"
        elif file is None:
            yield f"acl cors_listed req.fhdr(origin) -m str {_quote(each)}"
    condition = "{ req.fhdr_cnt(origin) 1 } cors_listed"
    yield f"http-request set-var(txn.cors_origin) req.fhdr(origin) if {condition}"
    yield "acl cors_allowed var(txn.cors_origin) -m found"


def _requested(policy: CorsPolicy) -> Iterator[str]:
    """Yield what reads the names that a preflight requests."""
    if names_requested_method(policy) or names_requested_headers(policy):
        yield "# With credentials, browsers take * literally, so what they request is named."
    if names_requested_method(policy):
        named = _any_of((*policy.engine.allow_methods, ANY))
        yield f"acl cors_no_method req.fhdr({_METHOD}) -m reg {_quote(named)}"
        forbidden = _any_of(sorted(FORBIDDEN_METHODS))
        yield f"acl cors_no_method req.fhdr({_METHOD}) -m reg -i {_quote(forbidden)}"
        method = _quote(f"^{TCHAR}{{1,{MAX_METHOD_LENGTH}}}$")
        yield f"acl cors_method req.fhdr({_METHOD}) -m reg {method}"
        yield (
            f"http-request set-var-fmt(txn.cors_method) ', %[req.fhdr({_METHOD})]'"
            f" if {{ req.fhdr_cnt({_METHOD}) 1 }} cors_method !cors_no_method"
        )
    if names_requested_headers(policy):
        yield f"acl cors_no_headers req.hdr({_HEADERS}) -m str {ANY}"
        most = policy.engine.max_request_headers
        yield f"acl cors_no_headers req.fhdr({_HEADERS}) -m len {most + 1}:"
        names = _quote(f"^{TCHAR}+(, ?{TCHAR}+)*$")
        yield f"acl cors_headers req.fhdr({_HEADERS}) -m reg {names}"
        separator = ", " if policy.engine.allow_headers else ""
        value = _quote(f"{separator}%[req.fhdr({_HEADERS}),lower]")
        yield (
            f"http-request set-var-fmt(txn.cors_headers) {value}"
            f" if {{ req.fhdr_cnt({_HEADERS}) 1 }} cors_headers !cors_no_headers"
        )


def _preflights(policy: CorsPolicy) -> Iterator[str]:
    yield "# Preflights do not reach the application."
    condition = f"METH_OPTIONS {{ req.fhdr(origin) -m found }} {{ req.fhdr({_METHOD}) -m found }}"
    yield f"http-request set-var(txn.cors_preflight) bool(true) if {condition}"
    yield "acl cors_preflight var(txn.cors_preflight) -m found"
    if policy.allow_private_network:
        yield (
            "http-request set-var(txn.cors_private_network) bool(true)"
            f" if {{ req.fhdr({_PRIVATE_NETWORK}) -m str true }}"
        )
    if policy.allow_origins:
        status = policy.preflight_status
        yield f"http-request return status {status}{_if(policy, 'cors_preflight')}"
    if not is_for_any(policy):
        text = DENIED_BODY.decode().replace("\n", r"\n")
        yield (
            'http-request return status 403 content-type "text/plain; charset=utf-8"'
            f' string "{text}" if cors_preflight'
        )


def _responses(policy: CorsPolicy) -> Iterator[str]:
    yield "# The headers of the application are replaced by those of the policy."
    yield "http-after-response del-header access-control- -m beg"
    if policy.allow_origins:
        for name, value, conditions in _headers(policy):
            yield f"http-after-response set-header {name} {value}{_if(policy, *conditions)}"
    fields = varied_fields(policy)
    if fields and policy.allow_origins:
        value = _quote(", ".join(fields if is_for_any(policy) else ("Origin", *fields)))
        yield f"http-after-response add-header Vary {value}{_if(policy, 'cors_preflight')}"
    if not is_for_any(policy):
        yield (
            "http-after-response add-header Vary Origin"
            f" unless {{ res.hdr(vary) -m str -i origin {ANY} }}"
        )


def _headers(policy: CorsPolicy) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield the names and values of the headers, each with the conditions for it."""
    values = {name: text.replace("%", "%%") for name, text in lists(policy).items()}
    preflight = ("cors_preflight",)
    yield ALLOW_ORIGIN, ANY if is_for_any(policy) else "%[var(txn.cors_origin)]", ()
    if policy.allow_credentials:
        yield "Access-Control-Allow-Credentials", "true", ()
    if policy.expose_headers:
        value = _quote(values["expose_headers"])
        yield "Access-Control-Expose-Headers", value, ("!cors_preflight",)
    methods, headers = values["allow_methods"], values["allow_headers"]
    if names_requested_method(policy):
        methods += "%[var(txn.cors_method)]"
    yield "Access-Control-Allow-Methods", _quote(methods), preflight
    if names_requested_headers(policy):
        any_header = "%[var(txn.cors_headers)]"
        conditions = preflight if headers else (*preflight, "{ var(txn.cors_headers) -m found }")
        yield "Access-Control-Allow-Headers", _quote(headers + any_header), conditions
    elif headers:
        yield "Access-Control-Allow-Headers", _quote(headers), preflight
    if policy.max_age is not None:
        yield "Access-Control-Max-Age", str(policy.max_age), preflight
    if policy.allow_private_network:
        conditions = (*preflight, "{ var(txn.cors_private_network) -m found }")
        yield "Access-Control-Allow-Private-Network", "true", conditions


def _if(policy: CorsPolicy, *conditions: str) -> str:
    """Return the condition of a rule for allowed origins."""
    allowed = () if is_for_any(policy) else ("cors_allowed",)
    text = " ".join((*allowed, *conditions))
    return text and f" if {text}"


_is_plain = re.compile(r"[A-Za-z0-9_.:/*%,()\[\]-]+").fullmatch


def _quote(text: str) -> str:
    r"""Return a word.

    >>> print(_quote("https://a.example"), _quote("x-a, x-b"), _quote("myapp://it's"))
    https://a.example 'x-a, x-b' 'myapp://it'\''s'
    """
    if _is_plain(text):
        return text
    escaped = text.replace("'", r"'\''")
    return f"'{escaped}'"


def _any_of(names: Iterable[str]) -> str:
    return f"^({'|'.join(map(escape_regex, names))})$"


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    for argument, text in lists(policy).items():
        most = MOST_CHARACTERS[argument]
        if len(text) > most:
            name = policy.engine.dialect.name(argument)
            yield refuse("list-too-long", name, length=len(text), target="HAProxy", most=most)


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield from find_pattern_differences(policy)
    if names_requested_headers(policy):
        yield (
            "Requested headers are named as they were requested, in lower case. None are if one of"
            " them is *, which the browser blocks anyway, or if the list is not as browsers write"
            " it: on one line, separated by commas, with up to 1,000 names."
        )


HAPROXY: Final = Target(
    name="haproxy",
    requires="HAProxy 2.6 or newer",
    level=Level.EXACT,
    limits=(
        "It is for frontends; for a `listen` section, copy its lines.",
        "Patterns are tried one after the other.",
    ),
    comment="# ",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
)
