"""What is kept for the floor, in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from routing.contacts import CONTACT_EVENTS
from routing.effects import Insert, Kind, help_transition
from routing.fake_state import MemoryState, one
from routing.floor import DuePromise, FigureRecords
from routing.help_requests import HelpEvent, HelpRequest, HelpRequests
from routing.model import NewEvent
from routing.notices import Notice, Notices
from routing.promise import is_settled_by
from routing.wall_links import WallLink, WallLinks


class MemoryFigures:
    """Implements `routing.floor.FigureRecords`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def contact_events(self, start: datetime, end: datetime) -> Sequence[NewEvent]:
        inbound = {call.id for call in self._state.calls.values() if call.direction == "inbound"}
        every = (event for events in self._state.events.values() for event in events)
        return [
            replace(event, private={})
            for event in every
            if event.type in CONTACT_EVENTS and event.call_id in inbound and start <= event.at < end
        ]

    async def promises(self, until: datetime) -> Sequence[DuePromise]:
        tickets = [each for each in self._state.tickets.values() if each.draft.promise.by < until]
        open_ones = [each for each in tickets if not is_settled_by(each.draft.promise.what, each.stage)]
        due = [DuePromise(each.id, each.draft.promise.by) for each in open_ones]
        return sorted(due, key=lambda each: (each.by, each.ticket_id))


class MemoryHelp:
    """Implements `routing.help_requests.HelpRequests`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def ask(self, request: HelpRequest) -> bool:
        return await self._state.won(Insert(Kind.HELP, request))

    async def load(self, request_id: str) -> HelpRequest:
        return one(self._state.help_requests, request_id, "help request")

    async def open(self) -> Sequence[HelpRequest]:
        return sorted(self._state.live(Kind.HELP), key=lambda each: (each.asked_at, each.id))

    async def advance(self, request_id: str, event: HelpEvent, at: datetime, by: str = "") -> bool:
        return await self._state.won(help_transition(request_id, event, at, by))


class MemoryNotices:
    """Implements `routing.notices.Notices`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def post(self, notice: Notice) -> None:
        self._state.notices[notice.id] = notice

    async def standing(self, at: datetime) -> Sequence[Notice]:
        found = [each for each in self._state.notices.values() if each.stands(at)]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)

    async def withdraw(self, notice_id: str, at: datetime) -> bool:
        found = self._state.notices.get(notice_id)
        if found is None or not found.stands(at):
            return False
        self._state.notices[notice_id] = replace(found, withdrawn_at=at)
        return True

    async def dismiss(self, notice_id: str, login: str) -> None:
        if notice_id in self._state.notices:
            self._state.dismissals.add((notice_id, login))

    async def dismissed(self, login: str, notice_ids: Sequence[str]) -> frozenset[str]:
        return frozenset(each for each in notice_ids if (each, login) in self._state.dismissals)


class MemoryWalls:
    """Implements `routing.wall_links.WallLinks`."""

    def __init__(self, state: MemoryState) -> None:
        self._state = state

    async def make(self, link: WallLink, token_hash: str) -> None:
        self._state.wall_links[token_hash] = link

    async def standing(self) -> Sequence[WallLink]:
        found = [each for each in self._state.wall_links.values() if each.withdrawn_at is None]
        return sorted(found, key=lambda each: (each.at, each.id), reverse=True)

    async def of_token(self, token_hash: str) -> WallLink | None:
        found = self._state.wall_links.get(token_hash)
        return found if found and found.withdrawn_at is None else None

    async def withdraw(self, link_id: str, at: datetime) -> bool:
        for token_hash, link in self._state.wall_links.items():
            if link.id == link_id and link.withdrawn_at is None:
                self._state.wall_links[token_hash] = replace(link, withdrawn_at=at)
                return True
        return False


class MemoryFloor:
    """Implements `routing.floor_records.FloorRecords`."""

    def __init__(self, state: MemoryState) -> None:
        self.figures: FigureRecords = MemoryFigures(state)
        self.help: HelpRequests = MemoryHelp(state)
        self.notices: Notices = MemoryNotices(state)
        self.walls: WallLinks = MemoryWalls(state)
