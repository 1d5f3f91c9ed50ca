"""Callbacks: who is owed a call."""

from typing import Annotated

from fastapi import APIRouter, Query

from routing.capabilities import Capability
from routing.model import CallbackState
from web.api.asked import Before
from web.api.shapes import CallbackOut, Page, page_of
from web.auth import VisitorDep
from web.context import DeskDep
from web.rights import needs

router = APIRouter(prefix="/callbacks", tags=["callbacks"], dependencies=[needs(Capability.READ_CALLS)])


@router.get("")
async def list_callbacks(
    who: VisitorDep,
    context: DeskDep,
    state: CallbackState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Before = None,
) -> Page[CallbackOut]:
    """Callbacks, newest first."""
    callbacks = await context.archive.callbacks(state, limit + 1, before)
    last = callbacks[limit - 1].id if len(callbacks) > limit else None
    return page_of([CallbackOut.of(callback) for callback in callbacks], limit, last)


@router.get("/{callback_id}")
async def one_callback(callback_id: str, who: VisitorDep, context: DeskDep) -> CallbackOut:
    """One owed call."""
    return CallbackOut.of(await context.records.callbacks.load(callback_id))
