"""Who takes calls, and how they are doing."""

from fastapi import APIRouter

from routing.capabilities import Capability
from routing.model import Agent
from routing.policy import page_alive
from web import acts
from web.api.shapes import AgentOut
from web.auth import VisitorDep
from web.context import DeskContext, DeskDep
from web.rights import needs

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
async def send_on_break(agent_id: str, who: VisitorDep, context: DeskDep) -> AgentOut:
    """A supervisor takes an agent out of the rota, for instance one who left without saying so."""
    agent = await context.records.agents.load(agent_id)
    await acts.go_not_ready(context, agent, f"by:{who.account.login}", who.actor)
    return agent_out(context, await context.records.agents.load(agent_id))
