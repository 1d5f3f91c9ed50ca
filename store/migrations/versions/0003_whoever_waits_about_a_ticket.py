"""Whoever waits about a ticket is found without reading those who have left"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IN_QUEUE = sa.text("left_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_queue_entries_ticket", "queue_entries", ["ticket_id"], sqlite_where=IN_QUEUE, postgresql_where=IN_QUEUE
    )


def downgrade() -> None:
    op.drop_index("ix_queue_entries_ticket", table_name="queue_entries")
