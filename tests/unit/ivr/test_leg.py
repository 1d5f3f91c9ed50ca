import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from ivr.fake import spoken, words_of
from ivr.leg import HEARING_LIMIT, SILENCE, PacedLeg
from ivr.ports import FRAME_BYTES, HungUp, Leg, LegLost

A, B = b"\x01\x00" * 160, b"\x02\x00" * 160


@pytest.fixture
def leg() -> PacedLeg:
    leg = PacedLeg("1")
    as_port: Leg = leg  # the type checker's word that it is one
    assert as_port.id == "1"
    return leg


def test_speaks_whole_frames_then_silence(leg: PacedLeg) -> None:
    leg.play(A + B[:100])
    assert [leg.tick() for _ in range(4)] == [A, B[:100].ljust(FRAME_BYTES, b"\0"), SILENCE, SILENCE]


def test_pause_loses_nothing(leg: PacedLeg) -> None:
    leg.play(A + B)
    heard = [leg.tick()]
    leg.pause()
    heard += [leg.tick(), leg.tick()]
    leg.resume()
    heard += [leg.tick()]
    assert heard == [A, SILENCE, SILENCE, B]
    assert leg.stop() == 40


def test_music_goes_round_until_stopped(leg: PacedLeg) -> None:
    leg.play(A + B, loop=True)
    assert [leg.tick() for _ in range(5)] == [A, B, A, B, A]
    assert leg.stop() == 100
    assert leg.tick() == SILENCE


def test_a_new_prompt_replaces_the_old_at_once(leg: PacedLeg) -> None:
    leg.play(A * 50)
    leg.tick()
    leg.play(B)
    assert leg.tick() == B


async def test_played_ends_one_step_after_the_last_frame(leg: PacedLeg) -> None:
    leg.play(A)
    waiting = asyncio.create_task(leg.played())
    leg.tick()
    await asyncio.sleep(0)
    assert not waiting.done()
    leg.tick()
    await waiting


async def test_a_silent_caller_is_heard_as_silence_at_the_pace_of_time(leg: PacedLeg) -> None:
    audio = leg.audio()
    leg.hear(A)
    for _ in range(50):
        leg.tick()
    frames = [await anext(audio) for _ in range(50)]
    assert frames[0] == A
    assert set(frames[1:]) == {SILENCE}
    late = asyncio.ensure_future(anext(audio))
    await asyncio.sleep(0)
    assert not late.done()
    late.cancel()


async def test_jitter_is_not_filled(leg: PacedLeg) -> None:
    audio = leg.audio()
    for _ in range(10):
        leg.tick()
    for _ in range(10):
        leg.hear(A)
    assert [await anext(audio) for _ in range(10)] == [A] * 10


async def test_a_reader_is_woken_for_several_frames_at_once(leg: PacedLeg) -> None:
    heard = list[bytes]()
    reading = asyncio.create_task(_collect(leg.audio(), heard))
    lengths = list[int]()
    await asyncio.sleep(0)
    for _ in range(9):
        leg.hear(A)
        leg.tick()
        await asyncio.sleep(0)
        lengths.append(len(heard))
    reading.cancel()
    assert lengths == [0, 0, 3, 3, 3, 6, 6, 6, 9]


async def _collect(pcm: AsyncIterator[bytes], heard: list[bytes]) -> None:
    async for frame in pcm:
        heard.append(frame)


async def test_frames_of_other_sizes_are_cut_to_ours(leg: PacedLeg) -> None:
    audio = leg.audio()
    for piece in (A[:240], A[240:] + B[:160], B[160:]):
        leg.hear(piece)
    assert [await anext(audio), await anext(audio)] == [A, B]


async def test_a_slow_reader_loses_the_oldest_and_is_counted(leg: PacedLeg) -> None:
    audio = leg.audio()
    for _ in range(HEARING_LIMIT):
        leg.hear(A)
    leg.hear(B)
    leg.end(HungUp())
    frames = [frame async for frame in _until_hung_up(audio)]
    assert len(frames) == HEARING_LIMIT
    assert frames[-1] == B
    assert leg.lost_frames == 1


async def _until_hung_up(audio: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with suppress(HungUp):
        async for frame in audio:
            yield frame


async def test_a_second_reader_takes_over(leg: PacedLeg) -> None:
    first, second = leg.audio(), leg.audio()
    leg.hear(A)
    assert await anext(second) == A
    assert [frame async for frame in first] == []


async def test_keys_wait_in_order_and_nonsense_is_ignored(leg: PacedLeg) -> None:
    for key in ("1", "A", "\n", "", "22", "#"):
        leg.press(key)
    assert [await leg.key(), await leg.key()] == ["1", "#"]


@pytest.mark.parametrize("reason", [HungUp(), LegLost()])
async def test_the_end_reaches_everyone_who_waits_and_everyone_after(leg: PacedLeg, reason: HungUp | LegLost) -> None:
    leg.play(A * 100)
    audio = leg.audio()
    waiting = [asyncio.create_task(leg.key()), asyncio.create_task(leg.played()), asyncio.ensure_future(anext(audio))]
    await asyncio.sleep(0)
    leg.end(reason)
    leg.end(HungUp())
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(answer) for answer in answers} == {type(reason)}
    for method in (leg.stop, leg.pause, leg.resume, leg.audio, lambda: leg.play(A)):
        with pytest.raises(type(reason)):
            method()
    with pytest.raises(type(reason)):
        await leg.key()
    with pytest.raises(type(reason)):
        await leg.played()


def test_fake_audio_carries_its_words() -> None:
    pcm = spoken("de afvoer is verstopt — kamer 4", 600)
    assert words_of(pcm) == "de afvoer is verstopt — kamer 4"
    assert len(pcm) == 600 * 16
    assert words_of(A) is None
