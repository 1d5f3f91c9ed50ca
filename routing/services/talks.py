"""What people ask the switchboard for while they talk: stored once, carried out once, and seen to its end."""

from datetime import timedelta
from typing import Protocol

from routing.clocks import Clocks
from routing.identity import new_id
from routing.model import Agent, RoutingError
from routing.nodes import BEFORE
from routing.ports import News, Records
from routing.talks import (
    CommandEvent,
    CommandKind,
    CommandState,
    Participant,
    ParticipantState,
    Role,
    Talk,
    TalkCommand,
    TalkState,
)

CARRIED_OUT = frozenset({CommandKind.HANG_UP})  # what the switchboard is able to do
LATE_S = 10  # nobody expects it any more: no controller was there, or nothing came of it


class CannotBeDone(RoutingError):
    """The switchboard is not able to do this yet."""


class NotInTalk(RoutingError):
    """Who asks is in no such talk, or it is over."""


class AnotherUnderWay(RoutingError):
    """Something else is being done for this talk: look at what came of it first."""


class NotDone(RoutingError):
    """The switchboard did not do it."""


class TalkSwitch(Protocol):
    async def hang_up(self, channel: str) -> None:
        """Hang up the phone on this channel. Raises: NotDone."""


class TalkService:
    """Any number may run: every step is a conditional update."""

    def __init__(self, records: Records, news: News, clocks: Clocks) -> None:
        self._records, self._news, self._clock = records, news, clocks.now

    async def ask(self, kind: CommandKind, talk_id: str, agent: Agent) -> TalkCommand:
        """Have the switchboard do something for an agent in a talk.

        Raises: CannotBeDone, NotFound, NotInTalk, AnotherUnderWay.
        """
        if kind not in CARRIED_OUT:
            raise CannotBeDone(f"the switchboard cannot {kind} yet")
        talk = await self._records.talks.load(talk_id)
        mine = next((each for each in talk.participants if _is(each, agent)), None)
        if mine is None or talk.state is TalkState.OVER:
            raise NotInTalk(f"{agent.login} is not in this talk")
        command = TalkCommand(new_id(), talk.id, kind, mine.id, self._clock())
        if not await self._records.talks.ask(command):
            raise AnotherUnderWay
        await self._tell(talk)
        return command

    async def tick(self, switch: TalkSwitch, node: str = BEFORE) -> None:
        """Carry out what was asked, each once where the talk is, and end what nothing came of.

        `switch` is that of the node.
        """
        for command in await self._records.talks.commands():
            await self._attend(command, switch, node)

    async def _attend(self, command: TalkCommand, switch: TalkSwitch, node: str) -> None:
        talk = await self._records.talks.load(command.talk_id)
        asker = next(each for each in talk.participants if each.id == command.asked_by)
        gone = asker.state is ParticipantState.LEFT
        if command.state is CommandState.SENT and gone:
            await self._step(talk, command, CommandEvent.DONE)
        elif gone:
            await self._step(talk, command, CommandEvent.FAILED, "not in the talk any more")
        elif self._clock() - command.at > timedelta(seconds=LATE_S):
            await self._step(talk, command, CommandEvent.FAILED, "nothing came of it in time")
        elif command.state is CommandState.ASKED and await self._lives_at(node, talk):
            if await self._step(talk, command, CommandEvent.CLAIMED):
                await self._carry_out(talk, command, asker, switch)

    async def _lives_at(self, node: str, talk: Talk) -> bool:
        return (await self._records.calls.load(talk.call_id)).node == node

    async def _carry_out(self, talk: Talk, command: TalkCommand, asker: Participant, switch: TalkSwitch) -> None:
        try:
            if asker.channel is None:
                raise NotDone("the phone's channel is not known")
            await switch.hang_up(asker.channel)
        except NotDone as error:
            await self._step(talk, command, CommandEvent.FAILED, str(error))

    # what Asterisk tells

    async def connected(self, channel: str, phone_channel: str) -> None:
        """A phone was answered for the caller on `channel`."""
        if call_id := await self._records.legs.call_of(channel):
            await self._records.talks.note_channel(call_id, Role.CALLER, channel)
            await self._records.talks.note_channel(call_id, Role.AGENT, phone_channel)

    async def gone(self, channel: str) -> None:
        """Asterisk says that the channel has ended."""
        if await self._records.talks.left(channel, self._clock()):
            await self._news.publish("talk", call=await self._records.legs.call_of(channel) or "")

    async def _step(self, talk: Talk, command: TalkCommand, event: CommandEvent, why: str = "") -> bool:
        won = await self._records.talks.advance_command(command.id, event, self._clock(), why)
        if won:
            await self._tell(talk)
        return won

    async def _tell(self, talk: Talk) -> None:
        await self._news.publish("talk", talk=talk.id, call=talk.call_id)


def _is(participant: Participant, agent: Agent) -> bool:
    """Whether this is the agent, and they are in the talk."""
    theirs = participant.agent_id == agent.id or participant.answered_by == f"agent:{agent.login}"
    return theirs and participant.state is not ParticipantState.LEFT
