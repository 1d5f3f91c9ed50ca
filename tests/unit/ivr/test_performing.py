"""What the dialogue decides, done over records in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from ivr.actions import (
    CallbackOwed,
    CallbackStored,
    ConfirmCallback,
    CorrectTicket,
    Done,
    EnterQueue,
    MessageTaken,
    MoveCallback,
    NoCallback,
    NumberRefused,
    OfferReady,
    OpenTicket,
    Pressed,
    QueueStanding,
    Recalled,
    RecallTicket,
    StandAside,
    StoreCallback,
    TicketOpened,
)
from ivr.agent_ring import AgentRing
from ivr.facts import Facts
from ivr.fake_phones import ScriptedPhones
from ivr.notebook import Notebook
from ivr.owed import owed
from ivr.performing import Performer
from ivr.ports import FRAME_BYTES
from ivr.recording import Recording
from ivr.state import State
from routing.fake import MemoryNews, MemoryRecords
from routing.identity import new_id
from routing.lifecycle import AttemptEvent, OfferEvent, OutboundCallEvent
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    CallerId,
    Offer,
    OutboundCall,
    OutboundCallState,
    RecordsUnavailable,
)
from routing.news_waiter import NewsWaiter
from routing.purposes import Purpose
from routing.services.queue import ASIDE_S
from tests.services import services_over
from tests.unit.ivr.site import edition

passing_time = pytest.mark.virtual_time  # not for what a thread does
TAKEN = (AttemptEvent.SENT, AttemptEvent.ANSWERED)  # the phone
START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
DRAIN = Facts(topic="plumbing", place="ward-4", words="the drain", confidence=0.93, why=("drain", "blocked"))
SECOND = b"\x10\x27" * (FRAME_BYTES // 2) * 50  # loud


class Scene:
    """One call with a ticket of its own."""

    def __init__(self, folder: Path) -> None:
        self.records, self.folder, self.now = MemoryRecords(), folder, START
        self.state = State(flow="main")

    async def call(self, attempt: Attempt | None = None, callback: OutboundCall | None = None) -> Performer:
        call = Call(
            new_id(),
            "demo",
            "100",
            CallerId("204", "204"),
            self.now,
            {},
            outbound_call_id=callback.id if callback else None,
        )
        await self.records.calls.open(call)
        news, notebook = MemoryNews(), Notebook(call.id, "leg-1", lambda: self.now)
        services = services_over(self.records, news, lambda: self.now)
        attempt_id = attempt.id if attempt else None
        ring = AgentRing(call, services.offers, ScriptedPhones(), NewsWaiter(news))
        return Performer(call, edition(), notebook, services, self.folder, ring, attempt_id)

    async def reported(self) -> Performer:
        performer = await self.call()
        opened = await performer.perform(self.state, OpenTicket("matter", DRAIN))
        assert isinstance(opened, TicketOpened)
        self.state = replace(self.state, ticket=opened.ticket, ticket_number=opened.number)
        return performer

    async def called_back(self, *attempted: AttemptEvent) -> tuple[Performer, OutboundCall]:
        """The person who was promised a callback a minute ago has taken the phone."""
        await (await self.reported()).perform(self.state, StoreCallback("204"))
        (callback,) = await self.records.outbound_calls.open()
        self.now += timedelta(seconds=60)
        attempt = Attempt(new_id(), callback.id, 1, AttemptState.CLAIMED, self.now)
        await self.records.outbound_calls.claim_attempt(attempt)
        for event in attempted:
            assert await self.records.outbound_calls.advance_attempt(attempt.id, event, self.now)
        return await self.call(attempt, callback), callback


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


async def test_a_place_is_kept_aside_while_a_callback_is_chosen(scene: Scene) -> None:
    performer = await scene.reported()
    await performer.perform(scene.state, EnterQueue("technical"))
    scene.now += timedelta(seconds=30)
    assert await performer.perform(scene.state, StandAside()) == Done()
    (entry,) = await scene.records.queue.waiting()
    assert (entry.since, entry.not_before) == (START, scene.now + timedelta(seconds=ASIDE_S))
    await performer.perform(scene.state, EnterQueue("technical"))
    (entry,) = await scene.records.queue.waiting()
    assert (entry.since, entry.not_before) == (START, None)


async def test_who_is_not_waiting_has_nothing_to_stand_aside_from(scene: Scene) -> None:
    assert await (await scene.reported()).perform(scene.state, StandAside()) == Done()
    assert await scene.records.queue.waiting() == []


async def test_a_stored_callback_is_on_its_ticket(scene: Scene) -> None:
    await (await scene.reported()).perform(scene.state, StoreCallback("205"))
    assert (await scene.records.tickets.load(scene.state.ticket or "")).draft.callback_number == "205"


async def test_a_callback_promised_to_another_caller_is_not_taken_from_them(scene: Scene) -> None:
    first = await scene.reported()
    await first.perform(scene.state, StoreCallback("204"))
    joiner = await scene.call()
    assert await joiner.perform(scene.state, StoreCallback("205")) == CallbackOwed()
    assert isinstance(await joiner.perform(scene.state, StoreCallback("204")), CallbackStored)  # the same phone
    assert isinstance(await first.perform(scene.state, StoreCallback("206")), CallbackStored)  # its own caller
    (callback,) = await scene.records.outbound_calls.open()
    assert callback.number == "206"


async def test_a_correction_in_a_later_call_writes_just_what_changed(scene: Scene) -> None:
    performer = await scene.reported()
    told = await scene.records.tickets.load(scene.state.ticket or "")
    recalled = await performer.perform(scene.state, RecallTicket(told.id))
    assert recalled == Recalled(DRAIN)
    changed = replace(DRAIN, place="ward-5", words="the drain / no, ward five")
    await performer.perform(scene.state, CorrectTicket(told.id, changed, frozenset({"place", "words"})))
    now = await scene.records.tickets.load(told.id)
    assert now.draft == replace(told.draft, place="ward-5", words="the drain / no, ward five")


@passing_time
async def test_the_person_called_back_takes_the_callbacks_place(scene: Scene) -> None:
    performer, callback = await scene.called_back(*TAKEN)
    assert isinstance(await performer.perform(scene.state, ConfirmCallback()), QueueStanding)
    (entry,) = await scene.records.queue.waiting()
    assert (entry.call_id, entry.callback_id, entry.since) == (performer.call.id, callback.id, START)


@passing_time
async def test_the_person_called_back_is_put_through_to_the_agent_who_was_shown_them(scene: Scene) -> None:
    performer, callback = await scene.called_back(*TAKEN)
    (entry,) = await scene.records.queue.waiting()
    agent = Agent(new_id(), "anna", "Anna", frozenset(), "agent1", AgentState.AVAILABLE, START, START)
    await scene.records.agents.enrol(agent)
    offer = Offer(new_id(), entry.id, agent.id, scene.now, callback_id=callback.id)
    await scene.records.offers.claim(offer)
    await scene.records.offers.advance(offer.id, OfferEvent.SHOWN, scene.now)
    assert await performer.perform(scene.state, ConfirmCallback()) == OfferReady(offer.id, "agent1")
    assert await performer.perform(scene.state, ConfirmCallback()) == OfferReady(
        offer.id, "agent1"
    )  # after an accident


async def test_a_person_whom_no_agent_waits_for_has_no_place_and_hears_the_flow(scene: Scene) -> None:
    await scene.reported()
    asked = OutboundCall(
        new_id(), scene.state.ticket or "", "204", "technical", "normal", scene.now, scene.now, Purpose.SURVEY
    )
    survey = await scene.records.outbound_calls.store(asked)
    attempt = Attempt(new_id(), survey.id, 1, AttemptState.CLAIMED, scene.now, slot=0)
    await scene.records.outbound_calls.claim_attempt(attempt)
    for event in TAKEN:
        await scene.records.outbound_calls.advance_attempt(attempt.id, event, scene.now)
    performer = await scene.call(attempt, survey)
    assert await performer.perform(scene.state, ConfirmCallback()) == Done()
    assert (await scene.records.outbound_calls.load(survey.id)).state is OutboundCallState.CONNECTED
    assert await scene.records.queue.waiting() == []


@passing_time
async def test_a_person_whose_attempt_was_given_up_still_takes_the_place(scene: Scene) -> None:
    performer, callback = await scene.called_back(AttemptEvent.LOST)
    assert isinstance(await performer.perform(scene.state, ConfirmCallback()), QueueStanding)
    assert (await scene.records.outbound_calls.load(callback.id)).state is OutboundCallState.CONNECTED
    (entry,) = await scene.records.queue.waiting()
    assert entry.call_id == performer.call.id


@passing_time
async def test_a_person_whose_callback_is_over_waits_with_the_same_right(scene: Scene) -> None:
    performer, callback = await scene.called_back(*TAKEN)
    await scene.records.outbound_calls.advance(callback.id, OutboundCallEvent.EXHAUSTED, scene.now)
    assert isinstance(await performer.perform(scene.state, ConfirmCallback()), QueueStanding)
    (entry,) = await scene.records.queue.waiting()
    assert (entry.call_id, entry.callback_id, entry.since) == (performer.call.id, None, START)
    assert (await scene.records.outbound_calls.load(callback.id)).state is OutboundCallState.FAILED


async def test_waiting_is_the_lines_time_and_a_promise_the_machines(scene: Scene) -> None:
    """The machine's clock was set an hour forward: nobody has waited an hour, and what is told is what clocks show."""
    fast = services_over(scene.records, clock=lambda: scene.now, wall=lambda: scene.now + timedelta(hours=1))
    told = replace(await scene.call(), services=fast)
    early = await (await scene.call()).tickets.open(DRAIN, "matter")
    late = await told.tickets.open(DRAIN, "matter")
    assert late.draft.promise.by - early.draft.promise.by == timedelta(hours=1)
    assert late.opened_at == early.opened_at
    await told.perform(scene.state, EnterQueue("dispatch"))
    assert (await told.waiting(scene.state)).waited_s == 0


