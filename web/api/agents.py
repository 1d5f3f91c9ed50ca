"""Who takes calls, and how they are doing."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from routing.capabilities import Capability
from routing.model import Agent, AgentState
from routing.policy import page_alive
from web.api.shapes import AgentOut, Wanted
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.rights import needs
from web.services import AgentsDep

router = APIRouter(prefix="/agents", tags=["agents"], dependencies=[needs(Capability.WATCH_LINE)])


def agent_out(context: DeskContext, agent: Agent) -> AgentOut:
    return AgentOut.of(agent, page_alive(agent, context.now(), context.edition.site.waiting))


@router.get("")
async def list_agents(who: VisitorDep, context: DeskDep) -> list[AgentOut]:
    """All agents by name."""
    agents = await context.records.agents.all()
    return [agent_out(context, agent) for agent in sorted(agents, key=lambda agent: agent.name)]


@router.get("/{agent_id}")
async def one_agent(agent_id: str, who: VisitorDep, context: DeskDep) -> AgentOut:
    return agent_out(context, await context.records.agents.load(agent_id))


@router.post("/{agent_id}/not-ready", dependencies=[needs(Capability.MANAGE_AGENTS)])
async def send_on_break(agent_id: str, who: VisitorDep, context: DeskDep, agents: AgentsDep) -> AgentOut:
    """A supervisor takes an agent out of the rota, for instance one who left without saying so."""
    agent = await context.records.agents.load(agent_id)
    await agents.go_not_ready(agent, f"by:{who.account.login}", who.actor)
    return agent_out(context, await context.records.agents.load(agent_id))


class StateIn(Wanted):
    state: Literal[AgentState.AVAILABLE, AgentState.NOT_READY]
    reason: Annotated[str, Field(max_length=100, description="the agent reads it; needed")]


@router.post("/{agent_id}/state", dependencies=[needs(Capability.MANAGE_AGENTS)])
async def force_state(agent_id: str, wanted: StateIn, who: VisitorDep, context: DeskDep, agents: AgentsDep) -> AgentOut:
    """Put an agent into another state; nobody is taken out of a call."""
    await agents.force(await context.records.agents.load(agent_id), wanted.state, wanted.reason, who.actor)
    return agent_out(context, await context.records.agents.load(agent_id))
