"""Help that agents ask for, notices to all desks, links for walls; a day's figures and open promises by index"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, UtcTime

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

ID = sa.String(36)
WORD = sa.String(64)
OPEN_HELP = sa.text("state IN ('asked', 'taken')")
UNSETTLED = sa.text("settled_at IS NULL")
CONTACT_EVENT = sa.text(
    "type IN ('queue.entered', 'callback.taken_over', 'queue.left', 'agent.answered', 'callback.stored', "
    "'message.owed', 'message.recorded', 'emergency.left', 'emergency.summoned', 'emergency.taken', "
    "'dialplan.took_over', 'call.ended')"
)


def upgrade() -> None:
    op.create_table(
        "help_requests",
        sa.Column("id", ID, nullable=False),
        sa.Column("agent_id", ID, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("taken_by", HostileText, nullable=False),
        sa.Column("taken_at", UtcTime),
        sa.Column("ended_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_help_requests"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_help_requests_agent_id", ondelete="CASCADE"),
    )
    op.create_index(
        "uq_help_requests_open", "help_requests", ["agent_id"], unique=True, sqlite_where=OPEN_HELP,
        postgresql_where=OPEN_HELP,
    )  # fmt: skip
    _notices()
    op.create_table(
        "wall_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", WORD, nullable=False),
        sa.Column("name", HostileText, nullable=False),
        sa.Column("token_hash", sa.String(128), nullable=False),
        sa.Column("by", HostileText, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("withdrawn_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_wall_links"),
    )
    op.create_index("ix_wall_links_token_hash", "wall_links", ["token_hash"], unique=True)
    op.create_index(
        "ix_events_contact_at", "events", ["at"], sqlite_where=CONTACT_EVENT, postgresql_where=CONTACT_EVENT
    )
    op.create_index("ix_promises_unsettled_by", "promises", ["by"], sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)


def _notices() -> None:
    op.create_table(
        "notice_private",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", WORD, nullable=False),
        sa.Column("text", HostileText, nullable=False),
        sa.Column("by", HostileText, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("withdrawn_at", UtcTime),
        sa.Column("purge_after", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notice_private"),
    )
    op.create_index("ix_notice_private_until", "notice_private", ["until"])
    op.create_index("ix_notice_private_purge_after", "notice_private", ["purge_after"])
    op.create_table(
        "notice_dismissals",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("login", WORD, nullable=False),
        sa.PrimaryKeyConstraint("notice_id", "login", name="pk_notice_dismissals"),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice_private.id"], name="fk_notice_dismissals_notice_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_promises_unsettled_by", "promises")
    op.drop_index("ix_events_contact_at", "events")
    op.drop_table("wall_links")
    op.drop_table("notice_dismissals")
    op.drop_table("notice_private")
    op.drop_table("help_requests")
