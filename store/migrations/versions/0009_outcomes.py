"""What came of each action of a call's dialogue, and the state that it began with"""

import sqlalchemy as sa
from alembic import op

from store.columns import Json, UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("call_private", sa.Column("begun", Json))
    op.create_table(
        "outcome_private",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("call_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("outcome", Json, nullable=False),
        sa.Column("purge_after", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outcome_private"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_outcome_private_call_id", ondelete="CASCADE"),
        sa.UniqueConstraint("call_id", "seq", name="uq_outcome_private_call_id_seq"),
    )
    op.create_index("ix_outcome_private_purge_after", "outcome_private", ["purge_after"])


def downgrade() -> None:
    op.drop_table("outcome_private")
    op.drop_column("call_private", "begun")
