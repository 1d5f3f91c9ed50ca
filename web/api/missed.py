"""Callers whom nobody reached: the list, and what a person does about each."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.missed import MissedKind, MissedQuery, MissedState, Remedy
from web.api.asked import Before
from web.api.shapes import CallbackOut, CallerOut, Page, Wanted
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.missed import MissedRow, missed_rows, rows_of
from web.rights import needs
from web.services import MissedDep

router = APIRouter(prefix="/missed", tags=["missed"], dependencies=[needs(Capability.READ_CALLS)])
MAY_CLEAR = [needs(Capability.CLEAR_MISSED)]


class MissedOut(BaseModel):
    call_id: str
    kind: MissedKind
    state: MissedState
    state_since: datetime
    started_at: datetime
    ended_at: datetime | None
    waited_s: int | None = Field(description="for a person; null where they never did")
    caller: CallerOut
    ticket_id: str | None
    ticket: str | None = Field(description="its number")
    topic: str | None
    place: str | None
    place_text: str | None
    by: str = Field(description="agent:<login>, where a person did what led to the state")
    reason: str = Field(description="why nobody needs to call back, as typed")

    @classmethod
    def of(cls, row: MissedRow) -> "MissedOut":
        missed, call, draft = row.missed, row.call, row.ticket.draft if row.ticket else None
        return cls(
            call_id=missed.id, kind=missed.kind, state=missed.state, state_since=missed.state_since,
            started_at=call.started_at, ended_at=call.ended_at, waited_s=missed.waited_s,
            caller=CallerOut.of(call.caller), ticket_id=missed.ticket_id,
            ticket=row.ticket.number if row.ticket else None, topic=draft.topic if draft else None,
            place=draft.place if draft else call.caller.place, place_text=draft.place_text if draft else None,
            by=missed.by, reason=missed.reason,
        )  # fmt: skip


class MissedPage(Page[MissedOut]):
    counts: dict[MissedKind, int] = Field(description="of those that nobody has done anything about, by kind")


class DoneIn(Wanted):
    reason: Annotated[str, Field(max_length=300, description="why nobody needs to call back; needed")]
    remedy: Remedy = Field(Remedy.NOTHING, description="what was done instead of a call; the line itself sends nothing")


@router.get("")
async def list_missed(
    who: VisitorDep,
    context: DeskDep,
    kind: MissedKind | None = None,
    state: MissedState = MissedState.OPEN,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
) -> MissedPage:
    """Callers whom nobody reached, newest first."""
    rows, older = await missed_rows(context.records, MissedQuery(state, kind), limit, before)
    counts = dict(await context.missed.read(anew=True))
    return MissedPage(items=[MissedOut.of(row) for row in rows], next=older, counts=counts)


@router.post("/{call_id}/callback", status_code=status.HTTP_201_CREATED, dependencies=MAY_CLEAR)
async def call_back(call_id: str, who: VisitorDep, context: DeskDep, missed: MissedDep) -> CallbackOut:
    """Have the caller rung; the callback's place in line is from now on."""
    return CallbackOut.of(await missed.call_back(call_id, context.edition.site, who.actor))


@router.post("/{call_id}/done", dependencies=MAY_CLEAR)
async def done(call_id: str, wanted: DoneIn, who: VisitorDep, context: DeskDep, missed: MissedDep) -> MissedOut:
    """Nobody needs to call back, and why."""
    await missed.done(call_id, wanted.reason, who.actor, wanted.remedy)
    return await _one(context, call_id)


@router.post("/{call_id}/reopen", dependencies=MAY_CLEAR)
async def reopen(call_id: str, who: VisitorDep, context: DeskDep, missed: MissedDep) -> MissedOut:
    """Put it back on the list."""
    await missed.reopen(call_id, who.actor)
    return await _one(context, call_id)


async def _one(context: DeskContext, call_id: str) -> MissedOut:
    (row,) = await rows_of(context.records, [await context.records.missed.load(call_id)])
    return MissedOut.of(row)
