"""Origins that Django's ORM finds in PostgreSQL and SQLite: loaded, and looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import pytest

from tests.config.watching import wait_for
from tests.databases.cluster import Cluster
from tests.databases.django_project import write_asking_project, write_loading_project
from tests.databases.pages import APP, OTHER, SHOP
from tests.frameworks.test_paths import Server, served

NEW: Final = "https://shop-3.example"
WORKERS: Final = 2

pytest.importorskip("gunicorn.arbiter", reason="gunicorn does not run here", exc_type=ImportError)


class Site:
    """The project on a server with several processes."""

    def __init__(self, port: int, log: Path) -> None:
        self._port: Final = port
        self._log: Final = log

    def ask(self, origin: str, path: str = "/") -> tuple[int, str, bool]:
        """Return the status, the content, and whether a page may read the response."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        connection.request("GET", path, headers={"Origin": origin, "Connection": "close"})
        response = connection.getresponse()
        content = response.read().decode()
        connection.close()
        allowed = response.headers["Access-Control-Allow-Origin"] == origin
        return response.status, content, allowed

    def is_everywhere(self, origin: str, *, allowed: bool) -> bool:
        """Return whether each process allows an origin, or refuses it, as it is `allowed`."""
        answers: dict[str, bool] = {}

        def is_complete() -> bool:
            # The system chooses which process answers, and may choose one for a long time.
            _, process, answer = self.ask(origin)
            answers[process] = answer is allowed
            return len(answers) == WORKERS or not all(answers.values())

        return wait_for(is_complete, 30) and all(answers.values())

    def preflight(self, origin: str) -> tuple[int, str | None]:
        """Return the status of a preflight, and when to try again."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        method = {"Access-Control-Request-Method": "GET", "Connection": "close"}
        connection.request("OPTIONS", "/", headers={"Origin": origin, **method})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status, response.headers["Retry-After"]

    def log(self) -> list[str]:
        return self._log.read_text().splitlines()


@contextmanager
def serving(folder: Path, engine: str, name: str, *command: str) -> Iterator[Site]:
    log = folder / "shop.log"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        patch.setenv("SHOP_ENGINE", engine)
        patch.setenv("SHOP_NAME", name)
        patch.setenv("SHOP_LOG", str(log))
        with served(Server(command[0], (*command, "--log-level=critical"), ())) as port:
            yield Site(port, log)


@contextmanager
def loading(folder: Path, engine: str, name: str) -> Iterator[Site]:
    write_loading_project(folder, every=0.05)
    server = ("gunicorn", "shop.wsgi", f"--chdir={folder}", "--bind=127.0.0.1:{port}")
    with serving(folder, engine, name, *server, "--preload", f"--workers={WORKERS}") as site:
        yield site


def check_changes(site: Site, change: Callable[[str], None]) -> None:
    assert wait_for(lambda: site.is_everywhere(SHOP, allowed=True), 30)
    assert site.is_everywhere(OTHER, allowed=False)
    change(f"INSERT INTO tenants VALUES ('{OTHER}')")
    assert wait_for(lambda: site.is_everywhere(OTHER, allowed=True))
    change(f"DELETE FROM tenants WHERE origin = '{SHOP}'")
    assert wait_for(lambda: site.is_everywhere(SHOP, allowed=False))
    assert site.is_everywhere(APP, allowed=True)


def test_rows_of_sqlite_are_seen_by_requests(tmp_path: Path) -> None:
    path = tmp_path / "shop.sqlite3"

    def change(statement: str) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(statement)

    change("CREATE TABLE tenants (origin TEXT PRIMARY KEY)")
    change(f"INSERT INTO tenants VALUES ('{SHOP}')")
    with loading(tmp_path, "sqlite3", str(path)) as site:
        check_changes(site, change)


def test_rows_of_postgres_are_seen_by_requests(postgres: Cluster, tmp_path: Path) -> None:
    postgres.add(SHOP)
    with loading(tmp_path, "postgresql", "shop") as site:
        check_changes(site, postgres.run)  # type: ignore[arg-type]
        # The database is stopped: pages that need it fail, and may read that they do.
        before = len(site.log())
        postgres.stop()
        assert wait_for(lambda: any(line.startswith("ERROR") for line in site.log()[before:]))
        (line, *_) = (line for line in site.log()[before:] if line.startswith("ERROR"))
        assert line.startswith("ERROR CORS: origins could not be loaded; those from before stay (1")
        assert site.is_everywhere(OTHER, allowed=True)
        status, _, allowed = site.ask(OTHER, "/count/")
        assert (status, allowed) == (500, True)
        # It is started again, and all processes load what has changed.
        postgres.start()
        postgres.add(SHOP)
        assert wait_for(lambda: site.is_everywhere(SHOP, allowed=True))
        assert site.ask(SHOP, "/count/") == (200, "2", True)
        assert site.log().count("INFO CORS: origins are loaded again.") >= WORKERS
    assert wait_for(lambda: postgres.count_clients() == 0)


WSGI: Final = ("gunicorn", "shop.wsgi", "--bind=127.0.0.1:{port}", "--chdir")
ASGI: Final = ("uvicorn", "shop.asgi:application", "--port={port}", "--app-dir")


@pytest.mark.parametrize("command", [WSGI, ASGI], ids=["gunicorn", "uvicorn"])
def test_rows_of_postgres_are_looked_up(
    command: tuple[str, ...], postgres: Cluster, tmp_path: Path
) -> None:
    postgres.add(SHOP)
    write_asking_project(tmp_path)
    with serving(tmp_path, "postgresql", "shop", *command, str(tmp_path)) as site:
        assert [site.ask(each)[2] for each in (APP, SHOP, OTHER)] == [True, True, False]
        assert [site.preflight(each)[0] for each in (APP, SHOP, OTHER)] == [204, 204, 403]
        postgres.stop()
        assert site.ask(SHOP)[2]
        # Whether this origin is allowed cannot be known now.
        assert site.preflight(NEW) == (503, "1")
        assert not site.ask(NEW)[2]
        postgres.start()
        postgres.add(NEW)
        assert wait_for(lambda: site.ask(NEW)[2])
        assert site.preflight(NEW) == (204, None)
        assert site.ask(NEW, "/count/") == (200, "2", True)
        assert sum(line.startswith("ERROR CORS: the look-up of") for line in site.log()) == 1
    assert wait_for(lambda: postgres.count_clients() == 0)
