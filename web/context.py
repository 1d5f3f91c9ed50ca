"""What every request of the desk is answered with; made once by `create_app`, passed by FastAPI."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from config.documents import Edition
from config.in_force import EditionInForce
from config.settings import Settings
from routing.ports import News, Records
from web.board import BoardReader
from web.emergencies import EmergencyReader
from web.ports import Accounts, Archive, Audit, Health, Pages
from web.rate import AuditedWaits, LoginRate
from web.rendering import Rendering, Renderings


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class DeskContext:
    """What the handlers of the desk work with."""

    records: Records
    news: News
    accounts: Accounts
    pages: Pages
    archive: Archive
    audit: Audit
    in_force: EditionInForce
    settings: Settings
    renderings: Renderings
    board: BoardReader
    emergencies: EmergencyReader
    health: Mapping[str, Health] = field(default_factory=dict)
    now: Callable[[], datetime] = utc_now
    wall: Callable[[], datetime] = utc_now  # what callers are told by
    login_rate: LoginRate = field(default_factory=LoginRate)  # per login and address
    address_rate: LoginRate = field(default_factory=lambda: LoginRate(limit=60))  # a whole ward may share one
    audited_waits: AuditedWaits = field(default_factory=AuditedWaits)

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
