"""Callers whom nobody reached are listed, from this version's calls on"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ID = sa.String(36)
WORD = sa.String(64)


def upgrade() -> None:
    op.create_table(
        "missed_calls",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("waited_s", sa.Integer),
        sa.Column("ticket_id", ID),
        sa.Column("state", WORD, nullable=False),
        sa.Column("state_since", UtcTime, nullable=False),
        sa.Column("by", HostileText, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_missed_calls"),
        sa.ForeignKeyConstraint(["id"], ["calls.id"], name="fk_missed_calls_id", ondelete="CASCADE"),
    )
    op.create_index("ix_missed_calls_state_id", "missed_calls", ["state", "id"])
    op.create_index("ix_missed_calls_state_kind_id", "missed_calls", ["state", "kind", "id"])
    op.create_index("ix_missed_calls_ticket_id", "missed_calls", ["ticket_id"])
    op.create_table(
        "missed_private",
        sa.Column("call_id", ID, nullable=False),
        sa.Column("reason", HostileText, nullable=False),
        sa.Column("purge_after", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_missed_private"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["missed_calls.id"], name="fk_missed_private_call_id", ondelete="CASCADE"
        ),
    )  # fmt: skip
    op.create_index("ix_missed_private_purge_after", "missed_private", ["purge_after"])
    op.create_index("ix_outbound_calls_ticket_id", "outbound_calls", ["ticket_id"])  # asked for as a call ends


def downgrade() -> None:
    op.drop_index("ix_outbound_calls_ticket_id", "outbound_calls")
    op.drop_table("missed_private")
    op.drop_table("missed_calls")
