"""One proxy has two policies, each in its place, and no place has a grant of the other."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from corekit.export import export_policy
from tests.conformance.case import APP, UNTRUSTED, Case
from tests.conformance.policies import API
from tests.conformance.table import CASES, differences
from tests.export.every import EXACT, PROXIES
from tests.export.nginx import NGINX
from tests.export.proxies import Application, Proxy, require, running, serving
from tests.export.several import POLICIES, put_together
from tests.export.test_nginx_errors import ask
from tests.frameworks.client import Client

PLACES: Final = {"public": "/public", "admin": ""}
CASES_OF_PLACES: Final = [
    (name, case) for name, policy in POLICIES.items() for case in CASES if case.policy == policy
]
ACTUAL: Final = {"public": [("Access-Control-Allow-Origin", "*")], "admin": [("Vary", "Origin")]}
"""The headers of actual responses to an untrusted origin."""
REFUSED: Final = {"haproxy": "/", "caddy": "/", "traefik": "%2f"}
"""The proxies that refuse paths which an application could read differently, if they have this."""


class Servers:
    """One process for each proxy, started when it is first asked for."""

    def __init__(self, folder: Path, application: Application, stack: ExitStack) -> None:
        self.application = application
        self._folder = folder
        self._stack = stack
        self._ports: dict[str, int] = {}

    def port_of(self, proxy: Proxy) -> int:
        require(proxy)
        if proxy.name not in self._ports:
            folder = self._folder / proxy.name
            folder.mkdir()
            loading, text = put_together(proxy, folder, self.application.url)
            self._ports[proxy.name] = self._stack.enter_context(running(loading, text, folder))
        return self._ports[proxy.name]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with ExitStack() as stack:
        application = stack.enter_context(serving())
        yield Servers(tmp_path_factory.mktemp("several"), application, stack)


@pytest.mark.parametrize("proxy", EXACT, ids=str)
@pytest.mark.parametrize(
    ("name", "case"), CASES_OF_PLACES, ids=[case.name for _, case in CASES_OF_PLACES]
)
def test_each_place_passes_the_cases_of_its_policy(
    name: str, case: Case, proxy: Proxy, servers: Servers
) -> None:
    request = replace(case.request, path=f"{PLACES[name]}{case.request.path}")
    servers.application.ran.discard(case.name)
    client = Client(servers.port_of(proxy))
    seen = client.ask(replace(case, request=request))
    client.close()
    found = differences(case, replace(seen, ran=case.name in servers.application.ran))
    assert bool(found) is (case.name in proxy.other), found


def preflight(port: int, path: str, origin: str) -> tuple[int, dict[str, str]]:
    """Return the status of a preflight, and its Access-Control-* headers and Vary."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    fields = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", path, headers=fields)
    response = connection.getresponse()
    response.read()
    connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return response.status, {
        name: value
        for name, value in headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


@pytest.mark.parametrize("proxy", EXACT, ids=str)
def test_no_place_grants_what_the_other_does(proxy: Proxy, servers: Servers) -> None:
    port = servers.port_of(proxy)
    admin = [
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Origin", APP),
        ("Access-Control-Expose-Headers", "x-request-id, etag"),
        ("Vary", "Origin"),
    ]
    for origin in (APP, UNTRUSTED, None):
        assert ask(port, "/public/200", origin) == (200, ACTUAL["public"])
        assert ask(port, "/200", origin) == (200, admin if origin == APP else ACTUAL["admin"])
    for origin in (APP, UNTRUSTED):
        assert preflight(port, "/public/200", origin) == (
            204,
            {
                "access-control-allow-origin": "*",
                "access-control-allow-methods": "GET, HEAD, POST",
            },
        )
    assert preflight(port, "/200", UNTRUSTED) == (403, {"vary": "Origin"})
    assert preflight(port, "/200", APP) == (
        204,
        {
            "access-control-allow-origin": APP,
            "access-control-allow-credentials": "true",
            "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "access-control-allow-headers": "authorization, content-type, x-csrftoken",
            "access-control-max-age": "600",
            "vary": "Origin",
        },
    )


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
def test_each_place_allows_its_origins(proxy: Proxy, servers: Servers) -> None:
    port = servers.port_of(proxy)
    for path, origin, allowed in (
        ("/public/200", APP, "*"),
        ("/public/200", UNTRUSTED, "*"),
        ("/200", APP, APP),
        ("/200", UNTRUSTED, None),
    ):
        assert dict(ask(port, path, origin)[1]).get("Access-Control-Allow-Origin") == allowed
        assert preflight(port, path, origin)[1].get("access-control-allow-origin") == allowed


ODD_PATHS: Final = {
    # Whether an application may read the path differently, and the place that it is in.
    "/public/../200": (True, "admin"),
    "/public/..": (True, "admin"),
    "/public/..%2f200": (True, "admin"),
    "/public/..%2F200": (True, "admin"),
    "/public%2f..%2f200": (True, "admin"),
    "/public/%2e%2E/200": (True, "admin"),
    "/public/./200": (True, "public"),
    "/public/.%2f200": (True, "public"),
    "/x/../public/200": (True, "public"),
    "/x/..%2fpublic/200": (True, "public"),
    "//public/200": (True, "public"),
    "/public//200": (True, "public"),
    "/public%2f200": (True, "public"),
    "/PUBLIC/200": (False, "admin"),
    "/publi%63/200": (False, "public"),
    "/publicity/200": (False, "admin"),
    "/public/.well-known": (False, "public"),
    "/public/..x": (False, "public"),
    "/public/200?back=/../%2f//": (False, "public"),
    "/200?back=/public/..%2f": (False, "admin"),
}


def readings(path: str) -> set[str]:
    """Return how applications may read a path: as it is decoded, and without dots and slashes."""
    decoded = unquote(path.partition("?")[0])
    return {decoded, posixpath.normpath(f"/{decoded.lstrip('/')}")}


@pytest.mark.parametrize("proxy", PROXIES, ids=str)
@pytest.mark.parametrize("path", ODD_PATHS)
def test_policy_is_that_of_the_path_which_the_application_reads(
    path: str, proxy: Proxy, servers: Servers
) -> None:
    port, application = servers.port_of(proxy), servers.application
    is_ambiguous, place = ODD_PATHS[path]
    application.path = None
    status, headers = ask(port, path, UNTRUSTED)
    if is_ambiguous and REFUSED.get(proxy.name, "none") in path.lower():
        assert (status, headers, application.path) == (400, [], None)
        assert preflight(port, path, UNTRUSTED) == (400, {})
        return
    is_allowed = "Access-Control-Allow-Origin" in dict(headers)
    assert is_allowed is (place == "public")
    assert ("access-control-allow-origin" in preflight(port, path, UNTRUSTED)[1]) is is_allowed
    assert application.path is not None
    found = {f"{each}/".startswith("/public/") for each in readings(application.path)}
    assert found == {place == "public"}


def test_files_without_names_change_each_other_in_nginx(tmp_path: Path) -> None:
    with serving() as application:
        proxy, text = put_together(NGINX, tmp_path, application.url)
        for name in POLICIES:
            for file in tmp_path.glob(f"cors_{name}*.conf"):
                file.write_text(file.read_text().replace(f"$cors_{name}_", "$cors_"))
        with running(proxy, text, tmp_path) as port:
            assert preflight(port, "/200", UNTRUSTED)[0] == 403
            # The first policy would grant it; now it reaches the application.
            assert preflight(port, "/public/200", UNTRUSTED) == (
                200,
                {"access-control-allow-origin": "*"},
            )


@pytest.mark.parametrize("proxy", EXACT, ids=str)
def test_complete_configuration_can_have_the_longest_name(proxy: Proxy, tmp_path: Path) -> None:
    policy = API.replace(
        allow_methods=["*"], allow_headers=["*"], allow_private_network=True, max_age=60
    )
    with serving() as application:
        export = export_policy(policy, proxy.target, standalone=application.url, name="a" * 20)
        with running(proxy, export.files[proxy.file], tmp_path) as port:
            assert dict(ask(port, "/200", APP)[1])["Access-Control-Allow-Origin"] == APP
            assert ask(port, "/200", UNTRUSTED) == (200, [("Vary", "Origin")])
            assert preflight(port, "/200", APP)[0] == 204
            assert preflight(port, "/200", UNTRUSTED)[0] == 403
