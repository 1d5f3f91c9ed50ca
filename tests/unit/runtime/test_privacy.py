"""Nobody but the user of the line reads what it keeps, also where an earlier version left it open."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import DataPaths
from config.settings import Settings
from doctor.checks import readers
from runtime import credentials
from runtime.privacy import keep_private, open_to_others
from store import migrate


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_an_installation_that_stands_open_is_closed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    (settings.paths.recordings).mkdir(parents=True)
    (settings.paths.logs).mkdir()
    migrate.upgrade(settings.database)
    connection = sqlite3.connect(settings.data_dir / "onenumber.db")
    connection.execute("CREATE TABLE more (x)")  # a write-ahead log beside it
    for name in ("recordings/a.wav", "log/web.log", "log/web.log.1", "run.json"):
        (settings.data_dir / name).write_text("private")
    outside = tmp_path / "outside.txt"
    outside.write_text("somebody else's")
    (settings.data_dir / "link").symlink_to(outside)
    assert {path.name for path in open_to_others(settings.paths, settings.database)} > {
        "var",
        "onenumber.db",
        "a.wav",
        "web.log.1",
    }
    assert readers(settings).state == "broken"
    keep_private(settings.paths, settings.database)
    assert not open_to_others(settings.paths, settings.database)
    assert readers(settings).state == "ok"
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644
    connection.close()


def test_whatever_is_written_afterwards_is_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    keep_private(settings.paths, settings.database)
    migrate.upgrade(settings.database)
    (settings.paths.recordings).mkdir()
    (settings.data_dir / "recordings/b.wav").write_text("private")
    credentials.load_or_make(settings.paths.secrets, [])
    assert not open_to_others(settings.paths, settings.database)


def test_what_asterisk_keeps_is_for_its_group_at_most(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    spool = tmp_path / "asterisk-instance/spool"
    spool.mkdir(parents=True)
    (spool / "message.wav").write_text("private")
    keep_private(settings.paths, settings.database)
    assert {path.name for path in open_to_others(settings.paths, settings.database)} == {
        "asterisk-instance",
        "spool",
        "message.wav",
    }


def test_before_the_first_start_nothing_is_open(tmp_path: Path) -> None:
    assert open_to_others(DataPaths(tmp_path / "not-made-yet"), "sqlite://") == []
