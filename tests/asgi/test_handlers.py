"""`install` and `cors` in Quart and Litestar: the responses that a browser gets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from litestar import get
from litestar.config.cors import CORSConfig
from quart import Quart
from starlette.testclient import TestClient

from corekit import CorsPolicy, CorsRoutes, PolicyError
from corekit_asgi import CorsMiddleware, cors, install
from tests.asgi.shops import OWN, PARTNER, litestar, quart

APP = "https://app.example.com"
UNTRUSTED = "https://untrusted.example"
DEFAULT = CorsPolicy(allow_origins=[APP], allow_methods=["DELETE"], max_age=600)


def ask(app: Any, method: str, path: str, origin: str, **headers: str) -> tuple[int, str | None]:
    client = TestClient(app, raise_server_exceptions=False)
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = client.request(
        method, path, headers={"Origin": origin, **fields}, follow_redirects=False
    )
    return response.status_code, response.headers.get("access-control-allow-origin")


def preflight(app: Any, path: str, origin: str, method: str) -> tuple[int, str | None]:
    return ask(app, "OPTIONS", path, origin, Access_Control_Request_Method=method)


each_framework = pytest.mark.parametrize("make", [quart, litestar])
each_way = pytest.mark.parametrize(
    "wrap",
    [
        lambda app: install(app, DEFAULT),
        lambda app: CorsMiddleware(app, DEFAULT),
        lambda app: CorsMiddleware(app, CorsRoutes([("/", DEFAULT)])),
    ],
    ids=["install", "around", "routes"],
)


@each_framework
@each_way
@pytest.mark.parametrize(
    "case",
    [
        ("GET", "/users/7/public", 200, PARTNER),
        ("HEAD", "/folder", 200, PARTNER),
        ("GET", "/users/7/private", 200, APP),
        ("DELETE", "/users/7/public", 200, APP),
        ("PUT", "/users/7/public", 405, PARTNER),
        ("PUT", "/only-post", 405, PARTNER),
        ("GET", "/routes/a", 200, PARTNER),
        ("GET", "/routes/b", 200, APP),
        ("GET", "/items", 200, PARTNER),
        ("POST", "/items", 200, APP),
        ("GET", "/users/x/public", 404, APP),
        ("GET", "/fail", 500, APP),
    ],
)
def test_policy_of_the_handler_applies(
    make: Callable[[], Any], wrap: Callable[[Any], Any], case: tuple[str, str, int, str]
) -> None:
    method, path, status, allowed = case
    # Litestar has no HEAD for a GET, and Quart redirects to the slash: with the same policy.
    other = {("HEAD", "/folder"): 405 if make is litestar else 308}.get((method, path), status)
    app = wrap(make())
    for origin in (APP, PARTNER, UNTRUSTED):
        expected = (other, origin if origin == allowed else None)
        assert ask(app, method, path, origin) == expected
    assert ask(make(), method, path, allowed)[1] is None


@each_framework
@each_way
@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/users/7/public", "GET", PARTNER),
        ("/users/7/public", "DELETE", APP),
        ("/users/7/private", "GET", APP),
        ("/items", "POST", APP),
        ("/missing", "GET", APP),
    ],
)
def test_preflight_has_the_policy_of_the_requested_method(
    make: Callable[[], Any], wrap: Callable[[Any], Any], path: str, method: str, allowed: str
) -> None:
    app = wrap(make())
    for origin in (APP, PARTNER, UNTRUSTED):
        expected = (204, origin) if origin == allowed else (403, None)
        assert preflight(app, path, origin, method) == expected


@each_framework
def test_preflight_is_not_cached_if_methods_have_different_policies(
    make: Callable[[], Any],
) -> None:
    client = TestClient(install(make(), DEFAULT))
    seconds = []
    for path in ("/users/7/public", "/users/7/private"):
        asked = {"Origin": APP, "Access-Control-Request-Method": "DELETE"}
        seconds.append(client.options(path, headers=asked).headers["access-control-max-age"])
    assert seconds == ["0", "600"]


@each_framework
def test_options_without_a_requested_method_is_not_a_preflight(make: Callable[[], Any]) -> None:
    assert ask(install(make(), DEFAULT), "OPTIONS", "/users/7/private", APP)[1] == APP


@each_framework
def test_handler_whose_policy_is_not_found_does_not_run(make: Callable[[], Any]) -> None:
    assert ask(install(make(), DEFAULT), "GET", "/hidden", APP) == (500, APP)


@each_way
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_path_whose_parameter_litestar_refuses_has_the_policy_of_the_application(
    wrap: Callable[[Any], Any], method: str
) -> None:
    path = "/users/x/public"
    plain = TestClient(litestar())
    assert ask(wrap(litestar()), method, path, APP) == (
        plain.request(method, path).status_code,
        APP,
    )
    assert preflight(wrap(litestar()), path, APP, method) == (204, APP)


def test_class_and_partial_in_quart_and_mount_in_litestar() -> None:
    app = install(quart(), DEFAULT)
    assert ask(app, "GET", "/orders", PARTNER) == (200, PARTNER)
    assert ask(app, "HEAD", "/orders", APP) == (200, None)
    assert ask(app, "GET", "/partial", PARTNER) == (200, PARTNER)
    assert ask(app, "GET", "/folder/", PARTNER) == (200, PARTNER)
    assert ask(install(litestar(), DEFAULT), "GET", "/mount/x", APP) == (200, APP)


@each_way
@pytest.mark.parametrize("path", ["/files", "/files/a"])
def test_sync_handler_with_several_paths_in_litestar(wrap: Callable[[Any], Any], path: str) -> None:
    app = wrap(litestar())
    assert ask(app, "GET", path, PARTNER) == (200, PARTNER)
    assert preflight(app, path, PARTNER, "GET") == (204, PARTNER)
    assert preflight(app, path, APP, "GET") == (403, None)


@each_framework
def test_path_below_the_root_path_is_routed(make: Callable[[], Any]) -> None:
    client = TestClient(install(make(), DEFAULT), root_path="/v1")
    response = client.get("/v1/users/7/public", headers={"Origin": PARTNER})
    assert response.headers["access-control-allow-origin"] == PARTNER


@each_framework
def test_install_returns_the_application(make: Callable[[], Any]) -> None:
    app = make()
    assert install(app, allow_origins=[APP]) is app
    with pytest.raises(RuntimeError, match="already has a policy"):
        install(app, DEFAULT)
    with pytest.raises(TypeError, match=r"^on_decison: .* Did you mean on_decision\?"):
        install(make(), DEFAULT, on_decison=print)  # type: ignore[call-arg]
    with pytest.raises(PolicyError):
        install(make())


def test_other_applications_are_refused() -> None:
    with pytest.raises(TypeError, match="got a object, not a Quart or Litestar application"):
        install(object(), DEFAULT)


@each_framework
@pytest.mark.parametrize("debug", [False, True])
def test_debug_mode_warns(
    make: Callable[..., Any], debug: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = make() if make is quart else make(debug=debug)
    install(app, DEFAULT)
    app.debug = debug
    caplog.clear()
    ask(app, "GET", "/users/7/private", f"https://{uuid4()}.example")
    found = [record.levelname for record in caplog.records if record.name == "corekit.asgi"]
    assert found == (["WARNING"] if debug else [])


def test_cors_config_of_litestar_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    app = install(litestar(cors_config=CORSConfig()), DEFAULT)
    assert "CORS: cors_config of Litestar has no effect" in caplog.text
    assert ask(app, "GET", "/users/7/private", UNTRUSTED) == (200, None)


@pytest.mark.parametrize("target", [get("/x"), Quart("shop"), 5, litestar()])
def test_only_functions_and_classes_can_keep_a_policy(target: Any) -> None:
    with pytest.raises(TypeError, match=r"cannot keep a policy\. Put cors\(\) below the route"):
        cors(OWN)(target)


@pytest.mark.parametrize("command", ["routes", "info"])
def test_commands_of_litestar_work(command: str, tmp_path: Path) -> None:
    code = """
from litestar import Litestar, get
from corekit import CorsPolicy
from corekit_asgi import install

@get("/items")
async def items() -> str:
    return "items"

policy = CorsPolicy(allow_origins=["https://app.example.com"])
app = Litestar([items])
install(app, policy)
"""
    (tmp_path / "shop.py").write_text(code)
    run = [sys.executable, "-m", "litestar", "--app", "shop:app", command]
    done = subprocess.run(
        run,
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert ("/items" if command == "routes" else "Litestar") in done.stdout
