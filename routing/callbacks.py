"""Callbacks are kept: stored before they are confirmed, dialled once per attempt, taken up again after a crash."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

from config.documents import CallbackRules
from routing.dispatch import publish_offer
from routing.event_types import EventType
from routing.identity import new_id
from routing.lifecycle import (
    CALLBACK_TRANSITIONS,
    AgentEvent,
    AttemptEvent,
    CallbackEvent,
    OfferEvent,
    leads_to,
)
from routing.model import (
    Attempt,
    AttemptState,
    Callback,
    CallbackState,
    NewEvent,
    NotDialled,
    Offer,
    OfferState,
)
from routing.numbers import may_be_dialled
from routing.ports import News, Records

GRACE_S = 10  # an Originate may be on its way while its channel is not listed yet
UNCONFIRMED_S = 5  # between the answer and the record of the call
UNHEARD_S = 60  # beyond the ringing: Asterisk's word on the attempt was lost
MOST_NUMBERS = 3  # times the attempts allowed, counting those that were lost


class Dialler(Protocol):
    async def originate(self, attempt: Attempt, callback: Callback) -> None:
        """Ring the callback's number with the attempt's id as channel id; returns once that is under way.

        Raises: NotDialled where it certainly was not; anything else leaves the attempt to `recover`.
        """


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

    async def tick(self, now: datetime) -> None:
        """Dial for the agents who have seen their offer, and heal what a dead process left behind."""
        callbacks = await self._records.callbacks.open()
        if not callbacks:
            return
        offers = {offer.callback_id: offer for offer in await self._records.offers.live()}
        for callback in callbacks:
            await self._attend(callback, offers.get(callback.id), now)

    async def _attend(self, callback: Callback, offer: Offer | None, now: datetime) -> None:
        match callback.state:
            case CallbackState.PENDING if offer and offer.state is OfferState.SEEN:
                await self._dial(callback, offer, now)
            case CallbackState.DIALLING:
                await self._check_attempt(callback, now)
            case CallbackState.CONNECTED if offer is None:
                await self._check_talk(callback, now)
            case CallbackState.CONNECTED if offer and offer.call_id is None:  # offered anew before we saw them go
                await self._put_back(callback, now, CallbackEvent.LOST, CallbackEvent.LOST_LAST)
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
            attempt, _events(EventType.CALLBACK_ATTEMPT, callback, attempt, now)
        ):
            return  # another controller dials
        if not await self._records.callbacks.advance_attempt(attempt.id, AttemptEvent.SENT, now):
            return
        await self._news.publish("callback", callback=callback.id, attempt=attempt.id, state=AttemptState.SENT)
        try:
            await self._dialler.originate(attempt, callback)
        except NotDialled as error:  # our fault, so it does not count against the caller
            await self._over(attempt.id, AttemptEvent.LOST, str(error), now)

    async def _give_up(self, callback: Callback, offer: Offer, now: datetime) -> None:
        """However the number got there: the dial patterns have the last word."""
        await self._step(callback, CallbackEvent.NOT_DIALLABLE, now)
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
        attempt = await self._records.callbacks.load_attempt(attempt_id)
        callback = await self._records.callbacks.load(attempt.callback_id)
        events = _events(EventType.CALLBACK_FAILED, callback, attempt, now)
        if not await self._records.callbacks.advance_attempt(attempt_id, event, now, why, events):
            return False
        await self._put_back(callback, now)
        if attempt.offer_id and not (await self._records.offers.load(attempt.offer_id)).call_id:
            await self._release(attempt.offer_id, "callback not reached", now)
        return True

    async def _check_attempt(self, callback: Callback, now: datetime) -> None:
        """Somebody dials, or died dialling."""
        attempt = (await self._records.callbacks.attempts_of(callback.id))[-1]
        age = now - attempt.at
        if attempt.state in (AttemptState.FAILED, AttemptState.LOST):
            await self._put_back(callback, now)
        elif attempt.state is AttemptState.SENT and age > timedelta(seconds=self._rules.ring_s + UNHEARD_S):
            await self._over(attempt.id, AttemptEvent.LOST, "no word from Asterisk", now)
        elif attempt.state is AttemptState.ANSWERED and age > timedelta(seconds=UNCONFIRMED_S):
            if not await self._on_the_line(callback):
                await self._over(attempt.id, AttemptEvent.FAILED, "nobody confirmed", now)

    async def _on_the_line(self, callback: Callback) -> bool:
        return any(call.callback_id == callback.id for call in await self._records.calls.live())

    async def _check_talk(self, callback: Callback, now: datetime) -> None:
        """Waiting for the next agent, or being offered by now; gone before one answered; or served otherwise."""
        entry = await self._records.queue.of_callback(callback.id)
        if entry is None:
            await self._records.callbacks.advance(callback.id, CallbackEvent.LEFT_QUEUE, now)
        elif entry.call_id is None:
            await self._put_back(callback, now, CallbackEvent.LOST, CallbackEvent.LOST_LAST)

    async def _put_back(
        self, callback: Callback, now: datetime, event: CallbackEvent = CallbackEvent.FAILED,
        last: CallbackEvent = CallbackEvent.EXHAUSTED,
    ) -> None:  # fmt: skip
        """Into its place for another attempt after the spacing, or out: then a person must look."""
        attempts = await self._records.callbacks.attempts_of(callback.id)
        counted = [attempt for attempt in attempts if attempt.state is not AttemptState.LOST]
        spent = len(counted) >= self._rules.attempts or len(attempts) >= self._rules.attempts * MOST_NUMBERS
        not_before = None if spent else now + timedelta(seconds=self._rules.spacing_s)
        await self._step(callback, last if spent else event, now, not_before)

    async def _step(
        self, callback: Callback, event: CallbackEvent, now: datetime, not_before: datetime | None = None
    ) -> None:
        if await self._records.callbacks.advance(callback.id, event, now, not_before):
            await self._news.publish("callback", callback=callback.id, state=leads_to(CALLBACK_TRANSITIONS, event))

    async def _release(self, offer_id: str, why: str, now: datetime) -> None:
        if await self._records.offers.advance(offer_id, OfferEvent.LAPSED, now, why, AgentEvent.RELEASED):
            await publish_offer(self._news, await self._records.offers.load(offer_id), OfferState.LAPSED)


def _events(named: EventType, callback: Callback, attempt: Attempt, at: datetime) -> list[NewEvent]:
    """For the timeline of the call that asked to be called back."""
    if callback.call_id is None:
        return []
    facts = {"callback_id": callback.id, "attempt": attempt.id, "number": attempt.number}
    return [NewEvent(callback.call_id, named, at, actor="system", payload=facts)]
