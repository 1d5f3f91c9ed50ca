"""What a desk needs beyond the routing of calls: accounts, sessions, pages, and lists to look things up in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from routing.corrections import Correction
from routing.model import Attempt, Call, Event, OutboundCall, Ticket
from routing.searching import SiteWords
from routing.work_list import NOBODY, Cursor, Order, Overview, Viewer


@dataclass(frozen=True)
class Account:
    """A person who may log in."""

    login: str
    name: str
    role: str  # agent, supervisor, admin
    password_hash: str  # argon2
    agent_id: str | None = None  # whose calls this person takes, if any
    language: str = "en"


@dataclass(frozen=True)
class LoginTry:
    """A place among those who check a password: taken before the check, so that none slips in beside it."""

    id: int
    others: Sequence[datetime]  # tries of the same key within the window that are not withdrawn, oldest first


class SessionEnd(StrEnum):
    """Why a session is none any more."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    RETIRED = "retired"  # its account may not log in any more
    UNKNOWN = "unknown"  # forgotten, or never opened


class Accounts(Protocol):
    """Who may log in, and who is; only hashes of session tokens are ever stored."""

    async def by_login(self, login: str) -> Account | None: ...

    async def open_session(
        self, token_hash: str, login: str, at: datetime, expires_at: datetime, proven: str = ""
    ) -> None:
        """`proven`: the hash that the password was checked against. Raises: NotFound when it is another by now."""

    async def of_session(self, token_hash: str, at: datetime) -> Account | None:
        """Whose session this is, unless it has expired or was revoked."""

    async def session_end(self, token_hash: str, at: datetime) -> SessionEnd:
        """Why `of_session` returns None."""

    async def revoke_session(self, token_hash: str, at: datetime) -> None: ...

    async def reserve_try(self, key: str, at: datetime, since: datetime) -> LoginTry:
        """Write down that a password is about to be checked, whichever desk does it; older ones are forgotten."""

    async def withdraw_try(self, id: int) -> None:
        """That check was not made, or the password was right."""

    async def forget_tries(self, key: str) -> None: ...

    async def choose_language(self, login: str, language: str | None) -> None:
        """In which the person reads the desk; None: in that of the documents. Raises: NotFound."""

    async def set_password(self, login: str, password_hash: str, at: datetime, keep: str = "") -> None:
        """From now on this one; every session of the person ends but the one whose token has the hash `keep`.

        Raises: NotFound.
        """


class Pages(Protocol):
    """Which browser page of an agent is the live one."""

    async def take(self, agent_id: str, page: str, at: datetime) -> None:
        """Make this page the live one from now on."""

    async def live(self, agent_id: str) -> str | None: ...


@dataclass(frozen=True)
class TicketQuery:
    text: str = ""  # words in any order, numbers, names of topics and places; all of them have to fit
    site_words: SiteWords = field(default_factory=SiteWords)  # what the text may mean
    stage: str | None = None
    open_only: bool = False
    urgency: str | None = None
    crew: str | None = None
    topic: str | None = None
    place: str | None = None
    assignee: str | None = None  # a login
    overview: Overview | None = None
    viewer: Viewer = NOBODY  # whose overview it is
    order: Order = Order.NEWEST


@dataclass(frozen=True)
class CallQuery:
    text: str = ""  # in the caller's number and name
    site_words: SiteWords = field(default_factory=SiteWords)
    state: str | None = None
    ending: str | None = None
    trace: str | None = None  # the test caller's mark, from the payload of `call.started`


class Archive(Protocol):
    """Lists, newest first; `before` is the id of the last row of the page before. Of tickets, see `TicketQuery`."""

    async def calls(self, query: CallQuery, limit: int, before: str | None = None) -> Sequence[Call]: ...

    async def tickets(self, query: TicketQuery, limit: int, cursor: Cursor | None = None) -> Sequence[Ticket]:
        """In the query's order; from the cursor on, or the last ones before it."""

    async def overviews(self, viewer: Viewer) -> Mapping[Overview, int]:
        """How many tickets each has."""

    async def callbacks(self, state: str | None, limit: int, before: str | None = None) -> Sequence[OutboundCall]: ...

    async def attempts(self, outbound_call_ids: Collection[str]) -> Mapping[str, Sequence[Attempt]]:
        """Of those that have any, in order."""

    async def events(self, type: str | None, limit: int, before: str | None = None) -> Sequence[Event]:
        """The latest events of all calls."""

    async def calls_of_ticket(self, ticket_id: str) -> Sequence[Call]:
        """Oldest first; also those of the tickets that are merged into it."""

    async def ticket_history(self, ticket_id: str) -> Sequence["TicketChange"]:
        """Oldest first."""

    async def tallies(self) -> Mapping[str, Mapping[str, int]]:
        """Counts for the metrics: `calls` by ending, `tickets` by stage, `offers` by ending, `promises` by outcome."""


