"""Calls: they begin, are taken up again, and end; whoever tells of it twice or late changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from routing.clocks import Clocks
from routing.event_types import EventType
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.lifecycle import CallEvent
from routing.missed import MissedRules
from routing.model import Call, NewEvent
from routing.ports import News, Records
from routing.services.emergencies import EmergencyService
from routing.services.offers import OfferService
from routing.timeline import Timeline

NOTES_S = 2.0  # no call waits longer for what it can do without
ANSWERED = "emergency_answered"  # the ending that says so


class CallService:
    def __init__(
        self, records: Records, news: News, clocks: Clocks, offers: OfferService, emergencies: EmergencyService,
        rules: Callable[[], MissedRules] = MissedRules,
    ) -> None:  # fmt: skip
        """`rules` returns those in force now by which a caller is one whom nobody reached."""
        self._rules = rules
        self._records, self._news, self._clocks = records, news, clocks
        self._offers, self._emergencies = offers, emergencies

    # a call begins, or comes back

    async def begin(self, call: Call, channel: str, trace: str = "", actor: str = "line") -> bool:
        """Record it before anything is said; False when it is known already."""
        started = NewEvent(
            call.id, EventType.CALL_STARTED, call.started_at, actor, channel,
            {"direction": call.direction, "trace": trace, "dnis": call.dnis},
            {"number": call.caller.raw, "name": call.caller.name},
        )  # fmt: skip
        return await self._records.calls.open(call, [started])

    async def announce(self, call: Call, channel: str, ticket_id: str | None) -> None:
        """What else there is to note of a call that has begun: its leg, its matter; and that there is a new call."""
        kind = LegKind.CALLED if call.direction == "outbound" else LegKind.CALLER
        leg = CallLeg(new_id(), call.id, channel, kind, call.started_at, node=call.node)
        await _if_it_can_be_had(self._records.legs.open(leg))
        if ticket_id:  # of an outbound call: the talk, and what is noted of it, belong there
            await _if_it_can_be_had(self._records.tickets.join(ticket_id, call.id, call.started_at))
        await self._news.publish("call", call=call.id)

    async def resume(self, call: Call, dialogue: Mapping[str, Any], step: str, timeline: Timeline) -> None:
        """Another session serves it from here on."""
        timeline.note(EventType.CALL_RESUMED, {"step": step})
        await self._records.calls.save(call.id, dialogue, timeline.take(), CallEvent.RESUMED)

    async def write_notes(self, timeline: Timeline) -> None:
        """What happened so far. Raises: NotFound."""
        await self._records.calls.append(timeline.take())

    async def keep_notes(self, timeline: Timeline) -> None:
        """What happened so far, where the records take it; the call does not depend on that any more."""
        await _if_it_can_be_had(self.write_notes(timeline))

    # its channels

    async def joined_by_agent(self, call: Call, channel: str) -> None:
        """The channel of an agent's phone that has answered."""
        leg = CallLeg(new_id(), call.id, channel, LegKind.AGENT, self._clocks.now(), node=call.node)
        await self._records.legs.open(leg)

    async def channel_ended(self, channel: str, cause: str) -> None:
        """Whatever leg of a call that channel was, if it was any."""
        await self._records.legs.end(channel, cause, self._clocks.now())

    async def how_it_ended(self, call_id: str, channel: str) -> str | None:
        """Why this leg of the call is over, by Asterisk: None while it is not, empty where there is no such."""
        legs = await self._records.legs.of_call(call_id)
        return next(((leg.cause or "") if leg.ended_at else None for leg in legs if leg.channel == channel), "")

    # the call is over

    async def end(
        self, call_id: str, ending: str, timeline: Timeline, at: datetime | None = None, actor: str = "line",
        late: EventType | None = None,
    ) -> bool:  # fmt: skip
        """End it, once, with what was noted; False when it had ended already, and nothing is written.

        Its place, its offer and its emergency end with it; whom nobody has reached is listed. `late`: what was noted is
        told of an ended call, too, unless its timeline has such an event of this leg. Raises: NotFound.
        """
        at, noted = at or self._clocks.now(), timeline.take()
        ended = NewEvent(call_id, EventType.CALL_ENDED, at, actor, timeline.leg_id, {"ending": ending})
        if not await self._records.calls.end(call_id, ending, at, [*noted, ended], self._rules()):
            if late:
                await self._add_late(call_id, late, timeline.leg_id, noted, at)
            return False
        await self._offers.caller_left(call_id)
        await self._emergencies.call_ended(call_id, ending == ANSWERED)
        await self._news.publish("call", call=call_id)
        return True

    async def _add_late(self, call_id: str, late: EventType, leg: str, noted: Sequence[NewEvent], at: datetime) -> None:
        if not await self._has(call_id, late, leg):
            await self._records.calls.append(noted)
            await self._news.publish("call", call=call_id)
        await self._records.missed.judge(call_id, at, self._rules())

    async def _has(self, call_id: str, type: EventType, leg: str) -> bool:
        return any(event.type == type and event.leg == leg for event in await self._records.calls.timeline(call_id))


async def _if_it_can_be_had(writing: Awaitable[object]) -> None:
    with suppress(Exception):
        async with asyncio.timeout(NOTES_S):
            await writing
