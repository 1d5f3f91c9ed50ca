"""Whoever is rung stands in one table, whatever for; talks, who is in them, and what is asked of the switchboard"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, String

from store.columns import HostileText, UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('pending', 'dialling', 'connected')")
OPEN_COMMAND = sa.text("state IN ('asked', 'sent')")
OPEN_ATTEMPT = sa.text("state IN ('claimed', 'sent', 'answered')")
# Of rows that are there; every row that is written has its own.
ANY_TIME = sa.text("'1970-01-01 00:00:00.000000'")
AS_BEFORE = sa.text("'callback'")
# Of calls that are not over: Asterisk gave the attempt's id to the channel.
NAME_ATTEMPTS = "UPDATE calls SET attempt_id = channel WHERE channel IN (SELECT id FROM attempts)"


def upgrade() -> None:
    _outbound_calls()
    _attempts("callback_id", "outbound_call_id")
    op.execute("ALTER TABLE attempts ADD COLUMN slot INTEGER")
    _one_at_most("uq_attempts_open_slot", "attempts", ["slot"], OPEN_ATTEMPT)
    _calls()
    _talks()
    _participants()
    _commands()


def _outbound_calls() -> None:
    """By renaming: on SQLite, a table that is copied takes what refers to it along when it is dropped."""
    op.drop_index("uq_callbacks_open_ticket", "callbacks")
    op.drop_index("ix_callbacks_state", "callbacks")
    op.rename_table("callbacks", "outbound_calls")
    for name in ("purpose", "flow"):
        op.add_column("outbound_calls", Column(name, String(64), nullable=False, server_default=AS_BEFORE))
    op.add_column("outbound_calls", Column("due", UtcTime, nullable=False, server_default=ANY_TIME))
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
    op.add_column("calls", Column("attempt_id", String(36)))
    op.create_index("ix_calls_attempt_id", "calls", ["attempt_id"])
    op.execute(NAME_ATTEMPTS)
    op.execute("UPDATE calls SET direction = 'outbound' WHERE direction = 'callback'")
    op.execute("UPDATE call_legs SET kind = 'called' WHERE kind = 'callback'")


def _talks() -> None:
    op.create_table(
        "talks",
        Column("id", String(36), nullable=False),
        Column("call_id", String(36), nullable=False),
        Column("state", String(64), nullable=False),
        Column("begun_at", UtcTime, nullable=False),
        Column("ended_at", UtcTime),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_talks_call_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_talks"),
    )
    op.create_index("ix_talks_call_id", "talks", ["call_id"])


def _participants() -> None:
    theirs = {"talk_id": "talks", "call_id": "calls", "agent_id": "agents", "offer_id": "offers"}
    op.create_table(
        "talk_participants",
        Column("id", String(36), nullable=False),
        Column("talk_id", String(36), nullable=False),
        Column("call_id", String(36), nullable=False),
        Column("role", String(64), nullable=False),
        Column("state", String(64), nullable=False),
        Column("channel", HostileText),
        Column("agent_id", String(36)),
        Column("offer_id", String(36)),
        Column("answered_by", HostileText, nullable=False),
        Column("joined_at", UtcTime, nullable=False),
        Column("left_at", UtcTime),
        *(
            ForeignKeyConstraint([column], [f"{table}.id"], f"fk_talk_participants_{column}", ondelete="CASCADE")
            for column, table in theirs.items()
        ),
        PrimaryKeyConstraint("id", name="pk_talk_participants"),
    )
    for column in ("talk_id", "call_id", "offer_id", "channel"):
        op.create_index(f"ix_talk_participants_{column}", "talk_participants", [column])


def _commands() -> None:
    theirs = {"talk_id": "talks", "asked_by": "talk_participants"}
    op.create_table(
        "talk_commands",
        Column("id", String(36), nullable=False),
        Column("talk_id", String(36), nullable=False),
        Column("kind", String(64), nullable=False),
        Column("asked_by", String(36), nullable=False),
        Column("state", String(64), nullable=False),
        Column("at", UtcTime, nullable=False),
        Column("why", HostileText, nullable=False),
        *(
            ForeignKeyConstraint([column], [f"{table}.id"], f"fk_talk_commands_{column}", ondelete="CASCADE")
            for column, table in theirs.items()
        ),
        PrimaryKeyConstraint("id", name="pk_talk_commands"),
    )
    _one_at_most("uq_talk_commands_open", "talk_commands", ["talk_id"], OPEN_COMMAND)


def _one_at_most(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table in ("talk_commands", "talk_participants", "talks"):
        op.drop_table(table)
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
    op.add_column("outbound_calls", Column("not_before", UtcTime, nullable=True))
    op.execute("UPDATE outbound_calls SET not_before = due WHERE due > since")
    for name in ("due", "flow", "purpose"):
        op.drop_column("outbound_calls", name)
    op.rename_table("outbound_calls", "callbacks")
    op.create_index("ix_callbacks_state", "callbacks", ["state"])
    _one_at_most("uq_callbacks_open_ticket", "callbacks", ["ticket_id"], OPEN)
