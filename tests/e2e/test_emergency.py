"""Emergencies on a whole line: told while the caller is on it, shown on every desk, taken by one agent."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from telephony.recordings import RATE_HZ, heard, tone_share
from telephony.softphone import SoftPhone
from testcall.desk_client import AgentAtDesk, Desk
from tests.e2e.desk_server import CHROMIUM, FLAGS
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]
CHANGES = {"waiting": {"pop_s": 20, "ring_s": 60}}
AGENT_HZ, CALLER_HZ = 600, 1300
TALK_S = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("emergency"), CHANGES) as line:
        yield line


async def emergencies(scene: Scene) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await scene.api.get("/api/v1/emergencies")).json()
    return listed


async def the_emergency(scene: Scene, state: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        found = [each for each in await emergencies(scene) if each["state"] == state and each["ticket"]]
        return found[0] if found else None

    found: dict[str, Any] = await until(f"an emergency that is {state}", there)
    return found


async def test_the_key_while_an_agents_phone_rings_is_told_while_the_caller_is_on(
    line: RunningLine, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        agent = await stack.enter_async_context(line.phone("agent1"))  # rings, and is not taken
        desk = await stack.enter_async_context(Desk(line.desk, "anna", line.password("anna")))
        await stack.enter_async_context(AgentAtDesk(desk))
        caller = await scene.caller("nine", "204")
        await caller.keys("0")
        await agent.wait("invite", 60)
        await caller.keys("9")
        told = await the_emergency(scene, "ringing")
        assert not caller.has("ended")  # it is known from the key, not from the end of the call
        assert (told["caller"]["contact"], told["place"]) == ("Ward 4 desk", "ward-4")
        tickets = {ticket["id"]: ticket for ticket in (await scene.call("nine"))["tickets"]}
        assert tickets[told["ticket_id"]]["urgency"] == "critical"

        async def free() -> bool:
            me = await desk.me()
            return (me["state"], me["offer"]) == ("available", None)

        await until("the agent to be free again", free)
        assert not caller.has("ended")
        events = [(event["event"], event["payload"].get("why")) for event in (await scene.call("nine"))["timeline"]]
        assert ("offer.lapsed", "became an emergency") in events
        await agent.wait("ended", 30)
        caller.hang_up()
        left = await the_emergency(scene, "left")  # nobody had answered: it stays until a person looks after it
        await desk.post(f"/emergencies/{left['id']}/take", {})
        assert await emergencies(scene) == []


async def test_any_agent_takes_it_and_every_desk_says_who(line: RunningLine, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        taker = await agent_phone(line, stack, tmp_path)
        anna, bo = await two_desks(line, stack)
        await expect(bo.locator("#me .phone .good")).to_be_visible()
        first = await scene.caller("first", "205", CALLER_HZ)
        second = await scene.caller("second", "0612345678")
        for caller in (first, second):  # nobody of the urgent group is there
            await caller.keys("9")
        for page in (anna, bo):
            await expect(page.locator("#emergency [role=alert]")).to_have_count(2)
        await bo.locator("#emergency .untaken", has_text="Ward 5 desk").locator("button").click()
        await taker.wait("answered", 30)
        for page in (anna, bo):
            await expect(page.locator("#emergency")).to_contain_text("Bo Lindqvist has taken it.")
            await expect(page.locator("#emergency [role=alert]")).to_have_count(1)  # the second can still be taken
        wav = tmp_path / "first.wav"

        async def hears_agent() -> bool:
            return wav.exists() and tone_share(heard(wav)[-TALK_S * RATE_HZ :], AGENT_HZ) > 0.8

        await until("the caller to hear the agent", hears_agent, 30)
        first.hang_up()
        await taker.wait("ended", 30)
        await expect(anna.locator("#emergency .taken")).to_have_count(0)
        await anna.close()
        assert await audited(line) == [("agent:bo", "emergency_taken")]
        second.hang_up()
        await the_emergency(scene, "left")
    assert tone_share(heard(tmp_path / "taker.wav")[-TALK_S * RATE_HZ // 2 :], CALLER_HZ) > 0.5


async def agent_phone(line: RunningLine, stack: AsyncExitStack, folder: Path) -> SoftPhone:
    phone = await stack.enter_async_context(line.phone("agent2"))
    phone.answer_after(300)
    phone.tone(AGENT_HZ)
    phone.record(folder / "taker.wav")
    return phone


async def two_desks(line: RunningLine, stack: AsyncExitStack) -> list[Page]:
    playwright = await stack.enter_async_context(async_playwright())
    browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    pages = []
    for login in ("anna", "bo"):
        page = await (await browser.new_context()).new_page()
        await page.goto(line.desk)
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", line.password(login))
        async with page.expect_response("**/me/heartbeat"):
            await page.click("button.primary")
        pages.append(page)
    return pages


async def audited(line: RunningLine) -> list[tuple[str, str]]:
    async with aclosing(await line.api("admin")) as api:
        entries = (await api.get("/api/v1/audit", params={"limit": 100})).json()["items"]
    taken = [(entry["actor"], entry["action"]) for entry in entries if entry["action"] == "emergency_taken"]
    return [entry for entry in taken if entry[0] == "agent:bo"]