async def test_whose_talk_broke_off_goes_before_all_who_have_only_waited(scene: Scene) -> None:
    performer = await scene.call()
    scene.now += timedelta(seconds=60)
    await performer.perform(scene.state, EnterQueue("technical"))
    entry = await scene.records.queue.of_call(performer.call.id)
    assert entry
    put_through = scene.state.with_facts(offer=new_id())
    await performer.perform(put_through, EnterQueue("technical"))  # nobody took the phone: the place as it was
    kept = await scene.records.queue.of_call(performer.call.id)
    assert kept == entry
    await scene.records.queue.leave(entry.id, "answered", scene.now)
    await performer.perform(put_through, EnterQueue("technical"))
    back = await scene.records.queue.of_call(performer.call.id)
    assert back
    assert (back.since, entry.since) == (START, START + timedelta(seconds=60))


async def test_a_message_is_on_the_ticket_before_it_is_thanked_for(scene: Scene) -> None:
    performer = await scene.reported()
    assert await performer.keep_message(scene.state, Recording(SECOND * 3, "#")) == MessageTaken(True)
    (kept,) = scene.records.state.messages[scene.state.ticket or ""]
    assert Path(kept).is_file()
    assert not list(owed(scene.folder, before=float("inf")))


class Unavailable:
    """Records that do not answer."""

    async def add_message(self, *_: object) -> None:
        raise RecordsUnavailable


