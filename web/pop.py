"""What a dispatcher is shown about the call held out to them, gathered from the records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from routing.event_types import EventType
from routing.model import Call, CallerId, Event, Offer, OutboundCall, Ticket
from web.context import DeskContext
from web.ports import TicketQuery

MATTERS_SHOWN = 6
OTHERS_SHOWN = 5
NO_TOPIC = "oos"


@dataclass(frozen=True)
class SaidWord:
    text: str
    confidence: float | None = None  # 0..1; None when the recogniser does not say


@dataclass(frozen=True)
class SpokenRequest:
    """What the caller said, and what the line made of it."""

    words: tuple[SaidWord, ...] = ()
    confidence: float | None = None  # of the recogniser, of the whole
    others: tuple[str, ...] = ()  # what else was said, in order
    topic: str | None = None
    topic_confidence: float | None = None
    why: tuple[str, ...] = ()
    place: str | None = None
    emergency: bool = False


@dataclass(frozen=True)
class RelatedTicket:
    """Another open ticket that may have to do with this call."""

    ticket: Ticket
    same_caller: bool
    same_place: bool


@dataclass(frozen=True)
class Pop:
    offer: Offer
    caller: CallerId
    number: str | None  # to show: the caller's, or the one to be called back
    said: SpokenRequest
    ticket: Ticket | None
    joined: bool  # the ticket was there before this call
    urgency: str
    language: str
    since: datetime  # when the waiting began …
    waited_until: datetime | None  # … and when it was over
    matters: tuple[RelatedTicket, ...]
    place: str | None
    place_text: str | None
    topic: str | None


async def pop_of(context: DeskContext, offer: Offer) -> Pop:
    """Everything about an offer. Raises: NotFound."""
    callback = await context.records.outbound_calls.load(offer.callback_id) if offer.callback_id else None
    asked_in = callback.call_id if callback else None  # who is called back is shown as who asked for it
    call_id = asked_in or offer.call_id
    call = await context.records.calls.load(call_id) if call_id else None
    events = await _events(context, offer, callback)
    ticket = await _ticket(context, offer, callback, call)
    said = said_in(events, ticket)
    caller = call.caller if call else (ticket.draft.reporter if ticket else CallerId())
    place = (ticket.draft.place if ticket else None) or said.place or caller.place
    return Pop(
        offer=offer, caller=caller, number=callback.number if callback else caller.number or caller.raw, said=said,
        ticket=ticket, joined=any(event.type == EventType.TICKET_JOINED for event in events),
        urgency=await _urgency(context, offer, said, ticket), language=call.language if call else "en",
        since=callback.since if callback else waited_since(events, call.started_at if call else offer.made_at),
        waited_until=offer.answered_at,
        matters=await related(context, caller, place, ticket), place=place,
        place_text=ticket.draft.place_text if ticket else None, topic=ticket.draft.topic if ticket else said.topic,
    )  # fmt: skip


async def _events(context: DeskContext, offer: Offer, callback: OutboundCall | None) -> list[Event]:
    """What was said when the callback was asked for, then what has been said since."""
    asked = callback.call_id if callback else None
    calls = dict.fromkeys(call_id for call_id in (asked, offer.call_id) if call_id)
    return [event for call_id in calls for event in await context.records.calls.timeline(call_id)]


def waited_since(events: Sequence[Event], otherwise: datetime) -> datetime:
    """When the caller first took a place: what was said to the line before that was no waiting."""
    return next((event.at for event in events if event.type == EventType.QUEUE_ENTERED), otherwise)


async def _ticket(
    context: DeskContext, offer: Offer, callback: OutboundCall | None, call: Call | None
) -> Ticket | None:
    ticket_id = offer.ticket_id or (callback.ticket_id if callback else None)
    if ticket_id:
        return await _with_its_matter(context, await context.records.tickets.load(ticket_id))
    of_call = await context.records.tickets.of_call(call.id) if call else ()
    ticket = max(of_call, key=lambda ticket: ticket.opened_at, default=None)
    return await _with_its_matter(context, ticket) if ticket else None


async def _with_its_matter(context: DeskContext, ticket: Ticket) -> Ticket:
    """The ticket itself, or the one that it is merged into."""
    return await context.records.tickets.load(ticket.merged_into) if ticket.merged_into else ticket


async def _urgency(context: DeskContext, offer: Offer, said: SpokenRequest, ticket: Ticket | None) -> str:
    if said.emergency:
        return "critical"
    if ticket:
        return ticket.urgency
    entry = await context.records.queue.entry(offer.entry_id)
    return entry.urgency if entry else "normal"


async def related(
    context: DeskContext, caller: CallerId, place: str | None, own: Ticket | None
) -> tuple[RelatedTicket, ...]:
    """Open matters of this caller and this place; a shared or unproven number is nobody's."""
    number = caller.number if caller.identifies else None
    of_caller = await context.records.tickets.of_caller(number) if number else ()
    at_place = (
        await context.archive.tickets(TicketQuery(place=place, open_only=True), MATTERS_SHOWN * 2) if place else ()
    )
    found = {ticket.id: ticket for ticket in (*of_caller, *at_place) if own is None or ticket.id != own.id}
    theirs = {ticket.id for ticket in of_caller}
    newest = sorted(found.values(), key=lambda ticket: ticket.opened_at, reverse=True)[:MATTERS_SHOWN]
    return tuple(RelatedTicket(ticket, ticket.id in theirs, ticket.draft.place == place) for ticket in newest)


def said_in(events: Sequence[Event], ticket: Ticket | None) -> SpokenRequest:
    """The words that told the topic, what else was said, and why; completed by the ticket."""
    turns = _turns(events)
    nothing: dict[str, Any] = {}
    understood = next((each for each in reversed(turns) if each.get("topic") not in (None, NO_TOPIC)), nothing)
    heard = understood.get("heard") or next((each["heard"] for each in reversed(turns) if "heard" in each), nothing)
    draft = ticket.draft if ticket else None
    text = str(heard.get("text") or (draft.words if draft else ""))
    others = [each["heard"]["text"] for each in turns if "heard" in each and each["heard"] is not heard]
    return SpokenRequest(
        words=_words(heard.get("words"), text),
        confidence=_share(heard.get("confidence")),
        others=tuple(str(other) for other in others[-OTHERS_SHOWN:]),
        topic=understood.get("topic") or (draft.topic if draft else None),
        topic_confidence=_share(understood.get("confidence")) or (draft.confidence if draft else None),
        why=tuple(str(reason) for reason in (understood.get("why") or (draft.why if draft else ()))),
        place=next((each["place"] for each in reversed(turns) if each.get("place")), None),
        emergency=any(event.type == EventType.EMERGENCY for event in events),
    )


def _turns(events: Sequence[Event]) -> list[dict[str, Any]]:
    """What was understood of each utterance, with the utterance as `heard`."""
    turns: list[dict[str, Any]] = []
    for event in events:
        values = {**event.payload, **event.private}
        if event.type == EventType.HEARD and values.get("text"):
            turns.append({"heard": values})
        elif event.type == EventType.UNDERSTOOD and turns:
            turns[-1] |= values
    return turns


def _words(words: Any, text: str) -> tuple[SaidWord, ...]:
    if isinstance(words, list | tuple) and words:
        return tuple(_word(word) for word in words)
    return tuple(SaidWord(word) for word in text.split())


def _word(word: Any) -> SaidWord:
    """A pair of text and confidence; anything else is shown as it is."""
    if isinstance(word, list | tuple) and len(word) == 2:
        return SaidWord(str(word[0]), _share(word[1]))
    return SaidWord(str(word))


def _share(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
