"""What the dialogue knows: the declared facts of a matter and of its call, and their JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Self, cast

from pydantic import TypeAdapter

SEPARATORS: Mapping[str, str] = {"why": "; ", "places": " "}
"""Facts of several parts → what stood between them while every fact was kept as text."""


@dataclass(frozen=True)
class MatterFacts:
    """What is known of one matter."""

    topic: str | None = None  # id
    confidence: float | None = None  # 0..1, in the topic
    why: tuple[str, ...] = ()  # what spoke for the topic
    place: str | None = None  # id
    place_text: str | None = None  # as keyed or said, where no known place fits
    asset: str | None = None  # id
    key: str | None = None  # of its ticket, among those of the call
    join: str | None = None  # id of the ticket that it may join, or has joined
    join_number: str | None = None  # of that ticket, as it is spoken
    promise: str | None = None  # prompt key
    promise_by: str | None = None  # ISO time, UTC

    def to_json(self) -> dict[str, Any]:
        """What is known, and nothing else."""
        known = {name: getattr(self, name) for name in self.known()}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in known.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Also of facts that were kept as text: "0.930", "yes", "because; of; this". Other names are passed over."""
        known = {each.name for each in fields(cls)} & data.keys()
        facts: Self = _adapter(cast("Any", cls)).validate_python({name: _parted(name, data[name]) for name in known})
        return facts

    def known(self) -> list[str]:
        """Names of the facts that are known."""
        return [each.name for each in fields(self) if getattr(self, each.name) != each.default]


OF_MATTER = tuple(each.name for each in fields(MatterFacts))


@dataclass(frozen=True)
class Facts(MatterFacts):
    """What is known of the call, and of the matter just spoken of."""

    caller_number: str | None = None
    identified: bool = False  # the number is known to be the caller's own
    callable: bool = False  # … and may be called back without asking for another
    diverted_by: str | None = None  # who sent the call on to us
    words: str = ""  # the caller's
    emergency: str | None = None  # the words that made it one; `drafting.KEY` where it was a key
    wants: str | None = None  # "person"
    blind: bool = False  # what it is about was keyed before anything could be heard
    callback_number: str | None = None  # another one than the caller's own
    callback_at: str | None = None  # chosen; ISO time, UTC
    times: tuple[str, ...] = ()  # that may be chosen, ISO, in the order of their keys …
    times_from: str | None = None  # … as they were offered then
    owed: str | None = None  # id of a callback that the caller was owed as the call began
    owed_number: str | None = None  # of its ticket, as it is spoken
    owed_at: str | None = None  # not before; ISO time, UTC
    callback_declined: bool = False
    number_refused: bool = False
    status_number: str | None = None  # of the ticket asked about
    offer: str | None = None  # of the agent that is rung
    places: tuple[str, ...] = ()  # ids that a number may mean, in the order of their keys
    either: tuple[str, ...] = ()  # topics that it may be about, in the order of their keys
    place_keyed: str | None = None  # by which no place is known

    @property
    def matter(self) -> MatterFacts:
        """Those of the matter alone."""
        return MatterFacts(**{name: getattr(self, name) for name in OF_MATTER})

    def about(self, matter: MatterFacts) -> Self:
        """The same call, and another matter."""
        return replace(self, **{name: getattr(matter, name) for name in OF_MATTER})

    def updated(self, newer: "Facts") -> Self:
        """These facts, with what is known there in their place."""
        return replace(self, **{name: getattr(newer, name) for name in newer.known()})

    def differing(self, other: "Facts") -> frozenset[str]:
        """Names of the facts that are not the same there."""
        names = (each.name for each in fields(self))
        return frozenset(name for name in names if getattr(self, name) != getattr(other, name))


NO_FACTS = Facts()


@cache
def _adapter(record: Any) -> TypeAdapter[Any]:
    return TypeAdapter(record)


def _parted(name: str, value: Any) -> Any:
    if isinstance(value, str) and name in SEPARATORS:
        return tuple(filter(None, value.split(SEPARATORS[name])))
    return value
