import asyncio
from pathlib import Path

import numpy as np
import pytest

from config.settings import VoiceSettings
from ivr.pcm import Samples, to_pcm
from ivr.ports import VoiceDown
from ivr.sound_files import write_wav
from tts.rendering import LONGEST, RenderedVoice, speakable, to_line

SECOND = (0.3 * np.sin(2 * np.pi * 300 * np.arange(8_000) / 8_000)).astype(np.float32)


class ScriptedEngine:
    """Speaks a tone, or fails as told; `slow_s` is how long a sentence takes."""

    def __init__(self, name: str = "scripted", slow_s: float = 0.0, dead: bool = False) -> None:
        self.name = name
        self.slow_s = slow_s
        self.dead = dead
        self.rendered: list[str] = []
        self.closed = False

    async def render(self, text: str, language: str) -> tuple[Samples, int]:
        if self.dead:
            raise VoiceDown("dead")
        await asyncio.sleep(self.slow_s)
        self.rendered.append(text)
        return SECOND, 8_000

    async def close(self) -> None:
        self.closed = True


def voice(tmp_path: Path, *engines: ScriptedEngine, **settings: int) -> RenderedVoice:
    return RenderedVoice(
        lambda language: engines, tmp_path / "cache", tmp_path / "recordings", VoiceSettings.model_validate(settings)
    )


