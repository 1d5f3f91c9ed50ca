"""One installation: its settings with secrets, the site's documents, the demo passwords."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pydantic
import yaml
from pydantic_settings import SettingsError

from cli import credentials
from cli.privacy import keep_private
from config.documents import Edition, load_edition
from config.settings import Settings


class Refused(Exception):
    """The line cannot start; the text is the one sentence for the person who tried."""


@dataclass(frozen=True)
class Installation:
    settings: Settings
    edition: Edition
    passwords: Mapping[str, str]  # login → demo password; empty where another one was chosen


def load() -> Installation:
    """Read everything; secrets that are missing are made. Raises: Refused."""
    try:
        settings = Settings()
        keep_private(settings)
        edition = load_edition(settings.line.config_dir)
        logins = [agent.login for agent in edition.site.agents]
        known = credentials.load_or_make(settings.data_dir / "secrets.env", logins)
        return Installation(credentials.settings(), edition, credentials.passwords(known, logins))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise Refused(f"{error.title} is wrong at {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    except (yaml.YAMLError, SettingsError, credentials.SecretsUnreadable, OSError, ValueError) as error:
        raise Refused(f"the configuration cannot be read: {' '.join(str(error).split())}.") from error


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """One supervisor per data folder. Raises: Refused."""
    with (settings.data_dir / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"this installation is running already (its data is {settings.data_dir}); stop it, or start another "
                "with ONENUMBER_DATA_DIR and ports of its own."
            ) from None
        yield
