"""Recorded messages of a ticket: only files that the line itself recorded are ever served."""

from pathlib import Path

from routing.model import NotFound, Ticket
from web.context import DeskContext
from web.ports import Action


async def recording(context: DeskContext, ticket: Ticket, number: int) -> Path:
    """The WAV of a ticket's message; 0 is the first.

    Raises: NotFound, also when it has been deleted after its time.
    """
    history = await context.archive.ticket_history(ticket.id)
    paths = [change.to for change in history if change.what == "message"]
    if not 0 <= number < len(paths):
        raise NotFound("There is no such message.")
    path = Path(paths[number]).resolve()
    if not path.is_relative_to(context.settings.data_dir.resolve()) or path.suffix != ".wav" or not path.is_file():
        raise NotFound("The recording is not there any more.")
    return path


async def listen(context: DeskContext, ticket: Ticket, number: int, actor: str) -> Path:
    """The WAV for a person to hear, which the audit remembers.

    Raises: NotFound.
    """
    path = await recording(context, ticket, number)
    await context.audit.note(actor, Action.MESSAGE_HEARD, ticket.id, context.now(), {"message": str(number)})
    return path
