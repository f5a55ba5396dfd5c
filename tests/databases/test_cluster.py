"""The PostgreSQL server of the tests is found, stopped, started and removed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.databases.cluster import Cluster, open_cluster, require_postgres


@pytest.fixture
def without_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("without_path")
def test_missing_server_skips_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COREKIT_REQUIRE_POSTGRES", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^PostgreSQL is not installed \(Debian: pos"):
        require_postgres(tmp_path)


@pytest.mark.usefixtures("without_path")
def test_missing_required_server_fails_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COREKIT_REQUIRE_POSTGRES", "1")
    with pytest.raises(pytest.fail.Exception, match="COREKIT_REQUIRE_POSTGRES=1, but PostgreSQL"):
        require_postgres(tmp_path)


@pytest.mark.usefixtures("without_path")
def test_newest_release_is_used(tmp_path: Path) -> None:
    for release in ("9.6", "17", "15"):
        program = tmp_path / release / "bin" / "initdb"
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    assert require_postgres(tmp_path) == tmp_path / "17" / "bin"


def test_server_in_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "initdb").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert require_postgres(tmp_path / "no-such-folder") == tmp_path


def test_server_keeps_its_rows_when_it_is_stopped(postgres: Cluster) -> None:
    postgres.add("https://shop-1.example")
    with psycopg.connect(postgres.conninfo()) as connection:
        postgres.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="No such file"):
        postgres.count_clients()
    postgres.start()
    assert postgres.run("SELECT origin FROM tenants") == [("https://shop-1.example",)]
    assert postgres.count_clients() == 0


def test_cluster_is_removed() -> None:
    with open_cluster() as cluster:
        folder = Path(cluster.environment["PGHOST"])
        assert folder.exists()
        assert cluster.is_running
    assert not folder.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(cluster.conninfo())
