"""A talk on a whole line: who is in it, and an agent who hangs up by a command instead of by the phone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from routing.event_types import EventType
from routing.model import Agent, AgentState
from routing.talks import CommandKind, CommandState, Role, Talk, TalkState
from store import SqlRecords, open_records
from store.news import RedisNews
from testcall.desk_client import AgentAtDesk, Desk
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene
from tests.services import services_over

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
CHANGES = {"waiting": {"pop_s": 20, "ring_s": 8}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("talks"), CHANGES) as line:
        yield line


async def talk_of(records: SqlRecords, call_id: str) -> Talk:
    """The call's talk, once the channels of both are known."""

    async def known() -> Talk | None:
        talks = await records.talks.of_call(call_id)
        return talks[0] if talks and all(each.channel for each in talks[0].participants) else None

    talk: Talk = await until("the channels of the talk", known, 30)
    return talk


async def test_an_agent_hangs_up_by_a_command_and_the_call_ends_as_by_the_phone(
    line: RunningLine, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        records = await stack.enter_async_context(open_records(line.settings.database))
        news = await stack.enter_async_context(RedisNews(line.settings.redis_url))
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        phone = await stack.enter_async_context(line.phone("agent1"))
        phone.answer_after(300)
        desk = await stack.enter_async_context(Desk(line.desk, "anna", line.password("anna")))
        await stack.enter_async_context(AgentAtDesk(desk))
        caller = await scene.caller("talks", "204")
        await caller.keys("0")
        await scene.event("talks", "agent.answered")
        call_id = (await scene.call("talks"))["id"]
        talk = await talk_of(records, call_id)
        (anna,) = [agent for agent in await records.agents.all() if agent.login == "anna"]
        assert [(each.role, each.agent_id) for each in talk.participants] == [
            (Role.CALLER, None),
            (Role.AGENT, anna.id),
        ]

        command = await services_over(records, news).talks.ask(CommandKind.HANG_UP, talk.id, anna)
        await phone.wait("ended", 30)
        await caller.wait("ended", 30)

        async def done() -> bool:
            return (await records.talks.load_command(command.id)).state is CommandState.DONE

        await until("the command to be done", done, 20)
        await _ended_as_ever(records, talk, anna)


async def _ended_as_ever(records: SqlRecords, talk: Talk, agent: Agent) -> None:
    async def over() -> bool:
        return (await records.calls.load(talk.call_id)).ended_at is not None

    await until("the call to end", over, 20)
    assert (await records.calls.load(talk.call_id)).ending == "talked"
    assert (await records.talks.load(talk.id)).state is TalkState.OVER
    assert (await records.agents.load(agent.id)).state is AgentState.AFTER_CALL_WORK
    told = [event.type for event in await records.calls.timeline(talk.call_id)]
    assert told.count(EventType.TALK_ENDED) == 1