@dataclass(frozen=True)
class TicketChange:
    """One line of a ticket's own history: a stage, an urgency, a correction, a note, an answer, a message."""

    at: datetime
    actor: str
    what: str  # opened, joined, stage, urgency, corrected, note, message, assigned, given, back, reopened, merged, …
    to: str = ""
    note: str = ""  # private: empty once it has been forgotten
    corrections: tuple[Correction, ...] = ()  # what a person corrected; of a caller's correction nothing is kept


class Action(StrEnum):
    """What people do that somebody may have to answer for."""

    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    LOGGED_OUT = "logged_out"
    PASSWORD_CHANGED = "password_changed"
    MESSAGE_HEARD = "message_heard"
    STATE_CHANGED = "state_changed"
    PHONE_CHOSEN = "phone_chosen"
    STAGE_SET = "stage_set"
    URGENCY_SET = "urgency_set"
    TICKET_CORRECTED = "ticket_corrected"
    TICKET_TAKEN_IN = "ticket_taken_in"
    NOTE_ADDED = "note_added"
    TICKET_ASSIGNED = "ticket_assigned"
    STAGE_TAKEN_BACK = "stage_taken_back"
    TICKET_REOPENED = "ticket_reopened"
    TICKET_MERGED = "ticket_merged"
    MERGE_UNDONE = "merge_undone"
    TICKETS_LINKED = "tickets_linked"
    LINK_REMOVED = "link_removed"
    READ = "read"
    AUDIT_CUT = "audit_cut"
    ERASED = "erased"
    EMERGENCY_TAKEN = "emergency_taken"
    CALLBACK_ORDERED = "callback_ordered"
    CALLBACK_MOVED = "callback_moved"
    CALLBACK_CANCELLED = "callback_cancelled"
    CALLBACK_GIVEN_UP = "callback_given_up"
    MISSED_DONE = "missed_done"
    MISSED_REOPENED = "missed_reopened"
    DOCUMENTS_PUBLISHED = "documents_published"
    STATE_FORCED = "state_forced"
    HELP_ASKED = "help_asked"
    HELP_TAKEN = "help_taken"
    HELP_ENDED = "help_ended"
    NOTICE_POSTED = "notice_posted"
    NOTICE_WITHDRAWN = "notice_withdrawn"
    WALL_LINK_MADE = "wall_link_made"
    WALL_LINK_WITHDRAWN = "wall_link_withdrawn"
    AUDIT_EXPORTED = "audit_exported"


@dataclass(frozen=True)
class AuditEntry:
    id: str
    at: datetime
    actor: str  # agent:<login>, operator:<account of the machine>, or `stranger`
    action: str
    subject: (
        str  # a login, an agent's login, an edition's hash, the id of a ticket, call or callback, or a list of them
    )
    detail: Mapping[str, str] = field(default_factory=dict)
    last_at: datetime | None = None  # of a reading that went on


@dataclass(frozen=True)
class AuditQuery:
    """What somebody wants to know of the audit; empty: everything."""

    who: str = ""  # a login, an account of the machine, or an actor as written
    action: Action | None = None
    about: str = ""  # a subject as written, or the id of what was shown or is named in the details
    since: datetime | None = None
    until: datetime | None = None  # exclusive

    @property
    def actors(self) -> tuple[str, ...]:
        return (self.who, f"agent:{self.who}", f"operator:{self.who}")


EVERYTHING = AuditQuery()


class AuditNotes(Protocol):
    """Where it is noted what somebody did."""

    async def note(
        self, actor: str, action: Action, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> str:
        """Returns the entry's id."""


class NoAudit:
    """Of a process in which no person does anything."""

    async def note(
        self, actor: str, action: Action, subject: str, at: datetime, detail: Mapping[str, str] | None = None
    ) -> str:
        return ""


NO_AUDIT: AuditNotes = NoAudit()


class Audit(AuditNotes, Protocol):
    """Who did what at the desk. It is only ever added to, and holds nothing that callers said."""

    async def again(self, entry_id: str, at: datetime) -> None:
        """What was noted goes on: this is its last time so far."""

    async def entries(
        self, limit: int, before: str | None = None, query: AuditQuery = EVERYTHING
    ) -> Sequence[AuditEntry]:
        """Newest first; `before` is the id of the last one of the page before."""
