"""Real speech on a real line: while a caller goes on speaking, and from a room with a television."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.e2e.line import RunningLine
from tests.e2e.scene import Scene
from tests.spoken import scenes

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
GREETING_S = 12  # the request comes after it
HELD_MS = 2_000  # a greeting that was stopped, not held, ends in its first second
LOUD = 2.5  # a loud telephone: its television is louder than the greeting's echo could be


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    pytest.importorskip("hibari")
    async with RunningLine(tmp_path_factory.mktemp("line")) as line:
        yield line


async def ticket_of(scene: Scene, name: str) -> dict[str, Any]:
    """The ticket of a call, as soon as it is open."""
    await scene.event(name, "ticket.opened", limit_s=180)
    opened = next(each for each in (await scene.call(name))["timeline"] if each["event"] == "ticket.opened")
    answer: dict[str, Any] = (await scene.api.get(f"/api/v1/tickets/{opened['payload']['ticket_id']}")).json()
    return answer


def told_of(timeline: list[dict[str, Any]]) -> str:
    """For people: what happened, when."""
    return "\n".join(f"{each['at']} {each['event']} {each['payload']} {each['private']}" for each in timeline)


async def test_an_emergency_is_acted_on_while_its_caller_goes_on_speaking(line: RunningLine, tmp_path: Path) -> None:
    speech = scenes.without_a_pause(scenes.said("heart", *scenes.EMERGENCY_IN_PASSING[:2]))
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        phone = await scene.caller("inpassing", "204")
        phone.play(scenes.write(tmp_path / "speech.wav", speech))
        await scene.event("inpassing", "emergency", limit_s=120)
        assert not phone.has("played")  # they are still speaking
        await scene.end()


async def test_a_long_report_becomes_one_ticket_of_all_its_words(line: RunningLine, tmp_path: Path) -> None:
    speech = scenes.without_a_pause(scenes.said("heart", *scenes.LONG_REPORT))
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        phone = await scene.caller("long", "205")
        phone.play(scenes.write(tmp_path / "speech.wav", speech))
        ticket = await ticket_of(scene, "long")
        assert phone.has("played")
        await scene.end()
    assert (ticket["topic"], ticket["place"]) == ("plumbing", "ward-7")
    assert " / " not in ticket["words"]  # one utterance
    assert "morning" in ticket["words"]  # of its first sentence …
    assert "my name is" in ticket["words"].rpartition("left")[2]  # … and of its last; names are read in many ways


async def test_a_television_neither_stops_the_greeting_nor_gets_onto_the_ticket(
    line: RunningLine, tmp_path: Path
) -> None:
    (request,) = scenes.said("heart", scenes.REQUEST)
    news = scenes.television("briton", 60, request, -14)
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        room = scenes.write(tmp_path / "speech.wav", LOUD * scenes.over(news, request, GREETING_S))
        phone = scene.phones["television"] = await stack.enter_async_context(line.caller("300"))
        phone.call("100", trace=scene.trace("television"))
        await phone.wait("media", 30)
        phone.play(room)  # it is on before the greeting begins
        ticket = await ticket_of(scene, "television")
        timeline = (await scene.call("television"))["timeline"]
        await scene.end()
    greeting = next(each["payload"] for each in timeline if each["event"] == "prompt.ended")
    assert greeting["by"] == "end" or greeting["spoken_ms"] > HELD_MS, told_of(timeline)  # it went on
    assert ticket["topic"] == "plumbing", told_of(timeline)  # the ward may be drowned: it is asked for then
    assert not {"minister", "mayors", "buses", "museums", "weather"} & set(ticket["words"].lower().split())
