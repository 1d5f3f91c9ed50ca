"""Callbacks: who is owed a call."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from routing.capabilities import Capability
from routing.model import Attempt, AttemptState, OutboundCall, OutboundCallState
from routing.retrying import AttemptResult, result_of
from web.api.asked import Before
from web.api.shapes import CallbackOut, Page, Wanted, page_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs
from web.services import CallbacksDep

MAY_CHANGE = [needs(Capability.MANAGE_CALLBACKS)]


class AttemptOut(BaseModel):
    number: int
    state: AttemptState
    at: datetime
    result: AttemptResult | None = Field(description="what came of it where it reached nobody")


class CallbackDetail(CallbackOut):
    tried: list[AttemptOut] = Field(description="each dialling, in order")

    @classmethod
    def with_attempts(cls, callback: OutboundCall, attempts: Sequence[Attempt]) -> "CallbackDetail":
        tried = [AttemptOut(number=a.number, state=a.state, at=a.at, result=result_of(a)) for a in attempts]
        return cls(**CallbackOut.of(callback).model_dump(), tried=tried)


class MoveIn(Wanted):
    at: AwareDatetime | None = Field(description="not before then, within 30 days; null: as soon as its turn comes")


class BecauseIn(Wanted):
    reason: Annotated[str, Field(max_length=300, description="in a few words; needed")]


router = APIRouter(prefix="/callbacks", tags=["callbacks"], dependencies=[needs(Capability.READ_CALLS)])


@router.get("")
async def list_callbacks(
    who: VisitorDep,
    context: DeskDep,
    state: OutboundCallState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
) -> Page[CallbackOut]:
    """Callbacks, newest first."""
    callbacks = await context.archive.callbacks(state, limit + 1, before)
    last = callbacks[limit - 1].id if len(callbacks) > limit else None
    return page_of([CallbackOut.of(callback) for callback in callbacks], limit, last)


@router.get("/{callback_id}")
async def one_callback(callback_id: str, who: VisitorDep, context: DeskDep, callbacks: CallbacksDep) -> CallbackDetail:
    """One owed call, and what came of each dialling."""
    callback = await callbacks.callback(callback_id)
    return CallbackDetail.with_attempts(callback, await context.records.outbound_calls.attempts_of(callback.id))


@router.post("/{callback_id}/move", dependencies=MAY_CHANGE)
async def move(callback_id: str, wanted: MoveIn, who: VisitorDep, callbacks: CallbacksDep) -> CallbackOut:
    """Another time, or as soon as its turn comes; it keeps its place."""
    return CallbackOut.of(await callbacks.move(callback_id, wanted.at, who.actor))


@router.post("/{callback_id}/cancel", dependencies=MAY_CHANGE)
async def cancel(callback_id: str, wanted: BecauseIn, who: VisitorDep, callbacks: CallbacksDep) -> CallbackOut:
    """Nobody is rung: it is not wanted."""
    return CallbackOut.of(await callbacks.cancel(callback_id, wanted.reason, who.actor))


@router.post("/{callback_id}/give-up", dependencies=MAY_CHANGE)
async def give_up(callback_id: str, wanted: BecauseIn, who: VisitorDep, callbacks: CallbacksDep) -> CallbackOut:
    """Nobody is reached so: the caller is listed as missed, for whatever else can be done."""
    return CallbackOut.of(await callbacks.give_up(callback_id, wanted.reason, who.actor))
