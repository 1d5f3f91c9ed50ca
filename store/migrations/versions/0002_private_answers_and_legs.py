"""Answers and notes of tickets become private rows, which are forgotten; the legs of calls"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, UniqueConstraint

from store import columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ANSWERS = """
UPDATE ticket_private SET answer =
    (SELECT tickets.answer FROM tickets WHERE tickets.id = ticket_private.ticket_id)
"""
NOTES = """
INSERT INTO ticket_change_private (change_id, note, purge_after)
SELECT ticket_changes.id, ticket_changes.note, ticket_private.purge_after
FROM ticket_changes JOIN ticket_private ON ticket_private.ticket_id = ticket_changes.ticket_id
WHERE ticket_changes.note <> ''
"""
ANSWERS_BACK = """
UPDATE tickets SET answer =
    (SELECT ticket_private.answer FROM ticket_private WHERE ticket_private.ticket_id = tickets.id)
"""
NOTES_BACK = """
UPDATE ticket_changes SET note =
    (SELECT held.note FROM ticket_change_private AS held WHERE held.change_id = ticket_changes.id)
WHERE id IN (SELECT change_id FROM ticket_change_private)
"""


def upgrade() -> None:
    _make_tables()
    op.add_column("ticket_private", Column("answer", columns.HostileText(), nullable=True))
    op.execute(ANSWERS)
    op.execute(NOTES)
    # PostgreSQL keeps the values of a dropped column in their rows, so they are blanked before.
    op.execute("UPDATE tickets SET answer = NULL WHERE answer IS NOT NULL")
    op.execute("UPDATE ticket_changes SET note = '' WHERE note <> ''")
    op.drop_column("tickets", "answer")
    op.drop_column("ticket_changes", "note")


def _make_tables() -> None:
    op.create_table(
        "ticket_change_private",
        Column("change_id", String(length=36), nullable=False),
        Column("note", columns.HostileText(), nullable=False),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(
            ["change_id"], ["ticket_changes.id"], name="fk_ticket_change_private_change_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("change_id", name="pk_ticket_change_private"),
    )
    op.create_index("ix_ticket_change_private_purge_after", "ticket_change_private", ["purge_after"])

    op.create_table(
        "call_legs",
        Column("id", String(length=36), nullable=False),
        Column("call_id", String(length=36), nullable=False),
        Column("channel", columns.HostileText(), nullable=False),
        Column("kind", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("ended_at", columns.UtcTime(), nullable=True),
        Column("cause", columns.HostileText(), nullable=True),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_call_legs_call_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_call_legs"),
        UniqueConstraint("call_id", "channel", name="uq_call_legs_call_id_channel"),
    )
    op.create_index("ix_call_legs_channel", "call_legs", ["channel"])


def downgrade() -> None:
    op.add_column("tickets", Column("answer", columns.HostileText(), nullable=True))
    op.add_column("ticket_changes", Column("note", columns.HostileText(), nullable=False, server_default=sa.text("''")))
    op.execute(ANSWERS_BACK)
    op.execute(NOTES_BACK)
    op.drop_column("ticket_private", "answer")
    op.drop_table("call_legs")
    op.drop_table("ticket_change_private")
