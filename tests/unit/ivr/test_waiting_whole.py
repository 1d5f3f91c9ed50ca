"""A whole call that waits for a busy agent: the wait is worked out, spoken, noted, and held against what it was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr import fake_ears
from ivr.actions import EnterQueue
from ivr.fake import CallerHangsUp, CallerWaits
from ivr.ports import HungUp
from routing.event_types import EventType
from routing.model import AgentState, NewEvent
from routing.waits import ToldWait
from tests.contract.samples import an_agent, available_agent, waiting_call
from tests.contract.test_waits import talk
from tests.unit.ivr.test_performing import Scene
from tests.unit.ivr.test_session import START, CallScene


@pytest.mark.virtual_time
async def test_a_caller_hears_their_wait_and_it_is_kept_what_they_heard(tmp_path: Path) -> None:
    told: list[fake_ears.ScriptLine] = ["drain on ward four", *[fake_ears.ScriptedWait()] * 9]
    scene = CallScene(tmp_path, [CallerWaits(60_000), CallerHangsUp()], told)
    records, began = scene.records, START - timedelta(minutes=40)
    anna = await available_agent(records)
    for n in range(5):
        begins = began + timedelta(minutes=5 * n)
        await talk(records, anna, await waiting_call(records), begins, begins + timedelta(seconds=200))
    never_stale = datetime.max.replace(tzinfo=UTC)
    busy = an_agent(id=anna.id, login="anna", phone_nodes=frozenset({""}), state=AgentState.ON_CALL, state_since=START)
    records.state.agents[anna.id] = replace(busy, page_seen_at=never_stale)
    with pytest.raises(HungUp):
        await scene.run()
    await scene.events()
    events = await records.calls.timeline(scene.call.id)
    (first, *_) = [event for event in events if event.type == EventType.WAIT_TOLD]
    said = " ".join(text for text, _ in scene.voice.said)
    assert (first.payload, "It will take about five minutes." in said) == ({"told_s": 300}, True)
    answer = NewEvent(scene.call.id, EventType.AGENT_ANSWERED, first.at + timedelta(seconds=90))
    await records.calls.append([answer])
    assert ToldWait(scene.call.id, first.at, 300, 90) in await records.waits.told(START, 9)


async def test_the_third_call_about_a_matter_is_lifted_and_says_so(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    for _ in range(3):
        performer = await scene.reported()
        await performer.perform(scene.state, EnterQueue("technical"))
        scene.now += timedelta(hours=20)
    assert sorted(entry.contacts for entry in await scene.records.queue.waiting()) == [0, 0, 3]
    entered = [event for event in performer.notebook.take() if event.type is EventType.QUEUE_ENTERED]
    assert [event.payload.get("contacts") for event in entered] == [3]
    scene.now += timedelta(hours=96)
    performer = await scene.reported()
    await performer.perform(scene.state, EnterQueue("technical"))
    assert sorted(entry.contacts for entry in await scene.records.queue.waiting()) == [0, 0, 0, 3]
