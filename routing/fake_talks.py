"""Talks in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from routing.effects import Insert, Kind, command_transition, participant_channel, participant_transition
from routing.fake_state import MemoryState, one
from routing.talks import CommandEvent, Role, Talk, TalkCommand


class MemoryTalks:
    """Implements `routing.talks.Talks`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def load(self, talk_id: str) -> Talk:
        return self._whole(one(self._state.talks, talk_id, "talk"))

    async def of_call(self, call_id: str) -> Sequence[Talk]:
        return [self._whole(talk) for talk in self._state.talks.values() if talk.call_id == call_id]

    def _whole(self, talk: Talk) -> Talk:
        theirs = (each for each in self._state.participants.values() if each.talk_id == talk.id)
        return replace(talk, participants=tuple(theirs))

    async def note_channel(self, call_id: str, role: Role, channel: str) -> None:
        await self._state.won(participant_channel(call_id, role, channel))

    async def left(self, channel: str, at: datetime) -> bool:
        return await self._state.won(participant_transition({"channel": channel}, at, required=True))

    async def ask(self, command: TalkCommand) -> bool:
        return await self._state.won(Insert(Kind.TALK_COMMAND, command))

    async def load_command(self, command_id: str) -> TalkCommand:
        return one(self._state.talk_commands, command_id, "command")

    async def commands(self) -> Sequence[TalkCommand]:
        return self._state.live(Kind.TALK_COMMAND)

    async def advance_command(self, command_id: str, event: CommandEvent, at: datetime, why: str = "") -> bool:
        return await self._state.won(command_transition(command_id, event, at, why))
