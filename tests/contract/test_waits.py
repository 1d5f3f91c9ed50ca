"""The queue's order is the policy's, in memory, on SQLite and PostgreSQL; and what words about waiting are made of."""

import random
from dataclasses import replace
from datetime import datetime

from config.documents import Overflow, WaitingRules
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import Agent, AgentState, Promise, QueueEntry
from routing.policy import Route, ahead, heads, place, routes
from routing.ports import Records
from routing.waits import Handled, ToldWait
from tests.contract.samples import (
    NOW,
    a_callback,
    a_caller,
    an_attempt,
    an_event,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    opened_ticket,
    waiting_call,
)

CREWS = ("technical", "it", "dispatch")
RULES = WaitingRules(overflow={"technical": (Overflow(to="it", after_s=60), Overflow(to="dispatch", after_s=0))})


async def one_who_waits(records: Records, dice: random.Random) -> QueueEntry:
    call = await opened_call(records, node=dice.choice(("east", "west")))
    promised = Promise("promise_attend", later(dice.choice((300, 5_000))))
    ticket = await opened_ticket(records, promise=promised) if dice.random() < 0.6 else None
    entry = QueueEntry(
        new_id(), dice.choice(CREWS), dice.choice(("critical", "high", "normal", "low")), later(-dice.randint(0, 120)),
        call_id=call.id, ticket_id=ticket.id if ticket else None, contacts=dice.choice((0, 0, 3)),
        not_before=later(dice.choice((-5, 60))) if dice.random() < 0.2 else None,
    )  # fmt: skip
    return await records.queue.enter(entry)


async def owed_one(records: Records, dice: random.Random) -> None:
    ticket = await opened_ticket(records, promise=Promise("promise_attend", later(dice.choice((300, 5_000)))))
    urgency, due = dice.choice(("high", "normal")), later(dice.choice((-9, 900)))
    await records.outbound_calls.store(a_callback(ticket, urgency=urgency, since=later(-dice.randint(0, 90)), due=due))


async def a_queue(records: Records) -> list[QueueEntry]:
    """Of many kinds, some of them lifted."""
    dice = random.Random(4)
    for _ in range(24):
        await one_who_waits(records, dice)
    for _ in range(8):
        await owed_one(records, dice)
    await records.waits.press(later(600))
    offered = (await records.queue.waiting())[3]
    assert await records.offers.claim(an_offer(offered, await available_agent(records)))
    return list(await records.queue.waiting())


async def test_the_records_have_the_order_of_the_policy(records: Records) -> None:
    waiting = await a_queue(records)
    assert len({place(entry)[0] for entry in waiting}) > 5
    east, west = frozenset({"east"}), frozenset({"east", "west"})
    agents = [
        a_free_one("anna", frozenset({"technical"}), east), a_free_one("bo", frozenset({"it"}), west),
        a_free_one("chen", frozenset({"dispatch", "it"}), east),
    ]  # fmt: skip
    ways = routes(agents, RULES)
    assert {way.after_s for way in ways} == {0, 60}
    for limit in (1, 3, 100):
        for without in ((), [each.callback_id or "" for each in waiting if each.callback_id][:3]):
            told = await records.waits.heads(ways, NOW, limit, without)
            assert list(told) == heads(waiting, ways, NOW, limit, without)


def a_free_one(login: str, crews: frozenset[str], nodes: frozenset[str]) -> Agent:
    known = Agent(login, login, login, crews, login, state=AgentState.AVAILABLE, state_since=NOW, idle_since=NOW)
    return replace(known, phone_nodes=nodes, page_seen_at=NOW)


async def test_who_is_ahead_is_what_the_policy_says(records: Records) -> None:
    waiting = await a_queue(records)
    for entry in waiting:
        assert await records.waits.ahead(entry, NOW) == ahead(entry, waiting, NOW)


async def test_whose_promise_is_about_to_break_is_lifted_once(records: Records) -> None:
    soon = await opened_ticket(records, promise=Promise("promise_attend", later(300)))
    far = await opened_ticket(records, promise=Promise("promise_attend", later(5_000)))
    first = await waiting_call(records, ticket_id=far.id)
    entry = await waiting_call(records, ticket_id=soon.id, since=later(9))
    lifted = await records.waits.press(later(300))
    assert [(each.id, each.pressing, each.promise_by) for each in lifted] == [(entry.id, True, later(300))]
    assert not await records.waits.press(later(300))  # nobody else
    assert [each.id for each in await records.waits.heads(IT, NOW, 5)] == [entry.id, first.id]


async def test_a_promise_that_is_moved_moves_whoever_waits_about_it(records: Records) -> None:
    ticket = await opened_ticket(records, promise=Promise("promise_attend", later(300)))
    entry = await waiting_call(records, ticket_id=ticket.id, urgency="high")
    await records.waits.press(later(300))
    moved = Promise("promise_attend", later(9_000))
    await records.tickets.set_urgency(ticket.id, "low", "agent:anna", later(1), moved)
    now = await records.queue.entry(entry.id)
    assert now is not None
    assert (now.urgency, now.promise_by, now.pressing) == ("low", later(9_000), False)
    assert not await records.waits.press(later(300))


