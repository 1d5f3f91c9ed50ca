"""A desk with something on it, made through the records' public functions."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from config.documents import Edition
from config.in_force import EditionInForce
from config.settings import Settings
from routing.event_types import EventType
from routing.fake import MemoryNews, MemoryRecords
from routing.fake_audit import MemoryAudit
from routing.identity import new_id
from routing.lifecycle import AgentEvent
from routing.model import (
    Agent,
    AgentState,
    Call,
    CallerId,
    CallState,
    Intake,
    NewEvent,
    Offer,
    Promise,
    QueueEntry,
    Ticket,
    TicketDraft,
)
from routing.ports import News, Records
from tests.unit.web.stand_ins import small_edition
from tests.unit.web.stand_ins_phone import ScriptedPhoneLine
from tests.unit.web.stand_ins_records import MemoryAccounts, MemoryArchive, MemoryPages
from web.app import create_app
from web.ports import Accounts, Archive, Pages

NODE = "east"
START = datetime(2026, 11, 22, 2, 10, tzinfo=UTC)
AGENTS = (("anna", "Anna de Vries", "agent1"), ("bo", "Bo Lindqvist", "agent2"), ("chen", "Chen Wei", "agent3"))
WARD_4 = CallerId(raw="204", number="204", name="Ward 4", contact="Ward 4 desk", place="ward-4", kind="staff")
RESTS = (AgentEvent.WENT_NOT_READY, AgentEvent.MISSED, AgentEvent.TALK_ENDED, AgentEvent.WRAPPED_UP_AWAY)


@dataclass
class Clock:
    """A clock that tests set."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def real_time() -> datetime:
    return datetime.now(UTC)


def _agent(login: str, name: str, phone: str, at: datetime) -> Agent:
    crews = frozenset({"dispatch", "technical"})
    return Agent(f"agent-{login}", login, name, crews, phone, AgentState.NOT_READY, at, at, frozenset({NODE}))


@dataclass
class Desk:
    """An application over records in memory, and handles to them."""

    now: "Clock | object" = real_time
    edition: Edition = field(default_factory=small_edition)
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        at = self.at()
        memory = MemoryRecords([_agent(*agent, at) for agent in AGENTS])
        accounts = MemoryAccounts()
        for login, name, _ in AGENTS:
            role = "supervisor" if login == "chen" else "agent"
            accounts.add(login, role, f"agent-{login}", name)
        accounts.add("admin", "admin", None, "Site administrator")
        self.accounts, self.sessions = accounts, accounts.sessions
        self.agent_ids = {login: f"agent-{login}" for login, _, _ in AGENTS}
        self.serve(memory, MemoryNews(), accounts, MemoryPages(), MemoryArchive(memory))

    def serve(self, records: Records, news: News, accounts: Accounts, pages: Pages, archive: Archive) -> None:
        """Make the application over these."""
        self.records, self.news, self.audit = records, news, MemoryAudit()
        self.phone_line = ScriptedPhoneLine()
        self.app: FastAPI = create_app(
            records,
            news,
            EditionInForce(self.edition),
            self.settings,
            accounts=accounts,
            pages=pages,
            archive=archive,
            audit=self.audit,
            phone_line=self.phone_line,
            now=self.at,
        )

    def at(self) -> datetime:
        assert callable(self.now)
        at = self.now()
        assert isinstance(at, datetime)
        return at

    async def call(self, caller: CallerId = WARD_4, ago_s: float = 40, words: str = "", trace: str = "") -> Call:
        """A call that came in `ago_s` ago and said something."""
        at = self.at() - timedelta(seconds=ago_s)
        call = Call(new_id(), "demo", "100", caller, at, {"flows": "0" * 64}, state=CallState.WAITING, node=NODE)
        await self.records.calls.open(call, [NewEvent(call.id, EventType.CALL_STARTED, at, payload={"trace": trace})])
        if words:
            await self.records.calls.append(_said(call, at, words))
        return call

    async def ticket(
        self, call: Call | None, topic: str = "plumbing", words: str = "", urgency: str = "normal",
        place: str | None = "ward-4", caller: CallerId = WARD_4, ago_s: float = 30, due_s: float = 3_600,
        place_text: str | None = None, intake: Intake | None = None,
    ) -> Ticket:  # fmt: skip
        at = self.at() - timedelta(seconds=ago_s)
        why = ("drain", "blocked", "water") if words else ()
        draft = TicketDraft(
            topic, "technical", urgency, Promise("promise_attend", at + timedelta(seconds=due_s)),
            intake or Intake.of_call(caller), place, place_text, words=words,
            confidence=0.93 if words else None, why=why,
            callback_number=None if intake else caller.number,
        )  # fmt: skip
        ticket = await self.records.tickets.open(draft, call.id if call else None, at)
        if call:
            payload = {"ticket": ticket.id, "number": ticket.number}
            await self.records.calls.append([NewEvent(call.id, EventType.TICKET_OPENED, at, payload=payload)])
        return ticket

    async def waits(self, call: Call, ticket: Ticket | None, urgency: str = "normal") -> QueueEntry:
        entry = QueueEntry(
            new_id(), "technical", urgency, call.started_at, call.id, ticket_id=ticket.id if ticket else None
        )
        kept = await self.records.queue.enter(entry)
        await self.news.publish("queue", call=call.id)
        return kept

    async def offer(self, entry: QueueEntry, login: str = "anna") -> Offer:
        """Hold a waiting caller out to an available agent, as dispatch does."""
        offer = Offer(
            new_id(),
            entry.id,
            self.agent_ids[login],
            self.at(),
            call_id=entry.call_id,
            callback_id=entry.callback_id,
            ticket_id=entry.ticket_id,
        )
        assert await self.records.offers.claim(offer)
        await self.news.publish("offer", offer=offer.id, agent=offer.agent_id, call=entry.call_id or "")
        return offer

    async def rests(self, login: str = "anna") -> None:
        """Whatever the agent was doing, they are not ready now."""
        for event in RESTS:
            await self.records.agents.change(self.agent_ids[login], event, self.at())

    async def available(self, login: str = "anna") -> None:
        await self.rests(login)
        assert await self.records.agents.change(self.agent_ids[login], AgentEvent.WENT_AVAILABLE, self.at())
        await self.news.publish("agent", agent=self.agent_ids[login])


def _said(call: Call, at: datetime, words: str) -> list[NewEvent]:
    doubtful = {"coming", "up"}
    each = [[word, 0.48 if word in doubtful else 0.94] for word in words.split()]
    return [
        NewEvent(call.id, EventType.CALL_ANSWERED, at + timedelta(seconds=0.2)),
        NewEvent(call.id, EventType.PROMPT_STARTED, at + timedelta(seconds=0.4), payload={"key": "greeting"}),
        NewEvent(
            call.id, EventType.HEARD, at + timedelta(seconds=7), "caller",
            payload={"confidence": 0.91, "engine": "whisper"}, private={"text": words, "words": each},
        ),
        NewEvent(
            call.id, EventType.UNDERSTOOD, at + timedelta(seconds=7.1),
            payload={"topic": "plumbing", "confidence": 0.93, "why": ["drain", "blocked", "water"], "place": "ward-4"},
        ),
    ]  # fmt: skip
