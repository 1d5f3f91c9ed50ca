"""`onenumber flow replay`: a stored call run again, with the documents that it began with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import delete
from typer.testing import CliRunner

from cli.main import app
from config.settings import Settings
from ivr import outcome_json
from ivr.actions import Outcome
from ivr.simulator import simulate
from ivr.state import State
from routing.model import NewOutcome
from runtime import credentials
from store import SqlRecords, editions, migrate, open_records
from store.tables import outcome_private
from tests.contract.samples import NOW, a_call
from tests.unit.ivr.site import CALLER, NOBODY, GivenUnderstander, begin, edition, script

T = TypeVar("T")
SAID = ("drain on ward four", "silence", "no, ward five", "key 1")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("ONENUMBER_DATA_DIR", str(tmp_path))
    credentials.load_or_make(tmp_path / "secrets.env", [])
    found = credentials.settings()
    migrate.upgrade(found.database)
    return found


def on(settings: Settings, work: Callable[[SqlRecords], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_records(settings.database) as records:
            return await work(records)

    return asyncio.run(run())


def recorded(settings: Settings, outcomes: Sequence[Outcome], end: State) -> str:
    """The id of a call of which that came, and which was saved there last."""

    async def work(records: SqlRecords) -> str:
        call = a_call(dialogue=begin(**CALLER).to_json(), pins=await editions.keep(records, edition(), NOW))
        await records.calls.open(call)
        for outcome in outcomes:
            told = NewOutcome(NOW, outcome_json.to_json(outcome))
            await records.calls.save(call.id, end.to_json(), outcome=told)
        await editions.keep(records, edition().model_copy(update={"topics": {}}), NOW)  # what is in force since
        return call.id

    return on(settings, work)


def run_again(call_id: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["flow", "replay", call_id])
    return done.exit_code, done.stdout, done.stderr


def test_a_stored_call_takes_the_same_way_with_the_documents_it_began_with(settings: Settings) -> None:
    call = simulate(script(), GivenUnderstander(), begin(**CALLER), SAID, NOBODY)
    assert run_again(recorded(settings, call.outcomes, call.state)) == (0, "\n".join(call.steps()) + "\n", "")


def test_another_end_than_the_recorded_one_is_told(settings: Settings) -> None:
    call = simulate(script(), GivenUnderstander(), begin(**CALLER), SAID, NOBODY)
    code, _, said = run_again(recorded(settings, call.outcomes, replace(call.state, step="welcome")))
    assert (code, said) == (1, "onenumber: it leads elsewhere than the call did.\n")


def test_a_call_of_which_something_is_forgotten_cannot_be_run_again(settings: Settings) -> None:
    call = simulate(script(), GivenUnderstander(), begin(**CALLER), SAID, NOBODY)
    call_id = recorded(settings, call.outcomes, call.state)
    third = delete(outcome_private).where(outcome_private.c.seq == 3)
    on(settings, lambda records: records.database.write(lambda connection: connection.execute(third).rowcount))
    code, _, said = run_again(call_id)
    assert (code, said) == (1, "onenumber: the call cannot be run again: some of what came of it has been erased.\n")
