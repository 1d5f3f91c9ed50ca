"""What was deleted in its time is absent, and said to be."""

from dataclasses import replace

import httpx

from routing.fake import MemoryRecords
from routing.model import Stage
from tests.unit.web.demo import Desk

SAID = "Deleted, as its time was over."


async def test_a_forgotten_answer_says_so_on_the_tickets_page(anna: httpx.AsyncClient, desk: Desk) -> None:
    ticket = await desk.ticket(None)
    closed = await desk.records.tickets.move(ticket.id, Stage.CLOSED, "agent:anna", desk.at(), "told")
    assert SAID not in (await anna.get(f"/tickets/{ticket.number}")).text
    assert isinstance(desk.records, MemoryRecords)
    desk.records.state.tickets[ticket.id] = replace(closed, answer=None)
    assert SAID in (await anna.get(f"/tickets/{ticket.number}")).text
    assert (await anna.get(f"/api/v1/tickets/{ticket.number}")).json()["answer"] is None
