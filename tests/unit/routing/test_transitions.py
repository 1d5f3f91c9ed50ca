"""Every state changes by its table: nothing but the effects writes one, and they take it from the table."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Index

from routing.effects import LIVE, ONE_LIVE_PER, Kind
from routing.model import Offer, OfferState
from store.applying import TABLES
from tests.rooms import sources
from tests.transitions import Watched
from tests.unit.routing.world import START

ROOT = Path(__file__).parents[3]
STATES = {"state", "stage"}
FILES = sources(without=("config", "telephony", "stt", "tts"))


def writes(source: str) -> Iterator[int]:
    """Lines that give existing rows a state: `replace(row, state=…)`, `.values(state=…)`, `.values({"state": …})`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in ("replace", "values"):
            named = {word.arg for word in node.keywords}
            keys = {key.value for each in node.args for key in _keys(each) if isinstance(key, ast.Constant)}
            if (named | keys) & STATES and not _inserts(node):
                yield node.lineno


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _keys(value: ast.expr) -> list[ast.expr | None]:
    return value.keys if isinstance(value, ast.Dict) else []


def _inserts(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and _called(call.func.value) == "insert"


def _called(value: ast.expr) -> str:
    return _name(value.func) if isinstance(value, ast.Call) else ""


def test_only_effects_change_a_state() -> None:
    assert not {str(path): lines for path in FILES if (lines := list(writes(path.read_text())))}


def test_no_statement_in_plain_text_changes_a_state() -> None:
    texts = {path: path.read_text() for path in FILES if "migrations" not in path.parts}
    assert not [path for path, text in texts.items() if "SET state" in text or "SET stage" in text]


def test_a_state_that_is_written_by_hand_is_found() -> None:
    by_hand = [
        "replace(offer, state=OfferState.ENDED)",
        "update(offers).where(mine).values(state='ended')",
        "connection.execute(change.values({'state': to}))",
    ]
    assert [len(list(writes(line))) for line in by_hand] == [1, 1, 1]
    assert not list(writes("insert(ticket_stages).values(stage=stage)"))


def test_effects_take_their_states_from_the_tables() -> None:
    """In each transition, the state is the name that its table gave, or a stage that was asked for."""
    effects = (ROOT / "routing/effects.py").read_text()
    dicts = [node for node in ast.walk(ast.parse(effects)) if isinstance(node, ast.Dict)]
    given = [
        ast.unparse(value)
        for node in dicts
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in STATES
    ]
    assert given
    assert set(given) == {"to", "stage"}


def test_rows_in_memory_make_no_transition_that_no_table_has() -> None:
    made = Offer("1", "entry", "agent", START)
    rows = Watched(Kind.OFFER, {made.id: made})
    rows[made.id] = seen = replace(made, state=OfferState.SEEN)
    with pytest.raises(AssertionError, match="ended"):
        rows[made.id] = replace(made, state=OfferState.ENDED)
    assert rows == {made.id: seen}


@pytest.mark.parametrize("kind", list(ONE_LIVE_PER))
def test_what_only_one_may_have_is_what_the_unique_indexes_say(kind: Kind) -> None:
    unique = [index for index in TABLES[kind].indexes if index.unique]
    partial = {index: str(_where(index)) for index in unique if _where(index) is not None}
    assert {tuple(column.name for column in index.columns) for index in partial} == set(ONE_LIVE_PER[kind])
    live = f"state IN ({', '.join(repr(str(state)) for state in LIVE[kind])})" if kind in LIVE else "left_at IS NULL"
    assert set(partial.values()) == {live}


def _where(index: Index) -> object:
    return index.dialect_options["sqlite"]["where"]
