"""What Asterisk tells of emergencies, and what it is asked for them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.dialplan_calls import DialplanCalls
from controller.emergency_reports import EmergencyReports
from routing.emergencies import Emergency, EmergencyState
from routing.emergency_desk import EmergencyDesk, NotRung
from routing.model import Call
from runtime.clock import now
from telephony.ami import AmiError, AmiEvent, LiveChannel
from telephony.ami_client import AmiClient
from telephony.spool import announced

ANNOUNCEMENT = "OneNumberEmergency"  # the dialplan's UserEvent
CONTEXT = "onenumber-emergency"
TAKE_CONTEXT = "onenumber-emergency-take"
CONTEXTS = (CONTEXT, "onenumber-attention", TAKE_CONTEXT)  # where an emergency's caller is: rung for, or in turn
LISTED_S = 5.0  # what is younger may be missing from a list of channels
ENDPOINT = re.compile(r"PJSIP/(.{1,64})-[0-9a-f]{8}\Z")
OUTSIDE = re.compile(r"(?:PJSIP/)?(\+?[0-9]{1,20})@")


@dataclass(frozen=True)
class EmergencyCalls:
    """Keeps emergencies in step with Asterisk; also the `Phones` of the emergency desk."""

    ami: AmiClient
    reports: EmergencyReports
    calls: DialplanCalls

    @property
    def desk(self) -> EmergencyDesk:
        return self.reports.desk

    async def tick(self) -> None:
        """Carry out what agents asked for."""
        await self.desk.tick(self)

    async def happened(self, event: AmiEvent) -> None:
        """One event of Asterisk, whatever it is about."""
        if event.name == "UserEvent" and event["UserEvent"] == ANNOUNCEMENT:
            await self._announced(event)
        elif event.name == "DialBegin":
            await self.desk.rung(event["Uniqueid"], event["DestUniqueid"], _phone(event))
        elif event.name == "DialEnd" and event["DialStatus"] == "ANSWER":
            await self.desk.answered(event["Uniqueid"], _phone(event))
        elif event.name == "DialEnd":
            await self.desk.ring_ended(event["DestUniqueid"])
        elif event.name == "Hangup":
            await self.desk.caller_gone(event["Uniqueid"])

    async def _announced(self, event: AmiEvent) -> None:
        if taken := announced(event["Uniqueid"], event["Facts"]):
            await self.reports.report(await self.calls.record(taken), taken.key, now())
            await self.desk.rung_on(taken.key)

    async def reread(self, calls: dict[str, Call], channels: Sequence[LiveChannel], listed_at: datetime) -> None:
        """Events may have been missed: `calls` are those alive by channel, `channels` the complete list."""
        live = {emergency.channel: emergency for emergency in await self.reports.records.emergencies.live()}
        by_id = {channel.uniqueid: channel for channel in channels}
        for uniqueid, call in calls.items():
            if uniqueid in by_id and by_id[uniqueid].context in CONTEXTS and uniqueid not in live:
                await self.reports.report(call, uniqueid, now())
        for uniqueid, emergency in live.items():
            if uniqueid in by_id:
                await self._still_there(emergency, by_id[uniqueid], channels, listed_at)
            elif _known(emergency.raised_at, listed_at):
                await self.desk.caller_gone(uniqueid)

    async def _still_there(
        self, emergency: Emergency, caller: LiveChannel, channels: Sequence[LiveChannel], listed_at: datetime
    ) -> None:
        """Who talks to the caller, or which phones ring for them, as they are listed."""
        others = [channel for channel in channels if channel.uniqueid != caller.uniqueid]
        if caller.bridge:
            talking = next((channel for channel in others if channel.bridge == caller.bridge), None)
            if talking and emergency.state is EmergencyState.RINGING:
                await self.desk.answered(caller.uniqueid, _endpoint(talking.name))
            return
        ringing = [channel for channel in others if channel.linkedid == caller.linkedid and not channel.bridge]
        for channel in ringing:
            await self.desk.rung(caller.uniqueid, channel.uniqueid, _endpoint(channel.name))
        for ring in emergency.rings:
            listed = any(channel.uniqueid == ring.channel for channel in ringing)
            if not listed and _known(ring.began_at, listed_at):
                await self.desk.ring_ended(ring.channel)

    async def ring_alone(self, channel: str, phone: str) -> None:
        """Redirect the caller to the one phone, unless they are gone or somebody has just taken the call.

        Raises: NotRung.
        """
        try:
            listed = {each.uniqueid: each for each in await self.ami.core_show_channels()}
            caller = listed.get(channel)
            if caller is None or caller.context not in CONTEXTS or caller.bridge:
                raise NotRung("gone, or taken meanwhile")
            await self.ami.redirect(caller.name, TAKE_CONTEXT, phone)
        except AmiError as error:
            raise NotRung(type(error).__name__) from error


def _known(since: datetime, listed_at: datetime) -> bool:
    """Whether what began then would be in a list of channels of that time."""
    return listed_at - since > timedelta(seconds=LISTED_S)


def _phone(event: AmiEvent) -> str:
    """The phone that is rung: a number outside, else the name of its endpoint."""
    outside = OUTSIDE.match(event["DialString"])
    return outside[1] if outside else _endpoint(event["DestChannel"])


def _endpoint(channel: str) -> str:
    found = ENDPOINT.match(channel)
    return found[1] if found else "?"
