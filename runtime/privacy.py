"""What an installation keeps is for the user that runs it alone: the database, words, recordings, logs, secrets."""

import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from config.settings import Settings
from runtime.addresses import instance_folder

UMASK = 0o077
FOLDERS = ("recordings", "log", "redis", "voice-cache", "understanding")  # of `data_dir`, with all that they hold
BESIDE = ("", "-wal", "-shm", "-journal")  # an SQLite database's own name, and what its files beside it add to it


def keep_private(settings: Settings) -> None:
    """Whatever this process and those that it starts write; and what earlier ones left open to others.

    Asterisk's own folder is seen to when Asterisk starts (`telephony.instance`): it has another owner.
    """
    os.umask(UMASK)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    for path in (settings.data_dir, *_private(settings)):
        status = path.lstat()
        if status.st_mode & UMASK and not path.is_symlink() and status.st_uid == os.geteuid():
            path.chmod(status.st_mode & ~UMASK & 0o777)


def open_to_others(settings: Settings) -> list[Path]:
    """What others than its owner, and the user that runs Asterisk, can read or change."""
    if not settings.data_dir.exists():  # before the first start
        return []
    found = [path for path in (settings.data_dir, *_private(settings)) if path.stat().st_mode & UMASK]
    instance = instance_folder(settings)
    inside = [instance, *instance.rglob("*")] if instance.exists() and os.access(instance, os.R_OK | os.X_OK) else []
    return found + [path for path in inside if not path.is_symlink() and path.stat().st_mode & 0o007]


def _private(settings: Settings) -> Iterator[Path]:
    """Symbolic links lead elsewhere, and are somebody else's."""
    yield from (path for path in settings.data_dir.glob("*") if path.is_file() and not path.is_symlink())
    database = make_url(settings.database)
    if database.get_backend_name() == "sqlite" and database.database:
        yield from (path for end in BESIDE if (path := Path(database.database + end)).exists())
    for name in FOLDERS:
        folder = settings.data_dir / name
        if folder.is_dir() and not folder.is_symlink():
            yield folder
            yield from (path for path in folder.rglob("*") if not path.is_symlink())
