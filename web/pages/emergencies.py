"""Taking an emergency at the desk."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from web.auth import MeDep, VisitorDep
from web.context import LineDep
from web.panels import Panels
from web.taking import take_emergency

router = APIRouter()


@router.post("/desk/emergencies/{emergency_id}/take")
async def take(emergency_id: str, agent: MeDep, who: VisitorDep, line: LineDep) -> Response:
    """Answers with the emergencies as they are now, out of band."""
    await take_emergency(line, who, agent, emergency_id)
    panel = await Panels(line, who, line.board).emergencies()
    return HTMLResponse(f'<div id="emergency" hx-swap-oob="innerHTML">{panel.html if panel else ""}</div>')
