"""The site's documents: what an admin may change without a programmer, validated.

Each YAML file under the configuration folder is one document. An `Edition` is the whole set,
named by the hash of its content; a call pins the edition it started with.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from config.yaml_once import load_once

Language = str  # ISO 639-1
Text = dict[Language, str]
Urgency = Literal["critical", "high", "normal", "low"]
Minutes = Annotated[int, Field(gt=0)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
DAY_MINUTES = 24 * 60
FOLDERS = ("topics", "prompts", "languages", "flows", "examples")  # of several documents, named for what they are
OPTIONAL = ("out_of_scope", "emergency")  # documents that a site may do without
OUT_OF_SCOPE = "oos"  # the topic of what is not for this line
EMERGENCY_CLASS = "emergency"  # a class of examples beside the topics, and never one of them
BROWSER_SUFFIX = "-browser"  # after the name of an agent's phone: that of the phone in their browser
ACTS = ("person", "status")  # likewise: what a caller wants of the line itself


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TopicLimits(Document):
    """How soon each stage is due; `working` counts opening hours only."""

    accepted: Minutes
    arrived: Minutes | None = None
    completed: Minutes
    working: bool = False


class Topic(Document):
    id: str
    name: Text  # as spoken after "I understood:"; "a blocked drain or plumbing problem"
    label: Text = {}  # in lists at the desk; "Plumbing"
    crew: str
    urgency: Urgency
    limits: TopicLimits
    promise: str = "attend"  # prompt key suffix: promise_attend, promise_answer, …
    needs_place: bool = False
    facility: bool = True  # False for patient matters: these are never joined
    critical: bool = False  # served round the clock
    phrases: dict[Language, tuple[str, ...]]


class Crew(Document):
    id: str
    name: Text


class Place(Document):
    id: str  # "ward-4"
    name: Text
    also: dict[Language, tuple[str, ...]] = {}
    code: str  # what a caller types for it on the keypad
    parent: str | None = None


class Asset(Document):
    id: str
    name: Text
    also: dict[Language, tuple[str, ...]] = {}
    place: str | None = None


class Contact(Document):
    """A number the hospital knows: an extension on a ward, a shared phone, a trunk."""

    number: str
    name: str
    place: str | None = None
    kind: Literal["staff", "patient", "unknown"] = "unknown"
    shared: bool = False
    phone: bool = False  # registers at our own Asterisk; its number must then be proved by a password


class AgentAccount(Document):
    login: str
    name: str
    role: Literal["agent", "supervisor", "admin"] = "agent"
    crews: tuple[str, ...] = ()
    skills: dict[str, Annotated[int, Field(ge=1, le=9)]] = {}  # by crew: 1 takes its callers first, and is the default
    phone: str | None = None  # the SIP user name of the admin-assigned phone
    languages: tuple[Language, ...] = ("en",)


class Hours(Document):
    """When the site is open; hours that close before they open run into the next day, also into a holiday."""

    country: str  # ISO 3166, for public holidays
    subdivision: str | None = None
    week: dict[Weekday, tuple[str, str] | None]


class EmergencyRules(Document):
    """Where an emergency goes. Words are in the language documents."""

    key: str = "9"
    urgent_phones: tuple[str, ...]
    ring_s: int = 15
    fallback_numbers: tuple[str, ...]


class Overflow(Document):
    """Another crew that takes callers of a crew once they have waited for so long."""

    to: str
    after_s: int


class WaitingRules(Document):
    ring_s: int = 15
    pop_s: float = 2.0  # a desk that has not shown the call by then is not rung
    position_every_s: int = 30
    offer_callback_after_s: int = 20
    limit_s: int = 600
    wrap_up_limit_s: int = 120
    stale_page_s: int = 15
    short_wait_s: int = 5  # who hangs up within it has hardly waited, and is listed apart from who gave up
    callback_hold_s: int = 10  # an agent is kept so long for who is being rung; who takes the phone later waits first
    promise_notice_s: int = 600  # whose promise breaks within it is lifted in the queue
    repeat_contacts: int = 3  # so many calls about one matter, this one included, …
    repeat_window_h: int = 96  # … in so many hours lift a caller
    overflow: dict[str, tuple[Overflow, ...]] = {}  # crew → who takes its callers as well
    surge_ahead: int = 20  # who has more than so many before them is told, once, that it is busier than usual


AttemptResultName = Literal["busy", "no_answer", "machine", "declined", "wrong_number", "unreachable"]


class AgainRule(Document):
    """When a number is rung again after a result, and after how many of it no more."""

    after_s: int | None = None  # None: the spacing of all
    times: int | None = None  # None: as often as any


class FloorRules(Document):
    """What those who look after the floor measure by."""

    answer_within_s: int = 20  # who is answered within it was answered in time
    promise_soon_minutes: Minutes = 60  # a promise that is due within it is due soon


class CallbackRules(Document):
    """How the line rings people, for callbacks and for whatever else."""

    attempts: int = 3
    spacing_s: int = 300
    again: dict[AttemptResultName, AgainRule] = {"wrong_number": AgainRule(times=1)}  # by what came of the last one
    ring_s: int = 30
    at_once: int = 2  # calls that no agent waits for, such as surveys: so many are under way at a time
    dial_patterns: tuple[str, ...]  # regular expressions a called number must match whole
    never: tuple[str, ...] = ()  # numbers that a pattern allows and that are never called: the house's own alarms
    hourly_per_number: int = 3  # new callbacks in an hour to one number,
    hourly_per_caller: int = 5  # … asked for from one number,
    hourly_withheld: int = 20  # … by all who withhold theirs
    hourly_outside: int = 120  # new calls of all kinds to numbers outside the house: what they may cost
    times_offered: int = (
        3  # parts of days that a caller may choose to be called back in; 0: as soon as it is their turn
    )
    trunk: str = "test-trunk"


class Site(Document):
    id: str
    name: Text
    zone: str  # IANA
    region: str = "GB"  # for parsing numbers
    languages: tuple[Language, ...] = ("en",)
    national_emergency: str = "112"
    urgency_minutes: dict[Urgency, Minutes] = {"critical": 15, "high": 60, "normal": 480, "low": 2880}
    hours: Hours
    emergency: EmergencyRules
    waiting: WaitingRules
    callback: CallbackRules
    floor: FloorRules = FloorRules()
    crews: tuple[Crew, ...]
    default_crew: str = "dispatch"
    fallback_phones: tuple[str, ...]  # rung by the dialplan when no controller answers
    demo_phones: tuple[
        str, ...
    ] = ()  # answered by `onenumber run` itself, for trying an emergency; none in a real site
    agents: tuple[AgentAccount, ...]
    contacts: tuple[Contact, ...] = ()

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {zone}") from error
        return zone


class LanguagePack(Document):
    """The words that make things happen, per language; deterministic, checked before any model.

    Tuples hold patterns (see ivr.understanding.patterns): words with `a|b` alternatives, `<set>` references,
    `word?` optional, `..` for up to three words, `,` for a pause, `^` and `$` for the ends of the utterance.
    """

    language: Language
    sets: dict[str, tuple[str, ...]] = {}  # words that patterns name as <set>
    expansions: dict[str, str] = {}  # "can't" → "can not"; keys that begin with ' or n' are endings
    emergency: tuple[str, ...]
    emergency_sounds_like: dict[str, tuple[str, ...]] = {}  # words → what recognisers write for them
    cries: tuple[str, ...] = ()  # words, not patterns: an emergency when they are all that is said
    cries_sound_like: dict[str, tuple[str, ...]] = {}  # words of cries → what recognisers write for them, alone
    emergency_by_sound: tuple[str, ...] = ()  # phrases long enough to be known by their consonants alone
    not_emergency: tuple[str, ...] = ()  # names and idioms that contain emergency words
    things: tuple[str, ...] = ()  # nouns that turn the emergency word before them into a name: "fire" + "door"
    negations: tuple[str, ...]
    negation_links: tuple[str, ...] = ()  # words that may stand between a negation and what it denies
    elsewhere: tuple[str, ...] = ()  # puts the emergency phrase `*` in the past, a plan, a question or a practice
    clauses: tuple[str, ...] = ()  # words that begin something else: no gap of `elsewhere` runs over them
    now: tuple[str, ...] = ()  # brings it back: the phrase `*`, or without `*` all of them
    person: tuple[str, ...]
    status: tuple[str, ...]
    callback: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]
    repeat: tuple[str, ...]
    not_acts: tuple[str, ...] = ()  # what contains words of person, status, callback or repeat and is none of them
    correction: tuple[str, ...] = ()
    fillers: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()  # words after which no sentence ends: whoever pauses there is thinking
    matter_joints: tuple[str, ...] = ()  # "and": what follows may be another matter
    matter_breaks: tuple[str, ...] = ()  # "also": what follows very likely is one, as after the end of a sentence
    matter_same: tuple[str, ...] = ()  # "it", "they": what begins so goes on with the same matter
    place_frames: tuple[str, ...] = ()  # "{words} in {place}": teaches that where it is does not say what it is
    numbers: dict[str, int] = {}  # beside those of the language, which ivr.locales has; likewise joins and points
    number_joins: tuple[str, ...] = ()  # "two hundred and five"
    number_points: tuple[str, ...] = ()  # "two point five"
    number_spellings: dict[str, int] = {}  # what recognisers write for numbers, believed only after a place word
    number_sounds_like: dict[str, tuple[str, ...]] = {}  # digits → common words that sound like them, likewise
    number_followers: tuple[str, ...] = ()  # such a word is a number only at the end, or before one of these
    places_sound_like: dict[str, tuple[str, ...]] = {}  # "ward" → "word", believed only between these and a number
    place_leads: tuple[str, ...] = ()
    place_aside: tuple[str, ...] = ()  # "next to": the place that follows only describes
    place_from: tuple[str, ...] = ()  # the place to go to, when several are named
    place_to: tuple[str, ...] = ()
    place_not: tuple[str, ...] = ()  # "not", "instead of": the place that follows is not it


class EmergencyExamples(Document):
    """Sentences from which the classifier learns to hear an emergency that no pattern foresaw."""

    said: tuple[str, ...]
    misses: dict[str, tuple[str, ...]] = {}  # what only sounds like one, by topic or `oos`


class ExampleSet(Document):
    """Sentences of one writer in one language, each list under what it means: a topic, `oos`, an act, `emergency`."""

    language: Language
    author: str
    about: str = ""  # who speaks so, and how the sentences came about
    said: dict[str, tuple[str, ...]]
    near: dict[str, tuple[str, ...]] = {}  # what only sounds like an emergency

    def lines(self) -> Iterator[tuple[str, str]]:
        """Each sentence, after what it means."""
        for sentences in (self.said, self.near):
            yield from ((meant, text) for meant, texts in sentences.items() for text in texts)


Prompts = dict[str, str]  # key → sentence, with {number}, {time}, {place}, … where it varies


class Edition(Document):
    """All documents of a site, immutable, named by the hash of their content."""

    site: Site
    topics: dict[str, Topic]
    places: tuple[Place, ...]
    assets: tuple[Asset, ...]
    prompts: dict[Language, Prompts]
    languages: dict[Language, LanguagePack]
    out_of_scope: dict[Language, tuple[str, ...]] = {}  # examples of what is not for this line
    emergencies: dict[Language, EmergencyExamples] = {}
    examples: dict[str, ExampleSet] = {}  # beside those of topics, out_of_scope and emergencies; by the file's name
    flows: dict[str, dict[str, Any]]  # validated by ivr.flow

    @model_validator(mode="after")
    def _misses_have_a_topic(self) -> Self:
        named = {topic for examples in self.emergencies.values() for topic in examples.misses}
        if unknown := named - self.topics.keys() - {OUT_OF_SCOPE}:
            raise ValueError(f"near misses of unknown topics: {', '.join(sorted(unknown))}")
        return self

    @model_validator(mode="after")
    def _examples_have_a_topic(self) -> Self:
        named = {meant for examples in self.examples.values() for meant, _ in examples.lines()}
        if unknown := named - self.topics.keys() - {OUT_OF_SCOPE, EMERGENCY_CLASS, *ACTS}:
            raise ValueError(f"examples of unknown topics: {', '.join(sorted(unknown))}")
        return self

    def hashes(self) -> dict[str, str]:
        """Content hash of each document, by kind; what a call pins."""
        return {kind: digest(value) for kind, value in self.model_dump(mode="json").items()}


def digest(value: Any) -> str:
    """Hex SHA-256 of a JSON value in canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def opening_minute(clock: str) -> int | None:
    """Minutes after midnight of "08:30"; None for what is no time of a day."""
    found = CLOCK.fullmatch(clock)
    return int(found[1]) * 60 + int(found[2]) if found else None


