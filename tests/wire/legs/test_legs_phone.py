"""A SIP phone calls the line as it is configured; the manager interface sees the phones."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ivr.ports import HungUp
from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.ami import AmiEvent
from telephony.ami_client import AmiClient
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from telephony.recordings import heard, tone_share
from telephony.sip_watch import SipWatch
from tests.phones import TestLine, recorded
from tests.silences import longest_silence_s
from tests.wire.legs.keying_caller import KeyingCaller
from tests.wire.legs.listening_controller import LEASE_S
from tests.wire.legs.real_line import until
from tests.wire.legs.tones import share_of, tone

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]


@pytest.fixture
def line(phone_line: TestLine) -> TestLine:
    return phone_line


@pytest.fixture
async def ami(line: TestLine) -> AsyncIterator[AmiClient]:
    settings = line.settings
    secret = settings.ami_secret.get_secret_value()
    async with AmiClient("127.0.0.1", settings.asterisk.ami_port, settings.ami_user, secret) as client:
        assert await client.ready(30)
        yield client


class Listening:
    """A handler that speaks 700 Hz, and keeps what it hears."""

    def __init__(self, call_audio: CallAudio) -> None:
        self.call_audio = call_audio
        self.number = ""
        self.keys = ""
        self.audio = b""
        self.end: asyncio.Future[HungUp] = asyncio.get_running_loop().create_future()

    async def call(self, session: AgiSession) -> None:
        self.number = session.environment.caller_number
        await session.answer()
        try:
            async with self.call_audio.open_audio(session) as leg:
                leg.play(tone(700, 6_000))
                frames = leg.audio()
                self.audio = b"".join([await anext(frames) for _ in range(200)])
                while True:
                    self.keys += await leg.key()
        except HungUp as end:
            self.end.set_result(end)

    async def all_heard(self) -> bool:
        return self.keys.endswith("#")

    async def hangup(self, session: AgiSession) -> None: ...


async def test_a_call_from_a_phone_both_ways_with_keys(line: TestLine, ami: AmiClient, tmp_path: Path) -> None:
    audio = AudioServer("127.0.0.1", line.settings.controller.audiosocket_port)
    ours = Listening(CallAudio(audio, ami, LeaseTerms(watched_s=LEASE_S)))
    agi = AgiServer({"call": ours.call, "hangup": ours.hangup}, "127.0.0.1", line.settings.controller.agi_port)
    async with audio, agi, line.caller() as phone:
        phone.record(tmp_path / "heard.wav")
        phone.call(line.settings.line.number)
        await phone.wait("answered", 30)
        phone.tone(500)
        await phone.keys(",5#")
        await recorded(tmp_path / "heard.wav", 6)
        await until(ours.all_heard, 30)
        phone.hang_up()
        async with asyncio.timeout(30):
            await ours.end
    assert (ours.number, ours.keys) == ("0612345678", "5#")
    assert share_of(500, ours.audio[-8_000:]) > 0.8
    sound = heard(tmp_path / "heard.wav")
    assert tone_share(sound, 700) > 0.8
    assert longest_silence_s(sound[8_000:40_000]) <= 0.3


PRESSED = [
    ({"event"}, "5#00", 0.1),
    ({"tone"}, "9022*", 0.1),
    ({"info"}, "0911", 0.1),
    ({"event", "info"}, "9022", 0.5),
    ({"event", "tone"}, "0911", 0.2),
    ({"event", "tone", "info"}, "9022", 0.1),
]


def pressing(domain: str) -> None:
    caller = KeyingCaller(domain)
    caller.begin()
    caller.pause(1.0)
    for ways, keys, held_s in PRESSED:
        for key in keys:
            caller.press(key, ways, held_s)
            caller.pause(0.3)
        caller.pause(len(keys) * held_s + 0.5)  # Asterisk plays what it is told twice one after the other
    caller.end()


async def test_a_press_is_one_key_in_whichever_ways_the_phone_tells_it(line: TestLine, ami: AmiClient) -> None:
    controller = line.settings.controller
    audio, watch = AudioServer("127.0.0.1", controller.audiosocket_port), SipWatch("127.0.0.1", controller.agi_port)
    ours = Listening(CallAudio(audio, ami, LeaseTerms(watched_s=LEASE_S), watch))
    agi = AgiServer({"call": ours.call, "hangup": ours.hangup}, "127.0.0.1", controller.agi_port)
    async with audio, watch, agi:
        await asyncio.to_thread(pressing, line.domain)
        await asyncio.wait_for(ours.end, 30)
    assert ours.keys == "".join(keys for _, keys, _ in PRESSED)


async def test_the_manager_knows_which_phones_are_there(line: TestLine, ami: AmiClient) -> None:
    async def registered() -> bool:
        return (await ami.registered_phones())["agent1"]

    async def gone() -> bool:
        return not await registered()

    assert await gone()
    with ami.events("ContactStatus") as events:
        async with line.phone("agent1"):
            assert (await next_event(events))["EndpointName"] == "agent1"
            await until(registered, 30)
        async with asyncio.timeout(30):
            while (await anext(events))["ContactStatus"] != "Removed":
                pass
    await until(gone, 30)


async def next_event(events: AsyncIterator[AmiEvent]) -> AmiEvent:
    async with asyncio.timeout(30):
        return await anext(events)
