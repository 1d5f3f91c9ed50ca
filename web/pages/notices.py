"""Notices: sent to all desks, put away by each person, withdrawn."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.notices import LONGEST
from web.auth import VisitorDep
from web.context import DeskDep
from web.panels import Panels
from web.rights import needs
from web.services import NoticesDep

router = APIRouter()
LONGEST_MINUTES = 24 * 60
MAY_SEND = [needs(Capability.WATCH_FLOOR), needs(Capability.SEND_NOTICES)]


@router.post("/floor/notices", dependencies=MAY_SEND)
async def post_notice(
    who: VisitorDep,
    context: DeskDep,
    notices: NoticesDep,
    minutes: Annotated[int, Form(ge=1, le=LONGEST_MINUTES)],
    text: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    await notices.post(text, minutes, who.actor)
    await context.notices.standing(anew=True)
    return Response(status_code=204)


@router.post("/floor/notices/{notice_id}/withdraw", dependencies=MAY_SEND)
async def withdraw(notice_id: str, who: VisitorDep, context: DeskDep, notices: NoticesDep) -> Response:
    await notices.withdraw(notice_id, who.actor)
    await context.notices.standing(anew=True)
    return Response(status_code=204)


@router.post("/desk/notices/{notice_id}/dismiss", dependencies=[needs(Capability.OWN_ACCOUNT)])
async def dismiss(notice_id: str, who: VisitorDep, context: DeskDep, notices: NoticesDep) -> HTMLResponse:
    """Responds with those that are left, out of band."""
    await notices.dismiss(notice_id, who.account.login)
    panel = await Panels(context, who, context.board).notices()
    return HTMLResponse(f'<div id="notices" hx-swap-oob="innerHTML">{panel.html if panel else ""}</div>')