def closing_minute(span: tuple[str, str]) -> int | None:
    """Minutes after the midnight before the opening: beyond a day where the hours run into the next one."""
    opens, closes = opening_minute(span[0]), DAY_MINUTES if span[1] == "24:00" else opening_minute(span[1])
    if opens is None or closes is None:
        return None
    return closes + DAY_MINUTES if closes < opens else closes


class DocumentsRefused(ValueError):
    """Documents that cannot be used; each fault is one sentence that names the file and the field."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = tuple(faults)


def load_edition(folder: Path) -> Edition:
    """Read and check every document under `folder`, in form and in meaning. Raises: DocumentsRefused."""
    from config.meaning import faults  # it judges what this module makes

    edition = read_edition(folder)
    if found := faults(edition):
        raise DocumentsRefused(found)
    return edition


def read_edition(folder: Path) -> Edition:
    """Every document under `folder`, in form. Raises: DocumentsRefused."""
    each = {kind: {path.stem: _read(path) for path in sorted((folder / kind).glob("*.yaml"))} for kind in FOLDERS[1:]}
    read = {name: _read(path) for name in OPTIONAL if (path := folder / f"{name}.yaml").exists()}
    read |= {name: _read(folder / f"{name}.yaml") for name in ("site", "places", "assets")}
    read |= {"topics": _topics(folder), "emergencies": read.pop("emergency", {})}
    try:
        return Edition.model_validate(read | each)
    except ValidationError as error:
        raise DocumentsRefused([_sentence(fault["loc"], fault["msg"]) for fault in error.errors()]) from error


def _topics(folder: Path) -> dict[str, Any]:
    """By their ids, which are the names of their files: no topic takes the place of another."""
    read = {path.stem: _read(path) for path in sorted((folder / "topics").glob("*.yaml"))}
    misnamed = [stem for stem, topic in read.items() if isinstance(topic, dict) and topic.get("id", stem) != stem]
    if misnamed:
        named = "as the file is named"
        raise DocumentsRefused([f"topics/{stem}.yaml: id: must be “{stem}”, {named}." for stem in misnamed])
    return read


def _sentence(where: Sequence[int | str], what: str) -> str:
    """Of a fault in form: its file, its field, and what is wrong."""
    kind, *rest = map(str, where) if where else ("documents",)
    folder = f"{kind}/{rest.pop(0)}" if kind in FOLDERS and rest else kind
    file = {"emergencies": "emergency"}.get(folder, folder)
    return f"{file}.yaml: {'.'.join(rest) + ': ' if rest else ''}{what.removeprefix('Value error, ')}."


def _read(path: Path) -> Any:
    """Raises: DocumentsRefused."""
    name = f"{path.parent.name}/{path.name}" if path.parent.name in FOLDERS else path.name
    try:
        return load_once(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentsRefused([f"{name}: cannot be read: {error}."]) from error
    except yaml.YAMLError as error:
        raise DocumentsRefused([f"{name}: is not YAML: {' '.join(str(error).split())}."]) from error
