"""Talks: who hears whom, from the answer until nobody is left of the callers or of the house.

Asterisk has the sound; what is kept here is told by it, and what people ask the switchboard for in a talk is a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class TalkState(StrEnum):
    ON = "on"
    OVER = "over"


class TalkEvent(StrEnum):
    EMPTIED = "emptied"  # the last caller has gone, or the last of the house


TALK_TRANSITIONS: dict[tuple[TalkState, TalkEvent], TalkState] = {
    (TalkState.ON, TalkEvent.EMPTIED): TalkState.OVER,
}


class Role(StrEnum):
    CALLER = "caller"
    AGENT = "agent"
    CONSULTANT = "consultant"  # asked in by an agent
    SUPERVISOR = "supervisor"  # listens; the talk does without


HOUSE = (Role.AGENT, Role.CONSULTANT)


class ParticipantState(StrEnum):
    TALKING = "talking"
    HELD = "held"  # hears music
    LISTENING = "listening"  # hears, and is not heard
    LEFT = "left"


IN_TALK = (ParticipantState.TALKING, ParticipantState.HELD, ParticipantState.LISTENING)


class ParticipantEvent(StrEnum):
    HELD = "held"
    RESUMED = "resumed"
    LEFT = "left"


PARTICIPANT_TRANSITIONS: dict[tuple[ParticipantState, ParticipantEvent], ParticipantState] = {
    (ParticipantState.TALKING, ParticipantEvent.HELD): ParticipantState.HELD,
    (ParticipantState.HELD, ParticipantEvent.RESUMED): ParticipantState.TALKING,
    **{(state, ParticipantEvent.LEFT): ParticipantState.LEFT for state in IN_TALK},
}


class CommandKind(StrEnum):
    """What the switchboard is asked for in a talk."""

    HOLD = "hold"
    RESUME = "resume"
    CONSULT = "consult"
    JOIN = "join"
    LISTEN = "listen"
    HANG_UP = "hang_up"


class CommandState(StrEnum):
    ASKED = "asked"  # at the desk
    SENT = "sent"  # a controller has told Asterisk, or is about to; it is not told again
    DONE = "done"
    FAILED = "failed"


OPEN_COMMANDS = (CommandState.ASKED, CommandState.SENT)


class CommandEvent(StrEnum):
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"


COMMAND_TRANSITIONS: dict[tuple[CommandState, CommandEvent], CommandState] = {
    (CommandState.ASKED, CommandEvent.CLAIMED): CommandState.SENT,
    (CommandState.SENT, CommandEvent.DONE): CommandState.DONE,
    **{(state, CommandEvent.FAILED): CommandState.FAILED for state in OPEN_COMMANDS},
}


@dataclass(frozen=True)
class Participant:
    """One person's part in a talk, on one channel."""

    id: str
    talk_id: str
    call_id: str
    role: Role
    joined_at: datetime
    state: ParticipantState = ParticipantState.TALKING
    channel: str | None = None  # Asterisk's unique id; None until it is known
    agent_id: str | None = None
    offer_id: str | None = None  # by which the agent was reached
    answered_by: str = ""  # of an emergency: agent:<login>, or phone:<name> where it is no agent's
    left_at: datetime | None = None


@dataclass(frozen=True)
class Talk:
    id: str
    call_id: str
    begun_at: datetime
    state: TalkState = TalkState.ON
    ended_at: datetime | None = None
    participants: tuple[Participant, ...] = ()  # in the order in which they joined


@dataclass(frozen=True)
class TalkCommand:
    """What an agent wants of the switchboard: stored by the desk, carried out once by a controller."""

    id: str
    talk_id: str
    kind: CommandKind
    asked_by: str  # the participant
    at: datetime  # of the latest step
    state: CommandState = CommandState.ASKED
    why: str = ""  # it failed


def is_empty(roles: Sequence[Role]) -> bool:
    """Whether a talk with these people in it is none any more."""
    return Role.CALLER not in roles or not any(role in HOUSE for role in roles)


class Talks(Protocol):
    """Talks begin and end with what `routing.rules` has follow from answers, hang-ups and endings."""

    async def load(self, talk_id: str) -> Talk:
        """Raises: NotFound."""

    async def of_call(self, call_id: str) -> Sequence[Talk]:
        """In order; a call has several where its caller talked to one person after another."""

    async def note_channel(self, call_id: str, role: Role, channel: str) -> None:
        """The channel of who has this role in the call's talk, where it is not known yet."""

    async def left(self, channel: str, at: datetime) -> bool:
        """Asterisk says that this channel is gone; False where it is in no talk."""

    async def ask(self, command: TalkCommand) -> bool:
        """One command under way per talk; False where there is another."""

    async def load_command(self, command_id: str) -> TalkCommand:
        """Raises: NotFound."""

    async def commands(self) -> Sequence[TalkCommand]:
        """Those under way, oldest first."""

    async def advance_command(self, command_id: str, event: CommandEvent, at: datetime, why: str = "") -> bool:
        """False, and nothing changes, when it is in a state that has no such event."""
