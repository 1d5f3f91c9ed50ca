"""What callers do that no single sentence is: talk without a pause, and call from a room with a television."""

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.spoken.render import Sentence, rendered
from tests.spoken.telephone import AFTER_S, BEFORE_S, RATE

Sound = NDArray[np.float64]
HISS = 30.0  # of the line, in steps of 16 bits
AUDIBLE = 300.0  # a voice begins and ends here
BREATH_S = 0.1  # so far below a pause that ends an utterance that a busy machine makes none of it

EMERGENCY_IN_PASSING = (
    "Hello I am calling from the physiotherapy room and he is not breathing and he fell down from the treadmill just"
    " now when we were talking about his holidays and",
    "I do not know what to do because my colleague has gone for lunch and there is nobody else around here and I have"
    " tried the other number and it was busy and",
    "I have put him on the floor and loosened his collar and I am holding his hand and I am waiting for somebody to"
    " come and help me with him here",
)
LONG_REPORT = (
    "Good morning, this is Maria Lopez and I am a nurse and I have been trying to get hold of somebody since seven"
    " o'clock this morning.",
    "We have had nothing but trouble with the plumbing in our treatment room for weeks and every time somebody comes"
    " and looks at it and goes away again.",
    "Anyway today when I came in the whole floor was wet and the drain under the sink is completely blocked and dirty"
    " water keeps coming up when we run the tap.",
    "I put towels down and I asked the cleaner to help but she said that it is not for her to repair a drain and she"
    " is right of course.",
    "The patients have to walk through that and one of them nearly slipped so we closed the room and put a sign on"
    " the door.",
    "So could you please send a plumber as soon as you can because we can not use the room like this and the next"
    " patient comes at ten.",
    "It is on ward seven, the second door on the left, and my name is Maria Lopez.",
)
NEWS = (
    "The minister said this morning that the new budget would be presented to parliament next week and that more"
    " money would go to schools and roads,",
    "while the mayors of the larger towns asked again for more buses in the evening and for longer opening hours of"
    " museums and libraries.",
    "In sport, the home team won its third match in a row by three goals to one, and the coach said that he was very"
    " proud of his players.",
    "The weather, cloudy in the north with some rain in the afternoon, and sunny in the south with temperatures of up"
    " to twenty degrees.",
)
REQUEST = "The drain on ward four is blocked and water is coming up."


def said(speaker: str, *sentences: str, cache: Path | None = None) -> list[Sound]:
    """Each sentence over the telephone, without the silence around it."""
    calls = rendered([Sentence(str(n), text, "") for n, text in enumerate(sentences)], speaker, cache)
    sounds = [np.frombuffer(pcm, "<i2").astype(np.float64) for _, pcm in calls]
    return [_trimmed(sound[int(BEFORE_S * RATE) : sound.size - int(AFTER_S * RATE)]) for sound in sounds]


def without_a_pause(sounds: Sequence[Sound]) -> Sound:
    """One after the other, with hardly a breath between them."""
    breath = hiss(BREATH_S)
    return np.concatenate([part for sound in sounds for part in (sound, breath)])


def television(speaker: str, seconds: float, below: Sound, db: float, cache: Path | None = None) -> Sound:
    """The news, read on and on, so many dB below somebody else's voice."""
    news = without_a_pause(said(speaker, *NEWS, cache=cache))
    return np.resize(news * loudness(below) / loudness(news) * 10 ** (db / 20), int(seconds * RATE))


def over(bed: Sound, voice: Sound, at_s: float) -> Sound:
    """The bed with a voice over it from then on."""
    mixed = bed + hiss(bed.size / RATE)
    mixed[int(at_s * RATE) : int(at_s * RATE) + voice.size] += voice
    return mixed


def hiss(seconds: float) -> Sound:
    noise: Sound = np.random.default_rng(1).normal(0, HISS, int(seconds * RATE))
    return noise


def loudness(sound: Sound) -> float:
    """RMS of what is speech in it."""
    frames = sound[: sound.size // 160 * 160].reshape(-1, 160)
    levels = np.sqrt(np.mean(frames**2, axis=1))
    return float(np.sqrt(np.mean(levels[levels > levels.max() / 20] ** 2)))


def pcm(sound: Sound) -> bytes:
    return np.clip(sound, -32_767, 32_767).astype("<i2").tobytes()


def write(path: Path, sound: Sound) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm(sound))
    return path


def _trimmed(sound: Sound) -> Sound:
    loud = np.flatnonzero(np.abs(sound) > AUDIBLE)
    return sound[loud[0] : loud[-1] + 1]
