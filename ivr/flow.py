"""A call flow as data: steps with verbs, no expressions and no code."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.documents import Document, Language

StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Fact = str | int | float | bool


class Say(Document):
    verb: Literal["say"]
    prompt: str
    next: StepId


class Menu(Document):
    """One key (or its spoken name) chooses."""

    verb: Literal["menu"]
    prompt: str
    keys: dict[Annotated[str, Field(pattern=r"^[1-8]$")], StepId]
    topics: dict[str, str] = Field(default_factory=dict)  # key → topic chosen by it
    understood: StepId | None = None  # where a caller goes who says a topic instead of pressing a key
    retries: int = Field(1, ge=0, le=3)
    otherwise: StepId


class Gather(Document):
    """One fact: by voice first where it can be said, then by keys."""

    verb: Literal["gather"]
    fact: Literal["place", "callback_number", "status_number"]
    prompt: str | None = None  # asked by voice; left out: keys only
    keys_prompt: str
    digits: int = Field(4, ge=1, le=16)
    next: StepId
    otherwise: StepId  # nothing came: the call goes on without it


class Listen(Document):
    """The caller's own words."""

    verb: Literal["listen"]
    prompt: str
    retry_prompt: str
    confirm_prompt: str  # yes or no, for middling confidence
    sure: float = Field(0.5, ge=0, le=1)  # from here on it is said back as a statement
    unsure: float = Field(0.3, ge=0, le=1)  # below this no guess is spoken
    retries: int = Field(1, ge=0, le=2)
    next: StepId
    status: StepId | None = None
    silence: StepId | None = None  # where silence, or a plain "no", leads: nothing more is wanted
    otherwise: StepId


class Confirm(Document):
    """Says back what was understood; only a correction changes it."""

    verb: Literal["confirm"]
    prompt: str
    pause_ms: int = Field(1_500, ge=500, le=5_000)  # time to object
    next: StepId


class Case(Document):
    fact: str
    equals: Fact | None = None
    at_least: float | None = None
    below: float | None = None
    goto: StepId

    @model_validator(mode="after")
    def one_test(self) -> Self:
        if (self.equals is not None) == (self.at_least is not None or self.below is not None):
            raise ValueError("a case tests by `equals`, or by `at_least` / `below`")
        return self


class Branch(Document):
    verb: Literal["branch"]
    cases: tuple[Case, ...]
    otherwise: StepId


class OpenTicketStep(Document):
    verb: Literal["open_ticket"]
    prompt: str  # number and promise
    join_prompt: str
    joined_prompt: str
    next: StepId


class Enqueue(Document):
    verb: Literal["enqueue"]
    crew: str | None = None  # None: the crew of the topic
    prompt: str
    position_prompt: str
    callback: StepId | None = None
    overflow: StepId


class RingAhead(Document):
    """A free agent is rung while the caller is still being told the rest; without one the call goes on as it is."""

    verb: Literal["ring_ahead"]
    queue: StepId  # the enqueue step at which the call has its place from here on
    next: StepId


class TimesAsked(Document):
    """How a time to be called back at is asked for; without a `when_prompt` it is not."""

    when_prompt: str | None = None  # names the key for: as soon as it is your turn
    choice_prompt: str | None = None  # one of the times, with its key


class OfferCallback(TimesAsked):
    verb: Literal["offer_callback"]
    prompt: str  # reads the number back
    at_prompt: str | None = None  # reads number and time back
    other_time_prompt: str | None = None  # names the key, 4, for another time
    ask_prompt: str  # by keys
    stored_prompt: str
    stored_at_prompt: str | None = None
    refused_prompt: str
    digits: int = Field(14, ge=3, le=16)
    next: StepId
    otherwise: StepId  # no number that can be called

    @model_validator(mode="after")
    def times_have_all_their_prompts(self) -> Self:
        given = (self.when_prompt, self.choice_prompt, self.at_prompt, self.other_time_prompt, self.stored_at_prompt)
        if any(given) and not all(given):
            raise ValueError(
                "a time is asked for with when_prompt, choice_prompt, at_prompt, other_time_prompt and stored_at_prompt"
            )
        return self


class OwedCallbackStep(TimesAsked):
    """Who calls while a callback is owed to them is told so, and may keep it, move it or cancel it."""

    verb: Literal["owed_callback"]
    prompt: str  # of one that comes as soon as it is their turn
    at_prompt: str  # … at a time
    when_prompt: str
    choice_prompt: str
    kept_prompt: str
    moved_prompt: str
    turn_prompt: str  # moved to as soon as it is their turn
    cancelled_prompt: str
    done: StepId  # after that
    next: StepId  # nothing is owed, or something else is wanted: the step that hears it


class TransferStep(Document):
    verb: Literal["transfer"]
    number: str
    ring_s: int = Field(30, ge=5, le=120)
    prompt: str
    next: StepId
    otherwise: StepId


class Voicemail(Document):
    verb: Literal["voicemail"]
    prompt: str
    retry_prompt: str  # when there was next to nothing
    thanks_prompt: str
    none_prompt: str  # when there was nothing again
    lost_prompt: str = "message_lost"  # when it could not be kept; a person is next then
    limit_s: int = Field(120, ge=5, le=300)
    next: StepId


class TellStatus(Document):
    verb: Literal["tell_status"]
    prompt: str  # one matter: number and stage, nothing more
    none_prompt: str
    next: StepId


class ConfirmPerson(Document):
    """The called-back phone: a key shows that a person is there."""

    verb: Literal["confirm_person"]
    prompt: str
    wrong_prompt: str | None = None  # said after it: which key is for whoever is not meant
    retries: int = Field(2, ge=0, le=3)
    next: StepId
    wrong: StepId | None = None  # where that key, 2, leads; without it every key shows the person
    otherwise: StepId


class SetLanguage(Document):
    """From here on the call is spoken and heard in this language; all that is known of it stays."""

    verb: Literal["set_language"]
    language: Annotated[Language, Field(pattern=r"^[a-z]{2}$")]
    next: StepId


class Hangup(Document):
    verb: Literal["hangup"]
    prompt: str | None = None
    ending: str = "served"


Step = Annotated[
    Say | Menu | Gather | Listen | Confirm | Branch | OpenTicketStep | Enqueue | RingAhead | OfferCallback
    | OwedCallbackStep | TransferStep | Voicemail | TellStatus | ConfirmPerson | SetLanguage | Hangup,
    Field(discriminator="verb"),
]  # fmt: skip


class Flow(Document):
    """Steps by name; `person` and `keys` are where the interpreter's invariants lead."""

    id: str
    start: StepId
    person: StepId  # an enqueue step: "0" or "a person" at any moment
    keys: StepId  # what serves a caller who cannot be understood
    steps: dict[StepId, Step]
    max_steps: int = Field(200, ge=10, le=1_000)


__all__ = ["Flow", "Step", "StepId", "ValidationError"]
