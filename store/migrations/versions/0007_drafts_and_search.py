"""What people type is kept as they type; tickets and calls are found by folded text"""

import sqlalchemy as sa
from alembic import op

from routing.searching import searchable
from store.columns import Json, UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SEARCHED = {
    "ticket_private": ("ticket_id", ("words", "name", "contact", "place_text")),
    "call_private": ("call_id", ("name", "contact")),
}
BATCH = 1_000  # rows


def upgrade() -> None:
    op.create_table(
        "draft_private",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("at", UtcTime(timezone=True), nullable=False),
        sa.Column("purge_after", UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft_private"),
        sa.UniqueConstraint("owner", "form", name="uq_draft_private_owner_form"),
    )
    op.create_index("ix_draft_private_purge_after", "draft_private", ["purge_after"])
    for table, (key, texts) in SEARCHED.items():
        op.add_column(table, sa.Column("searched", sa.Text(), nullable=False, server_default=""))
        _fill(sa.table(table, *(sa.column(name) for name in (key, *texts, "searched"))), key, texts)
        with op.batch_alter_table(table) as altered:
            altered.alter_column("searched", server_default=None)


def _fill(table: sa.TableClause, key: str, texts: tuple[str, ...]) -> None:
    """Batch by batch along the key, so that a table of any size fits into memory."""
    connection, last = op.get_bind(), ""
    change = sa.update(table).where(table.c[key] == sa.bindparam("row")).values(searched=sa.bindparam("text"))
    columns = [table.c[name] for name in texts]
    while rows := connection.execute(
        sa.select(table.c[key], *columns).where(table.c[key] > last).order_by(table.c[key]).limit(BATCH)
    ).all():
        connection.execute(change, [{"row": row[0], "text": searchable(*row[1:])} for row in rows])
        last = rows[-1][0]


def downgrade() -> None:
    op.drop_column("call_private", "searched")
    op.drop_column("ticket_private", "searched")
    op.drop_table("draft_private")
