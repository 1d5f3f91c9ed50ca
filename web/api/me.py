"""What an agent does at the desk: state, live page, offers, wrap-up."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.phones import PhoneKind
from web.api.agents import agent_out
from web.api.shapes import AgentOut, OfferOut, Wanted
from web.auth import MeDep
from web.context import DeskDep
from web.dispositions import Disposition
from web.rights import needs
from web.services import AgentsDep, PagesDep

router = APIRouter(tags=["desk"], dependencies=[needs(Capability.TAKE_CALLS)])
PageMark = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class MeOut(AgentOut):
    offer: OfferOut | None


class StateIn(Wanted):
    state: Literal["available", "not_ready"]
    reason: Annotated[str, Field(max_length=100)] = ""


class PhoneIn(Wanted):
    kind: PhoneKind


class HeartbeatIn(Wanted):
    page: PageMark
    take: bool = Field(False, description="make this page the agent's live one")


class HeartbeatOut(BaseModel):
    live: bool = Field(description="false: another page of this agent is the live one")
    at: datetime


class PageIn(Wanted):
    page: PageMark


class SeenIn(Wanted):
    page: PageMark
    shown_at: datetime = Field(description="when the page showed the call, by its own clock")


class WrapUpIn(Wanted):
    offer_id: str
    disposition: Disposition
    note: Annotated[str, Field(max_length=4_000)] = ""


@router.get("/me")
async def me(agent: MeDep, context: DeskDep) -> MeOut:
    """The agent whose session this is, and the call held out to them."""
    offer = await context.records.offers.of_agent(agent.id)
    return MeOut(**agent_out(context, agent).model_dump(), offer=OfferOut.of(offer) if offer else None)


@router.post("/me/state")
async def change_state(wanted: StateIn, agent: MeDep, context: DeskDep, agents: AgentsDep) -> AgentOut:
    """Become available (needs a registered phone and a live page) or not ready."""
    if wanted.state == "available":
        await agents.go_available(agent)
    else:
        await agents.go_not_ready(agent, wanted.reason)
    return agent_out(context, await context.records.agents.load(agent.id))


@router.post("/me/phone")
async def choose_phone(wanted: PhoneIn, agent: MeDep, context: DeskDep, agents: AgentsDep) -> AgentOut:
    """Take calls on the phone in the browser or on the one on the desk; while not ready only."""
    await agents.choose_phone(agent, wanted.kind)
    return agent_out(context, await context.records.agents.load(agent.id))


@router.post("/me/heartbeat")
async def heartbeat(beat: HeartbeatIn, agent: MeDep, context: DeskDep, pages: PagesDep) -> HeartbeatOut:
    """Every five seconds, from each open page; only the live one keeps its agent offerable."""
    return HeartbeatOut(live=await pages.heartbeat(agent, beat.page, beat.take), at=context.now())


@router.post("/me/page-closed", status_code=status.HTTP_204_NO_CONTENT)
async def page_closed(closed: PageIn, agent: MeDep, pages: PagesDep) -> None:
    """The page is being closed: another one of this agent may be the live one from now on."""
    await pages.close(agent, closed.page)


@router.post("/offers/{offer_id}/seen", status_code=status.HTTP_204_NO_CONTENT)
async def seen(offer_id: str, shown: SeenIn, agent: MeDep, pages: PagesDep) -> None:
    """The live page shows the call: from now on the phone may ring."""
    await pages.show(agent, offer_id, shown.page, shown.shown_at)


@router.post("/me/wrap-up", status_code=status.HTTP_204_NO_CONTENT)
async def wrap_up(done: WrapUpIn, agent: MeDep, agents: AgentsDep) -> None:
    """End after-call work with a disposition."""
    await agents.wrap_up(agent, done.offer_id, done.disposition, done.note)
