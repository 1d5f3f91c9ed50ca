"""What is kept for the floor, and what its figures are made from."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from routing.effects import Insert, Kind, help_transition
from routing.event_types import EventType
from routing.floor import DuePromise, FigureRecords
from routing.help_requests import HelpEvent, HelpRequest, HelpRequests, HelpState
from routing.model import NewEvent, NotFound
from routing.notices import Notice, Notices
from routing.wall_links import WallLink, WallLinks
from store.applying import SqlApplier
from store.database import Database
from store.portable import insert_unless_there
from store.tables import CONTACT_EVENT, UNSETTLED, calls, events, promises
from store.tables_floor import OPEN_HELP, help_requests, notice_dismissals, notice_private, wall_links

NOTICE_KEPT = timedelta(days=7)  # after its end
NOTICE = [notice_private.c[name] for name in ("id", "text", "by", "at", "until", "withdrawn_at")]
LINK = [wall_links.c[name] for name in ("id", "name", "by", "at", "withdrawn_at")]
STANDS = wall_links.c.withdrawn_at.is_(None)


class SqlFigures:
    """Implements `routing.floor.FigureRecords`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def contact_events(self, start: datetime, end: datetime) -> Sequence[NewEvent]:
        told = select(events.c.call_id, events.c.type, events.c.at, events.c.actor, events.c.payload)
        inbound = told.join(calls, (calls.c.id == events.c.call_id) & (calls.c.direction == "inbound"))
        query = inbound.where(CONTACT_EVENT, events.c.at >= start, events.c.at < end).order_by(events.c.at, events.c.id)
        return await self._database.read(lambda connection: [_event_of(row) for row in connection.execute(query).all()])

    async def promises(self, until: datetime) -> Sequence[DuePromise]:
        query = select(promises.c.ticket_id, promises.c.by).where(UNSETTLED, promises.c.by < until)
        query = query.order_by(promises.c.by, promises.c.ticket_id)
        return await self._database.read(lambda connection: [DuePromise(*row) for row in connection.execute(query)])


def _event_of(row: Any) -> NewEvent:
    return NewEvent(row.call_id, EventType(row.type), row.at, row.actor, payload=row.payload)


class SqlHelp:
    """Implements `routing.help_requests.HelpRequests`."""

    def __init__(self, database: Database, kept_for: timedelta) -> None:
        self._database = database
        self._applier = SqlApplier(database, kept_for)

    async def ask(self, request: HelpRequest) -> bool:
        return await self._applier.won(Insert(Kind.HELP, request))

    async def load(self, request_id: str) -> HelpRequest:
        found = await self._found(help_requests.c.id == request_id)
        if not found:
            raise NotFound(f"help request {request_id}")
        return found[0]

    async def open(self) -> Sequence[HelpRequest]:
        return await self._found(OPEN_HELP)

    async def _found(self, where: Any) -> list[HelpRequest]:
        query = select(help_requests).where(where).order_by(help_requests.c.asked_at, help_requests.c.id)
        return await self._database.read(lambda connection: [_help_of(row) for row in connection.execute(query)])

    async def advance(self, request_id: str, event: HelpEvent, at: datetime, by: str = "") -> bool:
        return await self._applier.won(help_transition(request_id, event, at, by))


def _help_of(row: Row[Any]) -> HelpRequest:
    return HelpRequest(**{**row._mapping, "state": HelpState(row.state)})


class SqlNotices:
    """Implements `routing.notices.Notices`."""

    def __init__(self, database: Database, site_id: str) -> None:
        self._database, self._site_id = database, site_id

    async def post(self, notice: Notice) -> None:
        row = {**vars(notice), "site_id": self._site_id, "purge_after": notice.until + NOTICE_KEPT}
        await self._database.write(lambda connection: connection.execute(insert(notice_private).values(**row)))

    async def standing(self, at: datetime) -> Sequence[Notice]:
        query = select(*NOTICE).where(notice_private.c.until > at, notice_private.c.withdrawn_at.is_(None))
        query = query.order_by(notice_private.c.at.desc(), notice_private.c.id.desc())
        return await self._database.read(lambda connection: [Notice(*row) for row in connection.execute(query)])

    async def withdraw(self, notice_id: str, at: datetime) -> bool:
        mine = (notice_private.c.id == notice_id, notice_private.c.until > at, notice_private.c.withdrawn_at.is_(None))
        change = update(notice_private).where(*mine).values(withdrawn_at=at)
        return await self._database.write(lambda connection: connection.execute(change).rowcount > 0)

    async def dismiss(self, notice_id: str, login: str) -> None:
        row = {"notice_id": notice_id, "login": login}
        known = select(func.count()).where(notice_private.c.id == notice_id)
        await self._database.write(
            lambda connection: (
                bool(connection.execute(known).scalar()) and insert_unless_there(connection, notice_dismissals, row)
            )
        )

    async def dismissed(self, login: str, notice_ids: Sequence[str]) -> frozenset[str]:
        if not notice_ids:
            return frozenset()
        theirs = (notice_dismissals.c.login == login, notice_dismissals.c.notice_id.in_(notice_ids))
        query = select(notice_dismissals.c.notice_id).where(*theirs)
        return await self._database.read(lambda connection: frozenset(connection.scalars(query)))


class SqlWalls:
    """Implements `routing.wall_links.WallLinks`."""

    def __init__(self, database: Database, site_id: str) -> None:
        self._database, self._site_id = database, site_id

    async def make(self, link: WallLink, token_hash: str) -> None:
        row = {**vars(link), "site_id": self._site_id, "token_hash": token_hash}
        await self._database.write(lambda connection: connection.execute(insert(wall_links).values(**row)))

    async def standing(self) -> Sequence[WallLink]:
        return await self._found(STANDS)

    async def of_token(self, token_hash: str) -> WallLink | None:
        return next(iter(await self._found(wall_links.c.token_hash == token_hash, STANDS)), None)

    async def _found(self, *where: Any) -> list[WallLink]:
        query = select(*LINK).where(*where).order_by(wall_links.c.at.desc(), wall_links.c.id.desc())
        return await self._database.read(lambda connection: [WallLink(*row) for row in connection.execute(query)])

    async def withdraw(self, link_id: str, at: datetime) -> bool:
        change = update(wall_links).where(wall_links.c.id == link_id, STANDS).values(withdrawn_at=at)
        return await self._database.write(lambda connection: connection.execute(change).rowcount > 0)


class SqlFloor:
    """Implements `routing.floor_records.FloorRecords`."""

    def __init__(self, database: Database, site_id: str, kept_for: timedelta) -> None:
        self.figures: FigureRecords = SqlFigures(database)
        self.help: HelpRequests = SqlHelp(database, kept_for)
        self.notices: Notices = SqlNotices(database, site_id)
        self.walls: WallLinks = SqlWalls(database, site_id)
