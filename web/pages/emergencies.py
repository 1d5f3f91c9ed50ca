"""Taking an emergency at the desk."""

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from routing.capabilities import Capability
from web.auth import MeDep, VisitorDep
from web.context import DeskDep
from web.panels import Panels
from web.rights import needs
from web.taking import take_emergency

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.TAKE_EMERGENCY)])


@router.post("/desk/emergencies/{emergency_id}/take")
async def take(
    emergency_id: str, agent: MeDep, who: VisitorDep, context: DeskDep, hx_request: Annotated[str, Header()] = ""
) -> Response:
    """Responds with the emergencies as they are now, out of band; the desk itself where no script asks."""
    await take_emergency(context, who, agent, emergency_id)
    if not hx_request:
        return RedirectResponse("/", 303)
    panel = await Panels(context, who, context.board).emergencies()
    return HTMLResponse(f'<div id="emergency" hx-swap-oob="innerHTML">{panel.html if panel else ""}</div>')
