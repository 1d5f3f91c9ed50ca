"""The list of tickets as work: its overviews, its orders, and where a page of it goes on. Pure: time is an argument."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from routing.model import URGENCY_ORDER, RoutingError, Stage, Ticket
from routing.promise import is_settled_by

SOON = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Overview(StrEnum):
    """Open tickets that somebody should look at; in the order in which they are offered."""

    MINE = "mine"  # given to whoever looks
    MY_CREWS = "my_crews"
    OVERDUE = "overdue"
    DUE_SOON = "due_soon"  # within the hour
    UNHEARD = "unheard"  # with a message that nobody has heard
    CALLBACKS = "callbacks"  # somebody is to be called back about it by now
    REOPENED = "reopened"


class Order(StrEnum):
    NEWEST = "newest"
    OLDEST = "oldest"
    DUE = "due"  # what was promised first
    URGENCY = "urgency"  # the most urgent, of these what was promised first


@dataclass(frozen=True)
class Viewer:
    """Who looks at the list, and when."""

    login: str
    crews: frozenset[str]
    at: datetime


NOBODY = Viewer("", frozenset(), EPOCH)


class CursorRefused(RoutingError):
    """No place in a list of that order; begin at the first page."""

    fields = ("before",)


@dataclass(frozen=True)
class Cursor:
    """A place in the list: the row there, as it was sorted. So the list may change between two pages."""

    id: str
    key: tuple[int, ...] = ()  # what comes before the id in the order
    back: bool = False  # the page before it is meant

    def __str__(self) -> str:
        return "~".join([*(["-"] if self.back else []), *map(str, self.key), self.id])


UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
CURSOR = rf"^(-~)?(\d{{1,18}}~){{0,2}}{UUID}$"
KEY_LENGTH: Mapping[Order, int] = {Order.DUE: 1, Order.URGENCY: 2}


def cursor_of(text: str, order: Order) -> Cursor:
    """Raises: CursorRefused."""
    if not re.fullmatch(CURSOR, text, re.ASCII):
        raise CursorRefused
    *key, id = text.removeprefix("-~").split("~")
    if len(key) != KEY_LENGTH.get(order, 0):
        raise CursorRefused
    return Cursor(id, tuple(map(int, key)), text.startswith("-"))


def place_in(order: Order, ticket: Ticket, back: bool = False) -> Cursor:
    """Where a ticket stands in a list."""
    due = (ticket.draft.promise.by.astimezone(UTC) - EPOCH) // MICROSECOND
    urgency = URGENCY_ORDER.index(ticket.urgency)
    return Cursor(ticket.id, (urgency, due)[2 - KEY_LENGTH.get(order, 0) :], back)


def instant_of(microseconds: int) -> datetime:
    """What a part of a key says of a time. Raises: CursorRefused."""
    try:
        return EPOCH + microseconds * MICROSECOND
    except OverflowError:
        raise CursorRefused from None


@dataclass(frozen=True)
class TicketPage:
    """A part of the list, and the cursors of those around it."""

    tickets: Sequence[Ticket]
    earlier: str | None
    later: str | None


def paged(found: Sequence[Ticket], limit: int, order: Order, cursor: Cursor | None) -> TicketPage:
    """`found` has one ticket more than `limit` where the list goes on."""
    more, back = len(found) > limit, cursor is not None and cursor.back
    shown = (found[-limit:] if back else found[:limit]) if more else found
    before, after = (more, True) if back else (cursor is not None, more)
    return TicketPage(
        shown,
        str(place_in(order, shown[0], back=True)) if before and shown else None,
        str(place_in(order, shown[-1])) if after and shown else None,
    )


@dataclass(frozen=True)
class WaitsOn:
    """What else there is about a ticket."""

    unheard: bool = False
    callback_due: bool = False


def belongs(overview: Overview, ticket: Ticket, viewer: Viewer, waits: WaitsOn) -> bool:
    """Whether the viewer's overview has the ticket."""
    by, owed = ticket.draft.promise.by, not is_settled_by(ticket.draft.promise.what, ticket.stage)
    return (
        ticket.stage is not Stage.CLOSED
        and {
            Overview.MINE: ticket.assignee == viewer.login,
            Overview.MY_CREWS: ticket.draft.crew in viewer.crews,
            Overview.OVERDUE: owed and by < viewer.at,
            Overview.DUE_SOON: owed and viewer.at <= by < viewer.at + SOON,
            Overview.UNHEARD: waits.unheard,
            Overview.CALLBACKS: waits.callback_due,
            Overview.REOPENED: ticket.reopened_at is not None,
        }[overview]
    )


# what people keep

MOST_FILTERS = 20  # of one person
LONGEST_NAME = 60
KEPT = ("view", "stage", "urgency", "topic", "crew", "place", "assignee", "order")  # no text: it may name a caller


@dataclass(frozen=True)
class SavedFilter:
    """What somebody wants to see again."""

    name: str
    fields: Mapping[str, str]  # of those `KEPT`


class TooMany(RoutingError):
    """You have as many saved filters as there may be; delete one first."""


class SavedFilters(Protocol):
    async def keep(self, owner: str, saved: SavedFilter, at: datetime) -> None:
        """`owner` is a login; one of that name is another from now on. Raises: TooMany."""

    async def drop(self, owner: str, name: str) -> bool:
        """False when there is none."""

    async def of(self, owner: str) -> Sequence[SavedFilter]:
        """By name."""


def worth_keeping(fields: Mapping[str, str], allowed: Collection[str] = KEPT) -> dict[str, str]:
    """Of what a list was asked for, what is kept."""
    return {name: fields[name] for name in allowed if fields.get(name)}
