"""Every desk counts the same tries at a login"""

import sqlalchemy as sa
from alembic import op

from store.columns import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_tries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", UtcTime, nullable=False),
    )
    op.create_index("ix_login_tries_key", "login_tries", ["key"])
    op.create_index("ix_login_tries_at", "login_tries", ["at"])


def downgrade() -> None:
    op.drop_table("login_tries")
