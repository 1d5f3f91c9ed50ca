"""Tables of what people do with tickets beside working on them: merges, links, and the lists that they keep."""

from sqlalchemy import Boolean, Column, Index, String, Table, UniqueConstraint

from store.columns import ID, WORD, HostileText, Json, UtcTime, metadata, reference

ticket_merges = Table(  # of tickets that are merged into another one now
    "ticket_merges",
    metadata,
    reference("ticket_id", "tickets.id", key=True),
    reference("into_id", "tickets.id"),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    # What the ticket that stays had said before, and says since: by this a merge is undone.
    Column("what_before", WORD, nullable=False),
    Column("by_before", UtcTime, nullable=False),
    Column("urgency_set_before", WORD),
    Column("what_after", WORD, nullable=False),
    Column("by_after", UtcTime, nullable=False),
    Column("urgency_set_after", WORD),
    Column("called_off", Boolean, nullable=False),  # a callback that both owed
    Index("ix_ticket_merges_into_id", "into_id"),
)

ticket_links = Table(  # both ways, as one row: the lesser id first
    "ticket_links",
    metadata,
    reference("ticket_id", "tickets.id", key=True),
    reference("other_id", "tickets.id", key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", HostileText, nullable=False),
    Index("ix_ticket_links_other_id", "other_id"),
)

saved_filters = Table(
    "saved_filters",
    metadata,
    Column("id", ID, primary_key=True),
    Column("owner", WORD, nullable=False),  # a login
    Column("name", String(64), nullable=False),
    Column("fields", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("owner", "name"),
)
