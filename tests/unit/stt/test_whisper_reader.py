"""What Whisper's reader asks of the workers while an utterance goes on: seldom, in spare time, and each piece once."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from ivr.ports import ListenSpec, RecognitionDown
from stt.pieces import BYTES_PER_MS
from stt.whisper import WhisperReader
from stt.workers import Workers

FRAME = b"\x00\x20\x00\xe0" * 80


class Pool:
    """Reads how long a sound is; notes what was spare."""

    def __init__(self) -> None:
        self.resting = self.idle = True
        self.spare_ms: list[int] = []
        self.asked_ms: list[int] = []
        self.fails = 0

    def spare(self, head: dict[str, Any], pcm: bytes) -> asyncio.Task[dict[str, Any]]:
        self.spare_ms.append(len(pcm) // BYTES_PER_MS)
        return asyncio.create_task(self._read(pcm))

    async def ask(self, head: dict[str, Any], pcm: bytes) -> dict[str, Any]:
        self.asked_ms.append(len(pcm) // BYTES_PER_MS)
        if self.fails:
            self.fails -= 1
            raise RecognitionDown("died")
        return await self._read(pcm)

    async def _read(self, pcm: bytes) -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"text": f"<{len(pcm) // BYTES_PER_MS}>", "confidence": 0.9, "words": []}


@pytest.fixture
def pool() -> Pool:
    return Pool()


def reader_of(pool: Pool) -> WhisperReader:
    return WhisperReader(cast("Workers", pool), ListenSpec(), "whisper")


async def speak(reader: WhisperReader, seconds: float, each: Callable[[str], None] = lambda _: None) -> bytes:
    frames = int(seconds * 50)
    for _ in range(frames):
        if said := await reader.hear(FRAME):
            each(said)
        await asyncio.sleep(0)
    return FRAME * frames


async def test_what_was_said_so_far_is_read_every_few_seconds(pool: Pool) -> None:
    read: list[str] = []
    await speak(reader_of(pool), 8, read.append)
    assert pool.spare_ms == [1_400, 3_400, 5_400, 7_400]
    assert read == ["<1400>", "<3400>", "<5400>", "<7400>"]
    assert pool.asked_ms == []


async def test_nothing_is_read_ahead_while_workers_are_busy(pool: Pool) -> None:
    pool.resting = False
    await speak(reader_of(pool), 8)
    assert pool.spare_ms == []


async def test_long_speech_is_read_in_pieces_each_once_and_whole(pool: Pool) -> None:
    reader = reader_of(pool)
    final = await reader.finish(await speak(reader, 40))
    assert sum(pool.asked_ms) == 40_000
    assert all(ms <= 15_000 for ms in pool.asked_ms)
    assert final.text == " ".join(f"<{ms}>" for ms in pool.asked_ms)


async def test_a_piece_whose_worker_died_is_read_once_more(pool: Pool) -> None:
    pool.fails = 1
    reader = reader_of(pool)
    final = await reader.finish(await speak(reader, 20))
    assert sum(int(part.strip("<>")) for part in final.text.split()) == 20_000


async def test_a_reader_that_is_closed_begins_anew(pool: Pool) -> None:
    reader = reader_of(pool)
    await speak(reader, 20)
    reader.close()
    assert (await reader.finish(FRAME * 50)).text == "<1000>"


async def test_a_guess_is_given_out_once_and_only_when_it_is_read(pool: Pool) -> None:
    reader = reader_of(pool)
    pcm = await speak(reader, 1)
    assert reader.guessed() is None
    reader.guess(pcm)
    assert reader.guessed() is None  # it is being read
    await asyncio.sleep(0.01)
    said = reader.guessed()
    assert said is not None
    assert said.text == "<1000>"
    assert reader.guessed() is None
    assert (await reader.finish(pcm)).text == "<1000>"
    assert pool.asked_ms == [1_000]  # it was read once


async def test_a_guess_waits_for_a_worker_that_nobody_else_needs(pool: Pool) -> None:
    pool.idle = False
    reader = reader_of(pool)
    reader.guess(await speak(reader, 1))
    assert reader.guessed() is None
    pool.idle = True
    assert reader.guessed() is None  # from now on it is being read
    await asyncio.sleep(0.01)
    said = reader.guessed()
    assert said is not None
    assert said.text == "<1000>"


async def test_a_guess_that_cannot_be_read_is_told_once(pool: Pool) -> None:
    pool.fails = 1
    reader = reader_of(pool)
    reader.guess(await speak(reader, 1))
    await asyncio.sleep(0.01)
    with pytest.raises(RecognitionDown):
        reader.guessed()
    assert reader.guessed() is None


async def test_words_that_were_read_in_passing_are_not_lost_where_the_end_cannot_be_read(pool: Pool) -> None:
    reader = reader_of(pool)
    pcm = await speak(reader, 40)
    pieces = " ".join(f"<{ms}>" for ms in pool.asked_ms)
    pool.fails = 1
    final = await reader.finish(pcm)
    assert final.text.startswith(pieces)
    assert len(final.text.split()) == len(pieces.split()) + 1  # and what was read last of the rest


async def test_of_a_piece_that_cannot_be_read_its_words_in_passing_are_kept(pool: Pool) -> None:
    pool.fails = 2  # as soon as it is long enough, and again at the end
    reader = reader_of(pool)
    final = await reader.finish(await speak(reader, 20))
    in_passing, rest = final.text.split()
    assert in_passing == f"<{max(ms for ms in pool.spare_ms if ms <= 15_000)}>"
    assert rest == f"<{pool.asked_ms[-1]}>"
    assert final.confidence < 0.9


async def test_nothing_read_at_all_is_no_answer(pool: Pool) -> None:
    pool.resting = False
    reader = reader_of(pool)
    pcm = await speak(reader, 5)
    pool.fails = 1
    with pytest.raises(RecognitionDown):
        await reader.finish(pcm)
