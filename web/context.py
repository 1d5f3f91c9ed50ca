"""What the desk shows is read from; made once by `create_app`, passed by FastAPI."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from config.documents import Edition
from config.in_force import EditionInForce
from routing.ports import News, Records
from web.board import BoardReader
from web.emergencies import EmergencyReader
from web.floor import FloorReader
from web.helping import HelpReader
from web.missed import MissedCounter
from web.notices import NoticeReader
from web.offered import OfferedReader
from web.ports import Archive
from web.rendering import Rendering, Renderings
from web.told_waits import ToldWaitReader


@dataclass(frozen=True)
class DeskContext:
    """The line as the desk shows it; nothing is changed through it."""

    records: Records
    news: News
    archive: Archive
    in_force: EditionInForce
    renderings: Renderings
    board: BoardReader
    emergencies: EmergencyReader
    missed: MissedCounter
    told: ToldWaitReader
    floor: FloorReader
    help: HelpReader
    notices: NoticeReader
    offered: OfferedReader
    now: Callable[[], datetime]

    @property
    def edition(self) -> Edition:
        """The documents in force now."""
        return self.in_force.edition

    @property
    def rendering(self) -> Rendering:
        """With the words of the documents in force now."""
        return self.renderings.of(self.in_force.edition)


def _context(request: Request) -> DeskContext:
    context: DeskContext = request.app.state.context
    return context


DeskDep = Annotated[DeskContext, Depends(_context)]
