"""A caller's recorded message, safe on disk before thanks are said or the caller is obeyed."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ivr.actions import Heard, MessageTaken, Pressed
from ivr.owed import Owed
from ivr.recording import LEAST_SPEECH_S, Recording
from ivr.state import State
from routing.clocks import Clock
from routing.event_types import EventType
from routing.identity import new_id
from routing.model import RoutingError
from routing.services.tickets import TicketService
from routing.timeline import Timeline

KEEP_S = 3.0  # so long may each part of keeping a message hold up its caller


@dataclass(frozen=True)
class MessageKeeper:
    """Keeps the messages of one call."""

    folder: Path
    tickets: TicketService
    timeline: Timeline
    clock: Clock

    async def keep(self, state: State, recording: Recording, obeyed: Collection[str]) -> MessageTaken | Pressed | Heard:
        """`obeyed`: the keys that lead away from the message."""
        taken = await self._keep(state, recording)
        if recording.heard is None and recording.key not in obeyed:
            return taken
        if recording.key:
            self.timeline.note(EventType.KEY, {"count": 1}, {"keys": recording.key})
        return recording.heard or Pressed(recording.key)

    async def _keep(self, state: State, recording: Recording) -> MessageTaken:
        """Not kept when too little was said to be a message; lost when the disk refuses it."""
        if recording.speech_s < LEAST_SPEECH_S or not state.ticket:
            return MessageTaken(False)
        owed = Owed(self.folder / f"{self.timeline.call_id}-{new_id()}.wav", state.ticket, self.clock())
        try:
            async with asyncio.timeout(KEEP_S):
                await asyncio.to_thread(owed.write, recording.pcm)
        except (TimeoutError, OSError) as error:
            self.timeline.note(EventType.MESSAGE_LOST, {"why": type(error).__name__})
            return MessageTaken(False, lost=True)
        self.timeline.note(EventType.MESSAGE_RECORDED, {"ticket_id": state.ticket, "seconds": recording.seconds})
        try:
            async with asyncio.timeout(KEEP_S):
                await self.tickets.add_message(owed.ticket, str(owed.wav), owed.at, self.timeline.call_id)
                await asyncio.to_thread(owed.settle)
        except (TimeoutError, RoutingError, OSError) as error:  # what is owed is settled later
            self.timeline.note(EventType.MESSAGE_OWED, {"why": type(error).__name__})
        return MessageTaken(True)
