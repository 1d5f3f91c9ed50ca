"""Tables of those who look after the floor: help that agents ask for, notices to all desks, links for walls."""

from sqlalchemy import Column, Index, String, Table, text

from store.columns import ID, WORD, HostileText, UtcTime, metadata, one_at_most, reference

OPEN_HELP = text("state IN ('asked', 'taken')")

help_requests = Table(
    "help_requests",
    metadata,
    Column("id", ID, primary_key=True),
    reference("agent_id", "agents.id"),
    Column("state", WORD, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("taken_by", HostileText, nullable=False),
    Column("taken_at", UtcTime),
    Column("ended_at", UtcTime),
)
one_at_most("uq_help_requests_open", OPEN_HELP, help_requests.c.agent_id)

notice_private = Table(
    "notice_private",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("text", HostileText, nullable=False),
    Column("by", HostileText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("until", UtcTime, nullable=False, index=True),
    Column("withdrawn_at", UtcTime),
    Column("purge_after", UtcTime, nullable=False, index=True),
)

notice_dismissals = Table(
    "notice_dismissals",
    metadata,
    reference("notice_id", "notice_private.id", key=True),
    Column("login", WORD, primary_key=True),
)

wall_links = Table(
    "wall_links",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site_id", WORD, nullable=False),
    Column("name", HostileText, nullable=False),
    Column("token_hash", String(128), nullable=False),
    Column("by", HostileText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    Index("ix_wall_links_token_hash", "token_hash", unique=True),
)
