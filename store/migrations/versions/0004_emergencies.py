"""Emergencies, the phones that are rung for them, and the agents who want to take them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, UniqueConstraint

from store import columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('ringing', 'taken', 'left')")
OPEN_TAKE = sa.text("state IN ('asked', 'sent')")


def upgrade() -> None:
    op.create_table(
        "emergencies",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("call_id", String(length=36), nullable=False),
        Column("channel", columns.HostileText(), nullable=False),
        Column("state", String(length=64), nullable=False),
        Column("raised_at", columns.UtcTime(), nullable=False),
        Column("ticket_id", String(length=36), nullable=True),
        Column("taken_by", columns.HostileText(), nullable=False),
        Column("taken_at", columns.UtcTime(), nullable=True),
        Column("ended_at", columns.UtcTime(), nullable=True),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_emergencies_call_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_emergencies_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_emergencies"),
        UniqueConstraint("call_id", name="uq_emergencies_call_id"),
    )
    op.create_index("ix_emergencies_open", "emergencies", ["raised_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_emergencies_channel", "emergencies", ["channel"])
    _make_rings_and_takes()


def _make_rings_and_takes() -> None:
    op.create_table(
        "emergency_rings",
        Column("channel", String(length=64), nullable=False),
        Column("emergency_id", String(length=36), nullable=False),
        Column("phone", String(length=64), nullable=False),
        Column("began_at", columns.UtcTime(), nullable=False),
        Column("ended_at", columns.UtcTime(), nullable=True),
        ForeignKeyConstraint(
            ["emergency_id"], ["emergencies.id"], name="fk_emergency_rings_emergency_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("channel", name="pk_emergency_rings"),
    )
    op.create_index("ix_emergency_rings_emergency_id", "emergency_rings", ["emergency_id"])
    op.create_table(
        "emergency_takes",
        Column("id", String(length=36), nullable=False),
        Column("emergency_id", String(length=36), nullable=False),
        Column("agent_id", String(length=36), nullable=False),
        Column("state", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_emergency_takes_agent_id", ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["emergency_id"], ["emergencies.id"], name="fk_emergency_takes_emergency_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("id", name="pk_emergency_takes"),
    )
    op.create_index(
        "uq_emergency_takes_open", "emergency_takes", ["emergency_id"], unique=True,
        sqlite_where=OPEN_TAKE, postgresql_where=OPEN_TAKE,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("emergency_takes")
    op.drop_table("emergency_rings")
    op.drop_table("emergencies")
