"""What came of each action of a call's dialogue, in order: private, and forgotten as what was said is."""

from datetime import timedelta

from sqlalchemy import Connection, bindparam, func, insert, select

from routing.identity import new_id
from routing.model import CallHistory, NewOutcome, NotFound
from store.tables import call_private, calls, outcome_private

NEXT = select(func.coalesce(func.max(outcome_private.c.seq), 0) + 1).where(
    outcome_private.c.call_id == bindparam("of_call")
)
INSERT_OUTCOME = insert(outcome_private).values(seq=NEXT.scalar_subquery())


def append_outcome(connection: Connection, call_id: str, new: NewOutcome, kept_for: timedelta) -> None:
    """Append one; whoever calls this holds the call's row, so that no two take the same number."""
    row = {"id": new_id(), "call_id": call_id, "outcome": dict(new.content), "purge_after": new.at + kept_for}
    connection.execute(INSERT_OUTCOME, {**row, "of_call": call_id})


def history(connection: Connection, call_id: str) -> CallHistory:
    """Raises: NotFound."""
    query = select(calls.c.id, call_private.c.begun).outerjoin(call_private).where(calls.c.id == call_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"call {call_id}")
    kept = select(outcome_private.c.seq, outcome_private.c.outcome).where(outcome_private.c.call_id == call_id)
    rows = connection.execute(kept.order_by(outcome_private.c.seq)).all()
    whole = [each.seq for each in rows] == list(range(1, len(rows) + 1))
    return CallHistory(row.begun or {}, tuple(each.outcome for each in rows), whole)
