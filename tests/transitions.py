"""Which transitions the lifecycles' tables have; databases and dictionaries are watched for others."""

import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from routing.effects import Kind
from routing.emergencies import EMERGENCY_TRANSITIONS, RING_TRANSITIONS, TAKE_TRANSITIONS
from routing.fake_state import MemoryState
from routing.help_requests import HELP_TRANSITIONS
from routing.lifecycle import (
    AGENT_TRANSITIONS,
    ATTEMPT_TRANSITIONS,
    CALL_TRANSITIONS,
    OFFER_TRANSITIONS,
    OUTBOUND_CALL_TRANSITIONS,
    TICKET_TRANSITIONS,
)
from routing.missed import MISSED_TRANSITIONS
from routing.talks import COMMAND_TRANSITIONS, PARTICIPANT_TRANSITIONS, TALK_TRANSITIONS
from store.applying import TABLES

TRANSITIONS: Mapping[Kind, Mapping[tuple[StrEnum, StrEnum], StrEnum]] = {
    Kind.CALL: CALL_TRANSITIONS,  # type: ignore[dict-item]  # each of its own states and events
    Kind.TICKET: TICKET_TRANSITIONS,  # type: ignore[dict-item]
    Kind.AGENT: AGENT_TRANSITIONS,  # type: ignore[dict-item]
    Kind.OFFER: OFFER_TRANSITIONS,  # type: ignore[dict-item]
    Kind.OUTBOUND_CALL: OUTBOUND_CALL_TRANSITIONS,  # type: ignore[dict-item]
    Kind.ATTEMPT: ATTEMPT_TRANSITIONS,  # type: ignore[dict-item]
    Kind.EMERGENCY: EMERGENCY_TRANSITIONS,  # type: ignore[dict-item]
    Kind.RING: RING_TRANSITIONS,  # type: ignore[dict-item]
    Kind.TAKE: TAKE_TRANSITIONS,  # type: ignore[dict-item]
    Kind.TALK: TALK_TRANSITIONS,  # type: ignore[dict-item]
    Kind.PARTICIPANT: PARTICIPANT_TRANSITIONS,  # type: ignore[dict-item]
    Kind.TALK_COMMAND: COMMAND_TRANSITIONS,  # type: ignore[dict-item]
    Kind.MISSED: MISSED_TRANSITIONS,  # type: ignore[dict-item]
    Kind.HELP: HELP_TRANSITIONS,  # type: ignore[dict-item]
}
Made = tuple[str, str, str]  # kind, from, to
IN_TABLES: frozenset[Made] = frozenset(
    (str(kind), str(state), str(to)) for kind, table in TRANSITIONS.items() for (state, _), to in table.items()
)
LOG = "CREATE TABLE transitions_made (kind TEXT, before TEXT, after TEXT)"
COLUMNS = {Kind.TICKET: "stage", Kind.RING: "ended_at"}
TELLS = "CASE WHEN {0}.ended_at IS NULL THEN 'ringing' ELSE 'over' END"


def strays(made: Iterable[Made]) -> set[Made]:
    """Those that no table has."""
    return set(made) - IN_TABLES


def watch(path: str) -> None:
    """Have an SQLite database write down every transition that a row makes."""
    with sqlite3.connect(path) as database:
        database.execute(LOG)
        for kind in TRANSITIONS:
            column = COLUMNS.get(kind, "state")
            before, after = (TELLS.format(row) if kind is Kind.RING else f"{row}.{column}" for row in ("old", "new"))
            database.execute(
                f"CREATE TRIGGER watch_{kind} AFTER UPDATE OF {column} ON {TABLES[kind].name} "
                f"BEGIN INSERT INTO transitions_made VALUES ('{kind}', {before}, {after}); END"
            )
    database.close()


def written(path: str) -> set[Made]:
    """The transitions that a watched database has seen."""
    database = sqlite3.connect(path)
    made = set(database.execute("SELECT kind, before, after FROM transitions_made"))
    database.close()
    return made


class Watched(dict[str, Any]):
    """Rows of one kind in memory, which make no transition that their table does not have."""

    def __init__(self, kind: Kind, rows: Mapping[str, Any] | None = None) -> None:
        super().__init__(rows or {})
        self.kind = kind

    def __setitem__(self, key: str, row: Any) -> None:
        before = self.get(key, row)
        made = (str(self.kind), _state(self.kind, before), _state(self.kind, row))
        assert made[1] == made[2] or not strays([made]), made
        super().__setitem__(key, row)

    def update(self, rows: Mapping[str, Any]) -> None:  # type: ignore[override]  # as it is used here
        for key, row in rows.items():
            self[key] = row

    def __copy__(self) -> "Watched":
        return Watched(self.kind, self)


def watch_memory(state: MemoryState) -> None:
    """Have records in memory refuse every transition that no table has."""
    for kind in TRANSITIONS:
        setattr(state, kind, Watched(kind, getattr(state, kind)))


def _state(kind: Kind, row: Any) -> str:
    return str(row.stage if kind is Kind.TICKET else row.state)
