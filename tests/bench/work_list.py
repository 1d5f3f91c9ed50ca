"""What the work list costs with 50,000 tickets, a fifth of them open, on SQLite and on PostgreSQL.

    python -m tests.bench.work_list [TICKETS]

Prints one JSON object: of each question the median in milliseconds, and how many times a bare SELECT of the same
rows by their ids that is. Every question is asked of the records as the desk asks it, one after the other.
"""

import asyncio
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, select, text

from routing.archive import TicketQuery
from routing.identity import new_id
from routing.model import URGENCY_ORDER, Stage, Ticket
from routing.promise import is_settled_by
from routing.searching import SiteWords, searchable
from routing.ticket_numbers import nth_ticket_number
from routing.work_list import Order, Overview, Viewer, place_in
from store.migrate import upgrade
from store.records import SqlRecords, open_records
from store.tables import promises, ticket_private, ticket_stages, tickets
from tests.conftest import PostgresServer
from tests.contract.samples import NOW

TICKETS = 50_000
BATCH = 5_000
TIMES = 9
PAGE = 51
CREWS = ("technical", "it", "logistics", "hospitality", "patient-services")
WORDS = "drain blocked lift stuck printer jammed door lock lamp broken heating cold pump alarm bed chair phone".split()
NAMES = ("Åsa Lind", "Bo Ek", "Chen Wei", "Dora Vos", "Emil Öst")
ANNA = Viewer("anna", frozenset({"technical", "it"}), NOW)
SITE = SiteWords("NL", {"plumbing": "plumbing"}, {"ward-4": "ward 4"})


def row(chance: random.Random, number: int, total: int) -> dict[str, Any]:
    """Older ones are mostly closed."""
    open_ = chance.random() < 0.2 * 2 * number / total
    opened = NOW - timedelta(minutes=5 * (total - number))
    return {
        "id": new_id(), "site_id": "demo", "number": nth_ticket_number(number + 1), "opened_at": opened,
        "stage": chance.choice(list(Stage)[:5]) if open_ else Stage.CLOSED,
        "topic": chance.choice(("plumbing", "lift", "printer")), "crew": chance.choice(CREWS),
        "urgency_suggested": chance.choice(URGENCY_ORDER), "withheld": False, "shared": False, "caller_kind": "staff",
        "place": f"ward-{chance.randrange(40)}", "due": NOW + timedelta(minutes=chance.randrange(-9_000, 9_000)),
        "assignee": "anna" if open_ and chance.random() < 0.01 else None,
    }  # fmt: skip


def beside(chance: random.Random, ticket: dict[str, Any]) -> dict[str, Any]:
    words, name = " ".join(chance.choices(WORDS, k=12)), chance.choice(NAMES)
    number = f"+3120555{chance.randrange(10_000):04}"
    return {
        "ticket_id": ticket["id"], "words": words, "why": [], "raw": number, "number": number, "name": name,
        "callback_number": number, "searched": searchable(words, name), "purge_after": NOW + timedelta(days=90),
    }  # fmt: skip


async def fill(records: SqlRecords, total: int) -> None:
    chance = random.Random(1)
    for first in range(0, total, BATCH):
        made = [row(chance, number, total) for number in range(first, min(total, first + BATCH))]
        private = [beside(chance, ticket) for ticket in made]
        promised = [
            {
                "id": new_id(), "ticket_id": each["id"], "what": "promise_attend", "by": each["due"], "made_at": NOW,
                "settled_at": NOW if is_settled_by("promise_attend", each["stage"]) else None,
            }
            for each in made
        ]  # fmt: skip
        stages = [{"ticket_id": each["id"], "stage": Stage.RECORDED, "at": each["opened_at"]} for each in made]

        def work(connection: Connection, rows: Any = (made, private, promised, stages)) -> None:
            for table, each in zip((tickets, ticket_private, promises, ticket_stages), rows, strict=True):
                connection.execute(insert(table), each)

        await records.database.write(work)
    await records.database.write(lambda connection: connection.execute(text("ANALYZE")))


# what is asked


async def took_ms(ask: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """The median, and what came of it."""
    took = []
    for _ in range(TIMES + 1):
        began = time.perf_counter()
        found = await ask()
        took.append((time.perf_counter() - began) * 1_000)
    return statistics.median(took[1:]), found


async def bare_ms(records: SqlRecords, found: list[Ticket]) -> float:
    """The same rows by their ids."""
    ids = [ticket.id for ticket in found]
    query = select(tickets, ticket_private).join(ticket_private).where(tickets.c.id.in_(ids))
    read = lambda: records.database.read(lambda connection: connection.execute(query).all())  # noqa: E731
    return (await took_ms(read))[0]


async def deep(records: SqlRecords, query: TicketQuery) -> Any:
    """Where nine tenths of the list lie behind."""
    places, cursor = [], None
    while found := await records.archive.tickets(query, BATCH, cursor):
        places += [place_in(query.order, ticket) for ticket in found]
        cursor = places[-1]
    return places[len(places) * 9 // 10]


async def questions(records: SqlRecords) -> dict[str, tuple[TicketQuery, Any]]:
    newest, every = TicketQuery(open_only=True), TicketQuery()
    urgent = TicketQuery(open_only=True, order=Order.URGENCY)
    due = TicketQuery(overview=Overview.MY_CREWS, viewer=ANNA, order=Order.DUE)
    late = TicketQuery(overview=Overview.OVERDUE, viewer=ANNA, order=Order.DUE)
    return {
        "newest open": (newest, None),
        "newest open, deep": (newest, await deep(records, newest)),
        "all, deep": (every, await deep(records, every)),
        "overdue": (late, None),
        "my crews by due": (due, None),
        "my crews by due, deep": (due, await deep(records, due)),
        "open by urgency": (urgent, None),
        "open by urgency, deep": (urgent, await deep(records, urgent)),
        "search: two words": (TicketQuery("drain lind", SITE), None),
        "search: a number": (TicketQuery("020 555 0204", SITE), None),
        "search: a ticket": (TicketQuery(nth_ticket_number(7), SITE), None),
        "search: nothing fits": (TicketQuery("zyzzyva", SITE), None),
    }


async def measure(database_url: str, total: int) -> dict[str, Any]:
    told: dict[str, Any] = {}
    async with open_records(database_url) as records:
        await fill(records, total)
        for name, (query, cursor) in (await questions(records)).items():
            ms, found = await took_ms(partial(records.archive.tickets, query, PAGE, cursor))
            floor = await bare_ms(records, found)
            told[name] = {"ms": round(ms, 1), "over_bare_select": round(ms / floor, 1), "rows": len(found)}
        ms, counts = await took_ms(lambda: records.archive.overviews(ANNA))
        told["overviews"] = {"ms": round(ms, 1), "counts": {str(name): count for name, count in counts.items()}}
    return told


@contextmanager
def postgres() -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="onenumber-bench-"))
    server = PostgresServer(folder)
    try:
        server.start()
        yield server.create()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main(total: int) -> None:
    told = {}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        told["sqlite"] = asyncio.run(measure(url, total))
    with postgres() as url:
        upgrade(url)
        told["postgresql"] = asyncio.run(measure(url, total))
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TICKETS)
