"""Recorded messages of a ticket: only files that the line itself recorded are ever served."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from routing.model import NotFound, Ticket
from web.ports import Action, Archive, Audit


@dataclass(frozen=True)
class Recordings:
    archive: Archive
    folder: Path  # below which all of them lie
    audit: Audit
    now: Callable[[], datetime]

    async def listen(self, ticket: Ticket, number: int, actor: str) -> Path:
        """The WAV of a ticket's message for a person to hear, which the audit remembers; 0 is the first.

        Raises: NotFound, also when it has been deleted after its time.
        """
        path = await self._path(ticket, number)
        await self.audit.note(actor, Action.MESSAGE_HEARD, ticket.id, self.now(), {"message": str(number)})
        return path

    async def _path(self, ticket: Ticket, number: int) -> Path:
        history = await self.archive.ticket_history(ticket.id)
        paths = [change.to for change in history if change.what == "message"]
        if not 0 <= number < len(paths):
            raise NotFound("There is no such message.")
        path = Path(paths[number]).resolve()
        if not path.is_relative_to(self.folder.resolve()) or path.suffix != ".wav" or not path.is_file():
            raise NotFound("The recording is not there any more.")
        return path


def _recordings(request: Request) -> Recordings:
    recordings: Recordings = request.app.state.recordings
    return recordings


RecordingsDep = Annotated[Recordings, Depends(_recordings)]
