"""What the dialogue needs from the outside: a leg to talk on, ears, a voice, and understanding.

Audio is 16-bit little-endian mono PCM at 8 kHz; a frame is 20 ms, 320 bytes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

from routing.model import CallerId

SAMPLE_RATE = 8_000
FRAME_MS = 20
FRAME_BYTES = 320


class HungUp(Exception):
    """The caller is gone. Raised by every method of a leg from then on."""


class LegLost(Exception):
    """The audio path broke while the caller may still be there; the dialplan goes on."""


class RecognitionDown(Exception):
    """No recogniser will answer now: workers full, dead or not installed."""


class Key(str):
    """A key of the caller (0-9 * #), and when it was pressed."""

    at_ms: int  # since the leg began

    def __new__(cls, key: str, at_ms: int) -> Self:
        pressed = super().__new__(cls, key)
        pressed.at_ms = at_ms
        return pressed


class Leg(Protocol):
    """One live call leg while its audio is in our hands."""

    id: str
    at_ms: int  # since it began, in steps of a frame

    def play(self, pcm: bytes, loop: bool = False) -> None:
        """Start speaking at once, in place of whatever was being spoken."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def stop(self) -> int:
        """Stop speaking; returns how many ms of it were spoken."""

    @property
    def spoken_ms(self) -> int:
        """How much of what is being spoken, or was spoken last, has been spoken."""

    def fill(self, pcm: bytes) -> None:
        """Play this again and again where there is silence, also within a pause, until `play`, `resume` or `stop`."""

    async def played(self) -> None:
        """Until what is being spoken has been spoken (paused time included)."""

    def audio(self) -> AsyncIterator[bytes]:
        """Inbound frames at real-time pace from now on; a gap in the network is silence. One reader at a time."""

    async def key(self) -> Key:
        """The next key pressed; keys pressed earlier wait in order."""


@dataclass(frozen=True)
class Word:
    text: str
    confidence: float
    start_ms: int
    end_ms: int


@dataclass(frozen=True)
class SpeechStarted:
    """Sustained speech, not a click: time to stop the prompt."""

    at_ms: int  # since listening began
    level_dbfs: float = 0.0  # how loud it is so far


@dataclass(frozen=True)
class Partial:
    """What the utterance under way says by now, read anew each time: its last words may change."""

    text: str
    at_ms: int
    aside: bool = False  # as in `Final`


@dataclass(frozen=True)
class Reading:
    """The caller has finished; the Final follows as soon as a recogniser has read the utterance."""

    at_ms: int


@dataclass(frozen=True)
class Final:
    """The utterance is over. Empty text: there was sound, but no words."""

    text: str
    confidence: float  # 0..1, of the whole
    words: tuple[Word, ...] = ()
    at_ms: int = 0  # when speech ended, since listening began
    engine: str = ""
    aside: bool = False  # spoken further away than the caller: no answer
    at_limit: bool = False  # the caller has not finished; nobody is listened to for longer
    level_dbfs: float | None = None  # how loud it was


@dataclass(frozen=True)
class NoSpeech:
    at_ms: int


SpeechEvent = SpeechStarted | Partial | Reading | Final | NoSpeech


@dataclass(frozen=True)
class ListenSpec:
    """How long to wait for what."""

    language: str = "en"
    no_speech_ms: int = 6_000  # from when the prompt has ended
    silence_ms: int = 700  # that long a silence ends an utterance
    sustained_ms: int = 300  # that much speech is speech
    limit_ms: int = 90_000  # no utterance is longer
    phrases: tuple[str, ...] = ()  # a hint: what is likely to be said here (grammar)
    names: tuple[str, ...] = ()  # of the house: an engine that can lean towards words leans towards these
    caller_dbfs: float | None = None  # how loud the caller speaks, once that is known
    patience: Callable[[str, float], Awaitable[int]] | None = None
    """How long a silence ends an utterance that says this so far, recognised with that confidence, in ms.

    Without it, or where the ears have not read it by then, `silence_ms` decides.
    """
    playing: Callable[[], float | None] | None = None
    """Level in dBFS of what we play to the caller right now, None while we are silent.

    Ears use it to tell the prompt's echo from the caller; the no-speech clock stands still meanwhile.
    """


class Recognizer(Protocol):
    """Audio in, speech events out; ends after Final or NoSpeech, or goes on after an empty Final."""

    name: str

    def listen(self, pcm: AsyncIterator[bytes], spec: ListenSpec) -> AsyncIterator[SpeechEvent]:
        """Raises: RecognitionDown."""


class NotRung(Exception):
    """The phone could not be rung in this way now."""


class AgentPhones(Protocol):
    """Dispatchers' phones, rung while their callers stay with the dialogue."""

    @property
    def ready(self) -> bool:
        """Whether any can be rung now; else the dialplan does it, to which the call leaves."""

    async def ring(self, offer_id: str, phone: str, caller: CallerId, ring_s: int) -> str | None:
        """Until the phone is taken: the channel on which it waits for the caller; None when it was not taken.

        Raises: NotRung.
        """

    async def hang_up(self, offer_id: str) -> None:
        """Whether it rings or was taken; nothing where it is neither."""


class Voice(Protocol):
    """Sentences to audio."""

    @property
    def idle(self) -> bool:
        """Whether nobody waits for a rendering."""

    async def say(self, text: str, language: str) -> bytes:
        """PCM of a sentence, from the cache where it is there, else rendered in a bounded worker.

        Raises: VoiceDown.
        """

    async def recorded(self, key: str, language: str) -> bytes | None:
        """A recorded file that replaces the rendered prompt, if an admin put one there."""


class VoiceDown(Exception):
    """The sentence could not be rendered in time; use recorded parts."""


@dataclass(frozen=True)
class EmergencyHeard:
    words: tuple[str, ...]  # what in the utterance made it one


@dataclass(frozen=True)
class DangerHeard:
    """Perhaps an emergency: whoever said it is asked."""

    words: tuple[str, ...]  # what in the utterance might make it one
    by_rule: bool = False  # its words are an emergency's, though hardly anything else is


@dataclass(frozen=True)
class Intent:
    topic: str  # a topic id, or "oos"
    confidence: float  # calibrated 0..1
    why: tuple[str, ...] = ()  # words and features that weighed most, readable
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class PlaceHeard:
    id: str
    name: str
    words: str  # as heard
    confidence: float


@dataclass(frozen=True)
class Understanding:
    """What an utterance means, before the dialogue decides what to do with it."""

    text: str
    emergency: EmergencyHeard | None = None
    act: str | None = None  # person, status, callback, yes, no, repeat
    intent: Intent = Intent("oos", 0.0)
    place: PlaceHeard | None = None
    asset: PlaceHeard | None = None
    digits: str | None = None  # spoken numbers as digits
    correction: bool = False  # "no, ward five": replaces just what it names
    extra: Mapping[str, str] = field(default_factory=dict)
    number: str | None = None  # `digits` as it was said, perhaps with a point: "2.5"
    danger: DangerHeard | None = None  # where it is no certain emergency
    perhaps_danger: bool = False  # as an answer to whether somebody is in danger it is no plain no
    either: tuple[str, str] | None = None  # topics that it may be about, where neither is likely enough
    others: tuple["Understanding", ...] = ()  # further matters of the same utterance, in the order they were said


class Understander(Protocol):
    """Words to meaning. Pure; with the better encoder some 50 ms of work."""

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding: ...


Understand = Callable[[str, str, float], Awaitable[Understanding]]  # the same, while the event loop goes on


Keys = str
Prompt = Sequence[tuple[str, Mapping[str, str]]]  # (prompt key, its variables), spoken in order
