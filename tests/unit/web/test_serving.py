"""The desk as its process opens it: what the installation's settings mean for it."""

import asyncio
import sqlite3
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx

from config.in_force import EditionInForce
from config.settings import Retention, Settings
from desk.process import open_desk
from routing.model import CallerId, Promise, Stage, TicketDraft
from store.migrate import upgrade
from tests.disks import fill, small_disk
from tests.unit.web.demo import START
from tests.unit.web.stand_ins import small_edition


async def test_a_matter_closed_at_the_desk_is_kept_as_long_as_the_settings_say(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="", retention=Retention(words_days=7))
    await asyncio.to_thread(upgrade, settings.database)
    draft = TicketDraft("plumbing", "technical", "normal", Promise("promise_attend", START), CallerId(), words="water")
    async with AsyncExitStack() as stack:
        records = (await open_desk(settings, EditionInForce(small_edition()), stack)).state.context.records
        ticket = await records.tickets.open(draft, None, START)
        await records.tickets.move(ticket.id, Stage.CLOSED, "agent:anna", START, "It is dry again.")
    with sqlite3.connect(tmp_path / "onenumber.db") as database:
        ((kept_until,),) = database.execute("SELECT purge_after FROM ticket_private").fetchall()
    assert kept_until.startswith((START + timedelta(days=7)).strftime("%Y-%m-%d"))


async def test_a_full_disk_is_said_in_words_and_never_a_fault_of_ours(tmp_path: Path) -> None:
    """Refused logins are noted, more than the database's own files have room for."""
    with small_disk(tmp_path / "disk", 3) as disk:
        settings = Settings(data_dir=disk, database_url="")
        await asyncio.to_thread(upgrade, settings.database)
        async with AsyncExitStack() as stack:
            app = await open_desk(settings, EditionInForce(small_edition()), stack)
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk")
            )
            assert (await client.get("/readyz")).json()["parts"]["disk"] != "ok"
            fill(disk)
            for number in range(100):
                answer = await client.post("/api/v1/sessions", json={"login": f"nobody{number}", "password": "no"})
                if answer.status_code != 401:
                    break
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "records_unavailable")
    assert answer.json()["error"]["message"].startswith("The records do not answer: the disk ")
