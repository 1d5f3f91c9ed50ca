"""What people correct of tickets is kept, field by field, and a repeated note finds the first one"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ticket_corrections",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("ticket_id", sa.String(36), nullable=False),
        sa.Column("change_id", sa.String(36), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("actor", HostileText, nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("before", HostileText),
        sa.Column("after", HostileText),
        sa.Column("confidence", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_corrections"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["tickets.id"], name="fk_ticket_corrections_ticket_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["ticket_changes.id"], name="fk_ticket_corrections_change_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_ticket_corrections_ticket_id", "ticket_corrections", ["ticket_id"])
    op.create_index("ix_ticket_corrections_change_id", "ticket_corrections", ["change_id"])
    op.create_table(
        "ticket_correction_private",
        sa.Column("correction_id", sa.String(36), nullable=False),
        sa.Column("before", HostileText),
        sa.Column("after", HostileText),
        sa.Column("purge_after", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("correction_id", name="pk_ticket_correction_private"),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["ticket_corrections.id"], name="fk_ticket_correction_private_correction_id",
            ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index("ix_ticket_correction_private_purge_after", "ticket_correction_private", ["purge_after"])
    op.add_column("ticket_changes", sa.Column("key", HostileText))
    op.create_index("ix_ticket_changes_ticket_id_key", "ticket_changes", ["ticket_id", "key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_ticket_changes_ticket_id_key", "ticket_changes")
    op.drop_column("ticket_changes", "key")
    op.drop_table("ticket_correction_private")
    op.drop_table("ticket_corrections")
