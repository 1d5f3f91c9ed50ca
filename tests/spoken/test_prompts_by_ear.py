"""What the voice says, the line's own ears understand: numbers, times and places come back as they were meant.

The voice never renders a sentence twice alike and the ears are small: each is rendered anew five times and must come
back three times.
"""

import asyncio
import re
from collections.abc import Callable, Sequence

import pytest
from rapidfuzz import fuzz

from config.settings import Settings
from ivr.announcing import announce
from ivr.locales import en
from ivr.pcm import from_pcm
from ivr.ports import Voice, VoiceDown
from stt import choose
from tests.spoken import hearing
from tests.spoken.render import Sentence
from tests.spoken.telephone import over_the_line
from tts import preparing
from tts.voices import piper_models

pytestmark = pytest.mark.speech

PROMPTS = {
    "en": {
        "ticket": "Your ticket is {ticket}.",
        "promise": "Someone will see to it {time}.",
        "place": "I understood: a blocked drain, at {place}.",
        "line": "You are {position} in line.",
    }
}
ALIKE = 80  # of 100: the ears may miss a letter, "work 4"
TELLINGS, UNDERSTOOD = 5, 3
NUMBERS = {word: str(number) for number in range(20) for word in (en.number(number),)}


class DeadExceptFor:
    """A voice that can render nothing but what set-up would have rendered: single parts."""

    idle = True

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    async def say(self, text: str, language: str) -> bytes:
        if text.endswith("."):
            raise VoiceDown("dead")
        return await self._voice.say(text, language)

    async def recorded(self, key: str, language: str) -> bytes | None:
        return None


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    configured = Settings()
    if not piper_models(configured.voices):
        pytest.skip("no Piper voice is installed")
    anew = configured.voices.model_copy(update={"limit_ms": 60_000, "memory_mb": 0})  # remembers the last one only
    return configured.model_copy(update={"voices": anew, "data_dir": tmp_path_factory.mktemp("data")})


async def heard(
    settings: Settings, pieces: list[tuple[str, dict[str, str]]], dead: bool = False
) -> list[tuple[str, ...]]:
    """What the recogniser writes for each prompt, told several times over a telephone line."""
    voice, ears = (
        preparing.build(settings.voices, settings.paths.voice_cache, settings.line.config_dir),
        choose.build(settings.speech, "en"),
    )
    assert ears is not None
    assert await ears.start(120)
    try:
        speaker: Voice = DeadExceptFor(voice) if dead else voice
        said = [
            await announce(speaker, PROMPTS, key, variables, "en", ("ward 4", "the heart clinic"))
            for _ in range(TELLINGS)
            for key, variables in pieces
        ]
        assert len({each.pcm for each in said}) == len(said)
        assert {each.source for each in said} == {"parts" if dead else "voice"}
        calls = [
            (Sentence(str(n), each.text, ""), over_the_line(from_pcm(each.pcm), 8_000, n))
            for n, each in enumerate(said)
        ]
        texts = [plain(final.text) async for _, final in hearing.hear(ears, calls)]
        return [tuple(texts[piece :: len(pieces)]) for piece in range(len(pieces))]
    finally:
        await asyncio.gather(voice.close(), ears.close())


def plain(text: str) -> str:
    """Lower case, numbers as digits, no signs."""
    return " ".join(NUMBERS.get(word, word) for word in re.findall(r"[a-z']+|\d+", text.lower()))


def digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))


def mostly(tellings: Sequence[str], understood: Callable[[str], bool]) -> bool:
    print(tellings)  # shown where it fails
    return sum(understood(text) for text in tellings) >= UNDERSTOOD


async def test_numbers_times_and_places_come_back(settings: Settings) -> None:
    ticket, phone, time, place, clinic, line = await heard(settings, [
        ("ticket", {"ticket": en.digits("47216")}),
        ("ticket", {"ticket": en.digits("0207946")}),
        ("promise", {"time": "tomorrow by half past nine in the morning"}),
        ("place", {"place": "ward 4"}),
        ("place", {"place": "the heart clinic"}),
        ("line", {"position": en.ordinal(3)}),
    ])  # fmt: skip
    assert mostly(ticket, lambda text: fuzz.ratio(digits(text), "47216") > ALIKE)
    assert mostly(phone, lambda text: fuzz.ratio(digits(text), "0207946") > ALIKE)
    assert mostly(time, lambda text: "tomorrow by" in text and "9" in text)
    assert mostly(place, lambda text: digits(text) == "4")
    assert mostly(place, lambda text: fuzz.partial_ratio("a blocked drain at ward 4", text) > ALIKE)
    assert mostly(clinic, lambda text: "heart clinic" in text)
    assert mostly(line, lambda text: "third" in text or "3 rd" in text)


async def test_with_a_dead_worker_parts_are_still_understood(settings: Settings) -> None:
    ticket, time, place = await heard(settings, [
        ("ticket", {"ticket": en.digits("47216")}),
        ("promise", {"time": "within two hours"}),
        ("place", {"place": "ward 4"}),
    ], dead=True)  # fmt: skip
    assert mostly(ticket, lambda text: fuzz.ratio(digits(text), "47216") > ALIKE)
    assert mostly(time, lambda text: "within 2 hours" in text)
    assert mostly(place, lambda text: digits(text) == "4")
    assert mostly(place, lambda text: fuzz.partial_ratio("at ward 4", text) > ALIKE)
