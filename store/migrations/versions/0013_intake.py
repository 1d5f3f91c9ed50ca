"""A ticket says how its matter came: by telephone, as a message, from the desk or from a program"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What the dialplan recorded by itself, of calls that no controller had begun.
RECORDED_ALONE = "key LIKE '%:spool:%' AND EXISTS (SELECT 1 FROM messages WHERE messages.ticket_id = tickets.id)"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("source", sa.String(64), nullable=False, server_default="call"))
    op.add_column("tickets", sa.Column("taken_by", HostileText, nullable=False, server_default=""))
    op.execute(f"UPDATE tickets SET source = 'message' WHERE {RECORDED_ALONE}")


def downgrade() -> None:
    """A ticket that nobody is named for becomes one of an unknown caller."""
    op.execute("UPDATE tickets SET caller_kind = 'unknown' WHERE caller_kind = ''")
    op.drop_column("tickets", "taken_by")
    op.drop_column("tickets", "source")
