"""Talks, who is in them, and what is asked of the switchboard, as rows."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from routing.effects import Insert, Kind, command_transition, participant_channel, participant_transition
from routing.model import NotFound
from routing.talks import CommandEvent, Participant, Role, Talk, TalkCommand
from store.applying import SqlApplier
from store.database import Database
from store.rows import command_of, participant_of, talk_of
from store.tables_talks import OPEN_COMMAND, talk_commands, talk_participants, talks


class SqlTalks:
    """Implements `routing.talks.Talks`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._applier = SqlApplier(database, kept_for)

    async def load(self, talk_id: str) -> Talk:
        found = await self._found(talks.c.id == talk_id)
        if not found:
            raise NotFound(f"talk {talk_id}")
        return found[0]

    async def of_call(self, call_id: str) -> Sequence[Talk]:
        return await self._found(talks.c.call_id == call_id)

    async def _found(self, where: Any) -> list[Talk]:
        return await self._database.read(lambda connection: _find(connection, where))

    async def note_channel(self, call_id: str, role: Role, channel: str) -> None:
        await self._applier.won(participant_channel(call_id, role, channel))

    async def left(self, channel: str, at: datetime) -> bool:
        return await self._applier.won(participant_transition({"channel": channel}, at, required=True))

    async def ask(self, command: TalkCommand) -> bool:
        return await self._applier.won(Insert(Kind.TALK_COMMAND, command))

    async def load_command(self, command_id: str) -> TalkCommand:
        query = select(talk_commands).where(talk_commands.c.id == command_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound(f"command {command_id}")
        return command_of(row)

    async def commands(self) -> Sequence[TalkCommand]:
        query = select(talk_commands).where(OPEN_COMMAND).order_by(talk_commands.c.id)
        return await self._database.read(lambda connection: [command_of(row) for row in connection.execute(query)])

    async def advance_command(self, command_id: str, event: CommandEvent, at: datetime, why: str = "") -> bool:
        return await self._applier.won(command_transition(command_id, event, at, why))


def _find(connection: Connection, where: Any) -> list[Talk]:
    rows = connection.execute(select(talks).where(where).order_by(talks.c.id)).all()
    mine = talk_participants.c.talk_id.in_([row.id for row in rows])
    there = defaultdict[str, list[Participant]](list)
    for row in connection.execute(select(talk_participants).where(mine).order_by(talk_participants.c.id)):
        there[row.talk_id].append(participant_of(row))
    return [talk_of(row, there[row.id]) for row in rows]
