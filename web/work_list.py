"""The list of tickets as a page and a program ask for it."""

from typing import Annotated

from fastapi import Query

from routing.model import URGENCY_ORDER, Stage
from routing.work_list import CURSOR, Cursor, Order, Overview, TicketPage, Viewer, cursor_of, paged
from web.context import DeskContext
from web.ports import Account, TicketQuery

ListPlace = Annotated[str | None, Query(pattern=CURSOR, description="`next` or `previous` of the page before")]


async def viewer_of(context: DeskContext, account: Account) -> Viewer:
    """Whose overviews are meant, with the crews that they are in now."""
    if account.agent_id:
        crews = (await context.records.agents.load(account.agent_id)).crews
    else:
        known = (each.crews for each in context.edition.site.agents if each.login == account.login)
        crews = frozenset(next(known, ()))
    return Viewer(account.login, crews, context.now())


async def page_of_tickets(context: DeskContext, query: TicketQuery, limit: int, before: str | None) -> TicketPage:
    """Raises: CursorRefused."""
    cursor: Cursor | None = cursor_of(before, query.order) if before else None
    found = await context.archive.tickets(query, limit + 1, cursor)
    return paged(found, limit, query.order, cursor)


def query_of(context: DeskContext, chosen: dict[str, str], viewer: Viewer) -> TicketQuery:
    """What a page's filters mean; what is none of the choices is not asked for."""
    view, stage, order = chosen["view"], chosen["stage"], chosen["order"]
    overview = Overview(view) if view in set(Overview) else None
    usual = Order.DUE if overview else Order.NEWEST
    return TicketQuery(
        text=chosen["text"].strip(),
        site_words=context.rendering.site_words,
        stage=stage if stage in set(Stage) else None,
        open_only=stage == "open",
        urgency=chosen["urgency"] if chosen["urgency"] in URGENCY_ORDER else None,
        crew=chosen["crew"] or None,
        topic=chosen["topic"] or None,
        place=chosen["place"] or None,
        assignee=chosen["assignee"] or None,
        overview=overview,
        viewer=viewer,
        order=Order(order) if order in set(Order) else usual,
    )
