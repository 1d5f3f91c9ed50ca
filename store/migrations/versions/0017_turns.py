"""The queue's order is made of more than the urgency, and is read by index"""

import sqlalchemy as sa
from alembic import op

from store.columns import UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

LEVEL = (
    "(CASE urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 4 WHEN 'normal' THEN 6 WHEN 'low' THEN 8 END"
    " - CASE WHEN contacts > 0 THEN 1 ELSE 0 END - CASE WHEN pressing THEN 2 ELSE 0 END)"
)
TURN: list[str | sa.TextClause] = ["crew", sa.text(LEVEL), "since", "id"]
WHERE = {
    "ix_queue_entries_live_turn": "left_at IS NULL AND call_id IS NOT NULL",
    "ix_queue_entries_owed_turn": "left_at IS NULL AND call_id IS NULL",
}
UNPRESSED = sa.text("left_at IS NULL AND NOT pressing")
ANSWERED = sa.text("answered_at IS NOT NULL")
LATEST = sa.text(
    'UPDATE queue_entries SET promise_by = (SELECT promises."by" FROM promises WHERE promises.id = '
    "(SELECT max(latest.id) FROM promises AS latest WHERE latest.ticket_id = queue_entries.ticket_id)) "
    "WHERE left_at IS NULL"
)


def upgrade() -> None:
    op.add_column("queue_entries", sa.Column("promise_by", UtcTime))
    op.add_column("queue_entries", sa.Column("pressing", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("queue_entries", sa.Column("contacts", sa.Integer, nullable=False, server_default="0"))
    op.execute(LATEST)
    for name, where in WHERE.items():
        op.create_index(name, "queue_entries", TURN, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index(
        "ix_queue_entries_promise_by", "queue_entries", ["promise_by"],
        sqlite_where=UNPRESSED, postgresql_where=UNPRESSED,
    )  # fmt: skip
    op.create_index("ix_offers_ticket_id", "offers", ["ticket_id", "answered_at"])
    op.create_index("ix_offers_ended_at", "offers", ["ended_at"], sqlite_where=ANSWERED, postgresql_where=ANSWERED)
    op.add_column("attempts", sa.Column("agent_id", sa.String(36)))
    op.create_index(
        "uq_attempts_open_agent", "attempts", ["agent_id"], unique=True,
        sqlite_where=sa.text("state IN ('claimed', 'sent', 'answered')"),
        postgresql_where=sa.text("state IN ('claimed', 'sent', 'answered')"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("uq_attempts_open_agent", "attempts")
    op.drop_column("attempts", "agent_id")
    op.drop_index("ix_offers_ended_at", "offers")
    op.drop_index("ix_offers_ticket_id", "offers")
    op.drop_index("ix_queue_entries_promise_by", "queue_entries")
    for name in WHERE:
        op.drop_index(name, "queue_entries")
    for name in ("contacts", "pressing", "promise_by"):
        op.drop_column("queue_entries", name)
