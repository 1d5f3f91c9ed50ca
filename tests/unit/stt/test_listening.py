"""One listening: which events come when, whatever the engine. Frames carry their speech probability."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import pytest

from ivr.ports import Final, ListenSpec, NoSpeech, Partial, Reading, RecognitionDown, SpeechEvent, SpeechStarted, Word
from stt.activity import ActivityPool, Memory
from stt.listening import UNREAD_MS, Listener
from stt.workers import Workers

LOUD, QUIET = (b"\x00\x20\x00\xe0" * 80), bytes(320)  # -12 dBFS, and nothing


def network(pcm: bytes, memory: Memory) -> float:
    """Whatever is loud is speech."""
    return 0.95 if any(pcm) else 0.02


class Pool:
    """Stands in for the workers: alive or not."""

    ready = True


class Notebook:
    """A reader that says what it is given to say, and writes down what it was asked."""

    def __init__(self, texts: list[str], partials: Sequence[str | None] | None = None) -> None:
        self.texts, self.partials = texts, list(partials or [])
        self.asked: list[str] = []
        self.heard_ms: list[int] = []
        self.given = 0  # guesses whose words were asked for

    async def hear(self, pcm: bytes) -> str | None:
        return self.partials.pop(0) if self.partials else None  # each is a reading of its own

    def guess(self, pcm: bytes) -> None:
        self.asked.append("guess")

    def guessed(self) -> Final | None:
        fresh = self.asked.count("guess") > self.given
        self.given = self.asked.count("guess")
        return Final(self.texts[0], 0.9) if fresh else None

    def forget(self) -> None:
        self.asked.append("forget")

    async def finish(self, pcm: bytes) -> Final:
        self.asked.append("finish")
        self.heard_ms.append(len(pcm) // 16)
        text = self.texts.pop(0)
        if text == "down":
            raise RecognitionDown("gone")
        return Final(text, 0.9 if text else 0.0, (Word("x", 0.9, 100, 200),) if text else (), engine="notebook")

    def close(self) -> None:
        self.asked.append("close")


async def frames(*runs: tuple[bytes, int]) -> AsyncIterator[bytes]:
    for frame, duration_ms in runs:
        for _ in range(duration_ms // 20):
            await asyncio.sleep(0)
            yield frame


async def listen(
    book: Notebook, *runs: tuple[bytes, int], spec: ListenSpec | None = None, pool: Pool | None = None
) -> list[SpeechEvent]:
    attention = ActivityPool(network)
    listener = Listener("notebook", cast("Workers", pool or Pool()), attention, lambda _, __: book)
    events = [event async for event in listener.listen(frames(*runs), spec or ListenSpec())]
    attention.close()
    return events


async def test_a_sentence_is_started_and_read() -> None:
    book = Notebook(["ward four"])
    started, reading, final = await listen(book, (QUIET, 600), (LOUD, 1_000), (QUIET, 2_000))
    assert isinstance(started, SpeechStarted)
    assert started.at_ms == pytest.approx(900, abs=60)
    assert isinstance(reading, Reading)
    assert isinstance(final, Final)
    assert final.text == "ward four"
    assert final.at_ms == pytest.approx(1_600, abs=60)
    assert book.asked == ["guess", "finish", "close"]


async def test_word_times_are_since_listening_began() -> None:
    final = (await listen(Notebook(["yes"]), (QUIET, 600), (LOUD, 1_000), (QUIET, 2_000)))[-1]
    assert isinstance(final, Final)
    assert final.words[0].start_ms == pytest.approx(600 - 240 + 100, abs=60)


async def test_the_engine_gets_the_sound_from_before_the_first_syllable() -> None:
    book = Notebook(["yes"])
    await listen(book, (QUIET, 4_000), (LOUD, 1_000), (QUIET, 2_000))
    assert book.heard_ms[0] == pytest.approx(240 + 1_000 + 700, abs=60)


async def test_a_guess_is_forgotten_when_the_caller_goes_on() -> None:
    book = Notebook(["ward four please"])
    await listen(book, (LOUD, 600), (QUIET, 460), (LOUD, 600), (QUIET, 2_000))
    assert book.asked == ["guess", "forget", "guess", "finish", "close"]


async def test_sound_without_words_is_an_empty_final_and_listening_goes_on() -> None:
    book = Notebook(["", "help me"])
    events = await listen(book, (LOUD, 500), (QUIET, 1_000), (LOUD, 500), (QUIET, 2_000))
    assert [event.text for event in events if isinstance(event, Final)] == ["", "help me"]
    assert [type(event) for event in events[:4]] == [SpeechStarted, Reading, Final, SpeechStarted]


async def test_a_lone_short_word_is_read_and_announced_late() -> None:
    events = await listen(Notebook(["no"]), (QUIET, 400), (LOUD, 160), (QUIET, 2_000))
    assert [type(event) for event in events] == [SpeechStarted, Final]


async def test_a_short_noise_is_not_mentioned() -> None:
    spec = ListenSpec(no_speech_ms=1_500)
    events = await listen(Notebook([""]), (QUIET, 400), (LOUD, 160), (QUIET, 3_000), spec=spec)
    assert [type(event) for event in events] == [NoSpeech]


async def test_silence_ends_in_no_speech() -> None:
    events = await listen(Notebook([]), (QUIET, 3_000), spec=ListenSpec(no_speech_ms=2_000))
    assert events == [NoSpeech(2_000)]


async def test_the_wait_for_speech_begins_when_the_prompt_has_ended() -> None:
    playing = iter([-20.0] * 100 + [None] * 1_000)
    spec = ListenSpec(no_speech_ms=500, playing=lambda: next(playing))
    assert await listen(Notebook([]), (QUIET, 9_000), spec=spec) == [NoSpeech(2_500)]


async def test_the_prompts_echo_is_not_speech() -> None:
    spec = ListenSpec(no_speech_ms=60_000, playing=lambda: 4.0)
    assert await listen(Notebook([]), (LOUD, 3_000), spec=spec) == [NoSpeech(3_000)]


async def test_a_caller_who_never_stops_is_read_at_the_limit() -> None:
    events = await listen(Notebook(["on and on"]), (LOUD, 9_000), spec=ListenSpec(limit_ms=3_000))
    assert isinstance(events[-1], Final)


async def test_interim_readings_are_told_of_speech_only_and_again_when_read_again() -> None:
    partials = ["early", *[None] * 19, "ward", *[None] * 9, "ward four", "ward four"]
    events = await listen(Notebook(["ward four"], partials), (LOUD, 1_000), (QUIET, 2_000))
    assert [event.text for event in events if isinstance(event, Partial)] == ["ward", "ward four", "ward four"]


async def test_sound_that_ends_in_a_sentence_still_gives_it() -> None:
    events = await listen(Notebook(["cut off"]), (LOUD, 1_000))
    assert [type(event) for event in events] == [SpeechStarted, Reading, Final]


async def test_no_worker_means_recognition_is_down_at_once() -> None:
    pool = Pool()
    pool.ready = False
    with pytest.raises(RecognitionDown):
        await listen(Notebook([]), (QUIET, 100), pool=pool)


async def test_workers_that_die_while_the_caller_speaks_are_noticed_on_the_next_frame() -> None:
    book, pool, attention = Notebook(["never"]), Pool(), ActivityPool(network)
    listener = Listener("notebook", cast("Workers", pool), attention, lambda _, __: book)
    events = listener.listen(frames((LOUD, 5_000)), ListenSpec())
    assert isinstance(await anext(events), SpeechStarted)
    pool.ready = False
    with pytest.raises(RecognitionDown):
        await anext(events)
    assert book.asked == ["close"]
    attention.close()


async def test_an_engine_that_fails_is_recognition_down() -> None:
    with pytest.raises(RecognitionDown):
        await listen(Notebook(["down"]), (LOUD, 1_000), (QUIET, 2_000))


async def test_a_listening_left_early_closes_its_reader() -> None:
    book, attention = Notebook(["never"]), ActivityPool(network)
    listener = Listener("notebook", cast("Workers", Pool()), attention, lambda _, __: book)
    events = listener.listen(frames((LOUD, 5_000)), ListenSpec())
    async for _ in events:
        break
    await events.aclose()  # type: ignore[attr-defined]
    assert book.asked[-1] == "close"
    attention.close()


async def test_a_full_voice_activity_pool_leaves_the_decision_to_the_gate() -> None:
    attention = ActivityPool(network, most_waiting=0)
    listener = Listener("notebook", cast("Workers", Pool()), attention, lambda _, __: Notebook(["heard"]))
    events = [event async for event in listener.listen(frames((LOUD, 1_000), (QUIET, 2_000)), ListenSpec())]
    assert [type(event) for event in events] == [SpeechStarted, Reading, Final]
    assert attention.shed > 0
    attention.close()


SOFT = b"\x66\x06\x9a\xf9" * 80  # 14 dB below LOUD


async def test_the_caller_is_heard_without_the_television() -> None:
    book = Notebook(["the minister said", "ward four"])
    events = await listen(book, (SOFT, 3_000), (LOUD, 1_500), (SOFT, 4_000))
    assert [(event.text, event.aside) for event in events if isinstance(event, Final)] == [
        ("the minister said", True), ("ward four", False),
    ]  # fmt: skip
    assert book.heard_ms[1] == pytest.approx(500 + 240 + 1_500 + 800 + 700, abs=300)


async def test_a_television_is_nobody_where_the_caller_is_known() -> None:
    spec = ListenSpec(no_speech_ms=2_000, caller_dbfs=-12.0)
    events = await listen(Notebook(["the minister said"]), (SOFT, 3_000), spec=spec)
    assert [type(event) for event in events] == [NoSpeech]


async def test_what_the_caller_said_is_given_without_other_voices() -> None:
    book = Notebook(["ward four"])
    heard: list[bytes] = []
    book.finish, finish = (lambda pcm: heard.append(pcm) or finish(pcm)), book.finish  # type: ignore[method-assign, func-returns-value]
    await listen(book, (LOUD, 1_000), (SOFT, 2_000), spec=ListenSpec(caller_dbfs=-12.0))
    assert heard[0].endswith(QUIET)
    assert SOFT not in heard[0][-20 * 16 * 5 :]


async def test_a_caller_at_the_limit_is_told_apart_from_one_who_has_finished() -> None:
    events = await listen(Notebook(["on and on"]), (LOUD, 9_000), spec=ListenSpec(limit_ms=3_000))
    final = events[-1]
    assert isinstance(final, Final)
    assert final.at_limit


@pytest.mark.parametrize(("patience_ms", "heard_ms"), [(360, 240 + 1_000 + 360), (1_400, 240 + 1_000 + 1_400)])
async def test_what_was_said_before_a_pause_decides_how_long_it_lasts(patience_ms: int, heard_ms: int) -> None:
    weighed: list[str] = []

    async def patience(text: str, confidence: float) -> int:
        weighed.append(text)
        return patience_ms

    book = Notebook(["ward four"])
    final = (await listen(book, (QUIET, 600), (LOUD, 1_000), (QUIET, 3_000), spec=ListenSpec(patience=patience)))[-1]
    assert isinstance(final, Final)
    assert book.heard_ms[0] == pytest.approx(heard_ms, abs=60)
    assert weighed == ["ward four"]


async def test_words_whose_meaning_is_awaited_hold_up_no_sound_and_are_not_waited_for_for_ever() -> None:
    async def never(text: str, confidence: float) -> int:
        await asyncio.Event().wait()
        raise AssertionError

    book = Notebook(["ward four"])
    await listen(book, (QUIET, 600), (LOUD, 1_000), (QUIET, 3_000), spec=ListenSpec(patience=never))
    assert book.heard_ms[0] == pytest.approx(240 + 1_000 + UNREAD_MS, abs=60)


@pytest.mark.parametrize(("down", "silence_ms"), [(False, UNREAD_MS), (True, 700)])
async def test_while_nothing_is_read_the_words_are_waited_for_unless_they_will_not_come(
    down: bool, silence_ms: int
) -> None:
    class Slow(Notebook):
        def guessed(self) -> Final | None:
            if down:
                raise RecognitionDown("gone")
            return None

    async def soon(text: str, confidence: float) -> int:
        return 360

    book = Slow(["ward four"])
    await listen(book, (QUIET, 600), (LOUD, 1_000), (QUIET, 3_000), spec=ListenSpec(patience=soon))
    assert book.heard_ms[0] == pytest.approx(240 + 1_000 + silence_ms, abs=60)
