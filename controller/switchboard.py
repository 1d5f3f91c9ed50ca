"""What Asterisk's manager interface tells the line, and what the line asks of it beyond a call's own session."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from config.in_force import EditionInForce
from controller.agent_phones import AgentPhones
from controller.dial_results import DialResults
from controller.emergency_calls import EmergencyCalls
from controller.endings import CallEndings
from controller.gone_nodes import GoneNodes
from controller.refusals import Refusals
from controller.talk_calls import TalkCalls
from ivr.notebook import Notebook
from routing.identity import is_id
from routing.missed import TALKS_TO_FALLBACK
from routing.model import Attempt, NotDialled, NotFound, OfferState, OutboundCall
from routing.nodes import BEFORE, NodeWatch
from routing.outbound_desk import OutboundDesk
from routing.retrying import AttemptResult
from routing.services.line import LineServices
from runtime.clock import now
from telephony.ami import ActionRefused, AmiDown, AmiError, AmiEvent, Originate, ValueRefused, hangup_cause
from telephony.ami_client import AmiClient
from telephony.dialling import DialRefused, OutsideNumber, RegisteredPhone, phone_of_channel

log = structlog.get_logger()
REREAD_S = 5.0
GRACE_S = 30.0  # between a call's record and its channel being listed, and the other way round


@dataclass
class AmiDialler:
    """Rings the phone of an outbound call: its registered contact, else the trunk. One Originate per attempt, ever."""

    ami: AmiClient
    line_number: str  # shown to whoever is rung
    in_force: EditionInForce
    registered: set[str] = field(default_factory=set)

    async def originate(self, attempt: Attempt, call: OutboundCall) -> None:
        if call.flow not in self.in_force.edition.flows:
            raise NotDialled(f"no flow {call.flow} serves it")
        number, rules = call.number, self.in_force.callback()
        try:
            whom = RegisteredPhone(number) if number in self.registered else OutsideNumber(number, rules.trunk)
            asked = Originate(
                channel_id=attempt.id, destination=whom, context="onenumber-outbound",
                caller_number=self.line_number, timeout_ms=rules.ring_s * 1000,
                variables={"ON_ATTEMPT": attempt.id, "ON_DNIS": self.line_number},
            )  # fmt: skip
            await self.ami.originate(asked)
        except (AmiDown, ActionRefused, ValueRefused, DialRefused) as error:
            raise NotDialled(repr(error)) from error


@dataclass
class Switchboard:
    """Keeps the records in step with Asterisk: phones, answers, failed outbound calls, calls that are gone."""

    ami: AmiClient
    services: LineServices
    outbound: OutboundDesk
    dialler: AmiDialler
    emergencies: EmergencyCalls
    talks: TalkCalls
    endings: CallEndings
    phones: AgentPhones
    refusals: Refusals = field(default_factory=Refusals)
    results: DialResults = field(default_factory=DialResults)
    node: str = BEFORE  # whose Asterisk this is
    silent_s: float = 180.0  # after which another node is gone
    other_node: str = ""  # which Asterisk says it is, where that is not ours
    _phones_changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        gone = GoneNodes(self.services, self.outbound, self.node, NodeWatch(self.silent_s))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._reread())
            group.create_task(gone.run(self._gone))

    async def _follow(self) -> None:
        names = (
            "BridgeEnter", "DialBegin", "DialEnd", "Hangup", "OriginateResponse", "ContactStatus", "UserEvent",
        )  # fmt: skip
        with self.ami.events(*names) as events:
            async for event in events:
                for listener in (self.emergencies.happened, self._happened, self.talks.happened):
                    try:
                        await listener(event)
                    except Exception:
                        log.exception("an event of Asterisk was not handled", event_name=event.name)

    async def _happened(self, event: AmiEvent) -> None:
        self.phones.happened(event)
        if not_reached := self.results.happened(event, asyncio.get_running_loop().time()):
            await self._not_reached(*not_reached)
        if event.name == "BridgeEnter":
            await self._joined(event["Uniqueid"])
        elif event.name == "DialEnd" and event["DialStatus"] == "ANSWER":
            await self._answered(event)
        elif event.name == "Hangup":
            await self.services.calls.channel_ended(event["Uniqueid"], hangup_cause(event))
        elif event.name == "ContactStatus":
            self._phones_changed.set()
        elif event.name == "UserEvent":
            self.refusals.take(event)

    async def _not_reached(self, attempt_id: str, result: AttemptResult) -> None:
        with suppress(NotFound):  # it was an agent's phone
            await self.outbound.failed(attempt_id, result, now())

    async def _joined(self, channel: str) -> None:
        """Of a dispatcher's phone that was rung beside the call, the channel is the offer's id: they talk."""
        if not is_id(channel):
            return
        with suppress(NotFound):
            offer = await self.services.records.offers.load(channel)
            if offer.call_id and await self.services.offers.answered(offer.id):
                call = await self.services.records.calls.load(offer.call_id)
                await self.services.calls.joined_by_agent(call, channel)
                await self.services.talks.connected(call.channel, channel)

    async def _answered(self, event: AmiEvent) -> None:
        """A dispatcher took the phone: known at once, not only when the talk is over."""
        phone = phone_of_channel(event["DestChannel"])
        agents = await self.services.records.agents.all()
        agent = next((agent for agent in agents if phone and agent.phone == phone), None)
        offer = await self.services.records.offers.of_agent(agent.id) if agent else None
        if offer is None or offer.call_id is None:
            return
        call = await self.services.records.calls.load(offer.call_id)
        if call.channel != event["Uniqueid"]:
            return  # an emergency rang the same phone
        if offer.state is OfferState.RINGING:
            await self.services.offers.answered(offer.id)
        if event["DestUniqueid"]:
            await self.services.calls.joined_by_agent(call, event["DestUniqueid"])

    async def _reread(self) -> None:
        """After each reconnect and every few seconds: events may have been missed."""
        while True:
            try:
                if await self.ami.ready(REREAD_S) and await self._is_ours():
                    await self.services.records.nodes.beat(self.node, now())  # it lives, whatever comes of reading it
                    await self._read_phones()
                    await self._read_channels()
            except AmiError as error:
                log.warning("Asterisk could not be re-read", why=repr(error))
            except Exception:
                log.exception("re-reading Asterisk failed")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._phones_changed.wait(), REREAD_S)
            self._phones_changed.clear()

    async def _is_ours(self) -> bool:
        """Whether it is our node's Asterisk: calls that another one does not list are not lost."""
        name = await self.ami.system_name()
        self.other_node = name if name not in (self.node, BEFORE) else ""
        if self.other_node:
            log.error("this Asterisk is another node: nothing is made of what it tells", is_node=name, ours=self.node)
        return not self.other_node

    async def _read_phones(self) -> None:
        phones = await self.ami.registered_phones()
        self.dialler.registered = {phone for phone, registered in phones.items() if registered}
        await self.services.agents.phones_registered(self.node, phones)

    async def _read_channels(self) -> None:
        listed_at = now()
        channels = {channel.uniqueid: channel for channel in await self.ami.core_show_channels()}
        if any(node.name != self.node for node in await self.services.records.nodes.all()):
            await self.services.records.nodes.found(self.node, channels.keys())  # ours, whatever was noted of them
        live = await self.services.records.calls.live()
        calls = [call for call in live if call.channel and call.node == self.node]
        on_channels = {call.channel: call for call in calls}
        await self.emergencies.reread(on_channels, list(channels.values()), listed_at)
        for dialled in self.results.without_channel(asyncio.get_running_loop().time()):
            await self._not_reached(dialled, AttemptResult.UNREACHABLE)
        await self.outbound.recover(now(), channels.keys())
        for call in calls:
            channel = channels.get(call.channel)
            if channel and channel.bridge:
                await self._talks(call.id)
            elif channel is None and now() - call.started_at > timedelta(seconds=GRACE_S):
                await self._gone(call.id)

    async def _talks(self, call_id: str) -> None:
        """Who talks waits no more; without a ringing offer it is the fallback group, rung while no controller lived."""
        offer = await self.services.records.offers.of_call(call_id)
        if offer is None or offer.state in (OfferState.MADE, OfferState.SEEN):
            await self.services.queue.leave(call_id, TALKS_TO_FALLBACK)

    async def _gone(self, call_id: str) -> None:
        """Its channel ended while no controller could note it."""
        if await self.endings.conclude(call_id, "lost", Notebook(call_id, "", now), actor="system"):
            log.warning("a call ended unnoticed", call=call_id)
