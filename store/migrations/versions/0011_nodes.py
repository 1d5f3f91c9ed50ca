"""Calls, attempts, emergencies, legs and registrations say which Asterisk they live at; a call its channel"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, Json, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# What is there lives at a node without a name: the controller whose Asterisk lists its channel takes it for its own.
WITH_CHANNELS = ("calls", "call_legs", "attempts", "emergencies", "emergency_rings")
REGISTERED = "SELECT DISTINCT phone, '' FROM agents WHERE phone IS NOT NULL AND phone_registered"
REGISTERED_BACK = "UPDATE agents SET phone_registered = TRUE WHERE phone IN (SELECT phone FROM phone_registrations)"


def upgrade() -> None:
    op.create_table(
        "nodes",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("beats", sa.Integer, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_table(
        "phone_registrations",
        sa.Column("phone", sa.String(64), primary_key=True),
        sa.Column("node", sa.String(64), primary_key=True),
    )
    for table in WITH_CHANNELS:
        op.add_column(table, sa.Column("node", sa.String(64), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("channel", HostileText, nullable=False, server_default=""))
    _name_channels()
    op.execute(f"INSERT INTO phone_registrations (phone, node) {REGISTERED}")
    op.drop_column("agents", "phone_registered")


def _name_channels() -> None:
    """Of calls that are not over, whose dialogue held it until now."""
    connection, calls = op.get_bind(), sa.table("calls", *map(sa.column, ("id", "ended_at", "channel")))
    dialogues = sa.table("call_private", sa.column("call_id"), sa.column("dialogue", Json))
    live = sa.select(calls.c.id, dialogues.c.dialogue).join(dialogues, dialogues.c.call_id == calls.c.id)
    for row in connection.execute(live.where(calls.c.ended_at.is_(None))).all():
        facts: dict[str, Any] = (row.dialogue or {}).get("facts", {})
        if channel := facts.get("attempt") or facts.get("channel"):  # Asterisk gave the attempt's id to the channel
            connection.execute(sa.update(calls).where(calls.c.id == row.id).values(channel=channel))


def downgrade() -> None:
    op.add_column("agents", sa.Column("phone_registered", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute(REGISTERED_BACK)
    op.drop_column("calls", "channel")
    for table in WITH_CHANNELS:
        op.drop_column(table, "node")
    op.drop_table("phone_registrations")
    op.drop_table("nodes")
