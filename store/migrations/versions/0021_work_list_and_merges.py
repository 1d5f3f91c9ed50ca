"""Tickets as work: when each is due, who has it, which were reopened or merged; links, and lists that people keep"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, Json, UtcTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

OPEN = sa.text("stage != 'closed'")
LATEST = "SELECT MAX(latest.id) FROM promises AS latest WHERE latest.ticket_id = tickets.id"
DUE = f'UPDATE tickets SET due = (SELECT promises."by" FROM promises WHERE promises.id = ({LATEST}))'


def upgrade() -> None:
    for column in (
        sa.Column("due", UtcTime),
        sa.Column("assignee", sa.String(64)),
        sa.Column("reopened_at", UtcTime),
        sa.Column("merged_into", sa.String(36)),
    ):
        op.add_column("tickets", column)
    op.execute(DUE)
    op.create_index("ix_tickets_open_id", "tickets", ["id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_tickets_open_due", "tickets", ["due", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_tickets_merged_into", "tickets", ["merged_into"])
    _merges()
    _links()
    _filters()


def _merges() -> None:
    op.create_table(
        "ticket_merges",
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("into_id", sa.String(36), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", HostileText, nullable=False),
        sa.Column("what_before", sa.String(64), nullable=False),
        sa.Column("by_before", UtcTime, nullable=False),
        sa.Column("urgency_set_before", sa.String(64)),
        sa.Column("what_after", sa.String(64), nullable=False),
        sa.Column("by_after", UtcTime, nullable=False),
        sa.Column("urgency_set_after", sa.String(64)),
        sa.Column("called_off", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", name="pk_ticket_merges"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_merges_ticket_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["into_id"], ["tickets.id"], name="fk_ticket_merges_into_id", ondelete="CASCADE"),
    )
    op.create_index("ix_ticket_merges_into_id", "ticket_merges", ["into_id"])


def _links() -> None:
    op.create_table(
        "ticket_links",
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("other_id", sa.String(36), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", HostileText, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", name="pk_ticket_links"),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_links_ticket_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["tickets.id"], name="fk_ticket_links_other_id", ondelete="CASCADE"),
    )
    op.create_index("ix_ticket_links_other_id", "ticket_links", ["other_id"])


def _filters() -> None:
    op.create_table(
        "saved_filters",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_filters"),
        sa.UniqueConstraint("owner", "name", name="uq_saved_filters_owner_name"),
    )


def downgrade() -> None:
    for table in ("saved_filters", "ticket_links", "ticket_merges"):
        op.drop_table(table)
    for index in ("ix_tickets_merged_into", "ix_tickets_open_due", "ix_tickets_open_id"):
        op.drop_index(index, "tickets")
    for column in ("merged_into", "reopened_at", "assignee", "due"):
        op.drop_column("tickets", column)
