import asyncio
from contextlib import AsyncExitStack, suppress
from uuid import UUID, uuid4

import pytest

from ivr.ports import HungUp, LegLost
from telephony import audiosocket
from telephony.agi_session import AgiSession
from telephony.audio_leg import AudioLeg
from telephony.audio_server import STRANGERS_LIMIT, AudioServer
from telephony.audio_watch import HearingChange, HearingState
from telephony.call_audio import CallAudio, LeaseTerms
from telephony.loopback import NotLoopback
from tests.unit.telephony.fake_call import fake_call, until

A, B, SILENCE = b"\x01\x00" * 160, b"\x02\x00" * 160, bytes(320)
TERMS = LeaseTerms(watched_s=3.0, unwatched_s=60)


async def test_a_leg_opens_speaks_hears_and_gives_the_channel_back() -> None:
    heard: list[bytes] = []

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            leg.play(A + B)
            await leg.played()
            heard.append(await anext(frame async for frame in leg.audio() if frame != SILENCE))
            heard.append((await leg.key()).encode())
        await session.set_variable("ON_NEXT", "hangup")
        with pytest.raises(LegLost):
            leg.play(A)

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        call.asterisk.press("7")
        async with asyncio.timeout(30):
            while call.asterisk.audio_open.is_set():
                call.asterisk.send(B)
                await asyncio.sleep(0.02)
        await call.over()
        await call.asterisk.over()
        assert heard == [B, b"7"]
        spoken = [frame for frame in call.asterisk.heard if frame != SILENCE]
        assert spoken == [A, B]
        assert call.asterisk.variables["ON_NEXT"] == "hangup"
        assert call.audio.legs == 0


async def test_silence_is_sent_for_as_long_as_nothing_is_said() -> None:
    enough, loop = asyncio.Event(), asyncio.get_running_loop()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            await enough.wait()

    began = loop.time()
    async with fake_call(talk) as call:
        await until(lambda: len(call.asterisk.heard) >= 25)
        assert len(call.asterisk.heard) <= (loop.time() - began) / 0.02 + 1
        assert set(call.asterisk.heard) == {SILENCE}
        enough.set()
        await call.over()


async def test_the_lease_is_armed_before_renewed_meanwhile_and_fresh_afterwards() -> None:
    renewed, ends, loop = asyncio.Event(), list[float](), asyncio.get_running_loop()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            ends.append(loop.time() + session.lease_left_s)
            await renewed.wait()
            ends.append(loop.time() + session.lease_left_s)
        await session.variable("ON_NEXT")

    async with fake_call(talk, TERMS) as call:
        await until(lambda: len(call.keeper.renewals) >= 2)
        renewed.set()
        await call.over()
        first, execution, last = call.asterisk.commands[:3]
        assert first == last == 'SET VARIABLE "TIMEOUT(absolute)" "3.0"'
        assert execution.startswith('EXEC "AudioSocket"')
        assert set(call.keeper.renewals) == {("PJSIP/trunk-00000001", 3.0)}
        assert ends[1] - ends[0] > 1.5  # two renewals, a second apart, have put it off by 2 s


async def test_a_lease_is_counted_from_when_it_was_asked_for() -> None:
    """Asterisk has armed it long before a busy process reads the reply."""
    go, ends, loop = asyncio.Event(), list[float](), asyncio.get_running_loop()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        await go.wait()
        ends.append(loop.time() + 60)
        await session.lease(60)
        ends.append(loop.time() + session.lease_left_s)

    async with fake_call(talk, TERMS) as call:
        call.asterisk.replies["SET"] = ""
        go.set()
        await call.asterisk.told("SET")
        told_s = loop.time()
        await until(lambda: loop.time() > told_s + 0.1)
        call.asterisk.reply("200 result=1\n")
        await call.over()
        assert ends[1] <= ends[0] + 0.05


async def test_a_renewed_lease_is_counted_from_when_it_was_asked_for() -> None:
    ends, enough, loop = list[float](), asyncio.Event(), asyncio.get_running_loop()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            await enough.wait()
            ends.append(loop.time() + session.lease_left_s)

    async with fake_call(talk, TERMS) as call:
        call.keeper.slow_s = 0.5
        await until(lambda: len(call.keeper.renewals) >= 1)
        enough.set()
        await call.over()
        assert ends[0] <= call.keeper.asked_s + 3.0 + 0.05


async def test_after_a_late_answer_the_lease_is_renewed_again_at_once() -> None:
    """A pause counted from the answer would outlast a lease that counts from when it was asked for."""

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            await until(lambda: call.keeper.asked >= 2 or not renewed(leg))
            assert renewed(leg)

    async with fake_call(talk, TERMS) as call:
        call.keeper.slow_s = 1.8
        await call.over()


async def test_the_channel_is_given_back_only_after_a_renewal_that_is_under_way() -> None:
    """One that arrived later would cut the caller's talk."""
    renewals = list[int]()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            await until(lambda: call.keeper.asked == 1)
        renewals.append(len(call.keeper.renewals))

    async with fake_call(talk, TERMS) as call:
        call.keeper.slow_s = 0.3
        await call.over()
        assert renewals == [1]


def renewed(leg: AudioLeg) -> bool:
    return f"lease of {leg.id}" in {task.get_name() for task in asyncio.all_tasks()}


async def test_without_ami_the_lease_is_long() -> None:
    left = asyncio.Event()

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        call_audio.keeper.up = False  # type: ignore[misc]
        async with call_audio.open_audio(session):
            await left.wait()

    async with fake_call(talk, TERMS) as call:
        await until(lambda: call.keeper.asked >= 2)  # after the first time in vain the leg would have sat down again
        left.set()
        await call.over()
        assert call.asterisk.commands[0] == 'SET VARIABLE "TIMEOUT(absolute)" "60.0"'
        assert call.asterisk.executions == 1


