"""Tickets by whatever a person or a link calls them."""

from routing.model import NotFound, Ticket
from web.context import DeskContext


async def find_ticket(context: DeskContext, key: str) -> Ticket:
    """By spoken number, else by id.

    Raises: NotFound.
    """
    if not key.isprintable() or len(key) > 60:
        raise NotFound
    return await context.records.tickets.by_number(key) or await context.records.tickets.load(key)
