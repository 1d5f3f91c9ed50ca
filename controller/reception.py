"""Where Asterisk's calls meet the dialogue: begin or resume, talk, leave; and what is left to do afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import structlog

from config.documents import Edition, Site
from config.in_force import EditionInForce
from config.settings import Settings
from controller.dialplan_calls import dialplan_id
from controller.emergency_reports import EmergencyReports
from controller.endings import CallEndings
from controller.loaded_edition import LoadedEdition
from controller.overload import CallLimit
from ivr.actions import Connect, Dialled, HangUp, Join, Outcome, Resumed, Started, Summon, Transfer
from ivr.agent_ring import AgentRing
from ivr.facts import Facts
from ivr.notebook import Notebook
from ivr.performing import Performer
from ivr.ports import AgentPhones, HungUp, LegLost
from ivr.session import Departure, Session
from ivr.state import State
from routing.event_types import EventType
from routing.identity import new_id
from routing.legs import was_lost
from routing.model import (
    UNPROVEN,
    Call,
    CallerId,
    NotFound,
    OutboundCall,
    RoutingError,
)
from routing.news_waiter import NewsWaiter
from routing.numbers import NotCallable, Proof, callable_number, identify
from routing.ports import Records
from routing.services.line import LineServices
from runtime.clock import now, wall_now
from telephony.agi_session import AgiSession
from telephony.arrival import Arrival, read_arrival, read_ending, show_caller
from telephony.audio_watch import HearingChange, HearingState
from telephony.call_audio import CallAudio
from telephony.dialling import Destination, OutsideNumber, RegisteredPhone, dial_string

log = structlog.get_logger()
EMERGENCY_TICKET_S = 10.0  # the phones ring meanwhile
ANSWERED = Dialled(True, "ANSWER")
LEG_END_S = 2.0  # by then Asterisk has told of a phone's end
LOOK_S = 0.05
EDITION_S = 5.0  # a call of an older edition: that long may it take to make it ready


@dataclass(frozen=True)
class Reception:
    """The handlers of the AGI server."""

    settings: Settings
    services: LineServices
    news_waiter: NewsWaiter
    call_audio: CallAudio
    in_force: EditionInForce
    pinned: Callable[[Mapping[str, str]], Awaitable[LoadedEdition]]  # of the edition a call began with
    phones: AgentPhones
    limit: CallLimit = field(default_factory=CallLimit)

    # a call begins, or comes back

    async def call(self, agi: AgiSession) -> None:
        try:
            async with asyncio.timeout(self.settings.controller.first_row_ms / 1000):
                arrival = await read_arrival(agi)
                call, outcome = await self._begin_or_resume(agi, arrival)
        except (TimeoutError, RoutingError, OSError) as error:
            self.limit.unrecorded += 1
            log.error("call not recorded; the dialplan takes it", channel=agi.channel, why=repr(error))
            with suppress(HungUp, LegLost):
                await agi.set_variable("ON_NEXT", "standalone")
            return
        if call.ended_at is not None or await self._helped(agi, call.id, arrival.emergency):
            await self._next(agi, "hangup", {"ON_CONCLUDED": "1"})
            return
        if isinstance(outcome, Started):
            ticket_id = State.from_json(call.dialogue).ticket  # of an outbound call
            # outside the limit: slow news is no reason to step aside
            await self.services.calls.announce(call, agi.environment.uniqueid, ticket_id)
        if not await self._in_line(agi, call):
            if outcome == ANSWERED and await self._phone_was_lost(arrival):
                outcome = Dialled(False, "lost")  # whoever talked goes on waiting, ahead of the others
            with self.limit.served():
                await self._serve(agi, call, outcome)

    async def _in_line(self, agi: AgiSession, call: Call) -> bool:
        """Whether a caller who has not been spoken to has to wait, as the line serves all that it can.

        The dialplan then says so, plays music and asks again; it needs no more of this process for that.
        """
        if call.dialogue.get("step") or call.attempt_id:  # whom we rang has waited already
            return False
        channel = agi.environment.uniqueid
        asks_again = self.limit.waits(channel)
        place = self.limit.place(channel, asyncio.get_running_loop().time())
        if place and not asks_again:  # once: perhaps it is the records that have too much to do
            notebook = Notebook(call.id, channel, now)
            notebook.note(EventType.CALL_IN_LINE, {"position": place})
            await self.services.calls.keep_notes(notebook)
        if place:
            await self._next(agi, "wait", {})
        return place > 0

    async def _helped(self, agi: AgiSession, call_id: str, emergency: str) -> bool:
        """After a talk with the urgent group there is nothing left to say, wherever in the dialogue it began."""
        if emergency != "talked":
            return False
        notebook = Notebook(call_id, agi.environment.uniqueid, now)
        await self._record_emergency(call_id, agi.environment.uniqueid)
        await self.conclude(call_id, "emergency_answered", notebook, summoned=True)
        return True

    async def _begin_or_resume(self, agi: AgiSession, arrival: Arrival) -> tuple[Call, Outcome]:
        if arrival.call_id:
            with suppress(NotFound):
                call = await self.records.calls.load(arrival.call_id)
                return call, await self._how_it_went(arrival, State.from_json(call.dialogue))
        call_id = arrival.call_id or _fresh_id(agi, arrival)
        await agi.set_variable("ON_CALL", call_id)
        call = await self._new_call(agi, call_id, arrival)
        if not await self.services.calls.begin(call, agi.environment.uniqueid, arrival.trace):
            return await self.records.calls.load(call_id), Resumed()
        return call, Started()

    async def _new_call(self, agi: AgiSession, call_id: str, arrival: Arrival) -> Call:
        edition, pins = self.in_force.edition, self.in_force.pins
        site = edition.site
        claimed = arrival.caller
        caller = identify(claimed.number, claimed.name, claimed.withheld, site, arrival.proof)
        call = Call(
            id=call_id, site_id=site.id, dnis=arrival.dnis, caller=caller, started_at=now(),
            pins=pins, language=self.settings.line.language,
            node=self.settings.node.name, channel=agi.environment.uniqueid,
        )  # fmt: skip
        facts = replace(facts_of(call, edition), diverted_by=claimed.diverted_by or None)
        state = State(flow="main", language=call.language, facts=facts)
        if arrival.attempt_id:
            return await self._outbound_call(agi, call, state, arrival.attempt_id, edition)
        await show_caller(agi, claimed)
        state = replace(state, facts=await self._with_owed(call, state.facts))
        return replace(call, dialogue=state.to_json())

    async def _with_owed(self, call: Call, facts: Facts) -> Facts:
        """What is known of a callback that the caller is waiting for."""
        owed = await self.services.callbacks.owed_to(call)
        if owed is None:
            return facts
        ticket, at = await self.records.tickets.load(owed.ticket_id), self.services.callbacks.chosen_time(owed)
        return replace(facts, owed=owed.id, owed_number=ticket.number, owed_at=at.isoformat() if at else None)

    async def _outbound_call(
        self, agi: AgiSession, call: Call, state: State, attempt_id: str, edition: Edition
    ) -> Call:
        attempt = await self.records.outbound_calls.load_attempt(attempt_id)
        outbound = await self.records.outbound_calls.load(attempt.outbound_call_id)
        ticket = await self.records.tickets.load(outbound.ticket_id)
        asked = await self.records.calls.load(outbound.call_id) if outbound.call_id else None
        caller = _rung(outbound, asked.caller if asked else ticket.draft.reporter, edition.site)
        call = replace(call, direction="outbound", outbound_call_id=outbound.id, attempt_id=attempt_id, caller=caller)
        if asked and asked.language in edition.site.languages:
            call, state = replace(call, language=asked.language), replace(state, language=asked.language)
        state = replace(state, flow=outbound.flow, ticket=ticket.id, ticket_number=ticket.number)
        state = replace(state, facts=state.facts.updated(facts_of(call, edition)))
        await self.services.callbacks.answered(attempt_id)
        return replace(call, dialogue=state.to_json())

    async def _how_it_went(self, arrival: Arrival, state: State) -> Outcome:
        """After a dial its result; otherwise the call came back by accident.

        The variables stay as they are until the next dial: whoever fails in the middle of this finds them again, and
        a state that has taken the result awaits none.
        """
        status = arrival.dial_status
        if not status or not state.awaits_dial:
            return Resumed()
        if arrival.offer_id:
            await self.services.offers.dialled(arrival.offer_id, status)
        return Dialled(status == "ANSWER", status)

    async def _phone_was_lost(self, arrival: Arrival) -> bool:
        """Whether it was not the agent who ended the talk; Asterisk tells it at the same moment, by another way.

        The channel of a phone that was rung beside the call is the offer's id.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(LEG_END_S):
                ended = await self._how_it_ended(arrival)
                while ended is None:
                    await asyncio.sleep(LOOK_S)
                    ended = await self._how_it_ended(arrival)
                return was_lost(ended)
        return False

    async def _how_it_ended(self, arrival: Arrival) -> str | None:
        return await self.services.calls.how_it_ended(arrival.call_id, arrival.offer_id)

    # the call is ours

    async def _serve(self, agi: AgiSession, call: Call, outcome: Outcome) -> None:
        notebook = Notebook(call.id, agi.environment.uniqueid, now)
        try:
            departure = await self._talk(agi, call, outcome, notebook)
            while not await self._leave(agi, call, departure, notebook):
                call = await self.records.calls.load(call.id)
                departure = await self._talk(agi, call, Dialled(False, "lapsed"), notebook)
        except HungUp:
            await self.conclude(call.id, "caller_hung_up", notebook)
        except LegLost as reason:
            notebook.note(EventType.CALL_LOST, {"reason": str(reason)})
            await self.services.calls.keep_notes(notebook)
        except Exception:
            log.exception("a call's dialogue failed; the dialplan takes it", call=call.id)
            await self.services.calls.keep_notes(notebook)

    async def _talk(self, agi: AgiSession, call: Call, outcome: Outcome, notebook: Notebook) -> Departure:
        async with asyncio.timeout(EDITION_S):
            loaded = await self.pinned(call.pins)
        state = State.from_json(call.dialogue)
        if isinstance(outcome, Resumed):
            await self.services.calls.resume(call, state.to_json(), state.step, notebook)
        await agi.answer()
        notebook.note(EventType.CALL_ANSWERED)
        if isinstance(outcome, Started) and state.facts.owed:
            notebook.note(EventType.CALLBACK_OWED, {"number": state.facts.owed_number})
        performer = self._performer(call, notebook, loaded.edition)
        async with self.call_audio.open_audio(agi, partial(_note_hearing, notebook)) as leg:
            session = Session(
                leg,
                loaded.script(state.flow),
                loaded.speech_services,
                performer,
                self.records.calls,
                notebook,
                wall_now,
            )
            return await session.run(state, outcome)

    def _performer(self, call: Call, notebook: Notebook, edition: Edition) -> Performer:
        recordings = self.settings.paths.recordings
        ring = AgentRing(call, self.services.offers, self.phones, self.news_waiter)
        return Performer(call, edition, notebook, self.services, recordings, ring, call.attempt_id)

    async def _record_emergency(self, call_id: str, channel: str, facts: Facts | None = None) -> None:
        """At the desks, with its ticket, and no place in the queue any more; the phones ring already."""
        try:
            async with asyncio.timeout(EMERGENCY_TICKET_S):
                await self.emergencies.report(await self.records.calls.load(call_id), channel, now(), facts)
        except Exception as error:
            log.error("emergency without a ticket", call=call_id, why=type(error).__name__)  # its text may be private

    @property
    def emergencies(self) -> EmergencyReports:
        return EmergencyReports(self.services, self.in_force)

    @property
    def records(self) -> Records:
        return self.services.records

    async def _leave(self, agi: AgiSession, call: Call, departure: Departure, notebook: Notebook) -> bool:
        """Tell the dialplan what to do, for which it needs no controller; False where the caller must stay with us."""
        if len(self.in_force.site.languages) > 1:  # Asterisk finds its sounds in the channel's language
            await agi.set_variable("CHANNEL(language)", departure.language)
        match departure.action:
            case HangUp(ending):
                await self.conclude(call.id, ending, notebook)
                await self._next(agi, "hangup", {"ON_CONCLUDED": "1"})
            case Summon(facts):
                await self._next(agi, "emergency", {})
                agi.release()
                await self._record_emergency(call.id, agi.environment.uniqueid, facts)
            case Connect() | Join() | Transfer():
                if not await self._put_through(agi, departure.action):
                    return False
        await self.services.calls.write_notes(notebook)
        return True

    async def _put_through(self, agi: AgiSession, to: Connect | Join | Transfer) -> bool:
        """False where that cannot be: the flow goes on as if nobody had answered."""
        match to:
            case Join(offer, channel):
                await self._next(agi, "join", {"ON_DIALSTATUS": "", "ON_OFFER": offer, "ON_JOIN": channel})
            case Connect(offer, phone, ring_s):
                if not await self.services.offers.ringing(offer):  # lapsed: somebody else will have the caller
                    return False
                await self._dial(agi, RegisteredPhone(phone), ring_s, offer)
            case Transfer(number, ring_s):
                return await self._transfer(agi, number, ring_s)
        return True

    async def _transfer(self, agi: AgiSession, number: str, ring_s: int) -> bool:
        """False where that number may not be dialled."""
        site = self.in_force.site
        try:
            dialled = callable_number(number, site)
        except NotCallable:
            log.error("a flow transfers to a number that may not be dialled", number=number)
            return False
        await self._dial(agi, OutsideNumber(dialled, site.callback.trunk), ring_s)
        return True

    async def _dial(self, agi: AgiSession, whom: Destination, ring_s: int, offer: str = "") -> None:
        """The result of an earlier dial goes first: it must never be read as this one's."""
        forget = {"ON_DIALSTATUS": "", "ON_OFFER": offer}
        await self._next(agi, "dial", {**forget, "ON_DIAL": dial_string(whom), "ON_RING_S": str(ring_s)})

    async def _next(self, agi: AgiSession, what: str, variables: Mapping[str, str]) -> None:
        for name, value in {**variables, "ON_NEXT": what}.items():
            await agi.set_variable(name, value)

    # the call is over

    async def hangup(self, agi: AgiSession) -> None:
        """The `h` extension of a call that nobody concluded; the channel is gone, its variables are not."""
        self.limit.left(agi.environment.uniqueid)
        ending = await read_ending(agi)
        call_id, status = ending.call_id, ending.dial_status
        if not call_id:
            return
        if ending.offer_id and status == "ANSWER":  # any other dial was ended by the caller, not by the agent
            await self.services.offers.talk_ended(ending.offer_id)
        notebook = Notebook(call_id, agi.environment.uniqueid, now)
        emergency = ending.emergency
        if emergency:  # perhaps by key, while nobody of ours listened
            await self._record_emergency(call_id, agi.environment.uniqueid)
        with suppress(NotFound):
            await self.conclude(call_id, _ending(status, emergency), notebook, summoned=bool(emergency))

    async def conclude(self, call_id: str, ending: str, notebook: Notebook, summoned: bool = False) -> None:
        await CallEndings(self.services, self.in_force).conclude(call_id, ending, notebook, summoned)


