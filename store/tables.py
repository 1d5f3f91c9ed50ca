"""Tables of calls and tickets. What callers said, names and numbers live in `…_private` with `purge_after`.

Ids are UUIDv7; times are UTC; `site_id` is on every root row.
"""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint, text

from routing.contacts import CONTACT_EVENTS
from store.columns import ID, WORD, HostileText, Json, UtcTime, metadata, reference

NOT_ENDED = text("ended_at IS NULL")
UNSETTLED = text("settled_at IS NULL")
# Written out, not bound: only so does the database see that the index of those serves.
CONTACT_EVENT = text(f"type IN ({', '.join(repr(str(each)) for each in CONTACT_EVENTS)})")
OPEN_TICKET = text("stage != 'closed'")

documents = Table(
    "documents",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("kind", WORD, nullable=False),
    Column("body", Text, nullable=False),  # canonical JSON, exactly what was hashed
    Column("seen_at", UtcTime, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("hash", String(64), primary_key=True),  # of the hashes
    Column("site_id", WORD, nullable=False),
    Column("hashes", Json, nullable=False),  # document kind → content hash
    Column("kept_at", UtcTime, nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("site_id", WORD, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 1 on; the latest one is in force
    Column("edition_hash", String(64), nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("published_by", HostileText, nullable=False),
    Column("note", HostileText, nullable=False),
)

document_folders = Table(  # what each folder of documents was last the same as
    "document_folders",
    metadata,
    Column("site_id", WORD, primary_key=True),
    Column("folder", HostileText, primary_key=True),  # its name here; empty: any, before this was noted
    Column("imported", String(64), nullable=False),  # the edition that was last read from it, or written to it
    Column("seen", String(64)),  # the publication that its documents are based on, by its edition
)

calls = Table(
    "calls",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("dnis", HostileText, nullable=False),
    Column("direction", WORD, nullable=False),
    Column("language", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("withheld", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("caller_kind", WORD, nullable=False),
    Column("caller_place", WORD),
    Column("pins", Json, nullable=False),
    Column("trace", HostileText, index=True),  # the test caller's mark
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("ending", HostileText, index=True),
    Column("outbound_call_id", ID, index=True),
    Column("attempt_id", ID, index=True),
    Column("last_seq", Integer, nullable=False),
    Column("node", WORD, nullable=False),  # whose Asterisk has it
    Column("channel", HostileText, nullable=False),  # of the caller: its unique id there
    Index("ix_calls_live", "started_at", sqlite_where=NOT_ENDED, postgresql_where=NOT_ENDED),
)

call_private = Table(
    "call_private",
    metadata,
    reference("call_id", "calls.id", key=True),
    Column("raw", HostileText, nullable=False),
    Column("number", HostileText, index=True),
    Column("name", HostileText, nullable=False),
    Column("contact", HostileText),
    Column("searched", Text, nullable=False),  # what it is found by, folded
    Column("dialogue", Json, nullable=False),  # holds words and numbers on their way to a ticket
    Column("begun", Json),  # the dialogue's first state; of calls before 0009 it is not known
    Column("purge_after", UtcTime, nullable=False, index=True),
)

events = Table(
    "events",
    metadata,
    Column("id", ID, primary_key=True),
    reference("call_id", "calls.id"),
    Column("leg", HostileText, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("type", WORD, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("actor", HostileText, nullable=False),
    Column("payload", Json, nullable=False),
    UniqueConstraint("call_id", "seq"),
    Index("ix_events_type_id", "type", "id"),
    Index("ix_events_contact_at", "at", sqlite_where=CONTACT_EVENT, postgresql_where=CONTACT_EVENT),
)

event_private = Table(
    "event_private",
    metadata,
    reference("event_id", "events.id", key=True),
    Column("private", Json, nullable=False),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

outcome_private = Table(
    "outcome_private",
    metadata,
    Column("id", ID, primary_key=True),
    reference("call_id", "calls.id"),
    Column("seq", Integer, nullable=False),
    Column("outcome", Json, nullable=False),  # what came of an action of the dialogue: words, keys, names
    Column("purge_after", UtcTime, nullable=False, index=True),
    UniqueConstraint("call_id", "seq"),
)

call_legs = Table(
    "call_legs",
    metadata,
    Column("id", ID, primary_key=True),
    reference("call_id", "calls.id"),
    Column("channel", HostileText, nullable=False),  # Asterisk's unique id
    Column("kind", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("cause", HostileText),
    Column("node", WORD, nullable=False),
    UniqueConstraint("call_id", "channel"),
    Index("ix_call_legs_channel", "channel"),
)

counters = Table(
    "counters",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("value", Integer, nullable=False),
)

tickets = Table(
    "tickets",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("number", String(16), nullable=False, unique=True),
    Column("key", HostileText, unique=True),  # makes a repeated opening find this ticket
    Column("opened_at", UtcTime, nullable=False),
    Column("stage", WORD, nullable=False),
    Column("topic", WORD, nullable=False),
    Column("crew", WORD, nullable=False),
    Column("urgency_suggested", WORD, nullable=False),
    Column("urgency_set", WORD),
    Column("place", WORD),
    Column("asset", WORD),
    Column("confidence", Float),
    Column("withheld", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("caller_kind", WORD, nullable=False),  # empty: nobody is named
    Column("caller_place", WORD),
    Column("source", WORD, nullable=False, server_default="call"),
    Column("taken_by", HostileText, nullable=False, server_default=""),
    Column("due", UtcTime),  # of its latest promise
    Column("assignee", WORD),  # the login of who has it
    Column("reopened_at", UtcTime),
    Column("merged_into", ID),  # the ticket that has the same matter
    Index("ix_tickets_topic_place_stage", "topic", "place", "stage"),
    Index("ix_tickets_stage_id", "stage", "id"),
    Index("ix_tickets_open_id", "id", sqlite_where=OPEN_TICKET, postgresql_where=OPEN_TICKET),
    Index("ix_tickets_open_due", "due", "id", sqlite_where=OPEN_TICKET, postgresql_where=OPEN_TICKET),
    Index("ix_tickets_merged_into", "merged_into"),
)

ticket_private = Table(
    "ticket_private",
    metadata,
    reference("ticket_id", "tickets.id", key=True),
    Column("words", HostileText, nullable=False),
    Column("why", Json, nullable=False),
    Column("place_text", HostileText),
    Column("raw", HostileText, nullable=False),
    Column("number", HostileText, index=True),
    Column("name", HostileText, nullable=False),
    Column("contact", HostileText),
    Column("callback_number", HostileText),
    Column("answer", HostileText),  # what the caller was told at the end
    Column("searched", Text, nullable=False),  # what it is found by, folded
    Column("purge_after", UtcTime, nullable=False, index=True),
)

call_tickets = Table(
    "call_tickets",
    metadata,
    reference("call_id", "calls.id", key=True),
    reference("ticket_id", "tickets.id", key=True),
    Column("at", UtcTime, nullable=False),
    Index("ix_call_tickets_ticket_id", "ticket_id"),
)

ticket_stages = Table(
    "ticket_stages",
    metadata,
    reference("ticket_id", "tickets.id", key=True),
    Column("stage", WORD, primary_key=True),
    Column("at", UtcTime, nullable=False),
)

ticket_changes = Table(
    "ticket_changes",
    metadata,
    Column("id", ID, primary_key=True),
    reference("ticket_id", "tickets.id"),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    Column("what", WORD, nullable=False),
    Column("to", HostileText, nullable=False),
    Column("key", HostileText),  # makes a repeated note find this one
    Index("ix_ticket_changes_ticket_id", "ticket_id"),
    Index("ix_ticket_changes_ticket_id_key", "ticket_id", "key", unique=True),
)

ticket_change_private = Table(
    "ticket_change_private",
    metadata,
    reference("change_id", "ticket_changes.id", key=True),
    Column("note", HostileText, nullable=False),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

ticket_corrections = Table(  # what people corrected, field by field
    "ticket_corrections",
    metadata,
    Column("id", ID, primary_key=True),
    reference("ticket_id", "tickets.id"),
    reference("change_id", "ticket_changes.id"),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    Column("field", WORD, nullable=False),
    Column("before", HostileText),  # of private fields: beside this table
    Column("after", HostileText),
    Column("confidence", Float),  # of the line, in the topic that it had understood
    Index("ix_ticket_corrections_ticket_id", "ticket_id"),
    Index("ix_ticket_corrections_change_id", "change_id"),
)

ticket_correction_private = Table(
    "ticket_correction_private",
    metadata,
    reference("correction_id", "ticket_corrections.id", key=True),
    Column("before", HostileText),
    Column("after", HostileText),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

promises = Table(
    "promises",
    metadata,
    Column("id", ID, primary_key=True),
    reference("ticket_id", "tickets.id"),
    Column("what", WORD, nullable=False),
    Column("by", UtcTime, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Column("kept", Boolean),
    Index("ix_promises_ticket_id", "ticket_id"),
    Index("ix_promises_unsettled_by", "by", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
)

messages = Table(
    "messages",
    metadata,
    Column("id", ID, primary_key=True),
    reference("ticket_id", "tickets.id"),
    Column("recording", HostileText, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("ticket_id", "recording"),
)
