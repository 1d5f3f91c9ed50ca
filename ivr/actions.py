"""What the dialogue may do to a call, and what may come of it: the interpreter's whole vocabulary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ivr.facts import NO_FACTS, Facts
from ivr.keypad import DigitMap
from ivr.ports import Understanding


@dataclass(frozen=True)
class Sentence:
    """One sentence to be spoken: a prompt key and what varies in it (unspoken values, e.g. an ISO time)."""

    key: str
    variables: Mapping[str, str] = field(default_factory=dict)


Prompt = tuple[Sentence, ...]


class Barge(StrEnum):
    """What may stop a prompt."""

    SPEECH = "speech"  # and keys
    KEYS = "keys"


# --- actions -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Speak:
    """Say it and go on: Spoken, or Heard / Pressed when the caller cuts in."""

    prompt: Prompt
    barge: Barge = Barge.SPEECH


@dataclass(frozen=True)
class Ask:
    """Say it, then wait: Heard, NoWords, Pressed, Silence or Deaf."""

    prompt: Prompt
    listen: bool = True
    number: DigitMap | None = None  # keys make a number; None: each key is an answer
    no_speech_ms: int = 6_000
    keys_do: bool = False  # keys are a full answer here, so deafness is no reason to leave
    barge: Barge = Barge.SPEECH
    phrases: tuple[str, ...] = ()
    ahead: bool = False  # a key pressed before it began may answer it: a choice, never consent, never what is stored


@dataclass(frozen=True)
class FindMatters:
    """Open matters that this report could join: Matters."""

    topic: str
    place: str


@dataclass(frozen=True)
class OpenTicket:
    """TicketOpened. Repeating it for the same call and step returns the same ticket."""

    key: str
    facts: Facts


@dataclass(frozen=True)
class JoinTicket:
    ticket: str


@dataclass(frozen=True)
class CorrectTicket:
    """The caller changed something after the ticket was opened: Done."""

    ticket: str
    facts: Facts
    changed: frozenset[str]  # names of the facts that changed: nothing else is written


@dataclass(frozen=True)
class RecallTicket:
    """What an earlier call's ticket says: Recalled."""

    ticket: str


@dataclass(frozen=True)
class FindStatus:
    """Open matters of this caller, or the one with this spoken number: Matters."""

    number: str | None = None


@dataclass(frozen=True)
class FindAgent:
    """Whether anybody of the crew is free: AgentFound."""

    crew: str


@dataclass(frozen=True)
class EnterQueue:
    """Take (or keep) a place: Waiting."""

    crew: str


@dataclass(frozen=True)
class StandAside:
    """Keep the place in the queue, but be offered to nobody meanwhile: Done."""


@dataclass(frozen=True)
class Hold:
    """Say it, then music: AgentAnswered, OfferReady, Waiting, Heard, Pressed."""

    prompt: Prompt
    seconds: float


@dataclass(frozen=True)
class Connect:
    """Leave to the dialplan, which rings one phone: Dialled."""

    offer: str
    phone: str
    ring_s: int


@dataclass(frozen=True)
class Join:
    """Leave to the dialplan, which takes the caller to the agent's phone that waits on this channel: Dialled."""

    offer: str
    channel: str


@dataclass(frozen=True)
class LeaveQueue:
    """Done."""

    reason: str


@dataclass(frozen=True)
class FindCallbackTimes:
    """When a caller may choose to be called back: TimesFound."""


@dataclass(frozen=True)
class StoreCallback:
    """CallbackStored, CallbackOwed, or NumberRefused."""

    number: str
    at: str | None = None  # ISO time, UTC; None: as soon as it is their turn


@dataclass(frozen=True)
class MoveCallback:
    """Done, or NoCallback when it can not be moved any more, or not to then."""

    callback: str
    at: str | None  # as in StoreCallback


@dataclass(frozen=True)
class CancelCallback:
    """Done, or NoCallback when it can not be cancelled any more."""

    callback: str


@dataclass(frozen=True)
class ConfirmCallback:
    """A person is there on the called-back phone: OfferReady, or Waiting when the agent is gone."""


