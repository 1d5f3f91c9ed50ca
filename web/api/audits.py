"""Who did what at the desk, for those who answer for it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, AwareDatetime

from routing.capabilities import Capability
from web.api.asked import Before
from web.api.shapes import FromRecord, Page, page_of
from web.auth import VisitorDep
from web.ports import Action, Audit, AuditQuery
from web.rights import needs

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[needs(Capability.READ_AUDIT)])


def _audit(request: Request) -> Audit:
    audit: Audit = request.app.state.audit
    return audit


AuditDep = Annotated[Audit, Depends(_audit)]


def _tellable(at: datetime) -> datetime:
    """Raises: ValueError, at the edges of the calendar, where it is no time in UTC."""
    if not 1 < at.year < 9_999:
        raise ValueError("beyond what a clock can tell")
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_tellable)]


class AuditOut(FromRecord):
    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, str]
    last_at: datetime | None


@router.get("")
async def list_audit(
    who: VisitorDep,
    audit: AuditDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
    who_did: Annotated[str, Query(max_length=100, description="a login, or an actor as written")] = "",
    action: Action | None = None,
    about: Annotated[str, Query(max_length=100, description="a subject, or an id that was shown or is named")] = "",
    since: Annotated[Instant | None, Query()] = None,
    until: Annotated[Instant | None, Query(description="exclusive")] = None,
) -> Page[AuditOut]:
    """Logins, refused ones too, what was read and listened to, changes; newest first. For admins."""
    entries = await audit.entries(limit + 1, before, AuditQuery(who_did, action, about, since, until))
    rows = [AuditOut.model_validate(entry) for entry in entries]
    return page_of(rows, limit, rows[limit - 1].id if len(rows) > limit else None)
