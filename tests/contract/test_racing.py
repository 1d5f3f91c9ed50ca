"""Several controllers over one database, Redis flushed under them: one agent per caller, one dial per attempt."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import pytest
from sqlalchemy import select

from config.documents import CallbackRules, WaitingRules
from routing.identity import new_id
from routing.model import Agent, AgentState, Attempt, NotNow, Offer, OfferState, OutboundCall, QueueEntry
from routing.outbound_desk import OutboundDesk
from routing.overdue import NOT_TAKEN
from routing.services.line import LineServices
from store.news import RedisNews
from store.records import SqlRecords, open_records
from store.rows import offer_of
from store.tables_dispatch import offers
from tests.conftest import RedisServer
from tests.contract.samples import a_callback, an_agent, opened_call, opened_ticket
from tests.services import services_over

T = TypeVar("T")
CONTROLLERS = 3
CALLERS = 50
WAVE = 15  # at once: a busy machine opens few connections of PostgreSQL within a command's limit
AGENTS = 12
RULES = WaitingRules(pop_s=30, stale_page_s=600)  # a slow test machine must not look like a frozen desk


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Controller:
    records: SqlRecords
    news: RedisNews
    services: LineServices


@pytest.fixture
async def controllers(database_url: str, redis_url: str) -> AsyncIterator[Sequence[Controller]]:
    async with AsyncExitStack() as stack:
        running = []
        for _ in range(CONTROLLERS):
            records = await stack.enter_async_context(open_records(database_url))
            news = await stack.enter_async_context(RedisNews(redis_url))
            running.append(Controller(records, news, services_over(records, news, rules=lambda: RULES)))
        yield running


async def in_waves(races: Sequence[Awaitable[T]]) -> list[T]:
    """What each came to; those of a wave run at once."""
    waves = [races[start : start + WAVE] for start in range(0, len(races), WAVE)]
    return [result for wave in waves for result in await asyncio.gather(*wave)]


async def at_their_desks(records: SqlRecords, count: int) -> list[Agent]:
    now = utc_now()
    agents = [
        an_agent(phone=f"phone{n}", state=AgentState.AVAILABLE, state_since=now, idle_since=now, page_seen_at=now)
        for n in range(count)
    ]
    for agent in agents:
        await records.agents.enrol(agent)
    await records.agents.phones_registered("", {agent.phone or "": True for agent in agents})
    return agents


async def all_offers(records: SqlRecords) -> list[Offer]:
    query = select(offers).order_by(offers.c.made_at)
    return await records.database.read(lambda connection: [offer_of(row) for row in connection.execute(query)])


async def serve(controller: Controller, agents: Sequence[Agent]) -> None:
    """Desks that show, phones that are taken, talks that end, and agents who are back at once."""
    for agent in agents:
        offer = await controller.records.offers.of_agent(agent.id)
        if offer is None:
            continue
        await controller.services.offers.show(offer, agent, utc_now())
        await controller.services.offers.ringing(offer.id)
        if await controller.services.offers.answered(offer.id):
            await controller.services.offers.talk_ended(offer.id)
            working = await controller.records.agents.load(agent.id)
            with suppress(NotNow):  # another desk's page of the same agent was first
                await controller.services.agents.wrap_up(working, offer.id, "answered", "")


async def until_served(controller: Controller, agents: Sequence[Agent]) -> None:
    while await controller.records.queue.waiting() or await controller.records.offers.live():
        await controller.services.dispatcher.tick()
        await serve(controller, agents)


async def flush_again_and_again(redis_server: RedisServer) -> None:
    while True:
        await asyncio.to_thread(redis_server.flush)
        await asyncio.sleep(0.05)


@pytest.mark.timeout(180)
async def test_fifty_racing_offers_never_two_agents_on_one_caller(
    controllers: Sequence[Controller], redis_server: RedisServer
) -> None:
    records = controllers[0].records
    agents = await at_their_desks(records, AGENTS)
    for _ in range(CALLERS):
        call = await opened_call(records)
        await records.queue.enter(QueueEntry(new_id(), "technical", "normal", utc_now(), call_id=call.id))
    seen_doubled: list[Offer] = []
    beside = [
        asyncio.create_task(flush_again_and_again(redis_server)),
        asyncio.create_task(doubled(records, seen_doubled)),
    ]
    await asyncio.gather(*(until_served(controller, agents) for controller in controllers))
    for task in beside:
        task.cancel()
    made = await all_offers(records)
    answered = [offer for offer in made if offer.state is OfferState.ENDED]
    assert len(answered) == CALLERS
    assert len({offer.call_id for offer in answered}) == CALLERS
    assert not seen_doubled


async def doubled(records: SqlRecords, found: list[Offer]) -> None:
    """Look again and again for two live offers of one agent or one caller; each look is one consistent read."""
    while True:
        live = await records.offers.live()
        for key in ("agent_id", "call_id"):
            counted = Counter(getattr(offer, key) for offer in live)
            found += [offer for offer in live if counted[getattr(offer, key)] > 1]
        await asyncio.sleep(0.005)


@dataclass
class CountingDialler:
    dialled: list[Attempt]

    async def originate(self, attempt: Attempt, callback: OutboundCall) -> None:
        self.dialled.append(attempt)
        await asyncio.sleep(0)


@pytest.mark.timeout(180)
async def test_racing_controllers_dial_each_callback_once(
    controllers: Sequence[Controller], redis_server: RedisServer
) -> None:
    records = controllers[0].records
    agents = await at_their_desks(records, AGENTS)
    owed = [a_callback(await opened_ticket(records), number=f"+3120555{n:04}") for n in range(AGENTS)]
    callbacks = [await records.outbound_calls.store(each) for each in owed]
    dialler = CountingDialler([])
    rules = CallbackRules(dial_patterns=(r"\+31[0-9]{9}",))
    flushing = asyncio.create_task(flush_again_and_again(redis_server))

    async def run(controller: Controller) -> None:
        desk = OutboundDesk(controller.services, dialler, lambda: rules)
        for _ in range(3):
            await controller.services.dispatcher.tick()
            for agent in agents:
                offer = await controller.records.offers.of_agent(agent.id)
                if offer:
                    await controller.services.offers.show(offer, agent, utc_now())
            await desk.tick(utc_now())

    await asyncio.gather(*(run(controller) for controller in controllers))
    flushing.cancel()
    assert sorted(attempt.outbound_call_id for attempt in dialler.dialled) == sorted(
        callback.id for callback in callbacks
    )


@pytest.mark.timeout(180)
async def test_racing_controllers_ring_one_callback_for_each_agent_however_many_are_owed(
    controllers: Sequence[Controller],
) -> None:
    records = controllers[0].records
    agents = await at_their_desks(records, 4)
    for n in range(12):
        await records.outbound_calls.store(a_callback(await opened_ticket(records), number=f"+3120555{n:04}"))
    dialler, rules = CountingDialler([]), CallbackRules(dial_patterns=(r"\+31[0-9]{9}",))

    async def run(controller: Controller) -> None:
        desk = OutboundDesk(controller.services, dialler, lambda: rules)
        for _ in range(4):
            await controller.services.dispatcher.tick()
            for agent in agents:
                if offer := await controller.records.offers.of_agent(agent.id):
                    await controller.services.offers.show(offer, agent, utc_now())
            await desk.tick(utc_now())
            for offer in await controller.records.offers.live():  # nobody takes the phone in time; it rings on
                await controller.services.offers.withdraw(offer.id, NOT_TAKEN)

    await asyncio.gather(*(run(controller) for controller in controllers))
    ringing = [attempt.agent_id for attempt in await records.outbound_calls.open_attempts()]
    assert len(ringing) == len(set(ringing))
    assert set(ringing) <= {agent.id for agent in agents}
    assert len(dialler.dialled) == len(ringing) > 0


@pytest.mark.timeout(180)
async def test_fifty_claims_of_one_agent_have_one_winner(controllers: Sequence[Controller]) -> None:
    records = controllers[0].records
    agent = (await at_their_desks(records, 1))[0]
    entries = []
    for _ in range(CALLERS):
        call = await opened_call(records)
        entry = QueueEntry(new_id(), "technical", "normal", utc_now(), call_id=call.id)
        entries.append(await records.queue.enter(entry))
    held_out = [Offer(new_id(), entry.id, agent.id, utc_now(), call_id=entry.call_id) for entry in entries]
    claims = [controllers[n % CONTROLLERS].records.offers.claim(offer) for n, offer in enumerate(held_out)]
    assert sum(await in_waves(claims)) == 1
    assert len(await records.offers.live()) == 1


@pytest.mark.timeout(180)
async def test_ticket_numbers_are_unique_among_controllers(controllers: Sequence[Controller]) -> None:
    opened = [opened_ticket(controllers[n % CONTROLLERS].records) for n in range(90)]
    assert len({ticket.number for ticket in await in_waves(opened)}) == 90
