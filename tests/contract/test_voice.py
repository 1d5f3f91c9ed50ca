"""What every voice owes the dialogue: the fake of the tests, and the real one with espeak-ng and with Piper."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.settings import Settings, VoiceSettings
from ivr.fake_voice import WordsVoice
from ivr.ports import Voice, VoiceDown
from ivr.sound_files import write_wav
from tts.espeak import Espeak
from tts.rendering import RenderedVoice
from tts.voices import SynthesisEngine, engines, piper_models

TONE = b"\x00\x10\x00\xf0" * 4_000


def espeak_alone(language: str) -> tuple[SynthesisEngine, ...]:
    return (Espeak(),)


def piper_first(language: str) -> tuple[SynthesisEngine, ...]:
    return engines(Settings().voices, language)


@pytest.fixture(params=["fake", "espeak", pytest.param("piper", marks=pytest.mark.speech)])
async def voice(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Voice]:
    if request.param == "fake":
        yield WordsVoice(recordings={("greet", "en"): TONE})
        return
    if request.param == "espeak" and not shutil.which(Espeak.program):
        pytest.skip("espeak-ng is not installed")
    if request.param == "piper" and not piper_models(Settings().voices):
        pytest.skip("no Piper voice is installed")
    write_wav(tmp_path / "recordings/en/greet.wav", TONE)
    chosen = espeak_alone if request.param == "espeak" else piper_first
    rendered = RenderedVoice(chosen, tmp_path / "cache", tmp_path / "recordings", VoiceSettings(limit_ms=60_000))
    yield rendered
    await rendered.close()


async def test_a_sentence_becomes_whole_samples_of_its_length(voice: Voice) -> None:
    short = await voice.say("Hello.", "en")
    long = await voice.say("Your number is four seven, two one. We will be there by noon.", "en")
    assert 3_000 < len(short) < len(long)
    assert len(short) % 2 == len(long) % 2 == 0


async def test_the_same_sentence_is_the_same_sound(voice: Voice) -> None:
    assert await voice.say("Ward four.", "en") == await voice.say("Ward four.", "en")


async def test_nothing_is_silence(voice: Voice) -> None:
    assert await voice.say("", "en") == b""


async def test_other_languages_speak_too(voice: Voice) -> None:
    try:
        assert await voice.say("Goedemorgen.", "nl")
    except VoiceDown:
        pytest.fail("a language without a natural voice must still be spoken")


async def test_hostile_words_are_only_spoken(voice: Voice) -> None:
    assert await voice.say("--help $(reboot) \r\n; <script>alert(1)</script> [[x]]", "en")


async def test_recordings_are_found_by_key_and_language(voice: Voice) -> None:
    assert await voice.recorded("greet", "en")
    assert await voice.recorded("greet", "nl") is None
    assert await voice.recorded("other", "en") is None
