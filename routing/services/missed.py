"""Callers whom nobody reached, and what a person does about each: have them rung, or say why that is not needed."""

from config.documents import Site
from routing.archive import NO_AUDIT, Action, AuditNotes
from routing.clocks import Clocks
from routing.event_types import EventType
from routing.missed import MissedCall, MissedEvent, MissedState, Remedy, number_to_ring
from routing.model import (
    Call,
    Intake,
    IntakeSource,
    Missing,
    NotCallable,
    NotNow,
    OutboundCall,
    TicketDraft,
)
from routing.ports import News, Records
from routing.promise import make_promise
from routing.services.callbacks import CallbackService, TooManyCalls
from routing.services.tickets import TicketService
from routing.timeline import Notes
from routing.topics import PERSON

TOO_MANY = "This number has been rung as often as one hour allows. Try again later."
TOO_MANY_OUTSIDE = "The line has rung as many numbers outside as one hour allows. Try again later."
KEY = "missed"  # of the ticket that such a call gets where it has none


class MissedService:
    def __init__(
        self, records: Records, news: News, clocks: Clocks, tickets: TicketService, callbacks: CallbackService,
        audit: AuditNotes = NO_AUDIT,
    ) -> None:  # fmt: skip
        self._records, self._news, self._clocks, self._audit = records, news, clocks, audit
        self._tickets, self._callbacks = tickets, callbacks

    async def call_back(self, call_id: str, site: Site, actor: str) -> OutboundCall:
        """Have the caller rung, about the call's matter, after those who wait already; the list says so meanwhile.

        Raises: NotFound, NotNow, NotCallable, OwedToAnother.
        """
        missed, call = await self._open(call_id), await self._records.calls.load(call_id)
        notes = Notes(call_id, self._clocks.now, actor)
        try:
            number = await self._callbacks.check(await self._number(missed, call), site)
            ticket_id = missed.ticket_id or await self._ticket(call, site, notes)
            stored = await self._callbacks.owe(call, ticket_id, number, site, notes)
        except NotCallable as why:
            raise NotCallable(f"This caller cannot be called back: {why}.") from None
        except TooManyCalls as cap:
            raise NotNow(TOO_MANY_OUTSIDE if str(cap) == "outside" else TOO_MANY) from None
        await self._records.calls.append(notes.take())
        await self._tell(call_id)
        await self._audit.note(actor, Action.CALLBACK_ORDERED, call_id, self._clocks.now(), {"ticket": ticket_id})
        return stored

    async def _number(self, missed: MissedCall, call: Call) -> str:
        """Raises: NotCallable."""
        ticket = await self._records.tickets.load(missed.ticket_id) if missed.ticket_id else None
        if number := number_to_ring(call, ticket):
            return number
        raise NotCallable("the number was withheld" if call.caller.withheld else "no number is known")

    async def _ticket(self, call: Call, site: Site, notes: Notes) -> str:
        """Nobody is rung about nothing: the wish for a person is a matter."""
        promise = make_promise(PERSON, self._clocks.wall(), site)
        intake = Intake(IntakeSource.CALL, call.caller, notes.actor)
        draft = TicketDraft(PERSON.id, site.default_crew, PERSON.urgency, promise, intake)
        return (await self._tickets.open(draft, f"{call.id}:{KEY}", notes)).id

    async def done(self, call_id: str, reason: str, actor: str, remedy: Remedy = Remedy.NOTHING) -> MissedCall:
        """Nobody needs to call back, and why, or what was written; it can be put back on the list.

        Raises: NotFound, Missing, NotNow.
        """
        reason = reason.strip()
        if not reason:
            raise Missing("Say in a few words why nobody needs to call back, or what was written to them.")
        await self._open(call_id)
        event, action = EventType.MISSED_DONE, Action.MISSED_DONE
        return await self._step(call_id, MissedEvent.DONE, event, action, actor, reason, remedy)

    async def reopen(self, call_id: str, actor: str) -> MissedCall:
        """Put back on the list what was said to be done, or who was taken to be reached. Raises: NotFound, NotNow."""
        event, action = EventType.MISSED_REOPENED, Action.MISSED_REOPENED
        return await self._step(call_id, MissedEvent.REOPENED, event, action, actor)

    async def _step(
        self, call_id: str, event: MissedEvent, named: EventType, action: Action, actor: str, reason: str = "",
        remedy: Remedy = Remedy.NOTHING,
    ) -> MissedCall:  # fmt: skip
        """What was typed is private, and no part of the audit, which is kept for ever."""
        notes, now = Notes(call_id, self._clocks.now, actor), self._clocks.now()
        by_other_means = {} if remedy is Remedy.NOTHING else {"remedy": remedy.value}
        notes.note(named, by_other_means, {"note": reason} if reason else None)
        if not await self._records.missed.advance(call_id, event, now, actor, reason, notes.take()):
            raise _as_it_is(await self._records.missed.load(call_id))
        await self._tell(call_id)
        await self._audit.note(actor, action, call_id, now, by_other_means)
        return await self._records.missed.load(call_id)

    async def heard(self, ticket_id: str, actor: str) -> None:
        """Somebody listens to a message of that ticket: whoever left it is not unheard any more."""
        if await self._records.missed.heard(ticket_id, self._clocks.now(), actor):
            await self._news.publish("missed", ticket=ticket_id)

    async def _open(self, call_id: str) -> MissedCall:
        """Raises: NotFound, NotNow."""
        missed = await self._records.missed.load(call_id)
        if missed.state is not MissedState.OPEN:
            raise _as_it_is(missed)
        return missed

    async def _tell(self, call_id: str) -> None:
        await self._news.publish("missed", call=call_id)


def _as_it_is(missed: MissedCall) -> NotNow:
    said = {
        MissedState.OPEN: "This call is on the list already.",
        MissedState.OWED: "This caller is being called back already.",
        MissedState.REACHED: "This caller has been reached meanwhile.",
        MissedState.DONE: "This call has been dealt with meanwhile.",
    }
    return NotNow(said[missed.state])
