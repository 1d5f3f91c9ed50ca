"""What `onenumber audit` and the doctor do about the audit's chain.

How far it was found whole is kept beside the database: who can write there only cannot take away what was seen.
"""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

from config.settings import Settings
from doctor.finding import Finding
from routing.archive import Action
from runtime import credentials, operator
from store import audit_chain, open_records
from store.audit_chain import ChainCheck


def verify() -> None:
    verdict = check(credentials.settings())
    if verdict.trouble:
        operator.refuse(f"the audit is not whole: {verdict.trouble}.")
    print(f"the audit is whole: {verdict.rows} rows, the last one is {verdict.seq} with the seal {verdict.seal}")


def cut(before: datetime, yes: bool) -> None:
    settings = credentials.settings()
    if trouble := check(settings).trouble:
        operator.refuse(f"nothing is cut: {trouble}.")
    if not yes:
        operator.refuse("nothing is cut: add --yes to delete these rows.")
    print(f"{asyncio.run(_cut(settings, before.replace(tzinfo=UTC)))} rows deleted")


async def _cut(settings: Settings, before: datetime) -> int:
    async with operator.records(settings) as records:
        gone = await audit_chain.cut(records.database, _key(settings), before)
        detail = {"before": before.date().isoformat(), "rows": str(gone)}
        await records.audit.note(operator.actor(), Action.AUDIT_CUT, "audit", datetime.now(UTC), detail)
    return gone


def check(settings: Settings) -> ChainCheck:
    """Along the whole chain; what holds is remembered."""
    path = settings.paths.audit_verified
    verdict = asyncio.run(_check(settings, _known(path)))
    if not verdict.trouble:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps([verdict.seq, verdict.seal]), encoding="utf-8")
        fresh.replace(path)
    return verdict


async def _check(settings: Settings, known: tuple[int, str] | None) -> ChainCheck:
    async with open_records(settings.database) as records:
        return await audit_chain.verify(records.database, _key(settings), known)


def _known(path: Path) -> tuple[int, str] | None:
    if not path.exists():
        return None
    seq, seal = json.loads(path.read_text(encoding="utf-8"))
    return int(seq), str(seal)


def _key(settings: Settings) -> bytes:
    return settings.audit_secret.get_secret_value().encode()


def finding(settings: Settings) -> Finding:
    """Whether the audit is as it was written."""
    try:
        verdict = check(settings)
    except Exception as error:  # the row “database” tells what is wrong with it
        return Finding("audit", "absent", says=f"cannot be read: {type(error).__name__}")
    if verdict.trouble:
        to_do = "find out who can write in the database; docs/operations.md, “Audit”."
        return Finding("audit", "broken", says=verdict.trouble, to_do=to_do)
    return Finding("audit", "ok", says=f"{verdict.rows} rows, each as it was written")
