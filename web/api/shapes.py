"""The API's responses, as pydantic models made from records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from routing.acts import standing
from routing.corrections import MatterFacts
from routing.legs import CallLeg
from routing.model import (
    Agent,
    AgentState,
    Call,
    CallerId,
    CallerKind,
    CallState,
    Event,
    Intake,
    IntakeSource,
    Offer,
    OfferState,
    OutboundCall,
    OutboundCallState,
    Promise,
    QueueEntry,
    Stage,
    Ticket,
)
from routing.phones import PhoneKind
from web.ports import TicketChange

Row = TypeVar("Row", bound=BaseModel)
UrgencyName = Literal["critical", "high", "normal", "low"]


class Page(BaseModel, Generic[Row]):
    """A part of a list, newest first; pass `next` as `before` for the following part."""

    items: list[Row]
    next: str | None = None


def page_of(rows: Sequence[Row], limit: int, last_id: str | None) -> Page[Row]:
    """`rows` holds up to `limit` + 1 rows: one more than asked for means there is a next page."""
    return Page(items=list(rows[:limit]), next=last_id if len(rows) > limit else None)


class Wanted(BaseModel):
    """What a request's body may hold: nothing that nobody reads."""

    model_config = ConfigDict(extra="forbid")


class FromRecord(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class CallerOut(FromRecord):
    raw: str
    number: str | None
    name: str
    withheld: bool
    contact: str | None
    place: str | None
    kind: CallerKind
    shared: bool

    @classmethod
    def of(cls, caller: CallerId) -> "CallerOut":
        return cls.model_validate(caller)


class CallOut(FromRecord):
    id: str
    site_id: str
    dnis: str
    direction: Literal["inbound", "outbound"]
    language: str
    state: CallState
    started_at: datetime
    ended_at: datetime | None
    ending: str | None
    outbound_call_id: str | None
    caller: CallerOut

    @classmethod
    def of(cls, call: Call) -> "CallOut":
        return cls.model_validate(call)


class Moment(BaseModel):
    """One line of a call's timeline."""

    at_ms: int = Field(description="milliseconds since the call started")
    event: str
    seq: int
    at: datetime
    actor: str
    leg: str
    payload: dict[str, Any]
    private: dict[str, Any]

    @classmethod
    def of(cls, event: Event, start: datetime) -> "Moment":
        return cls(
            at_ms=round((event.at - start).total_seconds() * 1000), event=event.type, seq=event.seq, at=event.at,
            actor=event.actor, leg=event.leg, payload=dict(event.payload), private=dict(event.private),
        )  # fmt: skip


class EventOut(Moment):
    """One line of the timelines of all calls."""

    id: str
    call_id: str

    @classmethod
    def of_event(cls, event: Event, start: datetime) -> "EventOut":
        return cls(id=event.id, call_id=event.call_id, **Moment.of(event, start).model_dump())


class PromiseOut(FromRecord):
    what: str
    by: datetime

    @classmethod
    def of(cls, promise: Promise) -> "PromiseOut":
        return cls.model_validate(promise)


class IntakeOut(FromRecord):
    """How a matter came to the line."""

    source: IntakeSource
    taken_by: str = Field(description="agent:<login>, where a person took it in; empty otherwise")

    @classmethod
    def of(cls, intake: Intake) -> "IntakeOut":
        return cls.model_validate(intake)


class TicketOut(BaseModel):
    id: str
    version: str = Field(description="of what may be corrected; a correction names the one that it is made on")
    number: str
    site_id: str
    opened_at: datetime
    stage: Stage
    stages: dict[Stage, datetime]
    topic: str
    crew: str
    place: str | None
    place_text: str | None
    asset: str | None
    urgency: UrgencyName
    urgency_suggested: UrgencyName
    urgency_set: UrgencyName | None
    promise: PromiseOut
    intake: IntakeOut
    caller: CallerOut | None = Field(description="who told it; null where nobody is named")
    callback_number: str | None
    words: str
    confidence: float | None
    why: list[str]
    answer: str | None
    standing: str = Field(description="of its stage and of who has it; an act names the one that it is made on")
    assignee: str | None = Field(description="login of who has it; null: anybody of its crew")
    reopened_at: datetime | None
    merged_into: str | None = Field(description="id of the ticket that has its matter now")

    @classmethod
    def of(cls, ticket: Ticket) -> "TicketOut":
        draft = ticket.draft
        return cls(
            id=ticket.id, version=MatterFacts.of(ticket).version, number=ticket.number, site_id=ticket.site_id,
            opened_at=ticket.opened_at, stage=ticket.stage, stages=dict(ticket.stages),
            topic=draft.topic, crew=draft.crew, place=draft.place, place_text=draft.place_text, asset=draft.asset,
            urgency=ticket.urgency, urgency_suggested=draft.urgency, urgency_set=ticket.urgency_set,
            promise=PromiseOut.of(draft.promise), intake=IntakeOut.of(draft.intake),
            caller=CallerOut.of(draft.intake.reporter) if draft.intake.reporter else None,
            callback_number=draft.callback_number, words=draft.words, confidence=draft.confidence,
            why=list(draft.why), answer=ticket.answer, standing=standing(ticket), assignee=ticket.assignee,
            reopened_at=ticket.reopened_at, merged_into=ticket.merged_into,
        )  # fmt: skip


class CorrectionOut(FromRecord):
    """One field that a person corrected."""

    field: str
    before: str | None = Field(description="null: nothing, or it has been forgotten")
    after: str | None
    confidence: float | None = Field(description="of a topic: how sure the line was of the one before")


class ChangeOut(FromRecord):
    at: datetime
    actor: str
    what: str
    to: str
    note: str
    corrections: list[CorrectionOut]

    @classmethod
    def of(cls, change: TicketChange) -> "ChangeOut":
        return cls.model_validate(change)


def changes_of(number: str, history: Sequence[TicketChange]) -> list[ChangeOut]:
    """A message's file is nobody's business; where to hear it is."""
    places = (f"/api/v1/tickets/{number}/messages/{n}" for n in count())
    return [
        ChangeOut.of(replace(change, to=next(places)) if change.what == "message" else change) for change in history
    ]


class OtherTicketOut(BaseModel):
    """Another ticket, in short."""

    id: str
    number: str
    topic: str
    stage: Stage

    @classmethod
    def of(cls, ticket: Ticket) -> "OtherTicketOut":
        return cls(id=ticket.id, number=ticket.number, topic=ticket.draft.topic, stage=ticket.stage)


class TicketDetail(TicketOut):
    history: list[ChangeOut]
    calls: list[CallOut] = Field(description="also those of the tickets that are merged into it")
    merged: list[OtherTicketOut] = Field(description="what is merged into it")
    linked: list[OtherTicketOut] = Field(description="what is related to it")


class LegOut(FromRecord):
    """One channel's part in a call."""

    channel: str
    kind: str
    at: datetime
    ended_at: datetime | None
    cause: str | None = Field(description="of its end, as Asterisk tells it: `16 Normal Clearing`")

    @classmethod
    def of(cls, leg: CallLeg) -> "LegOut":
        return cls.model_validate(leg)


class CallDetail(CallOut):
    tickets: list[TicketOut]
    legs: list[LegOut]
    timeline: list[Moment]
    pins: dict[str, str]


class OfferOut(FromRecord):
    id: str
    entry_id: str
    agent_id: str
    state: OfferState
    made_at: datetime
    call_id: str | None
    callback_id: str | None
    ticket_id: str | None
    seen_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    ending: str | None

    @classmethod
    def of(cls, offer: Offer) -> "OfferOut":
        return cls.model_validate(offer)


class AgentOut(BaseModel):
    id: str
    login: str
    name: str
    crews: list[str]
    phone: str | None
    phone_kind: PhoneKind
    phone_registered: bool
    page_live: bool
    state: AgentState
    state_since: datetime
    reason: str

    @classmethod
    def of(cls, agent: Agent, page_live: bool) -> "AgentOut":
        return cls(
            id=agent.id, login=agent.login, name=agent.name, crews=sorted(agent.crews), phone=agent.phone,
            phone_kind=agent.phone_kind, phone_registered=agent.phone_registered, page_live=page_live,
            state=agent.state, state_since=agent.state_since, reason=agent.reason,
        )  # fmt: skip


class WaitingOut(FromRecord):
    id: str
    crew: str
    urgency: UrgencyName
    since: datetime
    call_id: str | None
    callback_id: str | None
    ticket_id: str | None
    not_before: datetime | None

    @classmethod
    def of(cls, entry: QueueEntry) -> "WaitingOut":
        return cls.model_validate(entry)


class CallbackOut(FromRecord):
    id: str
    ticket_id: str
    number: str
    crew: str
    urgency: UrgencyName
    since: datetime
    due: datetime
    state: OutboundCallState
    attempts: int
    call_id: str | None

    @classmethod
    def of(cls, callback: OutboundCall) -> "CallbackOut":
        return cls.model_validate(callback)


def timeline_of(events: Sequence[Event], start: datetime) -> list[Moment]:
    return [Moment.of(event, start) for event in sorted(events, key=lambda event: event.seq)]
