"""Commands of whoever runs the line, on its records: who they are, and how a refusal is told."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from config.documents import DocumentsRefused, Edition
from config.settings import Settings
from routing.model import NotFound, RecordsUnavailable
from runtime.editions import in_force
from runtime.privacy import keep_private
from store import SqlRecords, open_records


def refuse(sentence: str) -> NoReturn:
    """On standard error, with a non-zero exit."""
    print(f"onenumber: {sentence}", file=sys.stderr)
    raise typer.Exit(1)


def actor() -> str:
    """As written into the audit: the account of the machine."""
    try:
        return f"operator:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run as a user who has no name
        return f"operator:{os.getuid()}"


def edition(settings: Settings) -> Edition:
    """The documents in force; where there are none yet, a refusal."""
    try:
        return in_force(settings).edition
    except DocumentsRefused as refusal:
        refuse(f"no documents are in force: {refusal.faults[0]}")


@asynccontextmanager
async def records(settings: Settings) -> AsyncIterator[SqlRecords]:
    """The records of this installation; a database that is not there is a refusal."""
    keep_private(settings.paths, settings.database)
    site_id = (await asyncio.to_thread(edition, settings)).site.id
    kept = timedelta(days=settings.retention.words_days)
    audit_key = settings.audit_secret.get_secret_value()
    try:
        async with open_records(settings.database, site_id, kept, audit_key) as opened:
            yield opened
    except (SQLAlchemyError, RecordsUnavailable, NotFound, OSError) as error:
        said = str(error).partition("\n")[0][:200]
        refuse(f"the database cannot be used, or has not been prepared yet (start the line once): {said}")