@dataclass(frozen=True)
class Summon:
    """Leave to the dialplan, which says what to do and rings the urgent group until somebody answers: Dialled."""

    facts: Facts = NO_FACTS  # what is known of the matter, for its ticket


@dataclass(frozen=True)
class Transfer:
    """Leave to the dialplan, which rings a configured number: Dialled."""

    number: str
    ring_s: int


@dataclass(frozen=True)
class TakeMessage:
    """After the tone, record the caller's message onto the ticket: MessageTaken, or Pressed a key that leads away."""

    limit_s: int
    prompt: Prompt = ()  # before the tone; nobody listens meanwhile


@dataclass(frozen=True)
class HangUp:
    ending: str


Action = (
    Speak | Ask | FindMatters | OpenTicket | JoinTicket | CorrectTicket | RecallTicket | FindStatus | FindAgent
    | EnterQueue | StandAside | Hold | Connect | Join | LeaveQueue | FindCallbackTimes
    | StoreCallback | MoveCallback | CancelCallback | ConfirmCallback | Summon | Transfer | TakeMessage | HangUp
)  # fmt: skip
LEAVES = (Connect, Join, Summon, Transfer)


# --- outcomes ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Started:
    """The call begins."""


@dataclass(frozen=True)
class Resumed:
    """The call goes on after an accident, perhaps in another process."""


@dataclass(frozen=True)
class Spoken:
    pass


@dataclass(frozen=True)
class Heard:
    understanding: Understanding
    confidence: float = 1.0  # of the recogniser
    at_limit: bool = False  # the caller had not finished


@dataclass(frozen=True)
class NoWords:
    """There was sound, but no words."""


@dataclass(frozen=True)
class Pressed:
    keys: str
    continues: bool = False  # the last number keyed, as it is now that a slow hand has gone on
    blind: bool = False  # before the question could be heard


@dataclass(frozen=True)
class Silence:
    pass


@dataclass(frozen=True)
class Deaf:
    """No recogniser answers."""


@dataclass(frozen=True)
class OpenMatter:
    ticket: str
    number: str
    stage: str


@dataclass(frozen=True)
class MattersFound:
    matters: tuple[OpenMatter, ...] = ()


@dataclass(frozen=True)
class TicketOpened:
    ticket: str
    number: str
    promise: str  # prompt key
    by: str  # ISO time, UTC


@dataclass(frozen=True)
class Recalled:
    facts: Facts


@dataclass(frozen=True)
class Done:
    pass


@dataclass(frozen=True)
class QueueStanding:
    position: int
    waited_s: int
    staffed: bool  # somebody who could take this is logged in
    wait_s: float | None = None  # which is still expected; None: nothing is known


@dataclass(frozen=True)
class AgentFound:
    free: bool


@dataclass(frozen=True)
class OfferReady:
    """An agent's desk shows the call, and the dialplan may ring the phone."""

    offer: str
    phone: str


@dataclass(frozen=True)
class AgentAnswered:
    """An agent has taken the phone, and waits for the caller on this channel."""

    offer: str
    channel: str


@dataclass(frozen=True)
class Dialled:
    answered: bool
    status: str = ""


@dataclass(frozen=True)
class CallbackStored:
    callback: str


@dataclass(frozen=True)
class TimesFound:
    times: tuple[str, ...] = ()  # ISO, UTC, in order; each begins a part of a day
    now: str | None = None  # seen from when


@dataclass(frozen=True)
class NoCallback:
    """It is over or under way, or the time has passed."""


@dataclass(frozen=True)
class NumberRefused:
    pass


@dataclass(frozen=True)
class CallbackOwed:
    """The ticket's one callback is promised to another caller."""


@dataclass(frozen=True)
class MessageTaken:
    kept: bool  # False: there was too little of it, or
    lost: bool = False  # it could not be kept


Outcome = (
    Started | Resumed | Spoken | Heard | NoWords | Pressed | Silence | Deaf | MattersFound | TicketOpened | Recalled
    | Done | QueueStanding | AgentFound | OfferReady | AgentAnswered | Dialled | CallbackStored | CallbackOwed
    | NumberRefused | TimesFound | NoCallback | MessageTaken
)  # fmt: skip