def _fresh_id(agi: AgiSession, arrival: Arrival) -> str:
    """That of the call where the dialplan had it first, and others may have recorded it by now."""
    return dialplan_id(agi.environment.uniqueid, arrival.taken_at) if arrival.taken_at else new_id()


def _rung(outbound: OutboundCall, meant: CallerId, site: Site) -> CallerId:
    """Who was rung: who asked for it, else who reported the matter, at whichever number; never our own number."""
    if outbound.number == meant.number:
        return meant
    return identify(outbound.number, meant.name, False, site, Proof.PHONE)  # we rang it


def _note_hearing(notebook: Notebook, heard: HearingChange) -> None:
    event_type = EventType.HEARING_LOST if heard.change is HearingState.LOST else EventType.HEARING_BACK
    notebook.note(event_type, {"gap_ms": heard.gap_ms, "heard_before": heard.heard_before})


def _ending(status: str, emergency: str) -> str:
    if status != "ANSWER":
        return "caller_hung_up"
    return "emergency_answered" if emergency else "talked"


def facts_of(call: Call, edition: Edition) -> Facts:
    """What the dialogue may know of the caller; a number that is withheld, shared or unproven identifies nobody."""
    caller = call.caller
    facts = Facts()
    if caller.number and not caller.withheld:
        facts = replace(facts, caller_number=caller.number, identified=caller.identifies)
        with suppress(NotCallable):
            callable_number(caller.number, edition.site)
            facts = replace(facts, callable=_own(caller, edition.site))
    return facts


def _own(caller: CallerId, site: Site) -> bool:
    """Whether to ring back without asking for the number: an unproven one may be a phone of somebody here."""
    if caller.kind == UNPROVEN:
        return identify(caller.raw, "", False, site, Proof.PHONE).contact is None
    return not caller.shared
