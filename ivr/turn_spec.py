"""What one turn of the conversation is to be: what is said, what may answer it, and what may end it."""

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass

from ivr.actions import Barge, Outcome
from ivr.keypad import DigitMap
from ivr.ports import ListenSpec, Understanding


@dataclass(frozen=True)
class Wait:
    """After the prompt: music until the time is over."""

    music: bytes
    seconds: float
    over: Callable[[], Awaitable[Outcome]]  # what it is when the time is over


@dataclass(frozen=True)
class TurnSpec:
    pcm: bytes
    text: str  # what the audio says: to know its echo
    barge: Barge = Barge.SPEECH
    listen: ListenSpec | None = None
    answer: bool = True  # False: a statement; silence afterwards is agreement, and not waited for
    number: DigitMap | None = None  # keys make a number; None: each key is an answer
    keys_do: bool = False
    wait: Wait | None = None
    until: Callable[[], Awaitable[Outcome]] | None = None  # what ends the turn from outside, at a sentence's end
    ends_ms: tuple[int, ...] = ()  # where the sentences of the audio end
    patience: Callable[[Understanding], int] | None = (
        None  # how long a silence ends an utterance that means this so far
    )
    so_far: Callable[[Understanding], None] | None = None  # told what the caller has said, before they have finished
    ahead: bool = False  # keys pressed before it began may answer it
    question: Hashable = None  # the same again: what answers it may be as old as its first asking
