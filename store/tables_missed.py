"""Tables of callers whom nobody reached: one row per such call, so that nobody looks for them among all calls."""

from sqlalchemy import Column, Index, Integer, Table

from store.columns import ID, WORD, HostileText, UtcTime, metadata, reference

missed_calls = Table(
    "missed_calls",
    metadata,
    reference("id", "calls.id", key=True),  # the call's
    Column("kind", WORD, nullable=False),
    Column("waited_s", Integer),
    Column("ticket_id", ID),  # the first matter of the call
    Column("state", WORD, nullable=False),
    Column("state_since", UtcTime, nullable=False),
    Column("by", HostileText, nullable=False),
    Index("ix_missed_calls_state_id", "state", "id"),
    Index("ix_missed_calls_state_kind_id", "state", "kind", "id"),
    Index("ix_missed_calls_ticket_id", "ticket_id"),
)

missed_private = Table(
    "missed_private",
    metadata,
    reference("call_id", "missed_calls.id", key=True),
    Column("reason", HostileText, nullable=False),  # why nobody needs to call back, as typed
    Column("purge_after", UtcTime, nullable=False, index=True),
)
