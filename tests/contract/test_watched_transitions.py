"""A database of the contract tests tells of each transition that a row has made."""

from pathlib import Path

from sqlalchemy import update

from routing.lifecycle import AgentEvent
from store.migrate import upgrade
from store.records import open_records
from store.tables_dispatch import agents
from tests.contract.samples import available_agent, later
from tests.transitions import strays, watch, written


async def test_a_transition_that_no_table_has_is_told_of(tmp_path: Path) -> None:
    path = str(tmp_path / "records.db")
    upgrade(f"sqlite:///{path}")
    watch(path)
    async with open_records(f"sqlite:///{path}") as records:
        agent = await available_agent(records)
        await records.agents.change(agent.id, AgentEvent.HELD, later(1))
        assert written(path) == {("agents", "not_ready", "available"), ("agents", "available", "reserved")}
        assert not strays(written(path))
        by_hand = update(agents).values(state="after_call_work")
        await records.database.write(lambda connection: connection.execute(by_hand).rowcount)
    assert strays(written(path)) == {("agents", "reserved", "after_call_work")}
