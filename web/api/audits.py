"""Who did what at the desk, for those who answer for it."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from routing.capabilities import Capability
from web.api.asked import Before
from web.api.shapes import FromRecord, Page, page_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs

router = APIRouter(prefix="/audit", tags=["audit"], dependencies=[needs(Capability.READ_AUDIT)])


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
    context: DeskDep,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
) -> Page[AuditOut]:
    """Logins, refused ones too, what was read and listened to, changes; newest first. For admins."""
    entries = await context.audit.entries(limit + 1, before)
    rows = [AuditOut.model_validate(entry) for entry in entries]
    return page_of(rows, limit, rows[limit - 1].id if len(rows) > limit else None)
