"""Whole calls on a whole line: real SIP, Asterisk, recognition, database and browser."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from routing.emergencies import TALKED_S
from telephony.recordings import heard, tone_share
from testcall.desk_client import AgentAtDesk, Desk
from tests.e2e.desk_server import CHROMIUM, FLAGS
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene
from tests.phones import recorded
from tests.wire.legs.keying_caller import KeyingCaller

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="module")]
DRAIN = "the drain on ward four is blocked and water is coming up"
CHANGES: dict[str, dict[str, Any]] = {
    "waiting": {"pop_s": 20, "ring_s": 8, "position_every_s": 10, "offer_callback_after_s": 8},
    "callback": {"spacing_s": 5, "again": {}},
}

NOTE_SHOWN = """
window.shownAt = null;
new MutationObserver(() => {
  if (document.querySelector('#pop .call') && !window.shownAt) window.shownAt = Date.now();
}).observe(document, {childList: true, subtree: true});
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("line"), CHANGES) as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


async def log_in(line: RunningLine, browser: Browser, login: str = "anna") -> Page:
    page = await (await browser.new_context()).new_page()
    await page.goto(line.desk)
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", line.password(login))
    async with page.expect_response("**/me/heartbeat"):  # from then on the page is live
        await page.click("button.primary")
    return page


async def wrap_up(page: Page) -> None:
    """Say how the call ended, and leave the queue."""
    await page.check("input[name=disposition][value=work_ordered]")
    await page.select_option("select[name=then]", "not_ready")
    await page.click(".wrap button.primary")
    await expect(page.locator("#me")).to_contain_text("Not ready")


async def legs_of(line: RunningLine, call_id: str) -> list[tuple[str, bool]]:
    """Kind of each leg, and whether Asterisk told why it ended."""
    async with aclosing(await line.api()) as api:
        legs = (await api.get(f"/api/v1/calls/{call_id}")).json()["legs"]
    return [(leg["kind"], bool(leg["cause"])) for leg in legs]