async def test_a_sentence_is_rendered_once(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    speaking = voice(tmp_path, engine)
    assert await speaking.say("Hello.", "en") == await speaking.say("Hello.", "en")
    assert engine.rendered == ["Hello."]


async def test_what_was_prepared_needs_no_engine_any_more(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    seen: list[tuple[int, int]] = []
    assert await voice(tmp_path, engine).prepare([("Hello.", "en"), ("Bye.", "en")], lambda *at: seen.append(at)) == 0
    assert seen == [(0, 2), (1, 2), (2, 2)]
    engine.dead = True
    assert await voice(tmp_path, engine).say("Bye.", "en")


async def test_callers_sound_goes_on_while_a_publication_is_prepared(tmp_path: Path) -> None:
    speaking = voice(tmp_path, ScriptedEngine())
    preparing = asyncio.create_task(speaking.prepare([(f"{number}.", "en") for number in range(20)]))
    turns = 0
    while not preparing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 2 * 20  # one for each is what the loop gets between sentences that hold it up


async def test_callers_sound_goes_on_while_a_recording_is_read(tmp_path: Path) -> None:
    write_wav(tmp_path / "recordings/en/greet.wav", to_pcm(np.tile(SECOND, 60)), rate=48_000)
    reading = asyncio.create_task(voice(tmp_path).recorded("greet", "en"))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 2


async def test_preparing_again_renders_nothing(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    for _ in range(2):
        await voice(tmp_path, engine).prepare([("Hello.", "en"), ("Hello.", "en")])
    assert engine.rendered == ["Hello."]


async def test_another_voice_or_language_is_another_rendering(tmp_path: Path) -> None:
    await voice(tmp_path, ScriptedEngine("a")).prepare([("Hello.", "en")])
    for engine, language in ((ScriptedEngine("b"), "en"), (ScriptedEngine("a"), "nl")):
        await voice(tmp_path, engine).say("Hello.", language)
        assert engine.rendered == ["Hello."]


async def test_what_callers_hear_of_themselves_is_never_on_disk(tmp_path: Path) -> None:
    await voice(tmp_path, ScriptedEngine()).say("We call you back at zero one two.", "en")
    assert not list(tmp_path.rglob("*.wav"))


async def test_a_broken_prepared_file_is_rendered_anew(tmp_path: Path) -> None:
    await voice(tmp_path, ScriptedEngine()).prepare([("Hello.", "en")])
    next(tmp_path.rglob("*.wav")).write_bytes(b"RIFF")
    engine = ScriptedEngine()
    assert await voice(tmp_path, engine).say("Hello.", "en")
    assert engine.rendered == ["Hello."]


async def test_a_dead_voice_is_replaced_by_the_next(tmp_path: Path) -> None:
    robot = ScriptedEngine("robot")
    assert await voice(tmp_path, ScriptedEngine(dead=True), robot).say("Hello.", "en")
    assert robot.rendered == ["Hello."]


@pytest.mark.virtual_time
async def test_a_hung_voice_leaves_time_for_the_next(tmp_path: Path) -> None:
    robot = ScriptedEngine("robot")
    assert await voice(tmp_path, ScriptedEngine(slow_s=60), robot, limit_ms=2_000).say("Hello.", "en")
    assert asyncio.get_running_loop().time() < 2


@pytest.mark.virtual_time
async def test_a_hung_voice_leaves_time_for_all_phrases_of_a_sentence(tmp_path: Path) -> None:
    robot = ScriptedEngine("robot")
    hung = voice(tmp_path, ScriptedEngine(slow_s=60), robot, limit_ms=2_000)
    assert await hung.say("Your ticket is one two. It is open. We look after it.", "en")
    assert asyncio.get_running_loop().time() < 2


@pytest.mark.parametrize("engine", [ScriptedEngine(dead=True), ScriptedEngine(slow_s=60)])
async def test_no_voice_in_time_is_voice_down(tmp_path: Path, engine: ScriptedEngine) -> None:
    with pytest.raises(VoiceDown):
        await voice(tmp_path, engine, limit_ms=50).say("Hello.", "en")


async def test_no_engine_at_all_is_voice_down(tmp_path: Path) -> None:
    speaking = voice(tmp_path)
    with pytest.raises(VoiceDown):
        await speaking.say("Hello.", "en")
    assert await speaking.prepare([("Hello.", "en")]) == 1


async def test_a_full_voice_says_so_at_once(tmp_path: Path) -> None:
    speaking = voice(tmp_path, ScriptedEngine(slow_s=0.2), queue_limit=1, limit_ms=60_000)
    async with asyncio.TaskGroup() as callers:
        for text in ("One.", "Two."):
            callers.create_task(speaking.say(text, "en"))
        await asyncio.sleep(0)
        with pytest.raises(VoiceDown, match="full"):
            await speaking.say("Three.", "en")


async def test_a_failed_voice_keeps_its_place_for_the_next_sentence(tmp_path: Path) -> None:
    engine = ScriptedEngine(dead=True)
    speaking = voice(tmp_path, engine, queue_limit=1)
    for _ in range(5):
        with pytest.raises(VoiceDown):
            await speaking.say("Hello.", "en")
    engine.dead = False
    assert await speaking.say("Hello.", "en")


async def test_memory_is_bounded(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    speaking = voice(tmp_path, engine, memory_mb=0)
    await speaking.say("One.", "en")
    await speaking.say("Two.", "en")
    await speaking.say("One.", "en")
    assert engine.rendered == ["One.", "Two.", "One."]


async def test_what_two_callers_had_rendered_at_once_takes_its_place_in_memory_once(tmp_path: Path) -> None:
    engine = ScriptedEngine(slow_s=0.01)
    speaking = voice(tmp_path, engine, memory_mb=1, workers=2)
    for number in range(40):
        await asyncio.gather(*(speaking.say(f"Number {number}.", "en") for _ in range(2)))
    engine.rendered.clear()
    await speaking.say("Number 0.", "en")
    assert engine.rendered == []


async def test_a_recording_is_brought_to_the_lines_rate_and_loudness(tmp_path: Path) -> None:
    write_wav(tmp_path / "recordings/en/greet.wav", to_pcm(np.tile(SECOND, 2) * 0.1), rate=16_000)
    found = await voice(tmp_path).recorded("greet", "en")
    assert found is not None
    assert len(found) == pytest.approx(16_000, rel=0.02)


async def test_a_changed_recording_is_heard_at_once(tmp_path: Path) -> None:
    speaking = voice(tmp_path)
    write_wav(tmp_path / "recordings/en/greet.wav", to_pcm(SECOND))
    first = await speaking.recorded("greet", "en")
    write_wav(tmp_path / "recordings/en/greet.wav", to_pcm(np.tile(SECOND, 2)))
    assert await speaking.recorded("greet", "en") != first


@pytest.mark.parametrize("key", ["greet", "../../secret", "", "a/b"])
async def test_no_recording_no_answer(tmp_path: Path, key: str) -> None:
    (tmp_path / "recordings/en").mkdir(parents=True)
    (tmp_path / "recordings/en/greet.wav").write_bytes(b"no sound")
    assert await voice(tmp_path).recorded(key, "en") is None


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        (" Hello,\r\nyou. ", "Hello, you."),
        ("[[h@l'oU]] <break/> {x}", "h@l'oU break/ x"),
        ("...", ""),
        ("", ""),
        ("\ud800a\x00b", "a b"),
    ],
)
def test_only_words_reach_an_engine(text: str, spoken: str) -> None:
    assert speakable(text) == spoken


def test_endless_texts_are_cut_between_words() -> None:
    assert len(speakable("word " * 4_000)) <= LONGEST
    assert speakable("word " * 4_000).endswith("word")


async def test_nothing_to_say_is_no_sound(tmp_path: Path) -> None:
    assert await voice(tmp_path, ScriptedEngine()).say("...", "en") == b""


async def test_closing_closes_the_engines(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    speaking = voice(tmp_path, engine)
    await speaking.say("Hello.", "en")
    await speaking.close()
    assert engine.closed


async def test_a_number_is_put_together_from_what_is_rendered_once(tmp_path: Path) -> None:
    engine = ScriptedEngine()
    speaking = voice(tmp_path, engine)
    await speaking.say("Your ticket is one two, three four. It is open.", "en")
    engine.rendered.clear()
    whole = await speaking.say("Your ticket is three one, two four. It is open.", "en")
    assert engine.rendered == []
    assert len(whole) == 6 * len(to_line(SECOND, 8_000)) + 16 * (100 + 190)  # pauses: after comma and sentence
