"""What was asked for in the last hour is found without reading all that ever was"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_outbound_calls_since", "outbound_calls", ["since"])


def downgrade() -> None:
    op.drop_index("ix_outbound_calls_since", "outbound_calls")
