"""Talks follow answers and endings, and a command is carried out by one: in memory, on SQLite and on PostgreSQL."""

import asyncio

import pytest

from routing.emergencies import Emergency, EmergencyEvent
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.lifecycle import AgentEvent, OfferEvent
from routing.model import AgentState, NotFound, Offer
from routing.ports import Records
from routing.talks import CommandEvent, CommandKind, CommandState, ParticipantState, Role, Talk, TalkCommand, TalkState
from tests.contract.samples import (
    NOW,
    an_offer,
    answered,
    available_agent,
    later,
    opened_call,
    waiting_call,
)

CALLER, PHONE = "1795918200.17", "1795918207.19"


async def talking(records: Records) -> tuple[Offer, Talk]:
    entry, agent = await waiting_call(records), await available_agent(records)
    offer = an_offer(entry, agent)
    await records.offers.claim(offer)
    assert await answered(records, offer, later(5))
    assert entry.call_id
    (talk,) = await records.talks.of_call(entry.call_id)
    await records.talks.note_channel(entry.call_id, Role.CALLER, CALLER)
    await records.talks.note_channel(entry.call_id, Role.AGENT, PHONE)
    return offer, talk


async def test_an_answer_begins_a_talk_and_the_offers_end_ends_it(records: Records) -> None:
    offer, begun = await talking(records)
    await records.talks.note_channel(begun.call_id, Role.AGENT, "another")  # the first to tell counts
    talk = await records.talks.load(begun.id)
    assert (talk.state, talk.begun_at, talk.ended_at) == (TalkState.ON, later(5), None)
    told = [(each.role, each.channel, each.agent_id, each.offer_id, each.state) for each in talk.participants]
    assert told == [
        (Role.CALLER, CALLER, None, None, ParticipantState.TALKING),
        (Role.AGENT, PHONE, offer.agent_id, offer.id, ParticipantState.TALKING),
    ]
    ended = OfferEvent.TALK_ENDED
    assert await records.offers.advance(offer.id, ended, later(60), "talked", AgentEvent.TALK_ENDED)
    over = await records.talks.load(talk.id)
    assert (over.state, over.ended_at) == (TalkState.OVER, later(60))
    assert {(each.state, each.left_at) for each in over.participants} == {(ParticipantState.LEFT, later(60))}
    assert (await records.agents.load(offer.agent_id)).state is AgentState.AFTER_CALL_WORK
    with pytest.raises(NotFound):
        await records.talks.load("none")


async def test_a_call_that_ends_ends_its_talk(records: Records) -> None:
    _, talk = await talking(records)
    assert await records.calls.end(talk.call_id, "talked", later(60))
    assert (await records.talks.load(talk.id)).state is TalkState.OVER


async def test_all_may_leave_at_once(records: Records) -> None:
    offer, talk = await talking(records)
    ended = records.offers.advance(offer.id, OfferEvent.TALK_ENDED, later(60), "talked", AgentEvent.TALK_ENDED)
    left = [records.talks.left(channel, later(60)) for channel in (CALLER, PHONE)]
    await asyncio.gather(ended, records.calls.end(talk.call_id, "talked", later(60)), *left)
    assert (await records.talks.load(talk.id)).state is TalkState.OVER
    assert not await records.talks.left(PHONE, later(61))


async def test_who_answers_an_emergency_is_in_a_talk_until_it_rings_on(records: Records) -> None:
    call = await opened_call(records)
    emergency = await records.emergencies.open(Emergency(new_id(), call.id, CALLER, NOW))
    for at in (1, 20):
        assert await records.emergencies.advance(emergency.id, EmergencyEvent.ANSWERED, later(at), "phone:urgent1")
        assert await records.emergencies.advance(emergency.id, EmergencyEvent.RUNG_AGAIN, later(at + 1))
    talks = await records.talks.of_call(call.id)
    assert [(talk.state, talk.begun_at, talk.ended_at) for talk in talks] == [
        (TalkState.OVER, later(1), later(2)),
        (TalkState.OVER, later(20), later(21)),
    ]
    assert [each.answered_by for each in talks[0].participants] == ["", "phone:urgent1"]


async def test_a_command_is_claimed_by_one_and_a_talk_has_one_under_way(records: Records) -> None:
    _, talk = await talking(records)
    mine = (await records.talks.load(talk.id)).participants[1]
    asked = [TalkCommand(new_id(), talk.id, CommandKind.HANG_UP, mine.id, later(9)) for _ in range(4)]
    assert sum(await asyncio.gather(*map(records.talks.ask, asked))) == 1
    (command,) = await records.talks.commands()
    claims = [records.talks.advance_command(command.id, CommandEvent.CLAIMED, later(10)) for _ in range(6)]
    assert sum(await asyncio.gather(*claims)) == 1
    assert await records.talks.advance_command(command.id, CommandEvent.FAILED, later(11), "no such channel")
    over = await records.talks.load_command(command.id)
    assert (over.state, over.at, over.why) == (CommandState.FAILED, later(11), "no such channel")
    assert not await records.talks.advance_command(command.id, CommandEvent.DONE, later(12))
    assert await records.talks.ask(TalkCommand(new_id(), talk.id, CommandKind.HANG_UP, mine.id, later(13)))


async def test_the_call_of_a_channel_is_known_by_its_leg(records: Records) -> None:
    call = await opened_call(records)
    await records.legs.open(CallLeg(new_id(), call.id, CALLER, LegKind.CALLER, NOW))
    assert await records.legs.call_of(CALLER) == call.id
    assert await records.legs.call_of(PHONE) is None