async def start_call(line: RunningLine, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "call", "--json", *arguments,
        env=dict(line.environment), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def report_of(call: asyncio.subprocess.Process) -> dict[str, Any]:
    output, _ = await asyncio.wait_for(call.communicate(), 240)
    report: dict[str, Any] = json.loads(output)
    return report


async def test_a_spoken_report_reaches_a_dispatcher_whose_page_shows_it_first(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    page = await log_in(line, browser)
    async with line.phone("agent1") as phone:
        phone.answer_after(1_000)
        phone.tone(600)
        phone.record(tmp_path / "agent.wav")
        await expect(page.locator("#me [data-key=a]")).to_be_enabled(timeout=20_000)
        await page.evaluate(NOTE_SHOWN)
        await page.click("#me [data-key=a]")
        call = await start_call(line, "--say", DRAIN, "--from", "204", "--stay")
        invite = await phone.wait("invite", 90)
        shown_at = await page.evaluate("window.shownAt")
        assert shown_at is not None
        assert shown_at <= invite.at_ms
        await phone.wait("sound", 30)  # the caller has come
        await recorded(tmp_path / "agent.wav", 2)
        phone.hang_up()
        report = await report_of(call)
        await wrap_up(page)
    assert (report["topic"], report["outcome"]) == ("plumbing", "talked")
    assert await legs_of(line, report["call_id"]) == [("caller", True), ("agent", True)]
    hung_up = [event["payload"] for event in report["timeline"] if event["event"] == "leg.ended"]
    assert all(leg["cause"] == "16 Normal Clearing" for leg in hung_up)
    assert hung_up
    assert report["ticket"]["place"] == "ward-4"
    assert report["ticket"]["promise"]
    pcm = heard(Path(report["recording"]))
    assert tone_share(pcm, 600) > 0.8
    pcm = heard(tmp_path / "agent.wav")
    assert tone_share(pcm, 1300) > 0.8


async def test_a_stored_callback_survives_the_controllers_death_and_is_dialled_once(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        phone = await scene.caller("owed", "205")
        await phone.keys("0")
        await scene.event("owed", "prompt.started", "callback_offer")
        await phone.keys("1")
        await scene.event("owed", "prompt.started", "callback_stored")
        line.signal_part("controller", signal.SIGKILL)
        await phone.wait("ended", 60)
    page = await log_in(line, browser, "anna")
    async with line.phone("agent1") as agent, line.phone("205") as called:
        called.answer_after(500)
        called.record(tmp_path / "called.wav")
        called.tone(1300)
        agent.answer_after(500)
        agent.record(tmp_path / "agent.wav")
        agent.tone(600)
        await expect(page.locator("#me [data-key=a]")).to_be_enabled(timeout=60_000)
        await page.click("#me [data-key=a]")
        await called.wait("answered", 90)
        await called.wait("sound", 60)  # the question
        await called.keys("1")
        await agent.wait("answered", 60)
        await recorded(tmp_path / "agent.wav", 5)
        invites = [event for event in called.events if event.name == "invite"]
        called.hang_up()
        await called.wait("ended", 30)
    assert len(invites) == 1
    assert tone_share(heard(tmp_path / "called.wav"), 600) > 0.8
    assert tone_share(heard(tmp_path / "agent.wav"), 1300) > 0.8


async def test_who_is_owed_a_call_and_rings_by_themselves_is_not_rung_afterwards(
    line: RunningLine, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        await callback_asked_for(scene, "promised", "204")
        await only_asks_after_it(scene, "204")
        agent = await stack.enter_async_context(line.phone("agent2"))
        agent.answer_after(300)
        phone = await scene.caller("rings", "204")
        await phone.keys("0")
        await scene.event("rings", "callback.taken_over")
        desk = await stack.enter_async_context(Desk(line.desk, "bo", line.password("bo")))
        await stack.enter_async_context(AgentAtDesk(desk))
        await scene.event("rings", "agent.answered")
        phone.hang_up()
        await phone.wait("ended", 30)

        async def done() -> bool:
            items = (await scene.api.get("/api/v1/callbacks")).json()["items"]
            return [item["state"] for item in items if item["number"] == "204"] == ["done"]

        await until("the callback to be done", done)
        assert not phone.has("invite")
        promised = [event["event"] for event in (await scene.call("promised"))["timeline"]]
        assert "callback.attempt" not in promised


async def callback_asked_for(scene: Scene, name: str, number: str) -> None:
    """By key, and confirmed; the caller has hung up."""
    phone = await scene.caller(name, number)
    await phone.keys("0")
    await scene.event(name, "prompt.started", "callback_offer")
    await phone.keys("1")
    await scene.event(name, "prompt.started", "callback_stored")
    phone.hang_up()
    await phone.wait("ended", 60)


async def only_asks_after_it(scene: Scene, number: str) -> None:
    """Who hears that they are owed a callback and hangs up is no caller whom nobody reached."""
    phone = await scene.caller("asks", number)
    await scene.event("asks", "prompt.started", "callback_owed")
    phone.hang_up()
    await phone.wait("ended", 60)
    await scene.event("asks", "call.ended")
    missed = (await scene.api.get("/api/v1/missed")).json()["items"]
    assert (await scene.call("asks"))["id"] not in [each["call_id"] for each in missed]


async def test_an_emergency_is_never_given_a_number(line: RunningLine, tmp_path: Path) -> None:
    async with line.phone("urgent1") as urgent:
        urgent.record(tmp_path / "urgent.wav")
        urgent.answer_after(500)
        began = time.time()
        call = await start_call(line, "--say", "there is a fire on ward four", "--from", "204", "--stay")
        await urgent.wait("answered", 60)
        assert time.time() - began < 60
        await recorded(tmp_path / "urgent.wav", TALKED_S + 1)  # shorter, and it would be rung for again
        urgent.hang_up()
        report = await report_of(call)
    assert "emergency" in [event["event"] for event in report["timeline"]]
    assert "callback.stored" not in [event["event"] for event in report["timeline"]]


async def keyed(line: RunningLine, press: Callable[[KeyingCaller], None]) -> dict[str, Any]:
    """The call of a phone that sends keys packet by packet and hangs up; what the API tells of it then."""

    def call() -> None:
        phone = KeyingCaller(line.sip)
        phone.begin()
        phone.pause(2)
        press(phone)
        phone.end()

    await asyncio.to_thread(call)
    async with aclosing(await line.api()) as api:

        async def over() -> Any:
            newest = (await api.get("/api/v1/calls")).json()["items"][0]
            return newest["ended_at"] and newest["caller"]["number"] == "+31612345678" and newest

        newest = await until("the call to end", over, 40)
        told: dict[str, Any] = (await api.get(f"/api/v1/calls/{newest['id']}")).json()
        return told


async def test_ten_keys_at_once_agree_to_nothing_and_slow_ones_are_one_number(line: RunningLine) -> None:
    def all_at_once(phone: KeyingCaller) -> None:
        for key in "1234567812":
            phone.press(key, {"event"}, held_s=0.04)
        phone.pause(4)

    def slowly(phone: KeyingCaller) -> None:
        for key, then_s in (("1", 1.5), ("2", 1.5), ("0", 3), ("4", 4)):
            phone.press(key, {"event"})
            phone.pause(then_s)

    rolled = await keyed(line, all_at_once)
    events = [event["event"] for event in rolled["timeline"]]
    assert rolled["tickets"] == []
    assert {"key", "key.early"} & set(events)  # they came
    assert "callback.stored" not in events
    slow = await keyed(line, slowly)
    (ticket,) = slow["tickets"]  # hung up while it was said back
    assert (ticket["topic"], ticket["place"]) == ("electrical", "ward-4")
    assert slow["ending"] == "caller_hung_up"


async def test_a_key_as_a_tone_counts_while_an_agents_phone_rings(line: RunningLine) -> None:
    """Of a phone that promised events: what only the controller hears, it hears then, too."""

    def in_band(phone: KeyingCaller) -> None:
        for key, then_s in (("0", 6), ("9", 3)):
            phone.press(key, {"tone"})
            phone.pause(then_s)

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(line.phone("agent2"))  # which is not answered
        desk = await stack.enter_async_context(Desk(line.desk, "bo", line.password("bo")))
        await stack.enter_async_context(AgentAtDesk(desk))
        told = await keyed(line, in_band)
    events = [event["event"] for event in told["timeline"]]
    assert "agent.answered" not in events
    assert events.index("phone.ringing") < events.index("emergency.summoned")


async def test_a_hung_up_call_leaves_nothing_behind(line: RunningLine) -> None:
    async with line.caller("204") as phone:
        phone.call("100", trace="givesup")
        await phone.wait("sound", 20)
        phone.hang_up()
        await phone.wait("ended", 30)
    async with aclosing(await line.api()) as api:

        async def over() -> bool:
            calls = (await api.get("/api/v1/calls")).json()["items"]
            return bool(calls) and all(call["ended_at"] for call in calls)

        await until("all calls to end", over, 40)
        newest = (await api.get("/api/v1/calls")).json()["items"][0]
        assert newest["ending"] == "caller_hung_up"
        assert (await api.get("/api/v1/queue")).json() == []

    async def cause() -> str | None:  # Asterisk tells of it after the call's own ending
        async with aclosing(await line.api()) as api:
            (leg,) = (await api.get(f"/api/v1/calls/{newest['id']}")).json()["legs"]
        told: str | None = leg["cause"]
        return told

    assert await until("the leg to end", cause, 20) == "16 Normal Clearing"
