"""An agent with a browser and a headset, nothing else: a real browser, Asterisk and caller, with sound both ways."""

import asyncio
import signal
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from runtime.addresses import reachable
from telephony.recordings import SILENT, heard, tone_share
from telephony.softphone import SoftPhone
from tests.e2e.desk_server import CHROMIUM, FLAGS
from tests.e2e.line import RunningLine, until
from tests.e2e.scene import Scene
from tests.e2e.test_calls import wrap_up
from tests.phones import recorded

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(reachable("0.0.0.0") == "127.0.0.1", reason="Asterisk offers no sound on loopback alone"),
]
CHANGES = {"waiting": {"pop_s": 20, "ring_s": 30}}
AGENT_HZ, CALLER_HZ = 600, 1300
MICROPHONE_HZ = 48_000
BACK_S = 10.0  # by then a caller whose agent is gone waits for somebody again
NEVER_CONNECTED = """
Object.defineProperty(RTCPeerConnection.prototype, 'connectionState', {get: () => 'connecting'});
"""
NOTE_RINGING = """
window.rangAt = null;
new MutationObserver(() => {
  const rings = document.querySelector('#handset')?.dataset.state === 'ringing';
  if (rings && !window.rangAt) window.rangAt = Date.now();
}).observe(document, {subtree: true, attributes: true, attributeFilter: ['data-state']});
"""
NOTE_SHOWN = """
window.shownAt = null;
new MutationObserver(() => {
  if (document.querySelector('#pop .call') && !window.shownAt) window.shownAt = Date.now();
}).observe(document, {childList: true, subtree: true});
"""
LOUDEST_HZ = """
async () => {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, {fftSize: 8192});
  context.createMediaStreamSource(document.getElementById('ear').srcObject).connect(analyser);
  const power = new Float32Array(analyser.frequencyBinCount);
  await new Promise((resolve) => setTimeout(resolve, 400));
  analyser.getFloatFrequencyData(power);
  const loudest = power.indexOf(Math.max(...power));
  await context.close();
  return power[loudest] > -60 ? loudest * context.sampleRate / analyser.fftSize : 0;
}
"""


def headset(wav: Path) -> Path:
    """What the fake microphone hears: a tone that comes and goes, which no filter takes for the room's noise."""
    at_s = np.arange(MICROPHONE_HZ * 2) / MICROPHONE_HZ
    sound = 12_000 * np.sin(2 * np.pi * AGENT_HZ * at_s) * (at_s % 1 < 0.8)
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(MICROPHONE_HZ)
        file.writeframes(sound.astype("<i2").tobytes())
    return wav


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningLine]:
    async with RunningLine(tmp_path_factory.mktemp("browser-phone"), CHANGES) as line:
        yield line


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    tone = headset(tmp_path_factory.mktemp("headset") / "tone.wav")
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*FLAGS, *fake, f"--use-file-for-fake-audio-capture={tone}"]
        )
        yield browser
        await browser.close()


async def at_desk(line: RunningLine, browser: Browser, script: str = "") -> tuple[Page, Page]:
    """Anna's desk and the window of her phone, as from another machine: by https, with the line's own certificate."""
    context = await browser.new_context(ignore_https_errors=True)
    await context.add_init_script(script)
    desk = await context.new_page()
    await desk.goto(f"https://127.0.0.1:{line.environment['ONENUMBER_WEB__TLS_PORT']}")
    await desk.fill("input[name=login]", "anna")
    await desk.fill("input[name=password]", line.password("anna"))
    async with desk.expect_response("**/me/heartbeat"):
        await desk.click("button.primary")
    async with context.expect_page() as opened:
        await desk.click("[data-opens-phone]")
    phone = await opened.value
    await phone.wait_for_load_state()
    use_it = phone.locator("[data-act=browser]")
    if await use_it.count():
        await use_it.click()
    await ready(phone)
    await expect(desk.locator("#me")).to_contain_text("The phone in your browser is ready")
    await desk.click("#me [data-key=a]")
    await expect(desk.locator("#me [data-key=n]")).to_be_visible()
    return desk, phone


