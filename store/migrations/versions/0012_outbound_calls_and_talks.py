"""Whoever is rung stands in one table, whatever for; a call says which dialling it is"""

import sqlalchemy as sa
from alembic import op

from store.columns import UtcTime

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('pending', 'dialling', 'connected')")
OPEN_ATTEMPT = sa.text("state IN ('claimed', 'sent', 'answered')")
# Of rows that are there; every row that is written has its own.
ANY_TIME = sa.text("'1970-01-01 00:00:00.000000'")
AS_BEFORE = sa.text("'callback'")


def upgrade() -> None:
    _outbound_calls()
    _attempts("callback_id", "outbound_call_id")
    op.execute("ALTER TABLE attempts ADD COLUMN slot INTEGER")
    _one_at_most("uq_attempts_open_slot", "attempts", ["slot"], OPEN_ATTEMPT)
    _calls()


def _outbound_calls() -> None:
    """By renaming: on SQLite, a table that is copied takes what refers to it along when it is dropped."""
    op.drop_index("uq_callbacks_open_ticket", "callbacks")
    op.drop_index("ix_callbacks_state", "callbacks")
    op.rename_table("callbacks", "outbound_calls")
    for name in ("purpose", "flow"):
        op.add_column("outbound_calls", sa.Column(name, sa.String(64), nullable=False, server_default=AS_BEFORE))
    op.add_column("outbound_calls", sa.Column("due", UtcTime, nullable=False, server_default=ANY_TIME))
    op.execute("UPDATE outbound_calls SET due = COALESCE(not_before, since)")
    op.drop_column("outbound_calls", "not_before")
    op.create_index("ix_outbound_calls_state", "outbound_calls", ["state"])
    _one_at_most("uq_outbound_calls_open", "outbound_calls", ["ticket_id", "purpose"], OPEN)

    op.drop_index("ix_callback_private_purge_after", "callback_private")
    op.rename_table("callback_private", "outbound_call_private")
    op.execute("ALTER TABLE outbound_call_private RENAME COLUMN callback_id TO outbound_call_id")
    op.create_index("ix_outbound_call_private_purge_after", "outbound_call_private", ["purge_after"])


def _attempts(before: str, after: str) -> None:
    """Nothing refers to an attempt: it may be copied."""
    names = {"callback_id": "uq_attempts_open_callback", "outbound_call_id": "uq_attempts_open_outbound_call"}
    op.drop_index(names[before], "attempts")
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_constraint(f"uq_attempts_{before}_number", type_="unique")
    op.execute(f"ALTER TABLE attempts RENAME COLUMN {before} TO {after}")
    with op.batch_alter_table("attempts") as attempts:
        attempts.create_unique_constraint(f"uq_attempts_{after}_number", [after, "number"])
    _one_at_most(names[after], "attempts", [after], OPEN_ATTEMPT)


def _calls() -> None:
    op.drop_index("ix_calls_callback_id", "calls")
    op.execute("ALTER TABLE calls RENAME COLUMN callback_id TO outbound_call_id")
    op.create_index("ix_calls_outbound_call_id", "calls", ["outbound_call_id"])
    op.add_column("calls", sa.Column("attempt_id", sa.String(36)))
    op.create_index("ix_calls_attempt_id", "calls", ["attempt_id"])
    op.execute("UPDATE calls SET direction = 'outbound' WHERE direction = 'callback'")
    op.execute("UPDATE call_legs SET kind = 'called' WHERE kind = 'callback'")


def _one_at_most(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.execute("UPDATE call_legs SET kind = 'callback' WHERE kind = 'called'")
    op.execute("UPDATE calls SET direction = 'callback' WHERE direction = 'outbound'")
    op.drop_index("ix_calls_attempt_id", "calls")
    op.drop_column("calls", "attempt_id")
    op.drop_index("ix_calls_outbound_call_id", "calls")
    op.execute("ALTER TABLE calls RENAME COLUMN outbound_call_id TO callback_id")
    op.create_index("ix_calls_callback_id", "calls", ["callback_id"])

    op.drop_index("uq_attempts_open_slot", "attempts")
    op.drop_column("attempts", "slot")
    _attempts("outbound_call_id", "callback_id")
    _callbacks()


def _callbacks() -> None:
    """What was rung for anything else is not known there."""
    op.drop_index("ix_outbound_call_private_purge_after", "outbound_call_private")
    op.execute("ALTER TABLE outbound_call_private RENAME COLUMN outbound_call_id TO callback_id")
    op.rename_table("outbound_call_private", "callback_private")
    op.create_index("ix_callback_private_purge_after", "callback_private", ["purge_after"])

    op.execute("DELETE FROM outbound_calls WHERE purpose <> 'callback'")
    op.drop_index("uq_outbound_calls_open", "outbound_calls")
    op.drop_index("ix_outbound_calls_state", "outbound_calls")
    op.add_column("outbound_calls", sa.Column("not_before", UtcTime, nullable=True))
    op.execute("UPDATE outbound_calls SET not_before = due WHERE due > since")
    for name in ("due", "flow", "purpose"):
        op.drop_column("outbound_calls", name)
    op.rename_table("outbound_calls", "callbacks")
    op.create_index("ix_callbacks_state", "callbacks", ["state"])
    _one_at_most("uq_callbacks_open_ticket", "callbacks", ["ticket_id"], OPEN)
