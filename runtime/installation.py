"""One installation: its settings with secrets, the site's documents, the demo passwords."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

import pydantic
from pydantic_settings import SettingsError

from config.documents import DocumentsRefused, Edition
from config.paths import DataPaths
from config.settings import Settings
from runtime import credentials
from runtime.editions import in_force
from runtime.privacy import keep_private


class InstallationRefused(Exception):
    """The line cannot start; the text is the one sentence for the person who tried."""


@dataclass(frozen=True)
class Installation:
    settings: Settings
    edition: Edition
    passwords: Mapping[str, str]  # login → demo password; empty where another one was chosen
    warning: str = ""  # what is wrong with the documents, where earlier ones are in force


def load(coming: bool = False) -> Installation:
    """Read everything; secrets that are missing are made.

    `coming`: with the documents that this start puts in force. Raises: Refused.
    """
    try:
        settings = Settings()
        keep_private(settings.paths, settings.database)
        documents = in_force(settings)
        edition = (coming and documents.coming) or documents.edition
        logins = [agent.login for agent in edition.site.agents]
        known = credentials.load_or_make(settings.paths.secrets, logins)
        passwords = credentials.passwords(known, logins)
        return Installation(credentials.settings(), edition, passwords, documents.warning)
    except DocumentsRefused as refusal:
        raise InstallationRefused("\n".join(refusal.faults)) from refusal
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise InstallationRefused(
            f"{error.title} is wrong at {'.'.join(map(str, first['loc']))}: {first['msg']}."
        ) from error
    except (SettingsError, credentials.SecretsUnreadable, OSError, ValueError) as error:
        raise InstallationRefused(f"the configuration cannot be read: {' '.join(str(error).split())}.") from error


@contextmanager
def only_one(paths: DataPaths) -> Iterator[None]:
    """One supervisor per data folder. Raises: Refused."""
    with _lock(paths) as lock:
        if not _taken(lock):
            raise InstallationRefused(
                f"this installation is running already (its data is {paths.home}); stop it, or start another "
                "with ONENUMBER_DATA_DIR and ports of its own."
            )
        yield


def runs(paths: DataPaths) -> bool:
    """Whether a supervisor of this data folder lives."""
    with _lock(paths) as lock:
        return not _taken(lock)


def what_renews_asterisk(paths: DataPaths) -> str:
    """A sentence for whoever changed what its configuration is made of."""
    if runs(paths):
        return "its configuration is of earlier documents; the running line writes it anew within seconds."
    return "its configuration is of earlier documents: run `onenumber prepare` and restart Asterisk, or the line."


def _lock(paths: DataPaths) -> TextIO:
    """Raises: Refused."""
    try:
        return paths.run_lock.open("a+")
    except OSError as error:
        raise InstallationRefused(f"{paths.home} cannot be written: {error.strerror}.") from error


def _taken(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
