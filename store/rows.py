"""Rows to records. A purged private row leaves the record without what was private."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, Select, func, select

from routing.emergencies import Emergency, EmergencyState
from routing.model import (
    Agent,
    AgentState,
    Attempt,
    AttemptState,
    Call,
    CallerId,
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
    TicketDraft,
)
from routing.phones import PhoneKind
from routing.purposes import Purpose
from routing.talks import (
    CommandKind,
    CommandState,
    Participant,
    ParticipantState,
    Role,
    Talk,
    TalkCommand,
    TalkState,
)
from store.tables import call_private, calls, event_private, events, promises, ticket_private, tickets
from store.tables_dispatch import outbound_call_private, outbound_calls

Found = Row[Any]


def select_calls() -> Select[Any]:
    apart = ("call_id", "searched", "begun", "purge_after")
    private = [column for column in call_private.c if column.name not in apart]
    return select(calls, *private).outerjoin(call_private)


def call_of(row: Found) -> Call:
    return Call(
        id=row.id,
        site_id=row.site_id,
        dnis=row.dnis,
        caller=caller_of(row),
        started_at=row.started_at,
        pins=row.pins,
        direction=row.direction,
        language=row.language,
        state=CallState(row.state),
        dialogue=row.dialogue or {},
        ended_at=row.ended_at,
        ending=row.ending,
        node=row.node,
        channel=row.channel,
        outbound_call_id=row.outbound_call_id,
        attempt_id=row.attempt_id,
    )


def caller_of(row: Found) -> CallerId:
    return CallerId(
        raw=row.raw or "",
        number=row.number,
        name=row.name or "",
        withheld=row.withheld,
        contact=row.contact,
        place=row.caller_place,
        kind=row.caller_kind,
        shared=row.shared,
    )


def select_events() -> Select[Any]:
    return select(events, event_private.c.private).outerjoin(event_private)


def event_of(row: Found) -> Event:
    known = {column.name: row._mapping[column.name] for column in events.c}
    return Event(**known, private=row.private or {})


def select_tickets() -> Select[Any]:
    """Tickets with what is private and with their latest promise."""
    apart = ("ticket_id", "number", "searched", "purge_after")
    private = [column for column in ticket_private.c if column.name not in apart]
    number = ticket_private.c.number.label("caller_number")
    any_promise = promises.alias("any_promise")
    latest = select(func.max(any_promise.c.id)).where(any_promise.c.ticket_id == tickets.c.id).scalar_subquery()
    query = select(tickets, *private, number, promises.c.what, promises.c.by)
    return query.outerjoin(ticket_private).join(promises, promises.c.id == latest)


def ticket_of(row: Found, stages: Mapping[Stage, Any]) -> Ticket:
    return Ticket(
        id=row.id,
        number=row.number,
        site_id=row.site_id,
        opened_at=row.opened_at,
        stage=Stage(row.stage),
        draft=draft_of(row),
        urgency_set=row.urgency_set,
        stages=stages,
        answer=row.answer,
        assignee=row.assignee,
        reopened_at=row.reopened_at,
        merged_into=row.merged_into,
    )


def draft_of(row: Found) -> TicketDraft:
    return TicketDraft(
        topic=row.topic,
        crew=row.crew,
        urgency=row.urgency_suggested,
        promise=Promise(row.what, row.by),
        intake=Intake(IntakeSource(row.source), _reporter_of(row), row.taken_by),
        place=row.place,
        place_text=row.place_text,
        asset=row.asset,
        words=row.words or "",
        confidence=row.confidence,
        why=tuple(row.why or ()),
        callback_number=row.callback_number,
    )


def _reporter_of(row: Found) -> CallerId | None:
    if not row.caller_kind:
        return None
    return CallerId(
        row.raw or "", row.caller_number, row.name or "", row.withheld,
        row.contact, row.caller_place, row.caller_kind, row.shared,
    )  # fmt: skip


def agent_of(row: Found, registered_at: Iterable[str] = ()) -> Agent:
    known = {**_like(Agent, row), "crews": frozenset(row.crews), "state": AgentState(row.state)}
    known["phone_kind"] = PhoneKind(row.phone_kind)
    return Agent(**known, phone_nodes=frozenset(registered_at))


def entry_of(row: Found, not_agents: Sequence[str]) -> QueueEntry:
    return QueueEntry(**{**_like(QueueEntry, row), "not_agents": frozenset(not_agents)})


def offer_of(row: Found) -> Offer:
    return Offer(**{**_like(Offer, row), "state": OfferState(row.state)})


def select_outbound_calls() -> Select[Any]:
    return select(outbound_calls, outbound_call_private.c.number).outerjoin(outbound_call_private)


def outbound_call_of(row: Found) -> OutboundCall:
    known = {"state": OutboundCallState(row.state), "purpose": Purpose(row.purpose), "number": row.number or ""}
    return OutboundCall(**{**_like(OutboundCall, row), **known})


def attempt_of(row: Found) -> Attempt:
    return Attempt(**{**_like(Attempt, row), "state": AttemptState(row.state)})


def emergency_of(row: Found) -> Emergency:
    """Without its rings and its take, which are rows of their own."""
    return Emergency(**{**_like(Emergency, row), "state": EmergencyState(row.state)})


def talk_of(row: Found, participants: Sequence[Participant]) -> Talk:
    return Talk(**{**_like(Talk, row), "state": TalkState(row.state), "participants": tuple(participants)})


def participant_of(row: Found) -> Participant:
    known = {"role": Role(row.role), "state": ParticipantState(row.state)}
    return Participant(**{**_like(Participant, row), **known})


def command_of(row: Found) -> TalkCommand:
    known = {"kind": CommandKind(row.kind), "state": CommandState(row.state)}
    return TalkCommand(**{**_like(TalkCommand, row), **known})


def _like(record: Any, row: Found) -> dict[str, Any]:
    """The row's columns that the record has fields for."""
    names = {field.name for field in fields(record)}
    return {name: value for name, value in row._mapping.items() if name in names}
