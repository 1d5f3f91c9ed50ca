"""The callbacks that are owed or were, and what a person does about one that waits."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.model import Missing, OutboundCallState
from web.api.asked import Before
from web.auth import VisitorDep
from web.context import DeskDep
from web.pages.frame import DEFAULT_PAGE_ROWS, framed
from web.rights import needs
from web.services import CallbacksDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.READ_CALLS)])
MAY_CHANGE = [needs(Capability.MANAGE_CALLBACKS)]
Reason = Annotated[str, Form(max_length=300)]


@router.get("/callbacks")
async def callback_list(who: VisitorDep, context: DeskDep, state: str = "", before: Before = None) -> HTMLResponse:
    wanted = OutboundCallState(state) if state in set(OutboundCallState) else None
    callbacks = await context.archive.callbacks(wanted, DEFAULT_PAGE_ROWS + 1, before)
    shown = callbacks[:DEFAULT_PAGE_ROWS]
    tickets = await context.records.tickets.known({callback.ticket_id for callback in shown})
    attempts = await context.archive.attempts({callback.id for callback in shown if callback.attempts})
    older = shown[-1].id if len(callbacks) > DEFAULT_PAGE_ROWS else None
    return await framed(
        context, who, "callbacks.html", callbacks=shown, tickets=tickets, attempts=attempts, older=older,
        chosen=wanted, states=list(OutboundCallState),
    )  # fmt: skip


@router.post("/callbacks/{callback_id}/now", dependencies=MAY_CHANGE)
async def now(callback_id: str, who: VisitorDep, callbacks: CallbacksDep) -> Response:
    """As soon as its turn comes."""
    await callbacks.move(callback_id, None, who.actor)
    return _look_again()


@router.post("/callbacks/{callback_id}/later", dependencies=MAY_CHANGE)
async def later(
    callback_id: str, who: VisitorDep, context: DeskDep, callbacks: CallbacksDep,
    at: Annotated[str, Form(max_length=40)] = "",
) -> Response:  # fmt: skip
    """`at`: a day and a time on the site's clock."""
    await callbacks.move(callback_id, _on_the_clock(at, context.edition.site.zone), who.actor)
    return _look_again()


@router.post("/callbacks/{callback_id}/cancel", dependencies=MAY_CHANGE)
async def cancel(callback_id: str, who: VisitorDep, callbacks: CallbacksDep, reason: Reason = "") -> Response:
    await callbacks.cancel(callback_id, reason, who.actor)
    return _look_again()


@router.post("/callbacks/{callback_id}/give-up", dependencies=MAY_CHANGE)
async def give_up(callback_id: str, who: VisitorDep, callbacks: CallbacksDep, reason: Reason = "") -> Response:
    await callbacks.give_up(callback_id, reason, who.actor)
    return _look_again()


def _on_the_clock(at: str, zone: str) -> datetime:
    """Raises: Missing."""
    try:
        return datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        raise Missing("Choose a day and a time.") from None


def _look_again() -> Response:
    """What is around the form fetches itself."""
    return Response(status_code=204, headers={"HX-Trigger": "again"})
