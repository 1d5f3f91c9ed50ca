"""What Asterisk's manager interface tells the line, and what the line asks of it beyond a call's own session."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from config.in_force import EditionInForce
from controller.emergency_calls import ENDPOINT, EmergencyCalls
from controller.left_matters import LeftMatters
from controller.refusals import Refusals
from ivr.notebook import Notebook
from routing.callbacks import CallbackDesk
from routing.dispatch import Dispatcher
from routing.event_types import EventType
from routing.identity import new_id
from routing.legs import CallLeg, LegKind
from routing.model import Attempt, Call, Callback, NotDialled, OfferState
from routing.ports import News, Records
from runtime.clock import now
from telephony.ami import ActionRefused, AmiDown, AmiError, AmiEvent, Originate, ValueRefused, hangup_cause
from telephony.ami_client import AmiClient

log = structlog.get_logger()
REREAD_S = 5.0
GRACE_S = 30.0  # between a call's record and its channel being listed, and the other way round


@dataclass
class AmiDialler:
    """Rings the phone of a callback: its registered contact, else the trunk. One Originate per attempt, ever."""

    ami: AmiClient
    line_number: str  # shown to whoever is called back
    in_force: EditionInForce
    registered: set[str] = field(default_factory=set)

    async def originate(self, attempt: Attempt, callback: Callback) -> None:
        number, rules = callback.number, self.in_force.callback()
        dialled = f"PJSIP/{number}" if number in self.registered else f"PJSIP/{number}@{rules.trunk}"
        call = Originate(
            channel_id=attempt.id, dialled=dialled, context="onenumber-callback",
            caller_number=self.line_number, timeout_ms=rules.ring_s * 1000,
            variables={"ON_ATTEMPT": attempt.id, "ON_DNIS": self.line_number},
        )  # fmt: skip
        try:
            await self.ami.originate(call)
        except (AmiDown, ActionRefused, ValueRefused) as error:
            raise NotDialled(repr(error)) from error


@dataclass
class Switchboard:
    """Keeps the records in step with Asterisk: phones, answers, failed callbacks, calls that are gone."""

    ami: AmiClient
    records: Records
    news: News
    dispatcher: Dispatcher
    callbacks: CallbackDesk
    dialler: AmiDialler
    emergencies: EmergencyCalls
    refusals: Refusals = field(default_factory=Refusals)
    left: LeftMatters | None = None
    _phones_changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._reread())

    async def _follow(self) -> None:
        names = ("DialBegin", "DialEnd", "Hangup", "OriginateResponse", "ContactStatus", "UserEvent")
        with self.ami.events(*names) as events:
            async for event in events:
                for listener in (self.emergencies.happened, self._happened):
                    try:
                        await listener(event)
                    except Exception:
                        log.exception("an event of Asterisk was not handled", event_name=event.name)

    async def _happened(self, event: AmiEvent) -> None:
        if event.name == "OriginateResponse" and event["Response"] == "Failure":
            await self.callbacks.failed(event["ActionID"], f"not reached ({event['Reason']})", now())
        elif event.name == "DialEnd" and event["DialStatus"] == "ANSWER":
            await self._answered(event)
        elif event.name == "Hangup":
            await self.records.legs.end(event["Uniqueid"], hangup_cause(event), now())
        elif event.name == "ContactStatus":
            self._phones_changed.set()
        elif event.name == "UserEvent":
            self.refusals.take(event)

    async def _answered(self, event: AmiEvent) -> None:
        """A dispatcher took the phone: known at once, not only when the talk is over."""
        phone = ENDPOINT.match(event["DestChannel"])
        agents = await self.records.agents.all()
        agent = next((agent for agent in agents if phone and agent.phone == phone[1]), None)
        offer = await self.records.offers.of_agent(agent.id) if agent else None
        if offer is None or offer.call_id is None:
            return
        call = await self.records.calls.load(offer.call_id)
        if _channel_of(call) != event["Uniqueid"]:
            return  # an emergency rang the same phone
        if offer.state is OfferState.RINGING:
            await self.dispatcher.answered(offer.id)
        if event["DestUniqueid"]:
            await self.records.legs.open(CallLeg(new_id(), call.id, event["DestUniqueid"], LegKind.AGENT, now()))

    async def _reread(self) -> None:
        """After each reconnect and every few seconds: events may have been missed."""
        while True:
            try:
                if await self.ami.ready(REREAD_S):
                    await self._read_phones()
                    await self._read_channels()
            except AmiError as error:
                log.warning("Asterisk could not be re-read", why=repr(error))
            except Exception:
                log.exception("re-reading Asterisk failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._phones_changed.wait(), REREAD_S)
            self._phones_changed.clear()

    async def _read_phones(self) -> None:
        phones = await self.ami.registered_phones()
        self.dialler.registered = {phone for phone, registered in phones.items() if registered}
        await self.records.agents.phones_registered(phones, now())

    async def _read_channels(self) -> None:
        listed_at = now()
        channels = {channel.uniqueid: channel for channel in await self.ami.core_show_channels()}
        calls = await self.records.calls.live()
        on_channels = {channel: call for call in calls if (channel := _channel_of(call))}
        await self.emergencies.reread(on_channels, list(channels.values()), listed_at)
        await self.callbacks.recover(now(), channels.keys())
        for call in calls:
            uniqueid = _channel_of(call)
            if uniqueid in channels and channels[uniqueid].bridge:
                await self._talks(call.id)
            elif uniqueid and uniqueid not in channels and now() - call.started_at > timedelta(seconds=GRACE_S):
                await self._gone(call.id)

    async def _talks(self, call_id: str) -> None:
        """Who talks waits no more; without a ringing offer it is the fallback group, rung while no controller lived."""
        offer = await self.records.offers.of_call(call_id)
        entry = await self.records.queue.of_call(call_id)
        if entry and (offer is None or offer.state in (OfferState.MADE, OfferState.SEEN)):
            await self.records.queue.leave(entry.id, "talks to the fallback group", now())
            await self.news.publish("queue", call=call_id)

    async def _gone(self, call_id: str) -> None:
        """Its channel ended while no controller could note it."""
        notebook = Notebook(call_id, "", now)
        if self.left:
            await self.left.record(call_id, notebook)
        notebook.note(EventType.CALL_ENDED, {"ending": "lost"}, actor="system")
        if await self.records.calls.end(call_id, "lost", now(), notebook.take()):
            log.warning("a call ended unnoticed", call=call_id)
            await self.dispatcher.caller_left(call_id)
            await self.news.publish("call", call=call_id)


def _channel_of(call: Call) -> str | None:
    """Asterisk's unique id of the caller's channel."""
    channel: str | None = call.dialogue.get("facts", {}).get("channel")
    return channel
