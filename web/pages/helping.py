"""Help: asked for at the desk with one key, taken and ended on the floor."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.model import Agent
from web.auth import MeDep, Visitor, VisitorDep
from web.context import DeskContext, DeskDep
from web.panels import Panels
from web.rights import needs
from web.services import HelpDep

router = APIRouter()
MAY_ASK = [needs(Capability.TAKE_CALLS), needs(Capability.WATCH_LINE)]
MAY_TAKE = [needs(Capability.WATCH_FLOOR), needs(Capability.MANAGE_AGENTS)]


@router.post("/desk/help", dependencies=MAY_ASK)
async def ask(agent: MeDep, who: VisitorDep, context: DeskDep, help: HelpDep) -> HTMLResponse:
    """Responds with the agent's own strip as it is now, out of band."""
    await help.ask(agent)
    return await _own_strip(context, who, agent)


@router.post("/desk/help/end", dependencies=MAY_ASK)
async def end_own(agent: MeDep, who: VisitorDep, context: DeskDep, help: HelpDep) -> HTMLResponse:
    await help.end_own(agent)
    return await _own_strip(context, who, agent)


@router.post("/floor/help/{request_id}/take", dependencies=MAY_TAKE)
async def take(request_id: str, who: VisitorDep, context: DeskDep, help: HelpDep) -> Response:
    """The stream brings the change."""
    await help.take(request_id, who.actor)
    await context.help.read(anew=True)
    return Response(status_code=204)


@router.post("/floor/help/{request_id}/end", dependencies=MAY_TAKE)
async def end(request_id: str, who: VisitorDep, context: DeskDep, help: HelpDep) -> Response:
    await help.end(request_id, who.actor)
    await context.help.read(anew=True)
    return Response(status_code=204)


async def _own_strip(context: DeskContext, who: Visitor, agent: Agent) -> HTMLResponse:
    await context.help.read(anew=True)
    panel = await Panels(context, who, context.board).me(agent, await context.records.offers.of_agent(agent.id))
    return HTMLResponse(f'<div id="me" hx-swap-oob="innerHTML">{panel.html if panel else ""}</div>')
