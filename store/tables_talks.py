"""Tables of talks. They hold nothing private: ids of channels, never their names, which may hold a number."""

from sqlalchemy import Column, Index, Table, text

from store.columns import ID, WORD, HostileText, UtcTime, metadata, one_at_most, reference

PRESENT = text("state IN ('talking', 'held', 'listening')")
OPEN_COMMAND = text("state IN ('asked', 'sent')")

talks = Table(
    "talks",
    metadata,
    Column("id", ID, primary_key=True),
    reference("call_id", "calls.id"),
    Column("state", WORD, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Index("ix_talks_call_id", "call_id"),
)

talk_participants = Table(
    "talk_participants",
    metadata,
    Column("id", ID, primary_key=True),
    reference("talk_id", "talks.id"),
    reference("call_id", "calls.id"),
    Column("role", WORD, nullable=False),
    Column("state", WORD, nullable=False),
    Column("channel", HostileText),
    reference("agent_id", "agents.id", nullable=True),
    reference("offer_id", "offers.id", nullable=True),
    Column("answered_by", HostileText, nullable=False),
    Column("joined_at", UtcTime, nullable=False),
    Column("left_at", UtcTime),
    Index("ix_talk_participants_talk_id", "talk_id"),
    Index("ix_talk_participants_call_id", "call_id"),
    Index("ix_talk_participants_offer_id", "offer_id"),
    Index("ix_talk_participants_channel", "channel"),
)

talk_commands = Table(
    "talk_commands",
    metadata,
    Column("id", ID, primary_key=True),
    reference("talk_id", "talks.id"),
    Column("kind", WORD, nullable=False),
    reference("asked_by", "talk_participants.id"),
    Column("state", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("why", HostileText, nullable=False),
)
one_at_most("uq_talk_commands_open", OPEN_COMMAND, talk_commands.c.talk_id)
