"""Which edition of the documents is in force stands in the database"""

import sqlalchemy as sa
from alembic import op

from store.columns import HostileText, UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# The edition that the line was last started with stays in force, whatever folder it came from.
LATEST = """
    FROM editions AS e WHERE e.published_at = (SELECT max(published_at) FROM editions WHERE site_id = e.site_id)
    AND e.hash = (SELECT max(hash) FROM editions WHERE site_id = e.site_id AND published_at = e.published_at)
"""


def upgrade() -> None:
    op.create_table(
        "publications",
        sa.Column("site_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("edition_hash", sa.String(64), nullable=False),
        sa.Column("published_at", UtcTime, nullable=False),
        sa.Column("published_by", HostileText, nullable=False),
        sa.Column("note", HostileText, nullable=False),
    )
    op.create_table(
        "document_folders",
        sa.Column("site_id", sa.String(64), primary_key=True),
        sa.Column("folder", HostileText, primary_key=True),
        sa.Column("imported", sa.String(64), nullable=False),
        sa.Column("seen", sa.String(64)),
    )
    op.execute(
        "INSERT INTO publications (site_id, number, edition_hash, published_at, published_by, note) "
        f"SELECT e.site_id, 1, e.hash, e.published_at, 'onenumber', 'in force at the upgrade' {LATEST}"
    )
    op.execute(
        f"INSERT INTO document_folders (site_id, folder, imported, seen) SELECT e.site_id, '', e.hash, e.hash {LATEST}"
    )
    op.drop_index("ix_editions_published_at", "editions")
    op.execute("ALTER TABLE editions RENAME COLUMN published_at TO kept_at")


def downgrade() -> None:
    op.execute("ALTER TABLE editions RENAME COLUMN kept_at TO published_at")
    op.create_index("ix_editions_published_at", "editions", ["published_at"])
    op.drop_table("document_folders")
    op.drop_table("publications")