async def ready(phone: Page) -> None:
    await expect(phone.locator("#handset [data-part=line]")).to_have_text("Ready for calls", timeout=60_000)


async def state(phone: Page, name: str) -> None:
    await expect(phone.locator("#handset")).to_have_attribute("data-state", name, timeout=60_000)


async def talking(scene: Scene, phone: Page, name: str, wav: Path) -> SoftPhone:
    """A caller whom Anna has answered, and who hears her."""
    caller = await scene.caller(name, "204", CALLER_HZ)
    await caller.keys("0")
    await state(phone, "ringing")
    await phone.click("#handset [data-part=answer]")
    await state(phone, "talking")
    await heard_now(wav, AGENT_HZ)
    return caller


async def share_now(wav: Path, hz: int, seconds: float = 4) -> float:
    """How much of what a phone hears from now on is this tone."""
    before = len(heard(wav))
    await recorded(wav, seconds)
    return tone_share(heard(wav)[before:], hz)


async def heard_now(wav: Path, hz: int) -> None:
    async def there() -> bool:
        return await share_now(wav, hz, 2) > 0.7

    await until(f"{hz} Hz in {wav.name}", there, 60)


async def queue_entries(scene: Scene, name: str) -> int:
    timeline = (await scene.call(name))["timeline"]
    return [event["event"] for event in timeline].count("queue.entered")


