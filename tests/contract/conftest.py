"""The same records three ways: in memory, on SQLite, on a real PostgreSQL."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from routing.fake import MemoryRecords
from routing.ports import Records
from store.migrate import upgrade
from store.records import open_records
from tests.conftest import PostgresServer
from tests.transitions import strays, watch, written


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> str:
    url = postgres_server.create()
    upgrade(url)
    return url.rpartition("/")[2]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "records.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> Iterator[str]:
    """No row in it makes a transition that the lifecycles' tables do not have."""
    path = str(shutil.copy(migrated_file, tmp_path))
    watch(path)
    yield f"sqlite:///{path}"
    assert not strays(written(path))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.create(request.getfixturevalue("migrated_template"))


@pytest.fixture(params=["memory", "sqlite", "postgres"])
async def records(request: pytest.FixtureRequest) -> AsyncIterator[Records]:
    if request.param == "memory":
        yield MemoryRecords()
        return
    if request.param == "sqlite":
        url = str(request.getfixturevalue("sqlite_url"))
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create(request.getfixturevalue("migrated_template"))
    async with open_records(url) as opened:
        yield opened