async def test_a_message_is_kept_and_thanked_for_while_the_records_do_not_answer(scene: Scene) -> None:
    performer = await scene.reported()
    tickets, scene.records.tickets = scene.records.tickets, cast("Any", Unavailable())
    assert await performer.keep_message(scene.state, Recording(SECOND * 3, "#")) == MessageTaken(True)
    scene.records.tickets = tickets
    (message,) = owed(scene.folder, before=float("inf"))
    assert (message.ticket, message.at, message.wav.is_file()) == (scene.state.ticket, scene.now, True)
    assert "message.owed" in [event.type for event in performer.notebook.take()]


@passing_time
async def test_who_was_called_back_has_waited_since_their_call_began(scene: Scene) -> None:
    performer, _ = await scene.called_back(*TAKEN)
    await performer.perform(scene.state, ConfirmCallback())
    assert (await performer.waiting(scene.state)).waited_s == 0


@pytest.mark.parametrize("pcm", [SECOND[: len(SECOND) // 2 - FRAME_BYTES], bytes(len(SECOND) * 10)])
async def test_less_than_half_a_second_of_speech_is_no_message(scene: Scene, pcm: bytes) -> None:
    performer = await scene.reported()
    assert await performer.keep_message(scene.state, Recording(pcm)) == MessageTaken(False)
    assert scene.records.state.messages == {}


async def test_a_message_that_cannot_be_kept_is_lost_and_told_so(scene: Scene) -> None:
    performer = await scene.reported()
    (scene.folder / "a file").touch()
    blocked = replace(performer, recordings=scene.folder / "a file")
    assert await blocked.keep_message(scene.state, Recording(SECOND * 3, "#")) == MessageTaken(False, lost=True)
    assert scene.records.state.messages == {}
    assert "message.lost" in [event.type for event in performer.notebook.take()]


@pytest.mark.parametrize("key", ["0", "9", "*"])
async def test_a_key_leads_away_and_what_was_said_is_kept(scene: Scene, key: str) -> None:
    performer = await scene.reported()
    assert await performer.keep_message(scene.state, Recording(SECOND * 3, key)) == Pressed(key)
    assert len(scene.records.state.messages[scene.state.ticket or ""]) == 1
    assert await performer.keep_message(scene.state, Recording(b"", key)) == Pressed(key)


async def test_a_key_is_obeyed_even_where_the_message_cannot_be_kept(scene: Scene) -> None:
    performer = await scene.reported()
    (scene.folder / "a file").touch()
    blocked = replace(performer, recordings=scene.folder / "a file")
    assert await blocked.keep_message(scene.state, Recording(SECOND * 3, "9")) == Pressed("9")


async def test_who_is_owed_a_call_and_calls_by_themselves_waits_in_that_place(scene: Scene) -> None:
    await (await scene.reported()).perform(scene.state, StoreCallback("204"))
    scene.now += timedelta(seconds=600)
    again = await scene.call()
    state = State(flow="main").with_facts(identified=True)
    opened = await again.perform(state, OpenTicket("person", Facts(wants="person")))
    assert isinstance(opened, TicketOpened)
    state = replace(state, ticket=opened.ticket)
    assert isinstance(await again.perform(state, EnterQueue("dispatch")), QueueStanding)
    (entry,) = await scene.records.queue.waiting()
    (callback,) = await scene.records.outbound_calls.open()
    assert (entry.call_id, entry.callback_id, entry.since) == (again.call.id, callback.id, START)
    assert callback.state is OutboundCallState.CONNECTED
    assert "callback.taken_over" in [event.type for event in again.notebook.take()]


@pytest.mark.parametrize(
    ("identified", "matter"),
    [(False, DRAIN), (True, replace(DRAIN, place="ward-5")), (True, replace(DRAIN, topic="printer"))],
    ids=["a number that proves nothing", "another place", "another topic"],
)
async def test_a_callback_is_not_taken_by_a_stranger_nor_for_another_matter(
    scene: Scene, identified: bool, matter: Facts
) -> None:
    await (await scene.reported()).perform(scene.state, StoreCallback("204"))
    again = await scene.call()
    state = State(flow="main").with_facts(identified=identified)
    opened = await again.perform(state, OpenTicket("matter", matter))
    assert isinstance(opened, TicketOpened)
    await again.perform(replace(state, ticket=opened.ticket), EnterQueue("technical"))
    assert (await scene.records.outbound_calls.open())[0].state is OutboundCallState.PENDING
    assert len(await scene.records.queue.waiting()) == 2


async def test_a_time_that_passed_while_it_was_asked_for_moves_nothing_and_ends_no_call(scene: Scene) -> None:
    performer = await scene.reported()
    await performer.perform(scene.state, StoreCallback("204"))
    (callback,) = await scene.records.outbound_calls.open()
    passed = (START - timedelta(seconds=1)).isoformat()
    assert await performer.perform(scene.state, MoveCallback(callback.id, passed)) == NoCallback()
    assert await scene.records.outbound_calls.open() == [callback]


async def test_a_number_is_not_rung_again_and_again_whoever_asks(scene: Scene) -> None:
    for _ in range(3):
        assert isinstance(await (await scene.reported()).perform(scene.state, StoreCallback("205")), CallbackStored)
    refused = await scene.reported()
    assert await refused.perform(scene.state, StoreCallback("205")) == NumberRefused()
    assert "callback.refused" in [event.type for event in refused.notebook.take()]
    scene.now += timedelta(hours=1, seconds=1)
    assert isinstance(await (await scene.reported()).perform(scene.state, StoreCallback("205")), CallbackStored)


async def test_one_who_changes_the_number_of_their_callback_asks_for_no_other(scene: Scene) -> None:
    performer = await scene.reported()
    for number in ("205", "206", "207", "208", "205", "206"):
        assert isinstance(await performer.perform(scene.state, StoreCallback(number)), CallbackStored)
    assert len(await scene.records.outbound_calls.open()) == 1


async def test_whoever_merely_says_from_where_they_call_counts_with_all_who_do_not(scene: Scene) -> None:
    strangers = [CallerId(f"06{n}", f"+3161234567{n}", kind="unproven") for n in range(3)]
    assert {caller.source for caller in strangers} == {None}
    assert (await scene.call()).call.caller.source == "204"
