"""Which of their two phones an agent takes calls on: the one on the desk, as until now, or the one in the browser"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agents", sa.Column("phone_kind", sa.String(64), nullable=False, server_default="desk"))


def downgrade() -> None:
    op.execute("UPDATE agents SET phone = substr(phone, 1, length(phone) - 8) WHERE phone LIKE '%-browser'")
    op.drop_column("agents", "phone_kind")
