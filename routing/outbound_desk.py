"""Outbound calls are kept: dialled once per attempt, taken up again after a crash, so many at once as are allowed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from config.documents import CallbackRules
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import (
    OPEN_ATTEMPTS,
    OUTBOUND_CALL_TRANSITIONS,
    AgentEvent,
    AttemptEvent,
    OutboundCallEvent,
    leads_to,
)
from routing.model import (
    OPEN_OUTBOUND_CALLS,
    Attempt,
    AttemptState,
    NewEvent,
    NotDialled,
    Offer,
    OfferState,
    OutboundCall,
    OutboundCallState,
    Stage,
)
from routing.nodes import BEFORE
from routing.numbers import may_be_dialled
from routing.overdue import Lapse
from routing.purposes import Purpose
from routing.retrying import LOST, AttemptResult, again_at, result_of_call
from routing.rules import was_served
from routing.services.line import LineServices

GRACE_S = 10  # an Originate may be on its way while its channel is not listed yet
UNCONFIRMED_S = 5  # between the answer and the record of the call
UNHEARD_S = 60  # beyond the ringing: Asterisk's word on the attempt was lost


class Dialler(Protocol):
    async def originate(self, attempt: Attempt, call: OutboundCall) -> None:
        """Ring the call's number with the attempt's id as channel id; answers once that is under way.

        Raises: NotDialled where it certainly was not; anything else leaves the attempt to `recover`.
        """


class OutboundDesk:
    """Any number may run: what is dialled is what was claimed."""

    def __init__(
        self, services: LineServices, dialler: Dialler, rules: Callable[[], CallbackRules], node: str = BEFORE
    ) -> None:
        """`rules` returns those that are in force now; `node` is the one whose Asterisk dials."""
        self._records, self._news, self._offers = services.records, services.news, services.offers
        self._dialler, self._rules_now, self._node = dialler, rules, node

    @property
    def _rules(self) -> CallbackRules:
        return self._rules_now()

    async def tick(self, now: datetime) -> None:
        """Dial what is due, and heal what a dead process left behind."""
        calls = await self._records.outbound_calls.to_attend(now)
        if not calls:
            return
        offers = {offer.callback_id: offer for offer in await self._records.offers.live()}
        callbacks = [call for call in calls if call.rule.for_agent]
        for callback in callbacks:
            await self._attend_callback(callback, offers.get(callback.id), now)
        others = [call for call in calls if not call.rule.for_agent]
        due = [call for call in others if await self._attend(call, now)]
        offered = {callback.number for callback in callbacks if callback.id in offers}  # an agent is kept for them
        on_the_line = sum(call.state is OutboundCallState.CONNECTED for call in others)
        await self._dial_due([call for call in due if call.number not in offered], on_the_line, now)

    # callbacks are dialled for the agent whose desk shows them

    async def _attend_callback(self, callback: OutboundCall, offer: Offer | None, now: datetime) -> None:
        match callback.state:
            case OutboundCallState.PENDING if offer and offer.state is OfferState.SEEN:
                if (await self._records.agents.load(offer.agent_id)).rings_at(self._node):  # who is rung after it
                    await self._dial_for(callback, offer, now)
            case OutboundCallState.DIALLING:
                await self._check_attempt(callback, now)
            case OutboundCallState.CONNECTED if offer is None:
                await self._check_talk(callback, now)
            case OutboundCallState.CONNECTED if offer and offer.call_id is None:  # offered before we saw them go
                await self._put_back(callback, now, OutboundCallEvent.LOST, OutboundCallEvent.LOST_LAST)
                await self._release(offer.id, "caller left")

    async def _dial_for(self, callback: OutboundCall, offer: Offer, now: datetime) -> None:
        if not may_be_dialled(callback.number, self._rules):
            await self._step(callback, OutboundCallEvent.NOT_DIALLABLE, now)
            await self._release(offer.id, "number may not be dialled")
        elif callback.due > now:
            await self._release(offer.id, "not its time yet")
        else:
            await self._dial(callback, now, offer)

    async def _check_talk(self, callback: OutboundCall, now: datetime) -> None:
        """Waiting for the next agent, or being offered by now; gone before one answered; or served otherwise."""
        entry = await self._records.queue.of_callback(callback.id)
        if entry is None:
            await self._records.outbound_calls.advance(callback.id, OutboundCallEvent.LEFT_QUEUE, now)
        elif entry.call_id is None:
            await self._put_back(callback, now, OutboundCallEvent.LOST, OutboundCallEvent.LOST_LAST)

    # the others are dialled when they are due, and their flow serves who takes the phone

    async def _attend(self, call: OutboundCall, now: datetime) -> bool:
        """Whether it may be dialled now. An attempt that became a call is over when that call is, whatever was noted.

        So who is on the line although their attempt was given up is not rung again.
        """
        if not call.attempts:
            return True
        attempt = (await self._records.outbound_calls.attempts_of(call.id))[-1]
        became = await self._records.calls.of_attempt(attempt.id)
        if became and not became.ended_at:
            return False
        if became and was_served(attempt, became.ending):
            await self._served(call, attempt, now)
            return False
        if call.state is OutboundCallState.PENDING:
            return True
        if became and attempt.state in OPEN_ATTEMPTS:
            await self._over(attempt.id, AttemptEvent.FAILED, result_of_call(became.ending), now)
        else:
            await self._check_attempt(call, now)
        return False

    async def _served(self, call: OutboundCall, attempt: Attempt, now: datetime) -> None:
        if await self._records.outbound_calls.served(call.id, attempt.id, now):
            await self._tell(call, OutboundCallState.DONE)

    async def _dial_due(self, due: Sequence[OutboundCall], on_the_line: int, now: datetime) -> None:
        """Those that have waited longest, as far as there are slots: two controllers never take the same one.

        Of a person `on_the_line` the slot has been given back, and the call is under way all the same.
        """
        if not due:
            return
        resting = await self._records.outbound_calls.resting()
        attempts = await self._records.outbound_calls.open_attempts()
        taken = {attempt.slot for attempt in attempts if attempt.slot is not None}
        room = max(0, self._rules.at_once - len(taken) - on_the_line)
        slots = [slot for slot in range(self._rules.at_once) if slot not in taken][:room]
        rung = set[str]()
        for call in sorted(due, key=lambda call: call.due):
            if not slots or call.id in resting or call.number in rung:
                continue
            if not may_be_dialled(call.number, self._rules):
                await self._step(call, OutboundCallEvent.NOT_DIALLABLE, now)
                continue
            rung.add(call.number)
            await self._dial(call, now, slot=slots.pop(0))

    # dialling, alike for all

    async def _dial(
        self, call: OutboundCall, now: datetime, offer: Offer | None = None, slot: int | None = None
    ) -> None:
        """A callback is dialled for an agent who is free, and one at a time for each: so never more than there are."""
        number = call.attempts + 1
        offer_id, agent_id = (offer.id, offer.agent_id) if offer else (None, None)
        attempt = Attempt(
            new_id(), call.id, number, AttemptState.CLAIMED, now, offer_id, slot, node=self._node, agent_id=agent_id
        )  # fmt: skip
        told = _events(ATTEMPTED, call, attempt, now)
        if not await self._records.outbound_calls.claim_attempt(attempt, told):
            return  # another controller dials
        if not await self._records.outbound_calls.advance_attempt(attempt.id, AttemptEvent.SENT, now):
            return
        await self._tell(call, AttemptState.SENT)
        try:
            await self._dialler.originate(attempt, call)
        except NotDialled as error:  # our fault, so it does not count against the caller
            await self._over(attempt.id, AttemptEvent.LOST, str(error), now)

    async def failed(self, attempt_id: str, result: AttemptResult, now: datetime) -> bool:
        """The attempt reached nobody: the call waits for another one, or is given up. False when it was over."""
        return await self._over(attempt_id, AttemptEvent.FAILED, result, now)

    async def recover(self, now: datetime, live_channel_ids: Collection[str], node: str | None = None) -> None:
        """After a restart of ours or of Asterisk: what has no channel is lost and tried again, never sent again.

        `live_channel_ids` is the complete list of the node's, just read; the node is ours, or one that is gone.
        """
        at = self._node if node is None else node
        for attempt in await self._records.outbound_calls.open_attempts():
            if attempt.node != at:
                continue
            fresh = now - attempt.at < timedelta(seconds=GRACE_S)
            if attempt.id in live_channel_ids or fresh or await self._told_by_its_call(attempt):
                continue
            await self._over(attempt.id, AttemptEvent.LOST, "no channel", now)

    async def _told_by_its_call(self, attempt: Attempt) -> bool:
        """Whether a phone was taken, and what came of it is still to be seen."""
        if attempt.state is not AttemptState.ANSWERED:
            return False
        call = await self._records.outbound_calls.load(attempt.outbound_call_id)
        return call.state in OPEN_OUTBOUND_CALLS

    async def _over(self, attempt_id: str, event: AttemptEvent, why: str, now: datetime) -> bool:
        attempt = await self._records.outbound_calls.load_attempt(attempt_id)
        call = await self._records.outbound_calls.load(attempt.outbound_call_id)
        result = why if event is AttemptEvent.FAILED else LOST
        events = _events(FAILED, call, attempt, now, {"result": result})
        if not await self._records.outbound_calls.advance_attempt(attempt_id, event, now, why, events):
            return False
        await self._put_back(call, now)
        if attempt.offer_id and not (await self._records.offers.load(attempt.offer_id)).call_id:
            await self._release(attempt.offer_id, "callback not reached")
        return True

    async def _check_attempt(self, call: OutboundCall, now: datetime) -> None:
        """Somebody dials, or died dialling."""
        attempt = (await self._records.outbound_calls.attempts_of(call.id))[-1]
        age = now - attempt.at
        if attempt.state in (AttemptState.FAILED, AttemptState.LOST):
            await self._put_back(call, now)
        elif attempt.state is AttemptState.SENT and age > timedelta(seconds=self._rules.ring_s + UNHEARD_S):
            await self._over(attempt.id, AttemptEvent.LOST, "no word from Asterisk", now)
        elif attempt.state is AttemptState.ANSWERED and age > timedelta(seconds=UNCONFIRMED_S):
            if not await self._on_the_line(call):
                became = await self._records.calls.of_attempt(attempt.id)
                result = result_of_call(became.ending if became else None)
                await self._over(attempt.id, AttemptEvent.FAILED, result, now)

    async def _on_the_line(self, call: OutboundCall) -> bool:
        return any(live.outbound_call_id == call.id for live in await self._records.calls.live())

    async def _put_back(
        self, call: OutboundCall, now: datetime, event: OutboundCallEvent = OutboundCallEvent.FAILED,
        last: OutboundCallEvent = OutboundCallEvent.EXHAUSTED,
    ) -> None:  # fmt: skip
        """Another attempt as the rules say (a callback keeps its place), or out: then a person must look."""
        if call.rule.ends_with_ticket and (await self._records.tickets.load(call.ticket_id)).stage is Stage.CLOSED:
            await self._step(call, OutboundCallEvent.MATTER_CLOSED, now)
            return
        due = again_at(await self._records.outbound_calls.attempts_of(call.id), self._rules, now)
        await self._step(call, event if due else last, now, due)

    async def _step(
        self, call: OutboundCall, event: OutboundCallEvent, now: datetime, due: datetime | None = None
    ) -> None:
        if await self._records.outbound_calls.advance(call.id, event, now, due):
            await self._tell(call, leads_to(OUTBOUND_CALL_TRANSITIONS, event))

    async def _tell(self, call: OutboundCall, state: str) -> None:
        await self._news.publish("outbound", outbound_call=call.id, purpose=call.purpose, state=state)

    async def _release(self, offer_id: str, why: str) -> None:
        await self._offers.withdraw(offer_id, Lapse(why, AgentEvent.RELEASED))


ATTEMPTED = (EventType.CALLBACK_ATTEMPT, EventType.OUTBOUND_ATTEMPT)
NOTHING_MORE: Mapping[str, str] = {}
FAILED = (EventType.CALLBACK_FAILED, EventType.OUTBOUND_FAILED)


def _events(
    named: tuple[EventType, EventType], call: OutboundCall, attempt: Attempt, at: datetime,
    more: Mapping[str, str] = NOTHING_MORE,
) -> list[NewEvent]:  # fmt: skip
    """For the timeline of the call that it goes back to; `named`: of a callback, of any other."""
    if call.call_id is None:
        return []
    is_callback = call.purpose is Purpose.CALLBACK
    facts = {"attempt": attempt.id, "number": attempt.number, **more}
    facts |= {"callback_id": call.id} if is_callback else {"outbound_call": call.id, "purpose": call.purpose}
    return [NewEvent(call.call_id, named[0 if is_callback else 1], at, actor="system", payload=facts)]
