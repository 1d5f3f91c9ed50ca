"""What `onenumber erase` does: finds what every store has of a number, erases it, keeps a receipt."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli.erasing_files import LogTraces, blank, delete, line_logs, recordings, spooled
from config.documents import Edition
from config.settings import Settings
from routing.archive import Action
from routing.identity import new_id
from routing.lifecycle import CallbackEvent
from routing.spellings import Spellings, spellings
from runtime import credentials, operator
from store import SqlRecords, erasure
from store.news import RedisNews

NOT_REACHED = "backups; what was printed or copied; numbers that somebody spoke in words"


@dataclass
class Found:
    """What there is of a number outside the database and in it."""

    rows: erasure.Traces
    recordings: list[Path] = field(default_factory=list)
    spooled: list[Path] = field(default_factory=list)
    waiting: list[Path] = field(default_factory=list)  # of the spooled ones: not a ticket yet
    news: list[str] = field(default_factory=list)
    logs: dict[Path, int] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        return {
            **self.rows.counts(), "recordings": len(self.recordings), "spool": len(self.spooled),
            "news": len(self.news), "log_places": sum(self.logs.values()), "voice_cache": 0,
        }  # fmt: skip

    def owed(self) -> list[str]:
        """What is not over yet, one sentence each."""
        rows = self.rows
        said = [
            f"open tickets: {', '.join(sorted(rows.open_tickets))}" if rows.open_tickets else "",
            f"callbacks that are owed: {len(rows.open_callbacks)}" if rows.open_callbacks else "",
            f"calls that go on: {len(rows.live_calls)}" if rows.live_calls else "",
            f"messages that are no ticket yet: {len(self.waiting)}" if self.waiting else "",
        ]
        return [sentence for sentence in said if sentence]


def erase(text: str, yes: bool, force: bool) -> None:
    settings = credentials.settings()
    edition = operator.edition(settings)
    number = spellings(text, edition.site.region)
    if number is None:
        operator.refuse(f"{text} is no telephone number.")
    asyncio.run(_erase(settings, edition, number, yes, force))


async def _erase(settings: Settings, edition: Edition, number: Spellings, yes: bool, force: bool) -> None:
    async with operator.records(settings) as records, RedisNews(settings.redis_url) as news:
        found = await _find(settings, records, news, number)
        _tell(found.counts(), edition, number)
        if owed := found.owed():
            print("still owed: " + "; ".join(owed))
            if yes and not force:
                operator.refuse("nothing is erased: end these matters first, or erase with --force.")
        if not yes:
            print("nothing is erased yet: add --yes.")
            return
        counts = await _carry_out(records, news, found, number)
        receipt = await _receipt(settings, records, number, counts, force)
        print(f"erased; receipt {receipt.id}")
        print(f"not reached: {NOT_REACHED}")


def _tell(counts: dict[str, int], edition: Edition, number: Spellings) -> None:
    for store, count in counts.items():
        print(f"{store}: {count}")
    if any(number.is_this(contact.number) for contact in edition.site.contacts):
        print("a contact of the site's document has this number: take it out there as well.")


async def _find(settings: Settings, records: SqlRecords, news: RedisNews, number: Spellings) -> Found:
    rows = await erasure.find(records.database, number)
    folder = settings.paths.asterisk
    facts, waiting = spooled(settings.paths.spooled, number)
    return Found(
        rows, recordings=recordings(settings.paths, rows.recordings, rows.calls), spooled=facts, waiting=waiting,
        news=await news.mentioning(number.pattern),
        logs=line_logs((settings.paths.logs, folder / "log"), LogTraces(number.pattern, rows.calls)),
    )  # fmt: skip


async def _carry_out(records: SqlRecords, news: RedisNews, found: Found, number: Spellings) -> dict[str, int]:
    """The files first: what points to them is still there when this is cut off, and finds them again."""
    at = datetime.now(UTC)
    for callback_id in found.rows.open_callbacks:
        await records.callbacks.advance(callback_id, CallbackEvent.ERASED, at)
    delete([*found.recordings, *found.spooled])
    await news.forget(found.news)
    await news.publish("erased")  # controllers keep sentences spoken lately in memory
    places = sum(blank(path, LogTraces(number.pattern, found.rows.calls)) for path in found.logs)
    return {**found.counts(), **await erasure.erase(records.database, found.rows), "log_places": places}


async def _receipt(
    settings: Settings, records: SqlRecords, number: Spellings, counts: dict[str, int], force: bool
) -> erasure.Receipt:
    key = settings.audit_secret.get_secret_value().encode()
    receipt = erasure.Receipt(new_id(), datetime.now(UTC), operator.actor(), number.mark(key), counts)
    detail = {name: str(count) for name, count in counts.items() if count} | {"forced": str(force).lower()}
    audited = {"action": str(Action.ERASED), "subject": receipt.id, "detail": detail}
    await erasure.keep_receipt(records.database, records.site_id, key, receipt, audited)
    return receipt
