"""The queue now, in the order in which turns come and with why; and how right the waits were that callers were told."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.turns import Why
from web.api.shapes import WaitingOut
from web.auth import VisitorDep
from web.board import Board, Row
from web.context import DeskContext, DeskDep
from web.rights import needs
from web.told_waits import error_of

router = APIRouter(prefix="/queue", tags=["queue"], dependencies=[needs(Capability.WATCH_LINE)])


class TurnOut(WaitingOut):
    position: int = Field(description="among those who wait for the same crew; 1 is the next, 0: not due yet")
    why: list[Why] = Field(description="what gives the entry its place, the weightiest first")
    because: str = Field(description="the same as a sentence, in the visitor's language")
    crews: list[str] = Field(description="that take it by now: its own, then those to which it overflowed")
    promise_by: str | None = Field(description="what was promised of its ticket; ISO time")
    contacts: int = Field(description="how often its caller has called about it lately, where that lifts them; else 0")
    expected_wait_s: int | None = Field(description="from now; null where too little is known")


class ToldErrorOut(BaseModel):
    hours: int
    count: int = Field(description="waits told to callers who have been answered since")
    in_time: float | None = Field(description="share of them answered within what they were told, 0..1")
    median_s: float | None = Field(description="real wait less the told one; negative: answered sooner")
    mean_abs_s: float | None


@router.get("")
async def queue_now(who: VisitorDep, context: DeskDep) -> list[TurnOut]:
    """Everybody who waits without being offered to somebody: live callers and owed callbacks."""
    board = await context.board.whole()
    return [_turn_out(row, board, who.language, context) for row in board.rows]


@router.get("/told-waits", dependencies=[needs(Capability.READ_FIGURES)])
async def told_waits(
    who: VisitorDep, context: DeskDep, hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24
) -> ToldErrorOut:
    """How right the waits were that callers were told, of the latest two thousand in those hours."""
    error = await error_of(context.records, context.now(), hours)
    return ToldErrorOut(hours=hours, **vars(error))


def _turn_out(row: Row, board: Board, language: str, context: DeskContext) -> TurnOut:
    turn, entry = row.turn, row.entry
    return TurnOut(
        **WaitingOut.of(entry).model_dump(), position=turn.position, why=list(turn.why),
        because=context.rendering.in_language(language).turns.told(language, turn, board.names), crews=list(turn.crews),
        promise_by=entry.promise_by.isoformat() if entry.promise_by else None, contacts=entry.contacts,
        expected_wait_s=None if row.wait_s is None else round(row.wait_s),
    )  # fmt: skip
