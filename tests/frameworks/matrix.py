"""The combinations of framework, adapter and server that run the conformance table."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from tests.conformance.table import CASES

__all__ = ["ROWS", "Row", "render"]


@dataclass(frozen=True, slots=True)
class Row:
    """One run of the whole table.

    `module` and `application` name the application under test. With `per_policy`, it serves a port
    for each policy. `in_process` names the function through which the properties test the adapter,
    as ``module:function``; one row of each adapter has it.
    """

    framework: str
    adapter: str
    server: str
    module: str
    application: str
    per_policy: bool = False
    in_process: str = ""

    @property
    def name(self) -> str:
        """Return a name without spaces, for the command line."""
        return f"{self.framework}/{self.adapter}/{self.server}".replace(" ", "-")

    @property
    def versions(self) -> tuple[str, str]:
        """Return the versions of the framework and of the server."""
        return _version(self.framework), _version(self.server)


def _version(name: str) -> str:
    # The first word is the name of the distribution.
    distribution = re.split(r"\W", name)[0].lower()
    if distribution == "wsgiref":
        return platform.python_version()
    return "" if distribution == "a" else version(distribution)


def _asgi(
    framework: str,
    server: str,
    application: str,
    *,
    adapter: str = "corekit_asgi",
    module: str = "asgi_apps",
    per_policy: bool = False,
    in_process: str = "",
) -> Row:
    module = f"tests.frameworks.{module}"
    return Row(framework, adapter, server, module, application, per_policy, in_process)


def _wsgi(
    framework: str,
    server: str,
    application: str,
    *,
    adapter: str = "corekit_wsgi",
    in_process: str = "",
) -> Row:
    return _asgi(
        framework,
        server,
        application,
        adapter=adapter,
        module="wsgi_apps",
        in_process=in_process,
    )


_ADAPTERS: Final = "tests.properties.adapters"

ROWS: Final[Sequence[Row]] = (
    _asgi("a bare ASGI callable", "uvicorn (h11)", "plain", in_process=f"{_ADAPTERS}:through_asgi"),
    _asgi("a bare ASGI callable", "uvicorn (httptools)", "plain"),
    _asgi("a bare ASGI callable", "hypercorn", "plain"),
    _asgi("a bare ASGI callable", "granian (ASGI)", "plain"),
    _wsgi("a bare WSGI callable", "gunicorn", "plain", in_process=f"{_ADAPTERS}:through_wsgi"),
    _wsgi("a bare WSGI callable", "waitress", "plain"),
    _wsgi("a bare WSGI callable", "wsgiref", "plain"),
    _wsgi("a bare WSGI callable", "granian (WSGI)", "plain"),
    _wsgi("a bare WSGI callable", "Werkzeug's server", "plain"),
    _asgi(
        "Starlette",
        "uvicorn (h11)",
        "starlette",
        adapter="corekit_starlette",
        in_process=f"{_ADAPTERS}:through_starlette",
    ),
    _asgi(
        "FastAPI",
        "uvicorn (httptools)",
        "make",
        adapter="corekit_starlette",
        module="fastapi_app",
    ),
    _asgi("Litestar", "uvicorn (httptools)", "make", module="litestar_app"),
    _asgi("Quart", "hypercorn", "quart"),
    _asgi("Sanic", "uvicorn (h11)", "sanic"),
    _asgi("Falcon (ASGI)", "granian (ASGI)", "falcon"),
    _wsgi("Falcon (WSGI)", "waitress", "falcon"),
    _asgi("Django (ASGI)", "hypercorn", "django"),
    _wsgi("Django (WSGI)", "gunicorn", "django"),
    _wsgi(
        "Flask",
        "gunicorn",
        "flask",
        adapter="corekit_flask",
        in_process=f"{_ADAPTERS}:through_flask",
    ),
    _wsgi("Flask", "Werkzeug's server", "flask", adapter="corekit_flask"),
    _wsgi("Werkzeug", "Werkzeug's server", "werkzeug"),
    _wsgi("Bottle", "wsgiref", "bottle"),
    _wsgi("Pyramid", "waitress", "pyramid"),
    _asgi(
        "Django (ASGI)",
        "uvicorn (h11)",
        "serve_asgi",
        adapter="corekit_django",
        module="django_site",
        per_policy=True,
    ),
    _asgi(
        "Django (WSGI)",
        "wsgiref",
        "serve_wsgi",
        adapter="corekit_django",
        module="django_site",
        per_policy=True,
        in_process=f"{_ADAPTERS}:through_django",
    ),
    _asgi(
        "aiohttp.web",
        "aiohttp's server",
        "serve",
        adapter="corekit_aiohttp",
        module="aiohttp_app",
        per_policy=True,
        in_process=f"{_ADAPTERS}:through_aiohttp",
    ),
    _asgi(
        "Sanic",
        "Sanic's server",
        "serve",
        adapter="corekit_sanic",
        module="sanic_app",
        per_policy=True,
        in_process="tests.frameworks.sanic_app:through_sanic",
    ),
)


def render(rows: Sequence[Row] = ROWS) -> str:
    """Return the text of docs/matrix.md."""
    odd = sum(case.may_refuse for case in CASES)
    lines = [
        "# Tested frameworks and servers",
        "",
        f"The conformance table (`tests/conformance/`) has {len(CASES)} named cases. A case is a",
        "policy, a request and an application's response, with the expected status and headers,",
        "and whether the application is called. Every combination below passes all of them over",
        f"a socket. {odd} of the requests are so unusual that a server may reject them with a 4xx",
        "status, which grants nothing.",
        "",
        "`python -m tests.frameworks.test_matrix` writes this page.",
        "",
        "| framework | version | adapter | server | version |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        framework, server = row.versions
        cells = (
            row.framework,
            framework,
            f"`{row.adapter}`",
            row.server,
            server,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
