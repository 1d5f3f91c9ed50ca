"""The audit becomes a chain that shows what was altered; what was erased for somebody has a receipt"""

from alembic import op
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, String

from store import columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        Column("seq", Integer(), nullable=True),
        Column("seal", String(length=64), nullable=True),
        Column("last_at", columns.UtcTime(), nullable=True),
        Column("last_seal", String(length=64), nullable=True),
    ):
        op.add_column("audit", column)
    op.create_index("uq_audit_seq", "audit", ["seq"], unique=True)
    op.create_table(
        "audit_marks",
        Column("name", String(length=64), nullable=False),
        Column("seq", Integer(), nullable=False),
        Column("seal", String(length=64), nullable=False),
        Column("proof", String(length=64), nullable=False),
        PrimaryKeyConstraint("name", name="pk_audit_marks"),
    )
    op.execute("INSERT INTO audit_marks (name, seq, seal, proof) VALUES ('head', 0, '', '')")
    op.create_table(
        "erasures",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("actor", columns.HostileText(), nullable=False),
        Column("number_mark", String(length=64), nullable=False),
        Column("counts", columns.Json, nullable=False),
        PrimaryKeyConstraint("id", name="pk_erasures"),
    )


def downgrade() -> None:
    op.drop_table("erasures")
    op.drop_table("audit_marks")
    op.drop_index("uq_audit_seq", table_name="audit")
    for name in ("last_seal", "last_at", "seal", "seq"):
        op.drop_column("audit", name)
