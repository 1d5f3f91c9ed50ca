"""What the queue's order and the words about it are made of, in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from routing.effects import Kind
from routing.event_types import EventType
from routing.fake_state import MemoryState
from routing.model import Event, Offer, QueueEntry
from routing.policy import Route, ahead, heads
from routing.waits import Handled, ToldWait


class MemoryWaits:
    """Implements `routing.waits.Waits`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def heads(
        self, ways: Sequence[Route], now: datetime, limit: int, without: Collection[str] = ()
    ) -> Sequence[QueueEntry]:
        return heads(self._waiting(), ways, now, limit, without)

    async def ahead(self, entry: QueueEntry, now: datetime) -> Mapping[str, int]:
        return ahead(entry, self._waiting(), now)

    def _waiting(self) -> list[QueueEntry]:
        offered = {offer.entry_id for offer in self._state.live(Kind.OFFER)}
        return [entry for entry in self._state.in_queue() if entry.id not in offered]

    async def press(self, by: datetime) -> Sequence[QueueEntry]:
        lifted = [
            each for each in self._state.in_queue() if not each.pressing and each.promise_by and each.promise_by <= by
        ]
        for each in lifted:
            self._state.places[each.id] = replace(self._state.places[each.id], pressing=True)
        return [replace(each, pressing=True) for each in lifted]

    async def contacts(self, number: str, topic: str, since: datetime) -> int:
        theirs = {
            call.id for call in self._state.calls.values() if call.caller.number == number and call.started_at >= since
        }
        about = (pair for pair in self._state.call_tickets if self._state.tickets[pair[1]].draft.topic == topic)
        return len({call for call, _ in about if call in theirs})

    async def handled(self, since: datetime, limit: int) -> Sequence[Handled]:
        talked = [each for each in self._state.offers.values() if each.answered_at and each.ended_at]
        ended = [each for each in talked if _ended_at(each) >= since]
        found = [self._handled(each) for each in sorted(ended, key=_ended_at, reverse=True)]
        return [each for each in found if each][:limit]

    def _handled(self, offer: Offer) -> Handled | None:
        wrapped = [
            event.at
            for event in self._state.events.get(offer.call_id or "", ())
            if event.type is EventType.WRAP_UP and event.payload.get("offer") == offer.id
        ]
        if not (wrapped and offer.answered_at and offer.ended_at):
            return None
        talk, wrap_up = offer.ended_at - offer.answered_at, wrapped[0] - offer.ended_at
        return Handled(self._state.places[offer.entry_id].crew, talk.total_seconds(), wrap_up.total_seconds())

    async def told(self, since: datetime, limit: int) -> Sequence[ToldWait]:
        found = [told for events in self._state.events.values() for told in _told(events)]
        return sorted((each for each in found if each.at >= since), key=lambda each: each.at, reverse=True)[:limit]


def _ended_at(offer: Offer) -> datetime:
    assert offer.ended_at
    return offer.ended_at


def _told(events: Sequence[Event]) -> Iterator[ToldWait]:
    answers = [event.at for event in events if event.type is EventType.AGENT_ANSWERED]
    for event in events:
        answered = min((at for at in answers if at >= event.at), default=None)
        if event.type is EventType.WAIT_TOLD and answered:
            real_s = (answered - event.at).total_seconds()
            yield ToldWait(event.call_id, event.at, int(event.payload["told_s"]), real_s)
