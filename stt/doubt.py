"""When not to believe Whisper: it writes fluent sentences for noise, and repeats itself."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

Spoken = tuple[str, float, int, int]  # text, confidence, start_ms, end_ms

# What Whisper learned from the ends of videos, and writes for noise. Real callers say some of these
# too ("thank you", "bye"), so they are dropped only where the sound does not bear them out.
PHANTOMS = frozenset(
    """thank you|thanks|thank you very much|thank you so much|thanks for watching|thank you for watching|bye|bye bye
    |you|the|okay|ok|so|oh|hmm|mm|uh|um|ah|i'm sorry|see you next time|please subscribe|subscribe|music|applause
    |i'm going to go ahead and get some water|we'll be right back""".replace("\n", "")
    .replace("    ", "")
    .split("|")
)
# Of one syllable in an unusual voice Whisper is never sure. These it writes for a cry for help, hardly for noise.
CRIES = frozenset({"help", "health", "stealth", "held", "help help", "health health", "help me", "fire", "emergency"})
CRY_NO_SPEECH = 0.5
DOUBT_LOG_PROBABILITY = -0.9
NOISE_LOG_PROBABILITY = -1.2
NOISE_NO_SPEECH = 0.6
CERTAIN_NO_SPEECH = 0.8
PHANTOM_NO_SPEECH = 0.2
PHANTOM_CONFIDENCE = 0.55
TOO_REPETITIVE = 2.4
LONGEST_CRY = 8  # words; "there is a fire on ward two" is one


@dataclass(frozen=True)
class Decoding:
    """What one decoding gave, and how sure it looks."""

    text: str
    words: tuple[Spoken, ...]
    log_probability: float  # mean per token
    no_speech: float  # probability that there was no speech at all
    repetition: float  # bytes of text over bytes compressed
    duration_ms: int
    whole: bool = False  # read with all of Whisper's 30 s

    @property
    def confidence(self) -> float:
        """Geometric mean of the words' probabilities, 0..1."""
        if not self.words:
            return 0.0
        mean = sum(math.log(max(word[1], 1e-3)) for word in self.words) / len(self.words)
        return round(math.exp(mean), 3)


def is_doubtful(reading: Decoding) -> bool:
    """Worth reading once more, with more context? Noise is not: it would be made up once more."""
    if reading.no_speech > CERTAIN_NO_SPEECH and reading.log_probability < NOISE_LOG_PROBABILITY:
        return False
    return (
        reading.log_probability < DOUBT_LOG_PROBABILITY
        or reading.repetition > TOO_REPETITIVE
        or _repeats_itself(reading.text)
    )


def without_phantoms(reading: Decoding) -> Decoding:
    """The reading with what was said over and over said once, or an empty one where it was made up."""
    once = _said_once(reading) if reading.repetition > TOO_REPETITIVE else reading
    return replace(once, text="", words=()) if is_phantom(once) else _without_tail(once)


def _said_once(reading: Decoding) -> Decoding:
    """Without immediate repeats: people in danger shout one word many times, which compresses like a made-up text."""
    words = reading.text.split()
    kept = _first_sayings([_plain(word) for word in words])
    if len(kept) == len(words):
        return reading
    timed = tuple(reading.words[at] for at in kept) if len(reading.words) == len(words) else ()
    return replace(reading, text=" ".join(words[at] for at in kept), words=timed or reading.words, repetition=1.0)


def _first_sayings(words: Sequence[str]) -> list[int]:
    """Positions of the words that are left when runs of up to LONGEST_CRY words are not said again at once."""
    kept: list[int] = []
    for at in range(len(words)):
        kept.append(at)
        for size in range(1, LONGEST_CRY + 1):
            said = [words[i] for i in kept[-2 * size :]]
            if len(said) == 2 * size and said[:size] == said[size:]:
                del kept[-size:]
                break
    return kept


def is_phantom(reading: Decoding) -> bool:
    plain = _plain(reading.text)
    if not plain or reading.repetition > TOO_REPETITIVE:
        return True
    if plain in CRIES and reading.no_speech < CRY_NO_SPEECH:
        return False
    if reading.no_speech > NOISE_NO_SPEECH and reading.log_probability < DOUBT_LOG_PROBABILITY:
        return True
    if reading.log_probability < NOISE_LOG_PROBABILITY and reading.confidence < PHANTOM_CONFIDENCE:
        return True
    weak = reading.no_speech > PHANTOM_NO_SPEECH or reading.confidence < PHANTOM_CONFIDENCE
    return plain in PHANTOMS and weak


def _without_tail(reading: Decoding) -> Decoding:
    """Drop a "Thank you." that was added to a sentence and that the sound does not bear out."""
    head, _, tail = reading.text.rstrip(" .!?").rpartition(". ")
    if not head or _plain(tail) not in PHANTOMS:
        return reading
    count = len(tail.split())
    weakest = min((word[1] for word in reading.words[-count:]), default=0.0)
    if weakest >= PHANTOM_CONFIDENCE:
        return reading
    return replace(reading, text=head + ".", words=reading.words[:-count])


def better(first: Decoding, second: Decoding) -> Decoding:
    """Of two readings of the same sound, the one to believe: the one that says nothing twice, then the likelier.

    One that was made up is not believed over one that was not.
    """
    return max(first, second, key=lambda each: (not _empty(each), not _repeats_itself(each.text), each.log_probability))


def _empty(reading: Decoding) -> bool:
    return not without_phantoms(reading).text


def _repeats_itself(text: str) -> bool:
    """Does it begin again from its beginning? "Help me. Help me." and "Can you hear me? Can you" do."""
    words = _plain(text).split()
    return any(words[at:] == words[: len(words) - at] for at in range(1, len(words) - min(3, len(words) // 2) + 1))


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w' ]", " ", text.lower()).split())
