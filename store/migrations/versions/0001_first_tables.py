"""First tables"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, PrimaryKeyConstraint, String, UniqueConstraint, text

from store import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _where(name: str, table: str, columns: list[str], where: str, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


def _one_at_most(name: str, table: str, columns: list[str], where: str) -> None:
    _where(name, table, columns, where, unique=True)


def upgrade() -> None:
    op.create_table(
        "agents",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("login", String(length=64), nullable=False),
        Column("name", columns.HostileText(), nullable=False),
        Column("crews", columns.Json, nullable=False),
        Column("phone", String(length=64), nullable=True),
        Column("state", String(length=64), nullable=False),
        Column("state_since", columns.UtcTime(), nullable=False),
        Column("idle_since", columns.UtcTime(), nullable=False),
        Column("phone_registered", sa.Boolean(), nullable=False),
        Column("page_seen_at", columns.UtcTime(), nullable=True),
        Column("page", String(length=64), nullable=True),
        Column("reason", columns.HostileText(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_agents"),
        UniqueConstraint("site_id", "login", name="uq_agents_site_id_login"),
    )
    op.create_table(
        "audit",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("actor", columns.HostileText(), nullable=False),
        Column("action", String(length=64), nullable=False),
        Column("subject", columns.HostileText(), nullable=False),
        Column("detail", columns.Json, nullable=False),
        PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])

    op.create_table(
        "calls",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("dnis", columns.HostileText(), nullable=False),
        Column("direction", String(length=64), nullable=False),
        Column("language", String(length=64), nullable=False),
        Column("state", String(length=64), nullable=False),
        Column("withheld", sa.Boolean(), nullable=False),
        Column("shared", sa.Boolean(), nullable=False),
        Column("caller_kind", String(length=64), nullable=False),
        Column("caller_place", String(length=64), nullable=True),
        Column("pins", columns.Json, nullable=False),
        Column("trace", columns.HostileText(), nullable=True),
        Column("started_at", columns.UtcTime(), nullable=False),
        Column("ended_at", columns.UtcTime(), nullable=True),
        Column("ending", columns.HostileText(), nullable=True),
        Column("callback_id", String(length=36), nullable=True),
        Column("last_seq", sa.Integer(), nullable=False),
        PrimaryKeyConstraint("id", name="pk_calls"),
    )
    op.create_index("ix_calls_callback_id", "calls", ["callback_id"])
    op.create_index("ix_calls_ending", "calls", ["ending"])
    _where("ix_calls_live", "calls", ["started_at"], "ended_at IS NULL")
    op.create_index("ix_calls_trace", "calls", ["trace"])

    op.create_table(
        "counters",
        Column("name", String(length=64), nullable=False),
        Column("value", sa.Integer(), nullable=False),
        PrimaryKeyConstraint("name", name="pk_counters"),
    )
    op.create_table(
        "documents",
        Column("hash", String(length=64), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("kind", String(length=64), nullable=False),
        Column("body", sa.Text(), nullable=False),
        Column("seen_at", columns.UtcTime(), nullable=False),
        PrimaryKeyConstraint("hash", name="pk_documents"),
    )
    op.create_table(
        "editions",
        Column("hash", String(length=64), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("hashes", columns.Json, nullable=False),
        Column("published_at", columns.UtcTime(), nullable=False),
        PrimaryKeyConstraint("hash", name="pk_editions"),
    )
    op.create_index("ix_editions_published_at", "editions", ["published_at"])

    op.create_table(
        "tickets",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("number", String(length=16), nullable=False),
        Column("key", columns.HostileText(), nullable=True),
        Column("opened_at", columns.UtcTime(), nullable=False),
        Column("stage", String(length=64), nullable=False),
        Column("topic", String(length=64), nullable=False),
        Column("crew", String(length=64), nullable=False),
        Column("urgency_suggested", String(length=64), nullable=False),
        Column("urgency_set", String(length=64), nullable=True),
        Column("place", String(length=64), nullable=True),
        Column("asset", String(length=64), nullable=True),
        Column("confidence", sa.Float(), nullable=True),
        Column("withheld", sa.Boolean(), nullable=False),
        Column("shared", sa.Boolean(), nullable=False),
        Column("caller_kind", String(length=64), nullable=False),
        Column("caller_place", String(length=64), nullable=True),
        Column("answer", columns.HostileText(), nullable=True),
        PrimaryKeyConstraint("id", name="pk_tickets"),
        UniqueConstraint("key", name="uq_tickets_key"),
        UniqueConstraint("number", name="uq_tickets_number"),
    )
    op.create_index("ix_tickets_stage_id", "tickets", ["stage", "id"])
    op.create_index("ix_tickets_topic_place_stage", "tickets", ["topic", "place", "stage"])

    op.create_table(
        "call_private",
        Column("call_id", String(length=36), nullable=False),
        Column("raw", columns.HostileText(), nullable=False),
        Column("number", columns.HostileText(), nullable=True),
        Column("name", columns.HostileText(), nullable=False),
        Column("contact", columns.HostileText(), nullable=True),
        Column("dialogue", columns.Json, nullable=False),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_call_private_call_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("call_id", name="pk_call_private"),
    )
    op.create_index("ix_call_private_number", "call_private", ["number"])
    op.create_index("ix_call_private_purge_after", "call_private", ["purge_after"])

    op.create_table(
        "call_tickets",
        Column("call_id", String(length=36), nullable=False),
        Column("ticket_id", String(length=36), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_call_tickets_call_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_call_tickets_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("call_id", "ticket_id", name="pk_call_tickets"),
    )
    op.create_index("ix_call_tickets_ticket_id", "call_tickets", ["ticket_id"])

    op.create_table(
        "callbacks",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("ticket_id", String(length=36), nullable=False),
        Column("call_id", String(length=36), nullable=True),
        Column("crew", String(length=64), nullable=False),
        Column("urgency", String(length=64), nullable=False),
        Column("since", columns.UtcTime(), nullable=False),
        Column("state", String(length=64), nullable=False),
        Column("attempts", sa.Integer(), nullable=False),
        Column("not_before", columns.UtcTime(), nullable=True),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_callbacks_call_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_callbacks_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_state", "callbacks", ["state"])
    _one_at_most(
        "uq_callbacks_open_ticket", "callbacks", ["ticket_id"], "state IN ('pending', 'dialling', 'connected')"
    )

    op.create_table(
        "events",
        Column("id", String(length=36), nullable=False),
        Column("call_id", String(length=36), nullable=False),
        Column("leg", columns.HostileText(), nullable=False),
        Column("seq", sa.Integer(), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("type", String(length=64), nullable=False),
        Column("schema_version", sa.Integer(), nullable=False),
        Column("actor", columns.HostileText(), nullable=False),
        Column("payload", columns.Json, nullable=False),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_events_call_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_events"),
        UniqueConstraint("call_id", "seq", name="uq_events_call_id_seq"),
    )
    op.create_index("ix_events_type_id", "events", ["type", "id"])

    op.create_table(
        "messages",
        Column("id", String(length=36), nullable=False),
        Column("ticket_id", String(length=36), nullable=False),
        Column("recording", columns.HostileText(), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_messages_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_messages"),
        UniqueConstraint("ticket_id", "recording", name="uq_messages_ticket_id_recording"),
    )
    op.create_table(
        "promises",
        Column("id", String(length=36), nullable=False),
        Column("ticket_id", String(length=36), nullable=False),
        Column("what", String(length=64), nullable=False),
        Column("by", columns.UtcTime(), nullable=False),
        Column("made_at", columns.UtcTime(), nullable=False),
        Column("settled_at", columns.UtcTime(), nullable=True),
        Column("kept", sa.Boolean(), nullable=True),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_promises_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_promises"),
    )
    op.create_index("ix_promises_ticket_id", "promises", ["ticket_id"])

    op.create_table(
        "ticket_changes",
        Column("id", String(length=36), nullable=False),
        Column("ticket_id", String(length=36), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("actor", columns.HostileText(), nullable=False),
        Column("what", String(length=64), nullable=False),
        Column("to", columns.HostileText(), nullable=False),
        Column("note", columns.HostileText(), nullable=False),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_changes_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_ticket_changes"),
    )
    op.create_index("ix_ticket_changes_ticket_id", "ticket_changes", ["ticket_id"])

    op.create_table(
        "ticket_private",
        Column("ticket_id", String(length=36), nullable=False),
        Column("words", columns.HostileText(), nullable=False),
        Column("why", columns.Json, nullable=False),
        Column("place_text", columns.HostileText(), nullable=True),
        Column("raw", columns.HostileText(), nullable=False),
        Column("number", columns.HostileText(), nullable=True),
        Column("name", columns.HostileText(), nullable=False),
        Column("contact", columns.HostileText(), nullable=True),
        Column("callback_number", columns.HostileText(), nullable=True),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_private_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("ticket_id", name="pk_ticket_private"),
    )
    op.create_index("ix_ticket_private_number", "ticket_private", ["number"])
    op.create_index("ix_ticket_private_purge_after", "ticket_private", ["purge_after"])

    op.create_table(
        "ticket_stages",
        Column("ticket_id", String(length=36), nullable=False),
        Column("stage", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_stages_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("ticket_id", "stage", name="pk_ticket_stages"),
    )
    op.create_table(
        "users",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("login", String(length=64), nullable=False),
        Column("name", columns.HostileText(), nullable=False),
        Column("role", String(length=64), nullable=False),
        Column("password_hash", sa.Text(), nullable=False),
        Column("language", String(length=64), nullable=False),
        Column("active", sa.Boolean(), nullable=False),
        Column("agent_id", String(length=36), nullable=True),
        ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_users_agent_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_users"),
        UniqueConstraint("login", name="uq_users_login"),
    )
    op.create_table(
        "callback_private",
        Column("callback_id", String(length=36), nullable=False),
        Column("number", columns.HostileText(), nullable=False),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(
            ["callback_id"], ["callbacks.id"], name="fk_callback_private_callback_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("callback_id", name="pk_callback_private"),
    )
    op.create_index("ix_callback_private_purge_after", "callback_private", ["purge_after"])

    op.create_table(
        "event_private",
        Column("event_id", String(length=36), nullable=False),
        Column("private", columns.Json, nullable=False),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["event_id"], ["events.id"], name="fk_event_private_event_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("event_id", name="pk_event_private"),
    )
    op.create_index("ix_event_private_purge_after", "event_private", ["purge_after"])

    op.create_table(
        "queue_entries",
        Column("id", String(length=36), nullable=False),
        Column("site_id", String(length=64), nullable=False),
        Column("crew", String(length=64), nullable=False),
        Column("urgency", String(length=64), nullable=False),
        Column("since", columns.UtcTime(), nullable=False),
        Column("call_id", String(length=36), nullable=True),
        Column("callback_id", String(length=36), nullable=True),
        Column("ticket_id", String(length=36), nullable=True),
        Column("not_before", columns.UtcTime(), nullable=True),
        Column("offers", sa.Integer(), nullable=False),
        Column("left_at", columns.UtcTime(), nullable=True),
        Column("left_reason", columns.HostileText(), nullable=True),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_queue_entries_call_id", ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["callback_id"], ["callbacks.id"], name="fk_queue_entries_callback_id", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_queue_entries_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_queue_entries"),
    )
    _one_at_most("uq_queue_entries_call", "queue_entries", ["call_id"], "left_at IS NULL")
    _one_at_most("uq_queue_entries_callback", "queue_entries", ["callback_id"], "left_at IS NULL")

    op.create_table(
        "sessions",
        Column("token_hash", String(length=128), nullable=False),
        Column("user_id", String(length=36), nullable=False),
        Column("opened_at", columns.UtcTime(), nullable=False),
        Column("expires_at", columns.UtcTime(), nullable=False),
        Column("revoked_at", columns.UtcTime(), nullable=True),
        ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_expires_at", "sessions", ["expires_at"])

    op.create_table(
        "offers",
        Column("id", String(length=36), nullable=False),
        Column("entry_id", String(length=36), nullable=False),
        Column("agent_id", String(length=36), nullable=False),
        Column("call_id", String(length=36), nullable=True),
        Column("callback_id", String(length=36), nullable=True),
        Column("ticket_id", String(length=36), nullable=True),
        Column("state", String(length=64), nullable=False),
        Column("made_at", columns.UtcTime(), nullable=False),
        Column("seen_at", columns.UtcTime(), nullable=True),
        Column("ringing_at", columns.UtcTime(), nullable=True),
        Column("answered_at", columns.UtcTime(), nullable=True),
        Column("ended_at", columns.UtcTime(), nullable=True),
        Column("ending", columns.HostileText(), nullable=True),
        ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_offers_agent_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["call_id"], ["calls.id"], name="fk_offers_call_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["callback_id"], ["callbacks.id"], name="fk_offers_callback_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["entry_id"], ["queue_entries.id"], name="fk_offers_entry_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_offers_ticket_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_offers"),
    )
    op.create_index("ix_offers_agent_id_made_at", "offers", ["agent_id", "made_at"])
    op.create_index("ix_offers_call_id_made_at", "offers", ["call_id", "made_at"])
    _one_at_most("uq_offers_live_agent", "offers", ["agent_id"], "state IN ('made', 'seen', 'ringing', 'answered')")
    _one_at_most("uq_offers_live_call", "offers", ["call_id"], "state IN ('made', 'seen', 'ringing', 'answered')")
    _one_at_most("uq_offers_live_entry", "offers", ["entry_id"], "state IN ('made', 'seen', 'ringing', 'answered')")

    op.create_table(
        "refusals",
        Column("entry_id", String(length=36), nullable=False),
        Column("agent_id", String(length=36), nullable=False),
        ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_refusals_agent_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["entry_id"], ["queue_entries.id"], name="fk_refusals_entry_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("entry_id", "agent_id", name="pk_refusals"),
    )
    op.create_table(
        "attempts",
        Column("id", String(length=36), nullable=False),
        Column("callback_id", String(length=36), nullable=False),
        Column("offer_id", String(length=36), nullable=True),
        Column("number", sa.Integer(), nullable=False),
        Column("state", String(length=64), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        Column("ending", columns.HostileText(), nullable=True),
        ForeignKeyConstraint(["callback_id"], ["callbacks.id"], name="fk_attempts_callback_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_attempts_offer_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("id", name="pk_attempts"),
        UniqueConstraint("callback_id", "number", name="uq_attempts_callback_id_number"),
    )
    _one_at_most("uq_attempts_open_callback", "attempts", ["callback_id"], "state IN ('claimed', 'sent', 'answered')")

    op.create_table(
        "wrap_ups",
        Column("offer_id", String(length=36), nullable=False),
        Column("agent_id", String(length=36), nullable=False),
        Column("disposition", columns.HostileText(), nullable=False),
        Column("at", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(["agent_id"], ["agents.id"], name="fk_wrap_ups_agent_id", ondelete="CASCADE"),
        ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_wrap_ups_offer_id", ondelete="CASCADE"),
        PrimaryKeyConstraint("offer_id", name="pk_wrap_ups"),
    )
    op.create_table(
        "wrap_up_private",
        Column("offer_id", String(length=36), nullable=False),
        Column("note", columns.HostileText(), nullable=False),
        Column("purge_after", columns.UtcTime(), nullable=False),
        ForeignKeyConstraint(
            ["offer_id"], ["wrap_ups.offer_id"], name="fk_wrap_up_private_offer_id", ondelete="CASCADE"
        ),
        PrimaryKeyConstraint("offer_id", name="pk_wrap_up_private"),
    )
    op.create_index("ix_wrap_up_private_purge_after", "wrap_up_private", ["purge_after"])


def downgrade() -> None:
    op.drop_table("wrap_up_private")
    op.drop_table("wrap_ups")
    op.drop_table("attempts")
    op.drop_table("refusals")
    op.drop_table("offers")
    op.drop_table("sessions")
    op.drop_table("queue_entries")
    op.drop_table("event_private")
    op.drop_table("callback_private")
    op.drop_table("users")
    op.drop_table("ticket_stages")
    op.drop_table("ticket_private")
    op.drop_table("ticket_changes")
    op.drop_table("promises")
    op.drop_table("messages")
    op.drop_table("events")
    op.drop_table("callbacks")
    op.drop_table("call_tickets")
    op.drop_table("call_private")
    op.drop_table("tickets")
    op.drop_table("editions")
    op.drop_table("documents")
    op.drop_table("counters")
    op.drop_table("calls")
    op.drop_table("audit")
    op.drop_table("agents")
