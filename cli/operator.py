"""Commands of whoever runs the line, on its records: who they are, and how a refusal is told."""

import getpass
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NoReturn

import typer

from cli.privacy import keep_private
from config.documents import load_edition
from config.settings import Settings
from store import SqlRecords, open_records


def refuse(sentence: str) -> NoReturn:
    """On standard error, with a non-zero exit."""
    print(f"onenumber: {sentence}", file=sys.stderr)
    raise typer.Exit(1)


def actor() -> str:
    """As written into the audit: the account of the machine."""
    return f"operator:{getpass.getuser()}"


@asynccontextmanager
async def records(settings: Settings) -> AsyncIterator[SqlRecords]:
    """The records of this installation."""
    keep_private(settings)
    site_id = load_edition(settings.line.config_dir).site.id
    kept = timedelta(days=settings.retention.words_days)
    async with open_records(settings.database, site_id, kept, settings.audit_secret.get_secret_value()) as opened:
        yield opened
