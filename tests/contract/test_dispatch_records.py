"""Queue and offers: claims have one winner, in memory, on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace

import pytest

from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import (
    Agent,
    AgentState,
    CallState,
    NotFound,
    OfferState,
    QueueEntry,
)
from routing.phones import PhoneKind
from routing.policy import ahead
from routing.ports import Records
from tests.contract.samples import (
    NOW,
    an_agent,
    an_event,
    an_offer,
    available_agent,
    later,
    opened_call,
    waiting_call,
)


async def state_of(records: Records, agent: Agent) -> AgentState:
    return (await records.agents.load(agent.id)).state


async def call_state(records: Records, entry: QueueEntry) -> CallState:
    assert entry.call_id is not None
    return (await records.calls.load(entry.call_id)).state


async def test_a_call_keeps_its_place(records: Records) -> None:
    entry = await waiting_call(records)
    again = replace(entry, id=new_id(), since=later(60), crew="it", urgency="high")
    kept = await records.queue.enter(again)
    assert (kept.id, kept.since, kept.crew, kept.urgency) == (entry.id, NOW, "it", "high")
    assert await records.queue.waiting() == [kept]
    assert await records.queue.of_call(entry.call_id or "") == kept
    assert await call_state(records, entry) is CallState.WAITING


async def test_a_place_may_be_kept_without_being_offered_for_a_while(records: Records) -> None:
    entry = await waiting_call(records)
    aside = await records.queue.enter(replace(entry, not_before=later(180)))
    assert (aside.id, aside.since, aside.not_before) == (entry.id, NOW, later(180))
    back = await records.queue.enter(replace(entry, id=new_id(), since=later(60)))
    assert (back.id, back.since, back.not_before) == (entry.id, NOW, None)


async def test_how_many_are_ahead_is_what_the_policy_says(records: Records) -> None:
    agent = await available_agent(records)
    entries = [
        await waiting_call(records, urgency=urgency, since=later(seconds), crew=crew)
        for urgency, seconds, crew in (
            ("normal", 0, "technical"), ("normal", 5, "technical"), ("high", 9, "technical"),
            ("normal", 5, "technical"), ("critical", 9, "it"), ("low", 0, "technical"), ("normal", -1, "technical"),
        )
    ]  # fmt: skip
    assert await records.offers.claim(an_offer(entries[-1], agent))  # who is offered is in nobody's way
    await records.queue.leave(entries[2].id, "gone", NOW)
    waiting = await records.queue.waiting()
    told = [await records.waits.ahead(entry, NOW) for entry in waiting]
    assert told == [ahead(entry, waiting, NOW) for entry in waiting]
    assert {before.get("technical", 0) for before in told} == {0, 1, 2, 3}


async def test_who_left_waits_no_longer(records: Records) -> None:
    entry = await waiting_call(records)
    await records.queue.leave(entry.id, "overflow", later(5))
    await records.queue.leave(entry.id, "again", later(6))
    assert await records.queue.waiting() == []
    assert await records.queue.entry(entry.id) is None
    assert await call_state(records, entry) is CallState.IN_DIALOGUE


async def test_a_call_that_has_ended_takes_no_place(records: Records) -> None:
    call = await opened_call(records)
    await records.calls.end(call.id, "hangup", NOW)
    await records.queue.enter(QueueEntry(new_id(), "technical", "normal", NOW, call_id=call.id))
    assert await records.queue.waiting() == []


async def test_agents_are_enrolled_once_and_keep_their_state(records: Records) -> None:
    agent = await available_agent(records)
    await records.agents.enrol(replace(agent, name="Anna B", state=AgentState.NOT_READY, crews=frozenset({"it"})))
    kept = await records.agents.load(agent.id)
    assert (kept.name, kept.crews, kept.state) == ("Anna B", frozenset({"it"}), AgentState.AVAILABLE)
    assert await records.agents.all() == [kept]
    with pytest.raises(NotFound):
        await records.agents.load(new_id())


async def test_presence_is_kept_per_agent(records: Records) -> None:
    agent, other = an_agent(), an_agent(phone="agent2")
    await records.agents.enrol(agent)
    await records.agents.enrol(other)
    await records.agents.heartbeat(agent.id, later(3))
    await records.agents.phones_registered("east", {"agent1": True, "stranger": True})
    known = await records.agents.load(agent.id)
    assert (known.page_seen_at, known.phone_registered) == (later(3), True)
    assert not (await records.agents.load(other.id)).phone_registered
    await records.agents.phones_registered("east", {"agent1": False})
    assert not (await records.agents.load(agent.id)).phone_registered


async def test_a_phone_is_registered_where_it_was_seen_whatever_other_nodes_say(records: Records) -> None:
    agent = an_agent()
    await records.agents.enrol(agent)
    await records.agents.phones_registered("east", {"agent1": True})
    await records.agents.phones_registered("west", {"agent1": False, "agent2": False})
    there = await records.agents.load(agent.id)
    assert (there.rings_at("east"), there.rings_at("west"), there.rings_at(None)) == (True, False, True)
    await records.agents.phones_registered("west", {"agent1": True})
    await records.agents.phones_registered("east", {"agent1": False})
    assert (await records.agents.load(agent.id)).phone_nodes == {"west"}
    await records.agents.phones_registered("west", {})  # that node does not know it any more
    assert [each.phone_nodes for each in await records.agents.all()] == [{"west"}]


async def test_calls_come_on_the_phone_that_an_agent_chose_wherever_it_is_registered(records: Records) -> None:
    agent = an_agent()
    await records.agents.enrol(agent)
    await records.agents.phones_registered("east", {"agent1": True, "agent1-browser": True})
    assert await records.agents.choose_phone(agent.id, PhoneKind.BROWSER)
    chosen = await records.agents.load(agent.id)
    assert (chosen.phone, chosen.phone_kind, chosen.phone_registered) == ("agent1-browser", PhoneKind.BROWSER, False)
    await records.agents.phones_registered("east", {"agent1": True, "agent1-browser": False})
    assert not (await records.agents.load(agent.id)).phone_registered
    await records.agents.phones_registered("east", {"agent1": False, "agent1-browser": True})
    assert (await records.agents.load(agent.id)).phone_registered
    await records.agents.enrol(replace(agent, name="Anna B", phone="agent9"))  # the documents name another phone
    kept = await records.agents.load(agent.id)
    assert (kept.phone, kept.phone_kind, kept.name) == ("agent9-browser", PhoneKind.BROWSER, "Anna B")
    assert await records.agents.choose_phone(agent.id, PhoneKind.DESK)
    assert (await records.agents.load(agent.id)).phone == "agent9"


async def test_who_takes_calls_keeps_the_phone_on_which_they_come(records: Records) -> None:
    agent = await available_agent(records)
    assert not await records.agents.choose_phone(agent.id, PhoneKind.BROWSER)
    assert (await records.agents.load(agent.id)).phone_kind is PhoneKind.DESK


async def test_an_agent_changes_only_from_a_state_that_has_the_event(records: Records) -> None:
    agent = await available_agent(records)
    change = records.agents.change
    assert not await change(agent.id, AgentEvent.TALK_ENDED, later(1))
    assert await change(agent.id, AgentEvent.WENT_NOT_READY, later(1), "lunch")
    known = await records.agents.load(agent.id)
    assert (known.state, known.state_since, known.reason, known.idle_since) == (
        AgentState.NOT_READY, later(1), "lunch", NOW,
    )  # fmt: skip


async def test_a_claim_reserves_the_agent_and_takes_the_entry_from_the_waiting(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    assert await records.offers.claim(offer, [an_event(entry.call_id or "", EventType.OFFER_MADE)])
    assert await state_of(records, agent) is AgentState.RESERVED
    assert await records.queue.waiting() == []
    assert await records.offers.load(offer.id) == offer
    assert await records.offers.of_call(entry.call_id or "") == offer
    assert await records.offers.of_agent(agent.id) == offer
    assert await records.offers.live() == [offer]
    assert await call_state(records, entry) is CallState.OFFERED
    assert [event.type for event in await records.calls.timeline(entry.call_id or "")] == ["offer.made"]


async def test_two_agents_never_get_one_caller(records: Records) -> None:
    entry = await waiting_call(records)
    agents = [await available_agent(records) for _ in range(6)]
    won = await asyncio.gather(*(records.offers.claim(an_offer(entry, agent)) for agent in agents))
    assert sum(won) == 1
    states = [await state_of(records, agent) for agent in agents]
    assert [state is AgentState.RESERVED for state in states] == won


async def test_two_callers_never_get_one_agent(records: Records) -> None:
    agent = await available_agent(records)
    entries = [await waiting_call(records) for _ in range(6)]
    won = await asyncio.gather(*(records.offers.claim(an_offer(entry, agent)) for entry in entries))
    assert sum(won) == 1
    assert len(await records.queue.waiting()) == 5


async def test_a_lost_claim_leaves_nothing_behind(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    await records.queue.leave(entry.id, "gone", NOW)
    assert not await records.offers.claim(an_offer(entry, agent), [an_event(entry.call_id or "", EventType.OFFER_MADE)])
    assert await state_of(records, agent) is AgentState.AVAILABLE
    assert await records.calls.timeline(entry.call_id or "") == []


async def test_an_offer_that_lapses_gives_the_caller_the_place_back(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    assert await records.offers.advance(
        offer.id, OfferEvent.LAPSED, later(3), "not shown", AgentEvent.MISSED, "desk did not show the call"
    )
    await records.queue.refused_by(entry.id, agent.id)
    await records.queue.refused_by(entry.id, agent.id)
    waiting = await records.queue.waiting()
    assert [(found.id, found.since, found.not_agents) for found in waiting] == [(entry.id, NOW, frozenset({agent.id}))]
    known = await records.agents.load(agent.id)
    assert (known.state, known.reason) == (AgentState.NOT_READY, "desk did not show the call")
    assert await records.offers.of_call(entry.call_id or "") is None
    assert (await records.offers.load(offer.id)).ending == "not shown"
    assert await call_state(records, entry) is CallState.WAITING


async def test_an_offer_goes_through_its_stages_to_the_end_of_the_talk(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    advance = records.offers.advance
    assert await advance(offer.id, OfferEvent.SHOWN, later(2))
    assert not await advance(offer.id, OfferEvent.SHOWN, later(3))
    assert await advance(offer.id, OfferEvent.RANG, later(3))
    assert await advance(offer.id, OfferEvent.ANSWERED, later(4), agent=AgentEvent.ANSWERED)
    assert await records.queue.entry(entry.id) is None
    assert await call_state(records, entry) is CallState.CONNECTED
    assert await advance(offer.id, OfferEvent.TALK_ENDED, later(60), "talked", AgentEvent.TALK_ENDED)
    ended = await records.offers.load(offer.id)
    times = (ended.seen_at, ended.ringing_at, ended.answered_at, ended.ended_at)
    assert times == (later(2), later(3), later(4), later(60))
    assert await state_of(records, agent) is AgentState.AFTER_CALL_WORK
    assert await records.offers.of_agent(agent.id) is None
    assert await records.offers.last_of_agent(agent.id) == ended


async def test_a_phone_taken_too_late_revives_the_offer_unless_another_is_live(records: Records) -> None:
    entry = await waiting_call(records)
    slow, next_one = await available_agent(records), await available_agent(records)
    offer, other = an_offer(entry, slow), an_offer(entry, next_one)
    await records.offers.claim(offer)
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(3), agent=AgentEvent.MISSED)
    await records.offers.claim(other)
    assert not await records.offers.advance(offer.id, OfferEvent.ANSWERED, later(4))
    await records.offers.advance(other.id, OfferEvent.LAPSED, later(5), agent=AgentEvent.RELEASED)
    assert await records.offers.advance(offer.id, OfferEvent.ANSWERED, later(6), agent=AgentEvent.ANSWERED)
    assert await state_of(records, slow) is AgentState.ON_CALL
    assert await call_state(records, entry) is CallState.CONNECTED


async def test_a_phone_taken_too_late_gets_no_caller_whose_next_place_is_offered(records: Records) -> None:
    entry = await waiting_call(records)
    slow, next_one = await available_agent(records), await available_agent(records)
    offer = an_offer(entry, slow)
    await records.offers.claim(offer)
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(3), agent=AgentEvent.MISSED)
    await records.queue.leave(entry.id, "overflow", later(4))
    again = await records.queue.enter(replace(entry, id=new_id()))
    assert await records.offers.claim(an_offer(again, next_one))
    assert not await records.offers.advance(offer.id, OfferEvent.ANSWERED, later(5))
    assert (await records.offers.load(offer.id)).state is OfferState.LAPSED


async def test_a_released_agent_keeps_the_idle_time(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    await records.offers.advance(offer.id, OfferEvent.LAPSED, later(9), agent=AgentEvent.RELEASED)
    assert (await records.agents.load(agent.id)).idle_since == NOW


async def test_a_disposition_is_recorded_once(records: Records) -> None:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    assert await records.wrap_ups.wrap_up(offer.id, "solved", "plunger", agent.id, later(9))
    assert not await records.wrap_ups.wrap_up(offer.id, "none given", "", agent.id, later(10))
    with pytest.raises(NotFound):
        await records.wrap_ups.wrap_up(new_id(), "solved", "", agent.id, later(9))
