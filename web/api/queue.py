"""The queue now, in the order in which turns come."""

from fastapi import APIRouter

from routing.capabilities import Capability
from web.api.shapes import WaitingOut
from web.auth import VisitorDep
from web.board import in_turn
from web.context import DeskDep
from web.rights import needs

router = APIRouter(prefix="/queue", tags=["queue"], dependencies=[needs(Capability.WATCH_LINE)])


@router.get("")
async def queue_now(who: VisitorDep, context: DeskDep) -> list[WaitingOut]:
    """Everybody who waits without being offered to somebody: live callers and owed callbacks."""
    return [WaitingOut.of(entry) for entry in in_turn(await context.records.queue.waiting())]
