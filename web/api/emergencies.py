"""Emergencies: what every desk shows, and taking one."""

from datetime import datetime

from fastapi import APIRouter, status
from pydantic import BaseModel, Field

from routing.capabilities import Capability
from routing.emergencies import EmergencyState
from web.api.shapes import CallerOut
from web.auth import MeDep, VisitorDep
from web.context import DeskDep
from web.emergencies import Alarm
from web.rights import needs
from web.taking import take_emergency

router = APIRouter(prefix="/emergencies", tags=["emergencies"], dependencies=[needs(Capability.WATCH_LINE)])


class RungOut(BaseModel):
    name: str = Field(description="an agent, or a phone of the emergency team")
    since: datetime


class EmergencyOut(BaseModel):
    id: str
    call_id: str
    ticket_id: str | None
    ticket: str | None = Field(description="its number")
    state: EmergencyState
    raised_at: datetime
    caller: CallerOut
    topic: str | None
    place: str | None
    place_text: str | None
    words: str
    rung: list[RungOut]
    taker: str | None = Field(description="login of the agent whose phone is to ring")
    taken_by: str = Field(description="agent:<login>, or phone:<name>; empty while nobody has taken it")
    taken_at: datetime | None

    @classmethod
    def of(cls, alarm: Alarm) -> "EmergencyOut":
        emergency, draft = alarm.emergency, alarm.ticket.draft if alarm.ticket else None
        return cls(
            id=emergency.id, call_id=emergency.call_id, ticket_id=emergency.ticket_id,
            ticket=alarm.ticket.number if alarm.ticket else None, state=emergency.state,
            raised_at=emergency.raised_at, caller=CallerOut.of(alarm.caller), topic=draft.topic if draft else None,
            place=alarm.place, place_text=alarm.place_text, words=draft.words if draft else "",
            rung=[RungOut(name=rung.name, since=rung.since) for rung in alarm.rung],
            taker=alarm.taker.login if alarm.taker else None,
            taken_by=emergency.taken_by, taken_at=emergency.taken_at,
        )  # fmt: skip


@router.get("")
async def list_emergencies(who: VisitorDep, context: DeskDep) -> list[EmergencyOut]:
    """Those that go on, and those that nobody has taken, these first; oldest first."""
    return [EmergencyOut.of(alarm) for alarm in await context.emergencies.read()]


@router.post(
    "/{emergency_id}/take", status_code=status.HTTP_204_NO_CONTENT, dependencies=[needs(Capability.TAKE_EMERGENCY)]
)
async def take(emergency_id: str, agent: MeDep, who: VisitorDep, context: DeskDep) -> None:
    """The agent's phone rings for it; one whose caller is gone is looked after by them."""
    await take_emergency(context, who, agent, emergency_id)
