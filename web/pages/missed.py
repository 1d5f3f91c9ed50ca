"""The list of callers whom nobody reached, and what a person does about each."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.missed import MissedKind, MissedQuery, MissedState, Remedy
from web.api.asked import Before
from web.auth import VisitorDep
from web.context import DeskDep
from web.missed import missed_rows
from web.pages.frame import DEFAULT_PAGE_ROWS, framed
from web.rights import needs
from web.services import MissedDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_CALLS)])
MAY_CLEAR = [needs(Capability.CLEAR_MISSED)]
KINDS = (  # as a person reads them: who waited first
    MissedKind.ABANDONED, MissedKind.CALLBACK_DECLINED, MissedKind.CALLBACK_FAILED, MissedKind.MESSAGE_UNHEARD,
    MissedKind.LOST, MissedKind.CLOSED_HOURS, MissedKind.SHORT_ABANDONED,
)  # fmt: skip


@router.get("/missed")
async def missed_list(
    who: VisitorDep, context: DeskDep, kind: str = "", state: str = MissedState.OPEN, before: Before = None
) -> HTMLResponse:
    wanted = MissedQuery(
        MissedState(state) if state in set(MissedState) else MissedState.OPEN,
        MissedKind(kind) if kind in set(MissedKind) else None,
    )
    rows, older = await missed_rows(context.records, wanted, DEFAULT_PAGE_ROWS, before)
    return await framed(
        context, who, "missed.html", rows=rows, older=older, chosen=wanted, kinds=KINDS, states=list(MissedState),
        remedies=list(Remedy),
        counts=await context.missed.read(anew=True), may_clear=who.may(Capability.CLEAR_MISSED),
    )  # fmt: skip


@router.post("/missed/{call_id}/callback", dependencies=MAY_CLEAR)
async def call_back(call_id: str, who: VisitorDep, context: DeskDep, missed: MissedDep) -> Response:
    await missed.call_back(call_id, context.edition.site, who.actor)
    return _look_again()


@router.post("/missed/{call_id}/done", dependencies=MAY_CLEAR)
async def done(
    call_id: str,
    who: VisitorDep,
    missed: MissedDep,
    reason: Annotated[str, Form(max_length=300)] = "",
    remedy: Annotated[Remedy, Form()] = Remedy.NOTHING,
) -> Response:
    await missed.done(call_id, reason, who.actor, remedy)
    return _look_again()


@router.post("/missed/{call_id}/reopen", dependencies=MAY_CLEAR)
async def reopen(call_id: str, who: VisitorDep, missed: MissedDep) -> Response:
    await missed.reopen(call_id, who.actor)
    return _look_again()


def _look_again() -> Response:
    """The list around the form fetches itself, with the filters that it has."""
    return Response(status_code=204, headers={"HX-Trigger": "again"})
