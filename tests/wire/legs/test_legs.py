"""Calls through a real Asterisk: AGI, AudioSocket, AMI and leases as they are."""

import asyncio
import time
import wave
from contextlib import suppress

import pytest

from ivr.ports import HungUp, LegLost
from telephony.agi_server import AgiServer
from telephony.agi_session import AgiSession
from telephony.ami import ActionRefused, Originate, action
from telephony.ami_client import AmiClient
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from telephony.dialling import DialplanExtension
from tests.wire.legs.real_line import LEASE_S, RealLine, answered_by, line_channel, no_channels, someone_calls, until
from tests.wire.legs.tones import longest_gap_ms, share_of, tone

pytestmark = [pytest.mark.wire, pytest.mark.timeout(120)]


async def test_both_hear_each_other(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        async with call_audio.open_audio(session) as leg:
            leg.play(tone(500, 3_000))
            audio = leg.audio()
            return b"".join([await anext(audio) for _ in range(125)])

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "echo")
        heard = await controller.done()
    assert isinstance(heard, bytes)
    assert share_of(500, heard[16_000:]) > 0.9
    assert longest_gap_ms(500, heard[8_000:]) <= 240  # a machine that stalls; what is late is not waited for


async def test_a_prompt_reaches_the_caller_without_a_gap(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        async with call_audio.open_audio(session) as leg:
            leg.play(tone(700, 4_000))
            await leg.played()
            await leg.key()
        return None

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "record")
        assert isinstance(await controller.done(), HungUp)
    with wave.open(str(line.recording)) as recording:
        pcm = recording.readframes(recording.getnframes())
    assert longest_gap_ms(700, pcm) <= 40
    assert share_of(700, pcm[16_000:48_000]) > 0.95


async def test_keys_arrive_in_order_beside_audio(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        async with call_audio.open_audio(session) as leg:
            leg.play(tone(700), loop=True)
            return "".join([await leg.key() for _ in range(4)])

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "keys")
        assert await controller.done() == "15*#"


async def test_a_caller_whose_phone_sends_nothing_is_silent_and_stays(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        began = time.monotonic()
        async with call_audio.open_audio(session) as leg:
            audio = leg.audio()
            frames = [await anext(audio) for _ in range(200)]
        return set(frames), time.monotonic() - began

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "quiet")
        result = await controller.done()
    assert isinstance(result, tuple)
    assert result[0] == {bytes(320)}
    assert 3.8 <= result[1]  # 4 s of silence


async def test_the_channel_comes_back_and_goes_where_it_is_told(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        for _ in range(3):  # out and in again, as between two steps
            async with call_audio.open_audio(session) as leg:
                leg.play(tone(700, 100))
                await leg.played()
        await session.set_variable("ON_NEXT", "dial")
        return None

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "tone")
        assert await controller.done() is None

        async def there() -> bool:
            channel = await line_channel(ami)
            return channel is not None and channel.exten == "next-dial"

        await until(there, 30)
        await ami.hangup(controller.channel)
        async with asyncio.timeout(30):
            await controller.after_hangup.wait()
        assert controller.after == {"ON_NEXT": "dial", "ON_CALL": None}


async def test_a_caller_who_hangs_up_is_gone_at_once(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        await session.set_variable("ON_CALL", "0190a0b0")
        async with call_audio.open_audio(session) as leg:
            await leg.key()
        return None

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "brief")
        assert isinstance(await controller.done(), HungUp)
        async with asyncio.timeout(30):
            await controller.after_hangup.wait()
        assert controller.after == {"ON_NEXT": "", "ON_CALL": "0190a0b0"}


async def test_the_lease_is_renewed_while_an_application_runs(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        async with call_audio.open_audio(session):
            await asyncio.sleep(LEASE_S * 2.5)  # a time is what is tested: without renewal it would be over
        return session.alive

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "tone")
        assert await controller.done() is True


async def test_without_renewal_the_dialplan_takes_the_call_and_it_is_no_hang_up(line: RealLine, ami: AmiClient) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> object:
        await session.lease(1)
        await session.exec("Wait", "60")
        return None

    async with answered_by(line, ami, talk) as controller:
        await someone_calls(ami, "tone")
        assert isinstance(await controller.done(), LegLost)

        async def taken() -> bool:
            channel = await line_channel(ami)
            return channel is not None and channel.exten == "T"

        await until(taken, 30)


async def test_many_callers_at_once_leave_nothing_behind(line: RealLine, ami: AmiClient) -> None:
    outcomes: asyncio.Queue[object] = asyncio.Queue()
    audio = AudioServer("127.0.0.1", 0)
    call_audio = CallAudio(audio, ami, LeaseTerms(watched_s=LEASE_S))

    async def call(session: AgiSession) -> None:
        try:
            await outcomes.put(await _greet_and_hang_up(session, call_audio))
        except Exception as error:
            await outcomes.put(error)

    async def hangup(session: AgiSession) -> None: ...

    async with audio, AgiServer({"call": call, "hangup": hangup}, "127.0.0.1", line.agi_port) as agi:
        for _ in range(40):
            await someone_calls(ami, "quiet")
            await asyncio.sleep(0.05)  # the pace of the calls
        async with asyncio.timeout(30):
            assert [await outcomes.get() for _ in range(40)] == [None] * 40
        await until(lambda: no_channels(ami), 30)

        async def nothing_left() -> bool:
            names = [task.get_name() for task in asyncio.all_tasks()]
            tasks = [name for name in names if name.startswith(("agi", "seat", "lease"))]
            return not (audio.legs or audio.strangers or agi.connections or tasks)

        await until(nothing_left, 30)


async def _greet_and_hang_up(session: AgiSession, call_audio: CallAudio) -> object:
    await session.answer()
    async with call_audio.open_audio(session) as leg:
        leg.play(tone(700, 2_000))
        await leg.played()
    await session.set_variable("ON_NEXT", "hangup")
    await session.hangup()
    return None


async def test_the_rights_are_enough_and_no_more(ami: AmiClient) -> None:
    for name in ("Command", "GetConfig", "QueueAdd", "DBGet"):
        with pytest.raises(ActionRefused):
            await ami.ask(action(name, {"Command": "core show version"}))


async def test_a_name_with_line_breaks_dials_nothing(ami: AmiClient) -> None:
    with ami.events("OriginateResponse") as events:
        call = Originate("attempt-9", DialplanExtension("nobody", "line"), "caller", "quiet")
        with suppress(ActionRefused):
            await ami.originate(call)
            async with asyncio.timeout(30):
                event = await anext(aiter(events))
            assert (event["ActionID"], event["Response"]) == ("attempt-9", "Failure")