async def test_when_ami_is_lost_the_leg_sits_down_again_under_a_long_lease_and_says_all_it_had_to_say() -> None:
    prompt = [number.to_bytes(2) * 160 for number in range(1, 171)]  # 3.4 s

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            leg.play(b"".join(prompt))
            await leg.played()

    async with fake_call(talk, LeaseTerms(watched_s=4.5, unwatched_s=60)) as call:
        await call.asterisk.audio_open.wait()
        call.keeper.up = False
        await call.over()
        assert call.asterisk.executions == 2
        assert [frame for frame in call.asterisk.heard if frame != SILENCE] == prompt
        assert 'SET VARIABLE "TIMEOUT(absolute)" "60.0"' in call.asterisk.commands


async def test_a_process_that_hung_too_long_does_not_touch_the_call_again() -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            session.leased(0.1, asyncio.get_running_loop().time())  # as if the process had stood still meanwhile
            await until(lambda: not renewed(leg))

    async with fake_call(talk, TERMS) as call:
        await call.over()
        assert call.keeper.renewals == []


@pytest.mark.parametrize("how", ["hang_up", "break_audio", "vanish"])
async def test_the_leg_says_whether_the_caller_or_the_audio_is_gone(how: str) -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            await leg.key()

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        getattr(call.asterisk, how)()
        with pytest.raises(HungUp if how == "hang_up" else LegLost):
            await call.over()


async def _use(session: AgiSession, call_audio: CallAudio) -> None:
    async with call_audio.open_audio(session) as leg:
        await leg.key()


async def test_after_broken_audio_the_channel_can_still_be_told_what_to_do() -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        with pytest.raises(LegLost):
            await _use(session, call_audio)
        await session.set_variable("ON_NEXT", "standalone")

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        call.asterisk.break_audio()
        await call.over()
        await call.asterisk.over()
        assert call.asterisk.variables["ON_NEXT"] == "standalone"


async def test_audio_that_asterisk_does_not_connect_is_lost() -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            raise AssertionError("never open")

    async with fake_call(talk, connects_audio=False) as call:
        with pytest.raises(LegLost):
            await call.over()


async def test_what_goes_wrong_inside_comes_out_as_it_is() -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session):
            raise ValueError("a fault of ours")

    async with fake_call(talk) as call:
        with pytest.raises(ValueError, match="fault of ours"):
            await call.over()
        await call.asterisk.over()


async def test_nobody_takes_a_leg_that_is_not_theirs() -> None:
    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            await leg.key()

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        for hello in (audiosocket.identity(uuid4()), b"GET / HTTP/1.1\r\n\r\n", audiosocket.audio(A)):
            reader, writer = await asyncio.open_connection("127.0.0.1", call.audio.port)
            writer.write(hello)
            async with asyncio.timeout(30):
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
        assert not call.audio.strangers
        call.asterisk.press("1")
        await call.over()


def test_the_network_never_reaches_the_audio() -> None:
    with pytest.raises(NotLoopback):
        AudioServer("0.0.0.0", 0)


async def test_audio_that_stops_makes_asterisk_enter_anew_and_is_told_with_its_return() -> None:
    changes: list[HearingChange] = []
    prompt = [number.to_bytes(2) * 160 for number in range(1, 121)]  # 2.4 s

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session, changes.append) as leg:
            leg.play(b"".join(prompt))
            await leg.key()

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        call.asterisk.send(A)
        await until(lambda: call.asterisk.executions == 2 and call.asterisk.audio_open.is_set())
        call.asterisk.send(A)
        await until(lambda: len(changes) == 2 and len(call.asterisk.heard) > 125)
        call.asterisk.press("1")
        await call.over()
        assert [frame for frame in call.asterisk.heard if frame != SILENCE] == prompt, "no sound may be lost by it"
        assert [(one.change, one.heard_before) for one in changes] == [
            (HearingState.LOST, True),
            (HearingState.BACK, True),
        ]


async def test_an_identity_opens_the_audio_once() -> None:
    """Whoever has read it somewhere comes too late."""

    async def talk(session: AgiSession, call_audio: CallAudio) -> None:
        async with call_audio.open_audio(session) as leg:
            await leg.key()

    async with fake_call(talk) as call:
        await call.asterisk.audio_open.wait()
        used = next(command for command in call.asterisk.commands if "AudioSocket" in command)
        uuid = UUID(used.split('"')[3].split(",")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", call.audio.port)
        writer.write(audiosocket.identity(uuid) + audiosocket.key("5"))
        async with asyncio.timeout(30):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        writer.close()
        call.asterisk.press("1")
        await call.over()
        assert call.asterisk.executions == 1


async def test_connections_that_never_speak_keep_nobody_out() -> None:
    async with AsyncExitStack() as stack:
        audio = await stack.enter_async_context(AudioServer("127.0.0.1", 0))
        silent = [await asyncio.open_connection("127.0.0.1", audio.port) for _ in range(STRANGERS_LIMIT + 10)]
        leg = AudioLeg(uuid4())
        stack.enter_context(audio.expecting(leg))
        _, writer = await asyncio.open_connection("127.0.0.1", audio.port)
        writer.write(audiosocket.identity(leg.uuid))
        await leg.connected(5)
        assert len(audio.strangers) <= STRANGERS_LIMIT
        for _, other in [*silent, (None, writer)]:
            other.close()
