"""Tables of emergencies: who is rung for them, and which agent wants to take them."""

from sqlalchemy import Column, Index, Table, UniqueConstraint, text

from store.columns import ID, WORD, HostileText, UtcTime, metadata, one_at_most, reference

OPEN = text("state IN ('ringing', 'taken', 'left')")
OPEN_TAKE = text("state IN ('asked', 'sent')")

emergencies = Table(
    "emergencies",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    reference("call_id", "calls.id"),
    Column("channel", HostileText, nullable=False),
    Column("state", WORD, nullable=False),
    Column("raised_at", UtcTime, nullable=False),
    reference("ticket_id", "tickets.id", nullable=True),
    Column("taken_by", HostileText, nullable=False),
    Column("taken_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("node", WORD, nullable=False),  # whose Asterisk has the caller
    UniqueConstraint("call_id"),
)
Index("ix_emergencies_open", emergencies.c.raised_at, sqlite_where=OPEN, postgresql_where=OPEN)
Index("ix_emergencies_channel", emergencies.c.channel)

emergency_rings = Table(
    "emergency_rings",
    metadata,
    Column("channel", WORD, primary_key=True),  # of the phone
    reference("emergency_id", "emergencies.id"),
    Column("phone", WORD, nullable=False),
    Column("began_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("node", WORD, nullable=False),
    Index("ix_emergency_rings_emergency_id", "emergency_id"),
)

emergency_takes = Table(
    "emergency_takes",
    metadata,
    Column("id", ID, primary_key=True),
    reference("emergency_id", "emergencies.id"),
    reference("agent_id", "agents.id"),
    Column("state", WORD, nullable=False),
    Column("at", UtcTime, nullable=False),
)
one_at_most("uq_emergency_takes_open", OPEN_TAKE, emergency_takes.c.emergency_id)
