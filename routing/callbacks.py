"""Callbacks are kept: stored before they are confirmed, dialled once per attempt, taken up again after a crash."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from config.documents import CallbackRules
from routing.identity import new_id
from routing.lifecycle import (
    ATTEMPT_TRANSITIONS,
    OFFER_TRANSITIONS,
    AttemptEvent,
    OfferEvent,
    step,
)
from routing.model import (
    AgentState,
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    NewEvent,
    NotDialled,
    Offer,
    OfferState,
    WaitingCaller,
)
from routing.numbers import may_be_dialled
from routing.ports import News, Records

GRACE_S = 10  # an Originate may be on its way while its channel is not listed yet
UNCONFIRMED_S = 5  # between the answer and the record of the call
UNHEARD_S = 60  # beyond the ringing: Asterisk's word on the attempt was lost
MOST_NUMBERS = 3  # times the attempts allowed, counting those that were lost


class Dialler(Protocol):
    async def originate(self, attempt: Attempt, callback: Callback) -> None:
        """Ring the callback's number with the attempt's id as channel id; answers once that is under way.

        Raises: NotDialled where it certainly was not; anything else leaves the attempt to `recover`.
        """


@dataclass(frozen=True)
class Sight:
    """What one look at the records shows."""

    offers: Sequence[Offer]
    waiting: Sequence[WaitingCaller]

    def offer_of(self, callback: Callback) -> Offer | None:
        return next((offer for offer in self.offers if offer.callback_id == callback.id), None)

    def entry_of(self, callback: Callback) -> WaitingCaller | None:
        return next((entry for entry in self.waiting if entry.callback_id == callback.id), None)


class CallbackDesk:
    """Any number may run: what is dialled is what was claimed."""

    def __init__(self, records: Records, news: News, dialler: Dialler, rules: Callable[[], CallbackRules]) -> None:
        """`rules` returns those that are in force now."""
        self._records = records
        self._news = news
        self._dialler = dialler
        self._rules_now = rules

    @property
    def _rules(self) -> CallbackRules:
        return self._rules_now()

    async def store(self, callback: Callback) -> Callback:
        """Keep a callback before it is confirmed to the caller."""
        kept = await self._records.callbacks.store(callback)
        await self._news.tell("callback", callback=kept.id, state=kept.state)
        return kept

    async def tick(self, now: datetime) -> None:
        """Dial for the agents who have seen their offer, and heal what a dead process left behind."""
        callbacks = await self._records.callbacks.open()
        if not callbacks:
            return
        sight = Sight(await self._records.offers.live(), await self._records.queue.waiting())
        for callback in callbacks:
            await self._attend(callback, sight, now)

    async def _attend(self, callback: Callback, sight: Sight, now: datetime) -> None:
        offer = sight.offer_of(callback)
        match callback.state:
            case CallbackState.PENDING if offer and offer.state is OfferState.SEEN:
                await self._dial(callback, offer, now)
            case CallbackState.DIALLING:
                await self._check_attempt(callback, now)
            case CallbackState.CONNECTED if offer is None:
                await self._check_talk(callback, sight.entry_of(callback), now)
            case CallbackState.CONNECTED if offer and offer.call_id is None:  # offered anew before we saw them go
                await self._put_back(callback, CallbackState.CONNECTED, now)
                await self._release(offer.id, "caller left", now)

    async def _dial(self, callback: Callback, offer: Offer, now: datetime) -> None:
        if not may_be_dialled(callback.number, self._rules):
            await self._give_up(callback, offer, now)
            return
        if callback.not_before and callback.not_before > now:
            await self._release(offer.id, "not its time yet", now)
            return
        attempt = Attempt(new_id(), callback.id, callback.attempts + 1, AttemptState.CLAIMED, now, offer.id)
        if not await self._records.callbacks.claim_attempt(
            attempt, _events("callback.attempt", callback, attempt, now)
        ):
            return  # another controller dials
        sources, to = step(ATTEMPT_TRANSITIONS, AttemptEvent.SENT)
        if not await self._records.callbacks.advance_attempt(attempt.id, sources, to, now):
            return
        await self._news.tell("callback", callback=callback.id, attempt=attempt.id, state=to)
        try:
            await self._dialler.originate(attempt, callback)
        except NotDialled as error:  # our fault, so it does not count against the caller
            await self._over(attempt.id, AttemptEvent.LOST, str(error), now)

    async def _give_up(self, callback: Callback, offer: Offer, now: datetime) -> None:
        """However the number got there: the dial patterns have the last word."""
        pending = [CallbackState.PENDING]
        if await self._records.callbacks.advance(callback.id, pending, CallbackState.FAILED, now):
            await self._news.tell("callback", callback=callback.id, state=CallbackState.FAILED)
        await self._release(offer.id, "number may not be dialled", now)

    async def failed(self, attempt_id: str, why: str, now: datetime) -> bool:
        """The attempt reached nobody: the callback goes back to its place, or is given up. False when it was over."""
        return await self._over(attempt_id, AttemptEvent.FAILED, why, now)

    async def recover(self, now: datetime, live_channel_ids: Collection[str]) -> None:
        """After a restart of ours or of Asterisk: what has no channel is lost and tried again, never sent again.

        `live_channel_ids` is the complete list, just read.
        """
        for attempt in await self._records.callbacks.open_attempts():
            fresh = now - attempt.at < timedelta(seconds=GRACE_S)
            if attempt.id not in live_channel_ids and not fresh:
                await self._over(attempt.id, AttemptEvent.LOST, "no channel", now)

    async def _over(self, attempt_id: str, event: AttemptEvent, why: str, now: datetime) -> bool:
        sources, to = step(ATTEMPT_TRANSITIONS, event)
        attempt = await self._records.callbacks.load_attempt(attempt_id)
        callback = await self._records.callbacks.load(attempt.callback_id)
        events = _events("callback.failed", callback, attempt, now)
        if not await self._records.callbacks.advance_attempt(attempt_id, sources, to, now, why, events):
            return False
        await self._put_back(callback, CallbackState.DIALLING, now)
        if attempt.offer_id and not (await self._records.offers.load(attempt.offer_id)).call_id:
            await self._release(attempt.offer_id, "callback not reached", now)
        return True

    async def _check_attempt(self, callback: Callback, now: datetime) -> None:
        """Somebody dials, or died dialling."""
        attempt = (await self._records.callbacks.attempts_of(callback.id))[-1]
        age = now - attempt.at
        if attempt.state in (AttemptState.FAILED, AttemptState.LOST):
            await self._put_back(callback, CallbackState.DIALLING, now)
        elif attempt.state is AttemptState.SENT and age > timedelta(seconds=self._rules.ring_s + UNHEARD_S):
            await self._over(attempt.id, AttemptEvent.LOST, "no word from Asterisk", now)
        elif attempt.state is AttemptState.ANSWERED and age > timedelta(seconds=UNCONFIRMED_S):
            if not await self._on_the_line(callback):
                await self._over(attempt.id, AttemptEvent.FAILED, "nobody confirmed", now)

    async def _on_the_line(self, callback: Callback) -> bool:
        return any(call.callback_id == callback.id for call in await self._records.calls.live())

    async def _check_talk(self, callback: Callback, entry: WaitingCaller | None, now: datetime) -> None:
        """Confirmed, and no offer: waiting for the next agent, gone before one answered, or all done."""
        if entry is None:
            talked = [CallbackState.CONNECTED]
            await self._records.callbacks.advance(callback.id, talked, CallbackState.DONE, now)
        elif entry.call_id is None:
            await self._put_back(callback, CallbackState.CONNECTED, now)

    async def _put_back(self, callback: Callback, source: CallbackState, now: datetime) -> None:
        """Into its place for another attempt after the spacing, or out: then a person must look."""
        attempts = await self._records.callbacks.attempts_of(callback.id)
        counted = [attempt for attempt in attempts if attempt.state is not AttemptState.LOST]
        spent = len(counted) >= self._rules.attempts or len(attempts) >= self._rules.attempts * MOST_NUMBERS
        to = CallbackState.FAILED if spent else CallbackState.PENDING
        not_before = None if spent else now + timedelta(seconds=self._rules.spacing_s)
        if await self._records.callbacks.advance(callback.id, [source], to, now, not_before):
            await self._news.tell("callback", callback=callback.id, state=to)

    async def _release(self, offer_id: str, why: str, now: datetime) -> None:
        sources, to = step(OFFER_TRANSITIONS, OfferEvent.LAPSED)
        if await self._records.offers.advance(offer_id, sources, to, now, why, AgentState.AVAILABLE):
            offer = await self._records.offers.load(offer_id)
            await self._news.tell("offer", offer=offer_id, agent=offer.agent_id, call=offer.call_id or "", state=to)


def _events(named: str, callback: Callback, attempt: Attempt, at: datetime) -> list[NewEvent]:
    """For the timeline of the call that asked to be called back."""
    if callback.call_id is None:
        return []
    facts = {"callback_id": callback.id, "attempt": attempt.id, "number": attempt.number}
    return [NewEvent(callback.call_id, named, at, actor="system", payload=facts)]
