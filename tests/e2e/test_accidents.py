"""The controller dies or hangs in the middle of everything: talks go on, callers are taken up where they were."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from telephony.recordings import RATE_HZ, heard, tone_share
from testcall.desk_client import AgentAtDesk, Desk
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene
from tests.phones import recorded
from tests.rtp import RawCall
from tests.silences import longest_silence_s

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
CHANGES = {"waiting": {"pop_s": 20, "ring_s": 8, "position_every_s": 10, "offer_callback_after_s": 8}}
CALLER_HZ, AGENT_HZ = 1300, 600
TALKS = {"anna": ("agent1", "talks", "204"), "bo": ("agent2", "talks-too", "205")}
ASKING_AGAIN = {"ONENUMBER_ASTERISK__RETRIES": "20"}  # on a busy machine a controller starts slowly
SLACK_S = 4.0  # over the configured limit: a busy machine


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("accidents"), CHANGES, ASKING_AGAIN) as line:
        yield line


async def everybody_on_the_line(scene: Scene) -> None:
    """Two talks, one waiting caller with a matter, and one who is speaking."""
    await scene.open()
    for login, (user, name, number) in TALKS.items():
        await talk(scene, login, user, name, number)
    waits = await scene.caller("waits", "0612345670")
    await waits.keys("5")
    await scene.event("waits", "prompt.started", "menu_appointment")
    await waits.keys("1")
    await scene.event("waits", "queue.entered")
    speaks = await scene.caller("speaks", "0612345678")
    await speaks.keys("6")
    await scene.event("speaks", "prompt.started", "menu_visitors")


async def talk(scene: Scene, login: str, user: str, name: str, number: str) -> None:
    """An agent and a caller, connected, each with a tone."""
    agent = await scene.stack.enter_async_context(scene.line.phone(user))
    agent.tone(AGENT_HZ)
    agent.answer_after(300)
    agent.record(scene.folder / f"{login}.wav")
    desk = await scene.stack.enter_async_context(Desk(scene.line.desk, login, scene.line.password(login)))
    await scene.stack.enter_async_context(AgentAtDesk(desk))
    caller = await scene.caller(name, number, CALLER_HZ)
    await caller.keys("0")
    await scene.event(name, "agent.answered")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "hung"])
async def test_the_talks_go_on_and_the_others_are_taken_up(
    line: RunningLine, tmp_path: Path, how: signal.Signals
) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await everybody_on_the_line(scene)
        line.signal_part("controller", how)
        struck = {name: scene.heard_s(name) for name in scene.phones}
        for name in ("waits", "speaks"):
            await scene.event(name, "call.resumed", limit_s=150)
        await scene.phones["speaks"].keys("2")  # where it was: the menu of visitors
        await scene.event("speaks", "ticket.opened")
        await asyncio.gather(*(recorded(tmp_path / f"{login}.wav", 5) for login in TALKS))
        calls = {name: await scene.call(name) for name in scene.phones}
        await scene.end()
    for name in ("waits", "speaks"):
        after = heard(tmp_path / f"{name}.wav")[int(struck[name] * RATE_HZ) :]
        silence_s = longest_silence_s(after)
        print(f"{how.name}: {name}: longest dead air {silence_s:.1f} s")
        assert silence_s <= line.settings.asterisk.dead_controller_s + SLACK_S
        assert [len(calls[name]["tickets"]), calls[name]["state"] != "ended"] == [1, True]
    for login, (_, name, _) in TALKS.items():
        assert still_heard(tmp_path / f"{name}.wav", AGENT_HZ)
        assert still_heard(tmp_path / f"{login}.wav", CALLER_HZ)
        assert not any(event["event"] == "talk.ended" for event in calls[name]["timeline"])
    assert calls["waits"]["tickets"][0]["topic"] == "appointment-cancel"
    assert calls["speaks"]["tickets"][0]["topic"] == "billing"


def still_heard(wav: Path, hz: int) -> bool:
    """Whether the tone was there to the end of the talk."""
    return tone_share(heard(wav)[-4 * RATE_HZ : -RATE_HZ], hz) > 0.4


async def test_killed_recognition_gives_keys_within_one_prompt(line: RunningLine, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        phone = await scene.caller("deaf", "0612345679")
        for worker in workers_of(line.state()["pids"]["controller"]):
            os.kill(worker, signal.SIGKILL)
        await scene.event("deaf", "prompt.started", "menu_main")
        await phone.keys("1")
        await scene.event("deaf", "prompt.started", "menu_building")
        timeline = (await scene.call("deaf"))["timeline"]
        await scene.end()
    names = [event["event"] for event in timeline]
    after = timeline[names.index("recognition.down") :]
    spoken = [event["payload"]["keys"] for event in after if event["event"] == "prompt.started"]
    assert len(spoken) <= 2, spoken  # the key menu, and what its key led to


def workers_of(controller: int) -> list[int]:
    """The recognition workers of a controller."""
    listing = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(controller)], capture_output=True, text=True)
    return [int(line.split()[0]) for line in listing.stdout.splitlines() if "stt.worker" in line]


async def test_lost_hearing_is_mended_and_stands_in_the_timeline(line: RunningLine) -> None:
    async with RawCall(line.sip, "0687654321") as phone, aclosing(await line.api()) as api:
        assert await phone.call() == 200

        async def reached(count: int) -> bool:
            return phone.stream.sent >= count

        await until("the line to speak and listen", lambda: _told(api, "0687654321", "prompt.started"))
        heard = phone.stream.sent
        await until("two seconds of audio", lambda: reached(heard + 100))
        phone.stream.seq -= 500
        await until("the line to hear them again, and to say so", lambda: _told(api, "0687654321", "hearing.back"), 40)
        phone.hang_up()
        call = await until("the call's record", lambda: _call_of(api, "0687654321"))
        events = await _timeline(api, call)
    gaps = [(event["event"], event["payload"]["heard_before"]) for event in events if "hearing" in event["event"]]
    assert gaps == [("hearing.lost", True), ("hearing.back", True)]


async def _told(api: httpx.AsyncClient, number: str, event: str) -> bool:
    """Whether the timeline of the call that is on has the event."""
    call = await _call_of(api, number, ended=False)
    return call is not None and any(each["event"] == event for each in await _timeline(api, call))


async def _timeline(api: httpx.AsyncClient, call: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (await api.get(f"/api/v1/calls/{call}")).json()["timeline"]
    return events


async def _call_of(api: httpx.AsyncClient, number: str, ended: bool = True) -> str | None:
    """The call of that number that has ended, or is on."""
    items = (await api.get("/api/v1/calls", params={"limit": 50})).json()["items"]
    of_number = (call for call in items if call["caller"]["raw"] == number)
    return next((call["id"] for call in of_number if bool(call["ended_at"]) is ended), None)
