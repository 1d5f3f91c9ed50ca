"""What a dispatcher is told about a call: the right words, the right matter, and nobody else's."""

from dataclasses import replace
from datetime import timedelta

import pytest

from routing.event_types import EventType
from routing.identity import new_id
from routing.model import Call, CallerId, NewEvent, OutboundCall, Stage
from tests.unit.web.demo import WARD_4, Desk
from web.context import DeskContext
from web.pop import pop_of, related


@pytest.fixture
def line(desk: Desk) -> DeskContext:
    line = desk.app.state.context
    assert isinstance(line, DeskContext)
    return line


async def test_the_words_shown_are_those_that_told_the_topic(desk: Desk, line: DeskContext) -> None:
    call = await desk.call(words="the drain is blocked")
    later = call.started_at + timedelta(seconds=20)
    await desk.records.calls.append(
        [
            NewEvent(call.id, EventType.HEARD, later, payload={"confidence": 0.99}, private={"text": "yes"}),
            NewEvent(call.id, EventType.UNDERSTOOD, later, payload={"topic": "oos", "act": "yes", "confidence": 0.1}),
        ]
    )
    await desk.available()
    pop = await pop_of(line, await desk.offer(await desk.waits(call, None)))
    assert [word.text for word in pop.said.words] == ["the", "drain", "is", "blocked"]
    assert (pop.said.confidence, pop.topic, pop.said.topic_confidence) == (0.91, "plumbing", 0.93)
    assert pop.said.others == ("yes",)
    assert pop.said.why == ("drain", "blocked", "water")


async def test_an_emergency_without_a_ticket_is_critical(desk: Desk, line: DeskContext) -> None:
    call = await desk.call()
    await desk.records.calls.append([NewEvent(call.id, EventType.EMERGENCY, desk.at())])
    await desk.available()
    pop = await pop_of(line, await desk.offer(await desk.waits(call, None)))
    assert (pop.urgency, pop.said.emergency, pop.ticket) == ("critical", True, None)


async def test_the_ticket_a_call_joined_is_the_one_that_opens(desk: Desk, line: DeskContext) -> None:
    ticket = await desk.ticket(await desk.call(ago_s=900), words="the drain is blocked")
    call = await desk.call()
    await desk.records.tickets.join(ticket.id, call.id, desk.at())
    await desk.records.calls.append(
        [NewEvent(call.id, EventType.TICKET_JOINED, desk.at(), payload={"ticket_id": ticket.id})]
    )
    await desk.available()
    pop = await pop_of(line, await desk.offer(await desk.waits(call, None)))
    assert pop.ticket is not None
    assert (pop.ticket.id, pop.joined) == (ticket.id, True)


async def test_open_matters_of_caller_and_place(desk: Desk, line: DeskContext) -> None:
    own = await desk.ticket(None)
    other = CallerId(raw="999", number="999")
    same_place = await desk.ticket(None, topic="lift", caller=other)
    same_caller = await desk.ticket(None, topic="electrical", place="ward-5")
    closed = await desk.ticket(None)
    await desk.records.tickets.move(closed.id, Stage.CLOSED, "agent:bo", desk.at(), "done")
    await desk.ticket(None, caller=other, place="ward-5")
    found = await related(line, WARD_4, "ward-4", own)
    assert {(each.ticket.id, each.same_caller, each.same_place) for each in found} == {
        (same_place.id, False, True),
        (same_caller.id, True, False),
    }


@pytest.mark.parametrize(
    "caller", [replace(WARD_4, withheld=True), replace(WARD_4, shared=True), replace(WARD_4, kind="unproven")]
)
async def test_a_withheld_shared_or_unproven_number_is_nobodys(desk: Desk, line: DeskContext, caller: CallerId) -> None:
    await desk.ticket(None, place="ward-5")
    assert await related(line, caller, None, None) == ()


async def test_a_connected_callback_shows_what_was_said_when_it_was_asked_for(desk: Desk, line: DeskContext) -> None:
    asked = await desk.call(words="the drain is blocked")
    ticket = await desk.ticket(asked)
    callback = OutboundCall(new_id(), ticket.id, "204", "technical", "normal", desk.at(), desk.at(), call_id=asked.id)
    await desk.records.outbound_calls.store(callback)
    (entry,) = [each for each in await desk.records.queue.waiting() if each.callback_id]
    rung = Call(new_id(), "demo", "100", WARD_4, desk.at(), {}, direction="outbound", outbound_call_id=callback.id)
    await desk.records.calls.open(rung)
    await desk.records.outbound_calls.take_over(callback.id, rung.id, desk.at())
    await desk.available()
    pop = await pop_of(line, await desk.offer(await desk.records.queue.of_call(rung.id) or entry))
    assert (pop.caller, pop.number) == (WARD_4, "204")
    assert [word.text for word in pop.said.words] == ["the", "drain", "is", "blocked"]
    assert pop.ticket is not None
    assert pop.ticket.id == ticket.id


async def test_who_gave_another_number_is_shown_as_themselves_with_their_own_history(
    desk: Desk, line: DeskContext
) -> None:
    """Also where the matter was first reported by somebody else, whom they joined."""
    asked = await desk.call(words="the drain is blocked")
    ticket = await desk.ticket(None, caller=CallerId("999", "999", name="Somebody else"), place="ward-5")
    await desk.records.tickets.join(ticket.id, asked.id, desk.at())
    own = await desk.ticket(None, topic="lift", place=None)
    callback = OutboundCall(new_id(), ticket.id, "205", "technical", "normal", desk.at(), desk.at(), call_id=asked.id)
    await desk.records.outbound_calls.store(callback)
    (entry,) = [each for each in await desk.records.queue.waiting() if each.callback_id]
    await desk.available()
    offer = await desk.offer(entry)
    rung = Call(
        new_id(), "demo", "100", CallerId("205", "205"), desk.at(), {}, direction="outbound",
        outbound_call_id=callback.id, language="nl",
    )  # fmt: skip
    await desk.records.calls.open(rung)
    for shown in (offer, replace(offer, call_id=rung.id)):
        pop = await pop_of(line, shown)
        assert (pop.caller, pop.number, pop.ticket and pop.ticket.id) == (WARD_4, "205", ticket.id)
        assert [word.text for word in pop.said.words] == ["the", "drain", "is", "blocked"]
        assert own.id in {matter.ticket.id for matter in pop.matters if matter.same_caller}