async def test_contacts_are_calls_of_one_number_about_one_topic(records: Records) -> None:
    number = a_caller().number or ""
    for days, topic, caller in (
        (0, "plumbing", a_caller()), (1, "plumbing", a_caller()), (1, "printer", a_caller()),
        (2, "plumbing", a_caller(number="+31201111111")), (5, "plumbing", a_caller()),
    ):  # fmt: skip
        call = await opened_call(records, caller=caller, started_at=later(-days * 86_400))
        for _ in range(2):  # two matters of one call are one contact
            ticket = await opened_ticket(records, topic=topic)
            await records.tickets.join(ticket.id, call.id, NOW)
    assert await records.waits.contacts(number, "plumbing", later(-4 * 86_400)) == 2
    assert await records.waits.contacts(number, "lift", later(-4 * 86_400)) == 0


async def test_a_callback_takes_over_what_its_call_was_lifted_by(records: Records) -> None:
    ticket = await opened_ticket(records)
    waiting = await waiting_call(records, contacts=4, ticket_id=ticket.id)
    callback = await records.outbound_calls.store(a_callback(ticket, call_id=waiting.call_id))
    owed = await records.queue.of_callback(callback.id)
    assert owed is not None
    assert (owed.contacts, owed.promise_by) == (4, ticket.draft.promise.by)


async def test_who_talked_about_a_matter_last_is_known(records: Records) -> None:
    ticket = await opened_ticket(records)
    first, second = await available_agent(records), await available_agent(records, phone="agent2")
    for seconds, agent in ((10, first), (20, second)):
        await talk(records, agent, await waiting_call(records, ticket_id=ticket.id), later(seconds), later(seconds + 5))
    again = await waiting_call(records, ticket_id=ticket.id)
    found = await records.queue.entry(again.id)
    assert found is not None
    assert found.last_agent == second.id
    assert (await waiting_call(records)).last_agent is None


async def talk(records: Records, agent: Agent, entry: QueueEntry, begins: datetime, ends: datetime) -> None:
    offer = an_offer(entry, agent, made_at=begins)
    assert await records.offers.claim(offer)
    assert await answered(records, offer, begins)
    await records.calls.append([an_event(entry.call_id or "", EventType.AGENT_ANSWERED, at=begins)])
    await records.offers.advance(offer.id, OfferEvent.TALK_ENDED, ends, "talked", AgentEvent.TALK_ENDED)
    await records.wrap_ups.wrap_up(offer.id, "solved", "", agent.id, ends.replace(microsecond=0) + (later(31) - NOW))
    await records.agents.change(agent.id, AgentEvent.WRAPPED_UP, ends)


async def test_how_long_callers_took_lately(records: Records) -> None:
    agent = await available_agent(records)
    for seconds, crew in ((-9_000, "it"), (-600, "it"), (-300, "technical")):
        await talk(records, agent, await waiting_call(records, crew=crew), later(seconds), later(seconds + 120))
    found = await records.waits.handled(later(-3_600), 10)
    assert [(each.crew, each.talk_s) for each in found] == [("technical", 120), ("it", 120)]
    assert all(30 <= each.wrap_up_s <= 31 for each in found)
    assert await records.waits.handled(later(-3_600), 1) == [Handled("technical", 120, found[0].wrap_up_s)]


async def test_what_was_told_is_held_against_what_it_was(records: Records) -> None:
    agent, entry, other = await available_agent(records), await waiting_call(records), await waiting_call(records)
    for call_id, at in ((entry.call_id, 0), (entry.call_id, 60), (other.call_id, 0)):
        told = an_event(call_id or "", EventType.WAIT_TOLD, at=later(at), payload={"told_s": 120})
        await records.calls.append([told])
    await talk(records, agent, entry, later(90), later(200))
    expected = [ToldWait(entry.call_id or "", later(60), 120, 30), ToldWait(entry.call_id or "", later(0), 120, 90)]
    assert list(await records.waits.told(NOW, 10)) == expected
    assert list(await records.waits.told(later(30), 10)) == expected[:1]


async def test_one_callback_at_a_time_rings_for_an_agent(records: Records) -> None:
    tickets = [await opened_ticket(records) for _ in range(3)]
    first, second, third = [await records.outbound_calls.store(a_callback(ticket)) for ticket in tickets]
    assert await records.outbound_calls.claim_attempt(an_attempt(first, agent_id="anna"))
    assert not await records.outbound_calls.claim_attempt(an_attempt(second, agent_id="anna"))
    assert await records.outbound_calls.claim_attempt(an_attempt(third, agent_id="bo"))
    assert {each.agent_id for each in await records.outbound_calls.open_attempts()} == {"anna", "bo"}


IT = [Route("technical", node) for node in (None, "")]
