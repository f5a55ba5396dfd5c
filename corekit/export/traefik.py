r"""Traefik: one middleware `headers`, which routers name.

It responds to preflights itself, with status 200 and without Vary, and it compares origins with a
list and with regular expressions of RE2, which match anywhere unless they are anchored. Only
Access-Control-Allow-Origin depends on the origin. Traefik reads the file as a template, so that two
braces would begin an action: no value of a policy has a brace, and `escape_regex` none but one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from corekit._names import CORS_RESPONSE_HEADERS
from corekit._origins import ANY
from corekit.diagnostics import Diagnostic
from corekit.policy import CorsPolicy

from .origins import write_regex
from .parts import find_pattern_differences, is_for_any, parse_upstream
from .refusals import refuse
from .services import refuse_any_name
from .target import Level, Target

_DEFAULT_MAX_AGE: Final = 5
"""That of browsers: https://fetch.spec.whatwg.org/#cors-preflight-fetch"""

_HEAD: Final = """\
# Name this middleware in each router that the policy covers, before all others.

http:
"""
_STANDALONE: Final = """\
# Run it: traefik --entrypoints.web.address=127.0.0.1:8080 --providers.file.filename=dynamic.yml

http:
  routers:
    application:
      rule: PathPrefix(`/`)
      middlewares:
        - {prefix}
      service: application

  services:
    application:
      loadBalancer:
        servers:
          - url: '{upstream}'

"""
_MIDDLEWARE: Final = """\
  middlewares:
    {prefix}:
      headers:
"""
_REMOVE: Final = """\
        # The headers of the application are removed.
        customResponseHeaders:
"""


def _write(policy: CorsPolicy, standalone: str | None, prefix: str) -> Mapping[str, str]:
    middleware = _MIDDLEWARE.format(prefix=prefix) + "".join(_options(policy))
    if standalone is None:
        return {f"{prefix}.yml": _HEAD + middleware}
    parse_upstream(standalone)
    complete = _STANDALONE.format(prefix=prefix, upstream=standalone)
    return {"dynamic.yml": complete + middleware}


def _options(policy: CorsPolicy) -> Iterator[str]:
    """Yield the options of the middleware."""
    exact = [each for each in policy.allow_origins if each == ANY or ANY not in each]
    patterns = [each for each in policy.allow_origins if each != ANY and ANY in each]
    yield from _list("AllowOriginList", exact)
    yield from _list("AllowOriginListRegex", [f"^{write_regex(each)}$" for each in patterns])
    if policy.allow_credentials:
        yield "        accessControlAllowCredentials: true\n"
    yield from _list("AllowMethods", policy.engine.allow_methods)
    yield from _list("AllowHeaders", policy.engine.allow_headers)
    yield from _list("ExposeHeaders", policy.expose_headers)
    max_age = _DEFAULT_MAX_AGE if policy.max_age is None else policy.max_age
    yield f"        accessControlMaxAge: {max_age}\n"
    if not is_for_any(policy):
        yield "        addVaryHeader: true\n"
    yield _REMOVE
    yield from (f"          {name.title()}: ''\n" for name in sorted(CORS_RESPONSE_HEADERS))


def _list(name: str, values: Iterable[str]) -> Iterator[str]:
    lines = [f"          - {_quote(each)}\n" for each in values]
    if lines:
        yield f"        accessControl{name}:\n"
        yield from lines


def _quote(text: str) -> str:
    r"""Return a string of YAML in which only a quote is escaped.

    >>> print(_quote(r"^myapp://it's\.example$"))
    '^myapp://it''s\.example$'
    """
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _find_problems(policy: CorsPolicy) -> Iterator[Diagnostic]:
    if policy.allow_credentials:
        for argument in ("allow_methods", "allow_headers"):
            yield from refuse_any_name(policy, argument, "Traefik with credentials")
    if policy.allow_private_network:
        name = policy.engine.dialect.name("allow_private_network")
        yield refuse("private-network-not-exported", name, target="the middleware of Traefik")


def _find_differences(policy: CorsPolicy) -> Iterator[str]:
    yield (
        "Preflights get status 200, also if the origin is not allowed, and no Vary: no cache may"
        " store responses to OPTIONS."
    )
    if policy.max_age is None:
        yield "Access-Control-Max-Age is 5, which is the default of browsers too."
    if not is_for_any(policy):
        yield (
            "All Access-Control-* headers but Access-Control-Allow-Origin are sent to every origin."
            " Browsers ignore them without it."
        )
        yield (
            "Of several lines of Vary, only the first is kept, and the middleware compress adds one"
            " before those of the application. Origin may be named twice."
        )
        yield "Of several Origin headers, the first is read. Browsers send one."
    yield from find_pattern_differences(policy)


TRAEFIK: Final = Target(
    name="traefik",
    requires="Traefik 3.0 or newer",
    level=Level.BROWSER_EQUAL,
    limits=(
        "With credentials, methods and headers are listed.",
        "Only the first line of Vary is kept, so the application sends one, and compresses itself.",
        "Origins are tried one after the other.",
    ),
    comment="# ",
    write=_write,
    find_problems=_find_problems,
    find_differences=_find_differences,
)
