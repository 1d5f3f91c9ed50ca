"""The floor: who is at work and what waits, live, and what a supervisor does about it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from routing.capabilities import Capability
from routing.model import AgentState
from web.auth import VisitorDep
from web.context import DeskDep
from web.pages.frame import framed
from web.rights import needs
from web.services import AgentsDep

router = APIRouter(dependencies=[needs(Capability.WATCH_LINE), needs(Capability.WATCH_FLOOR)])


@router.get("/floor", dependencies=[needs(Capability.READ_CALLS), needs(Capability.READ_TICKETS)])
async def floor(who: VisitorDep, context: DeskDep) -> HTMLResponse:
    return await framed(context, who, "floor.html", floor=True)


@router.post("/floor/agents/{agent_id}/state", dependencies=[needs(Capability.MANAGE_AGENTS)])
async def force_state(
    agent_id: str,
    who: VisitorDep,
    context: DeskDep,
    agents: AgentsDep,
    state: Annotated[Literal[AgentState.AVAILABLE, AgentState.NOT_READY], Form()],
    reason: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """The stream brings the change."""
    await agents.force(await context.records.agents.load(agent_id), state, reason, who.actor)
    await context.board.counted(anew=True)
    return Response(status_code=204)
