"""The site's documents: what an admin may change without a programmer, validated.

Each YAML file under the configuration folder is one document. An `Edition` is the whole set,
named by the hash of its content; a call pins the edition it started with.
"""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SAFE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C: ten times as fast
Language = str  # ISO 639-1
Text = dict[Language, str]
Urgency = Literal["critical", "high", "normal", "low"]
Minutes = Annotated[int, Field(gt=0)]
OUT_OF_SCOPE = "oos"  # the topic of what is not for this line


class Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Limits(Document):
    """How soon each stage is due; `working` counts opening hours only."""

    accepted: Minutes
    arrived: Minutes | None = None
    completed: Minutes
    working: bool = False


class Topic(Document):
    id: str
    name: Text  # as spoken after "I understood:"; "a blocked drain or plumbing problem"
    crew: str
    urgency: Urgency
    limits: Limits
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
    phone: str | None = None  # the SIP user name of the admin-assigned phone
    languages: tuple[Language, ...] = ("en",)


class Hours(Document):
    country: str  # ISO 3166, for public holidays
    subdivision: str | None = None
    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], tuple[str, str] | None]


class Emergency(Document):
    """Where an emergency goes. Words are in the language documents."""

    key: str = "9"
    urgent_phones: tuple[str, ...]
    ring_s: int = 15
    fallback_numbers: tuple[str, ...]


class Waiting(Document):
    ring_s: int = 15
    pop_s: float = 2.0  # a desk that has not shown the call by then is not rung
    position_every_s: int = 30
    offer_callback_after_s: int = 20
    limit_s: int = 600
    wrap_up_limit_s: int = 120
    stale_page_s: int = 15


class CallbackRules(Document):
    attempts: int = 3
    spacing_s: int = 300
    ring_s: int = 30
    dial_patterns: tuple[str, ...]  # regular expressions a called number must match whole
    trunk: str = "test-trunk"


class Site(Document):
    id: str
    name: Text
    zone: str  # IANA
    region: str = "GB"  # for parsing numbers
    languages: tuple[Language, ...] = ("en",)
    national_emergency: str = "112"
    hours: Hours
    emergency: Emergency
    waiting: Waiting
    callback: CallbackRules
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
    place_frames: tuple[str, ...] = ()  # "{words} in {place}": teaches that where it is does not say what it is
    numbers: dict[str, int] = {}
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
    flows: dict[str, dict[str, Any]]  # validated by ivr.flow

    @model_validator(mode="after")
    def _misses_have_a_topic(self) -> Self:
        named = {topic for examples in self.emergencies.values() for topic in examples.misses}
        if unknown := named - self.topics.keys() - {OUT_OF_SCOPE}:
            raise ValueError(f"near misses of unknown topics: {', '.join(sorted(unknown))}")
        return self

    def hashes(self) -> dict[str, str]:
        """Content hash of each document, by kind; what a call pins."""
        return {kind: digest(value) for kind, value in self.model_dump(mode="json").items()}


def digest(value: Any) -> str:
    """Hex SHA-256 of a JSON value in canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def load_edition(folder: Path) -> Edition:
    """Read and validate every document under `folder`.

    Raises: pydantic.ValidationError, yaml.YAMLError, FileNotFoundError.
    """
    topics = [Topic.model_validate(_read(path)) for path in sorted((folder / "topics").glob("*.yaml"))]
    return Edition(
        site=Site.model_validate(_read(folder / "site.yaml")),
        topics={topic.id: topic for topic in topics},
        places=_read(folder / "places.yaml"),
        assets=_read(folder / "assets.yaml"),
        prompts={path.stem: _read(path) for path in sorted((folder / "prompts").glob("*.yaml"))},
        languages={path.stem: _read(path) for path in sorted((folder / "languages").glob("*.yaml"))},
        out_of_scope=_read(path) if (path := folder / "out_of_scope.yaml").exists() else {},
        emergencies=_read(path) if (path := folder / "emergency.yaml").exists() else {},
        flows={path.stem: _read(path) for path in sorted((folder / "flows").glob("*.yaml"))},
    )


def _read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=SAFE)
