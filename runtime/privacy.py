"""What an installation keeps is for the user that runs it alone: the database, words, recordings, logs, secrets."""

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from config.paths import DataPaths

UMASK = 0o077
BESIDE = ("", "-wal", "-shm", "-journal")  # an SQLite database's own name, and what its files beside it add to it


def keep_private(paths: DataPaths, database: str) -> None:
    """Whatever this process and those that it starts write; and what earlier ones left open to others.

    Asterisk's own folder is seen to when Asterisk starts (`telephony.instance`): it has another owner.
    """
    os.umask(UMASK)
    paths.home.mkdir(parents=True, exist_ok=True)
    for path in (paths.home, *_private(paths, database)):
        status = path.lstat()
        if status.st_mode & UMASK and not path.is_symlink() and status.st_uid == os.geteuid():
            path.chmod(status.st_mode & ~UMASK & 0o777)


def open_to_others(paths: DataPaths, database: str) -> list[Path]:
    """What others than its owner, and the user that runs Asterisk, can read or change."""
    if not paths.home.exists():  # before the first start
        return []
    found = [path for path in (paths.home, *_private(paths, database)) if path.stat().st_mode & UMASK]
    instance = paths.asterisk
    inside = [instance, *instance.rglob("*")] if instance.exists() and os.access(instance, os.R_OK | os.X_OK) else []
    return found + [path for path in inside if not path.is_symlink() and path.stat().st_mode & 0o007]


def _private(paths: DataPaths, database: str) -> Iterator[Path]:
    """Symbolic links lead elsewhere, and are somebody else's."""
    yield from (path for path in paths.home.glob("*") if path.is_file() and not path.is_symlink())
    url = make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        yield from (path for end in BESIDE if (path := Path(url.database + end)).exists())
    for folder in (paths.recordings, paths.logs, paths.redis, paths.voice_cache, paths.understanding):
        if folder.is_dir() and not folder.is_symlink():
            yield folder
            yield from (path for path in folder.rglob("*") if not path.is_symlink())
