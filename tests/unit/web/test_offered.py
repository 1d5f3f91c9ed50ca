"""The glance that all pages share: one reading for whoever asks, and as new as a quarter of a second."""

from tests.unit.web.demo import Desk
from web.offered import FRESH_S, OfferedReader


async def test_pages_share_a_reading_that_is_soon_read_again(desk: Desk) -> None:
    at = 0.0
    reader = OfferedReader(desk.records, lambda: at)
    assert await reader.of(desk.agent_ids["anna"]) is None
    await desk.available("anna")
    call = await desk.call()
    offer = await desk.offer(await desk.waits(call, None))
    assert await reader.of(desk.agent_ids["anna"]) is None
    at += FRESH_S + 0.01
    assert await reader.of(desk.agent_ids["anna"]) == (offer.id, offer.state)
    assert await reader.of(desk.agent_ids["bo"]) is None