async def test_an_agent_answers_in_the_browser_and_both_hear_each_other(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    wav = tmp_path / "nurse.wav"
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        desk, phone = await at_desk(line, browser)
        stack.push_async_callback(desk.context.close)
        await desk.evaluate(NOTE_SHOWN)
        await phone.evaluate(NOTE_RINGING)
        caller = await scene.caller("nurse", "204", CALLER_HZ)
        await caller.keys("0")
        await state(phone, "ringing")
        assert await desk.evaluate("window.shownAt") <= await phone.evaluate("window.rangAt")
        assert await phone.title() == "The phone rings"

        await desk.click("#handset [data-part=answer]")  # the phone's window may be behind others
        await state(phone, "talking")
        await expect(desk.locator("#pop")).to_contain_text("You are talking", timeout=30_000)

        async def hears_caller() -> bool:
            return abs(float(await phone.evaluate(LOUDEST_HZ)) - CALLER_HZ) < 20

        await until("the caller's tone in the browser", hears_caller, 30)
        await heard_now(wav, AGENT_HZ)
        await expect(phone.locator("#handset [data-part=alarm]")).to_be_hidden()

        await phone.click("#handset [data-part=mute]")
        await recorded(wav, 1)  # what was on its way
        assert await share_now(wav, AGENT_HZ) < 0.2
        await desk.click("#handset [data-part=mute]")
        await heard_now(wav, AGENT_HZ)

        await phone.click("#handset [data-part=keypad]")
        await phone.click("#handset [data-press='5']")
        assert (await caller.wait("key", 20)).fields["key"] == "5"

        await phone.click("#handset [data-part=hold]")
        await expect(desk.locator("#handset [data-part=how]")).to_have_text("On hold, the caller hears music")
        await recorded(wav, 1)
        before = len(heard(wav))
        assert await share_now(wav, AGENT_HZ) < 0.2
        assert np.abs(heard(wav)[before:]).mean() > SILENT  # music
        await phone.click("#handset [data-part=hold]")
        await heard_now(wav, AGENT_HZ)

        await phone.click("#handset [data-part=hang-up]")
        await caller.wait("ended", 30)
        await state(phone, "ready")
        await expect(desk.locator("#wrap")).to_contain_text("Wrap up this call", timeout=30_000)
        await wrap_up(desk)
        assert (await scene.call("nurse"))["ending"] == "talked"


async def test_a_phone_that_is_loaded_anew_in_a_talk_gives_its_caller_back_and_gets_them_again(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    wav = tmp_path / "ward.wav"
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        desk, phone = await at_desk(line, browser)
        stack.push_async_callback(desk.context.close)
        caller = await talking(scene, phone, "ward", wav)
        entered = await queue_entries(scene, "ward")
        phone.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        began = time.monotonic()
        await phone.reload()

        async def waits_again() -> bool:
            return await queue_entries(scene, "ward") > entered

        await until("the caller to wait again", waits_again, 30)
        took_s = time.monotonic() - began
        print(f"after a reload the caller waits again within {took_s:.1f} s")
        assert took_s < BACK_S
        assert not caller.has("ended")
        await ready(phone)
        await expect(desk.locator("#wrap")).to_contain_text("Wrap up this call", timeout=30_000)
        await desk.check("input[name=disposition][value=answered]")
        await desk.click(".wrap button.primary")
        await state(phone, "ringing")
        await phone.click("#handset [data-part=answer]")
        await heard_now(wav, AGENT_HZ)
        caller.hang_up()
        await state(phone, "ready")
        await expect(desk.locator("#wrap")).to_contain_text("Wrap up this call", timeout=30_000)
        await wrap_up(desk)


async def test_a_talk_without_a_way_for_its_sound_raises_an_alarm(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        desk, phone = await at_desk(line, browser, NEVER_CONNECTED)
        stack.push_async_callback(desk.context.close)
        caller = await talking(scene, phone, "mute", tmp_path / "mute.wav")
        for page in (phone, desk):
            await expect(page.locator("#handset [data-part=alarm]")).to_contain_text("No sound gets through")
        await desk.click("#handset [data-part=hang-up]")
        await caller.wait("ended", 30)
        await expect(desk.locator("#wrap")).to_contain_text("Wrap up this call", timeout=30_000)
        await wrap_up(desk)


async def test_a_talk_outlives_the_desk(line: RunningLine, browser: Browser, tmp_path: Path) -> None:
    wav = tmp_path / "long.wav"
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        desk, phone = await at_desk(line, browser)
        stack.push_async_callback(desk.context.close)
        caller = await talking(scene, phone, "long", wav)
        line.signal_part("web", signal.SIGKILL)
        await expect(phone.locator("#handset [data-part=line]")).not_to_have_text("Ready for calls")
        assert await share_now(wav, AGENT_HZ) > 0.7
        await ready(phone)
        assert await share_now(wav, AGENT_HZ, 8) > 0.7  # longer than Asterisk waits for a phone that is gone
        caller.hang_up()  # and the phone hears of it, by the way that it has now
        await state(phone, "ready")
        await expect(desk.locator("#wrap")).to_contain_text("Wrap up this call", timeout=60_000)
        await wrap_up(desk)


async def test_a_phone_that_is_killed_gives_its_caller_back(
    line: RunningLine, browser: Browser, tmp_path: Path
) -> None:
    wav = tmp_path / "killed.wav"
    async with AsyncExitStack() as stack:
        scene = Scene(line, tmp_path, stack)
        await scene.open()
        desk, phone = await at_desk(line, browser)
        stack.push_async_callback(desk.context.close)
        caller = await talking(scene, phone, "killed", wav)
        entered = await queue_entries(scene, "killed")
        session = await desk.context.new_cdp_session(phone)
        async with phone.expect_event("crash"):
            crashing = asyncio.ensure_future(session.send("Page.crash"))  # it does not live to answer
        crashing.cancel()
        began = time.monotonic()

        async def waits_again() -> bool:
            return await queue_entries(scene, "killed") > entered

        await until("the caller to wait again", waits_again, 30)
        took_s = time.monotonic() - began
        print(f"after its renderer was killed the caller waits again within {took_s:.1f} s")
        assert took_s < BACK_S
        assert not caller.has("ended")
        await expect(desk.locator("#me")).to_contain_text("The phone in your browser is not there.")
        caller.hang_up()
        await caller.wait("ended", 30)
        await wrap_up(desk)
