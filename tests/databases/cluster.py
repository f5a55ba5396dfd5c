"""A PostgreSQL server for these tests, on a Unix socket in a temporary folder. Not a test.

It runs under the supervisor of the browsers, so that none is left behind, however the tests end.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
import pytest

from tests.browsers.launching import supervised

DEBIAN: Final = Path("/usr/lib/postgresql")
"""Debian has a folder for each release there, and only clients in PATH."""

SECONDS: Final = 30.0
"""The time in which the server must be ready."""

AS_USER: Final = """
import os, pwd, sys

user = pwd.getpwnam("postgres")
os.setgroups([])
os.setgid(user.pw_gid)
os.setuid(user.pw_uid)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Runs a command as the user of Debian's package, since the server refuses to run as root."""

Row = tuple[Any, ...]


def require_postgres(folder: Path = DEBIAN) -> Path:
    """Return the folder of PostgreSQL's programs, or skip the test.

    Fail it if COREKIT_REQUIRE_POSTGRES=1.
    """
    releases = sorted(folder.glob("*/bin/initdb"), key=_release)
    in_path = shutil.which("initdb")
    found = [*releases, *([Path(in_path)] if in_path else [])]
    if found and sys.platform != "win32":
        return found[0].resolve().parent
    message = "PostgreSQL is not installed (Debian: postgresql)"
    if os.environ.get("COREKIT_REQUIRE_POSTGRES") == "1":
        pytest.fail(f"COREKIT_REQUIRE_POSTGRES=1, but {message}", pytrace=False)
    pytest.skip(message)


def _release(program: Path) -> float:
    """Return the key that sorts the newest release first."""
    number = re.fullmatch(r"\d+(\.\d+)?", program.parents[1].name)
    return -float(number[0]) if number else 0.0


class Cluster:
    """A server whose database "shop" has a table of tenants; it can be stopped and started.

    `environment` has what clients of the server need, as the variables of PostgreSQL.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs: Final = programs
        self._folder: Final = folder
        self._data: Final = folder / "data"
        self._process: Final = ExitStack()
        is_root = os.geteuid() == 0
        self._as_user: Final = [sys.executable, "-I", "-S", "-c", AS_USER] if is_root else []
        if is_root:
            shutil.chown(folder, "postgres", "postgres")
        self.environment: Final = {
            "PGHOST": str(folder),
            "PGPORT": "5432",
            "PGUSER": "postgres",
            "PGDATABASE": "shop",
        }
        switches = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale")
        self._run("initdb", "--no-sync", *switches)
        self.start()
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")

    def conninfo(self, database: str = "shop") -> str:
        """Return what `psycopg.connect()` takes."""
        return f"host={self._folder} port=5432 user=postgres dbname={database}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        if self.is_running:
            return
        # Many clients at a time; what is written may be lost if the machine crashes.
        settings = {
            "fsync": "off",
            "listen_addresses": "",
            "max_connections": "200",
            "shared_buffers": "16MB",
            "unix_socket_directories": str(self._folder),
        }
        switches = [f"-c{name}={value}" for name, value in settings.items()]
        server = [str(self._programs / "postgres"), "-D", str(self._data), *switches]
        output = self._folder / "server.log"
        self._process.enter_context(supervised([*self._as_user, *server], {}, output=output))
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                psycopg.connect(self.conninfo("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return

    def stop(self) -> None:
        """Stop the server at once; its clients lose their connections."""
        if self.is_running:
            self._run("pg_ctl", "stop", "--mode=immediate", "--silent")
        self._process.close()

    @property
    def is_running(self) -> bool:
        """Whether the server was started, and not stopped."""
        return (self._data / "postmaster.pid").exists()

    def run(self, statement: LiteralString, *values: object) -> list[Row]:
        """Run one statement, and return its rows."""
        with psycopg.connect(self.conninfo(), autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            return [] if cursor.description is None else cursor.fetchall()

    def clear(self) -> None:
        """Make the server run, with an empty table of tenants."""
        self.start()
        self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        self.run("CREATE TABLE tenants (origin text PRIMARY KEY)")

    def add(self, *origins: str) -> None:
        """Add tenants."""
        for origin in origins:
            self.run("INSERT INTO tenants VALUES (%s)", origin)

    def remove(self, origin: str) -> None:
        """Remove a tenant."""
        self.run("DELETE FROM tenants WHERE origin = %s", origin)

    def count_clients(self) -> int:
        """Return the number of other connections to the database."""
        ((number,),) = self.run(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = 'shop' AND pid <> pg_backend_pid()"
        )
        return int(number)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(self._programs / program), "-D", str(self._data)]
        # The user may not be allowed to enter the current folder.
        subprocess.run([*command, *arguments], cwd="/", check=True, capture_output=True, timeout=60)


@contextmanager
def open_cluster() -> Iterator[Cluster]:
    """Create a cluster, and remove it after the block; skip the test without PostgreSQL."""
    programs = require_postgres()
    # Not in pytest's folders, which are closed to the user that runs the server. The path of a
    # socket is short.
    with tempfile.TemporaryDirectory(prefix="corekit-") as folder, ExitStack() as stack:
        cluster = Cluster(programs, Path(folder))
        stack.callback(cluster.stop)
        yield cluster
