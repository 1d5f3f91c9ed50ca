"""Tables of agents, queue, offers, outbound calls and accounts.

The partial unique indexes stand behind every claim: whatever a process believes, the database holds
one live offer per entry, call and agent, and one open call to ring per ticket and purpose.
"""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, false, text

from store.columns import ID, WORD, HostileText, Json, UtcTime, metadata, one_at_most, reference
from store.queue_order import IN_LINE, LEVEL, OWED, UNPRESSED

LIVE_OFFER = text("state IN ('made', 'seen', 'ringing', 'answered')")
OPEN_OUTBOUND_CALL = text("state IN ('pending', 'dialling', 'connected')")
OPEN_ATTEMPT = text("state IN ('claimed', 'sent', 'answered')")
IN_QUEUE = text("left_at IS NULL")
ANSWERED = text("answered_at IS NOT NULL")

agents = Table(
    "agents",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("login", WORD, nullable=False),
    Column("name", HostileText, nullable=False),
    Column("crews", Json, nullable=False),
    Column("phone", WORD),
    Column("phone_kind", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("state_since", UtcTime, nullable=False),
    Column("idle_since", UtcTime, nullable=False),
    Column("page_seen_at", UtcTime),
    Column("page", WORD),  # the live browser page
    Column("reason", HostileText, nullable=False),
    UniqueConstraint("site_id", "login"),
)

queue_entries = Table(
    "queue_entries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("crew", WORD, nullable=False),
    Column("urgency", WORD, nullable=False),
    Column("since", UtcTime, nullable=False),
    reference("call_id", "calls.id", nullable=True),
    reference("callback_id", "outbound_calls.id", nullable=True),
    reference("ticket_id", "tickets.id", nullable=True),
    Column("not_before", UtcTime),
    Column("offers", Integer, nullable=False),
    Column("left_at", UtcTime),
    Column("left_reason", HostileText),
    Column("promise_by", UtcTime),
    Column("pressing", Boolean, nullable=False, server_default=false()),
    Column("contacts", Integer, nullable=False, server_default="0"),
)
_TURN = (queue_entries.c.crew, text(LEVEL), queue_entries.c.since, queue_entries.c.id)
# Each kind by itself, so that neither is looked for among the other.
Index("ix_queue_entries_live_turn", *_TURN, sqlite_where=IN_LINE, postgresql_where=IN_LINE)
Index("ix_queue_entries_owed_turn", *_TURN, sqlite_where=OWED, postgresql_where=OWED)
Index("ix_queue_entries_promise_by", queue_entries.c.promise_by, sqlite_where=UNPRESSED, postgresql_where=UNPRESSED)
one_at_most("uq_queue_entries_call", IN_QUEUE, queue_entries.c.call_id)
one_at_most("uq_queue_entries_callback", IN_QUEUE, queue_entries.c.callback_id)
Index("ix_queue_entries_ticket", queue_entries.c.ticket_id, sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE)

refusals = Table(
    "refusals",
    metadata,
    reference("entry_id", "queue_entries.id", key=True),
    reference("agent_id", "agents.id", key=True),
)

offers = Table(
    "offers",
    metadata,
    Column("id", ID, primary_key=True),
    reference("entry_id", "queue_entries.id"),
    reference("agent_id", "agents.id"),
    reference("call_id", "calls.id", nullable=True),
    reference("callback_id", "outbound_calls.id", nullable=True),
    reference("ticket_id", "tickets.id", nullable=True),
    Column("state", WORD, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime),
    Column("ringing_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ending", HostileText),
    Index("ix_offers_agent_id_made_at", "agent_id", "made_at"),
    Index("ix_offers_call_id_made_at", "call_id", "made_at"),
    Index("ix_offers_ticket_id", "ticket_id", "answered_at"),
    Index("ix_offers_ended_at", "ended_at", sqlite_where=ANSWERED, postgresql_where=ANSWERED),
)
one_at_most("uq_offers_live_entry", LIVE_OFFER, offers.c.entry_id)
one_at_most("uq_offers_live_call", LIVE_OFFER, offers.c.call_id)
one_at_most("uq_offers_live_agent", LIVE_OFFER, offers.c.agent_id)

outbound_calls = Table(
    "outbound_calls",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    reference("ticket_id", "tickets.id"),
    reference("call_id", "calls.id", nullable=True),
    Column("crew", WORD, nullable=False),
    Column("urgency", WORD, nullable=False),
    Column("purpose", WORD, nullable=False),
    Column("flow", WORD, nullable=False),  # of the documents: serves whoever takes the phone
    Column("since", UtcTime, nullable=False, index=True),
    Column("due", UtcTime, nullable=False),
    Column("state", WORD, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Index("ix_outbound_calls_ticket_id", "ticket_id"),
)
one_at_most("uq_outbound_calls_open", OPEN_OUTBOUND_CALL, outbound_calls.c.ticket_id, outbound_calls.c.purpose)

outbound_call_private = Table(
    "outbound_call_private",
    metadata,
    reference("outbound_call_id", "outbound_calls.id", key=True),
    Column("number", HostileText, nullable=False),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", ID, primary_key=True),
    reference("outbound_call_id", "outbound_calls.id"),
    reference("offer_id", "offers.id", nullable=True),
    Column("number", Integer, nullable=False),
    Column("slot", Integer),  # of those without an agent
    Column("state", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ending", HostileText),
    Column("node", WORD, nullable=False),  # whose Asterisk dials
    Column("agent_id", ID),  # for whom, of a callback
    UniqueConstraint("outbound_call_id", "number"),
)
one_at_most("uq_attempts_open_agent", OPEN_ATTEMPT, attempts.c.agent_id)
one_at_most("uq_attempts_open_outbound_call", OPEN_ATTEMPT, attempts.c.outbound_call_id)
one_at_most("uq_attempts_open_slot", OPEN_ATTEMPT, attempts.c.slot)

wrap_ups = Table(
    "wrap_ups",
    metadata,
    reference("offer_id", "offers.id", key=True),
    reference("agent_id", "agents.id"),
    Column("disposition", HostileText, nullable=False),
    Column("at", UtcTime, nullable=False),
)

wrap_up_private = Table(
    "wrap_up_private",
    metadata,
    reference("offer_id", "wrap_ups.offer_id", key=True),
    Column("note", HostileText, nullable=False),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

draft_private = Table(
    "draft_private",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", WORD, nullable=False),  # the login of who types
    Column("form", WORD, nullable=False),
    Column("fields", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("purge_after", UtcTime, nullable=False, index=True),
    UniqueConstraint("owner", "form"),
)

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("login", WORD, nullable=False, unique=True),
    Column("name", HostileText, nullable=False),
    Column("role", WORD, nullable=False),
    Column("password_hash", Text, nullable=False),  # argon2
    Column("language", WORD, nullable=False),  # of the documents
    Column("chosen_language", WORD),
    Column("active", Boolean, nullable=False),
    reference("agent_id", "agents.id", nullable=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(128), primary_key=True),
    reference("user_id", "users.id"),
    Column("opened_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
    Column("revoked_at", UtcTime),
)

login_tries = Table(
    "login_tries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False, index=True),  # a digest: people type their password into any field
    Column("at", UtcTime, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    Column("action", WORD, nullable=False),
    Column("subject", HostileText, nullable=False),
    Column("detail", Json, nullable=False),
    Column("seq", Integer),  # its place in the chain
    Column("seal", String(64)),
    Column("last_at", UtcTime),  # of a reading that went on
    Column("last_seal", String(64)),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_actor", "actor", "id"),
    Index("ix_audit_at", "site_id", "at"),
    Index("uq_audit_seq", "seq", unique=True),
)

# `head`: the chain's last row; `anchor`: the last one cut off its old end.
audit_marks = Table(
    "audit_marks",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("seal", String(64), nullable=False),
    Column("proof", String(64), nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    Column("number_mark", String(64), nullable=False),  # keyed: it tells no number
    Column("counts", Json, nullable=False),  # store → how many
)

forgotten = Table(
    "forgotten",
    metadata,
    Column("site_id", WORD, primary_key=True),
    Column("until", UtcTime, nullable=False),  # what was due by then has been deleted
)
