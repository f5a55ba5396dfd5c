"""`watch()` in servers with several workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.config.watching import FILE, NEW, OLD, policy_text, wait_for
from tests.frameworks.test_paths import Server, served


def ask(port: int, origin: str) -> tuple[str, bool]:
    """Return the process that answered, and whether the origin is allowed."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/", headers={"Origin": origin, "Connection": "close"})
    response = connection.getresponse()
    process = response.read().decode()
    connection.close()
    return process, response.headers["Access-Control-Allow-Origin"] == origin


@contextmanager
def serving(path: Path, *command: str) -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FILE, str(path))
        with served(Server(command[0], command, ())) as port:
            yield port


SERVERS = {
    "gunicorn --preload": (
        "gunicorn",
        "tests.config.watching:make_wsgi()",
        "--preload",
        "--workers=2",
        "--bind=127.0.0.1:{port}",
        "--log-level=critical",
    ),
    "uvicorn --workers": (
        "uvicorn",
        "tests.config.watching:make_asgi",
        "--factory",
        "--workers=2",
        "--port={port}",
        "--log-level=critical",
    ),
}


@pytest.mark.parametrize("name", SERVERS)
def test_every_worker_watches(name: str, tmp_path: Path) -> None:
    path = tmp_path / "cors.toml"
    path.write_text(policy_text(OLD))

    def processes(origin: str, *, allowed: bool) -> set[str]:
        answers = [ask(port, origin) for _ in range(20)]
        return {process for process, is_allowed in answers if is_allowed is allowed}

    with serving(path, *SERVERS[name]) as port:
        assert wait_for(lambda: len(processes(OLD, allowed=True)) == 2, 30)
        path.write_text(policy_text(NEW))
        assert wait_for(lambda: len(processes(NEW, allowed=True)) == 2)
        assert wait_for(lambda: not processes(OLD, allowed=True))
