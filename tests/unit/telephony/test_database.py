"""Asterisk's own database while it runs and between its runs: never half, never in its way."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from telephony import instance
from telephony.instance import DATABASE, Database
from tests.disks import fill, small_disk


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Database:
    (tmp_path / "memory").mkdir()
    (tmp_path / "instance/lib").mkdir(parents=True)
    monkeypatch.setattr(instance, "SHARED_MEMORY", tmp_path / "memory")
    return Database(tmp_path / "instance")


def written(file: Path) -> bytes:
    with closing(sqlite3.connect(file)) as opened:
        opened.execute("CREATE TABLE astdb (key TEXT, value TEXT)")
        opened.commit()
    return file.read_bytes()


def test_it_goes_to_the_disk_when_stopped_and_back_when_started(database: Database, tmp_path: Path) -> None:
    database.prepare()
    content = written(database.folder / DATABASE)
    database.keep()
    assert (tmp_path / f"instance/lib/{DATABASE}").read_bytes() == content
    assert not database.folder.exists()
    database.prepare()
    assert (database.folder / DATABASE).read_bytes() == content


def test_what_outlived_asterisk_is_newer_than_what_was_kept(database: Database, tmp_path: Path) -> None:
    (tmp_path / f"instance/lib/{DATABASE}").write_bytes(b"older")
    database.folder.mkdir()
    content = written(database.folder / DATABASE)
    database.prepare()
    assert (database.folder / DATABASE).read_bytes() == content


def test_a_damaged_one_goes(database: Database) -> None:
    database.folder.mkdir()
    (database.folder / DATABASE).write_bytes(b"SQLite format 3\0 and no more")
    database.prepare()
    assert list(database.folder.iterdir()) == []


def test_a_full_disk_leaves_it_in_memory_and_what_was_kept_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(instance, "SHARED_MEMORY", tmp_path / "memory")
    with small_disk(tmp_path / "disk", 2) as disk:
        (disk / "lib").mkdir()
        (disk / "lib" / DATABASE).write_bytes(b"older")
        database = Database(disk)
        database.folder.mkdir()
        content = written(database.folder / DATABASE)
        fill(disk)
        database.keep()
        assert (disk / "lib" / DATABASE).read_bytes() == b"older"
        assert (database.folder / DATABASE).read_bytes() == content
