"""Where a call is in its flow: small, serialisable, saved before the next prompt."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from ivr import phases
from ivr.actions import Prompt
from ivr.facts import NO_FACTS, Facts, MatterFacts
from ivr.phases import Phase, Where

Given = ParamSpec("Given")
S = TypeVar("S")


def _taking(record: Callable[Given, Facts]) -> Callable[[Callable[..., S]], Callable[Concatenate[Any, Given], S]]:
    """Types a method as taking what the record takes: a wrong name or value is found before it runs."""
    return lambda method: method


@dataclass(frozen=True)
class OtherMatter:
    """A matter of this call that is not the one just spoken about."""

    facts: MatterFacts
    ticket: str | None = None
    ticket_number: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "facts": self.facts.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "facts": MatterFacts.from_json(data["facts"])})


@dataclass(frozen=True)
class State:
    flow: str
    step: str = ""
    phase: Where = Phase.BEGIN  # where inside the step
    tries: int = 0  # in this step
    steps: int = 0  # in this call; capped
    language: str = "en"
    deaf: bool = False  # recognition failed once: keys from now on
    facts: Facts = NO_FACTS
    ticket: str | None = None
    ticket_number: str | None = None
    others: tuple[OtherMatter, ...] = ()  # told in the same breath as the matter that the facts and the ticket are of
    said: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # the last prompt, for *
    waits_at: str = ""  # the queue's step, while the call has its place: an agent may answer at any moment
    stopped: bool = False  # in the middle of speaking, of which the next prompt says so
    told_minutes: int | None = None  # of the wait, last; None: longer than can be told in minutes
    told_at_s: int | None = None  # how long the call had waited then; None: nothing has been told
    surge_told: bool = False  # that it is busier than usual
    number_step: str = ""  # where a number was asked for last, and in which phase
    number_phase: Where = Phase.BEGIN

    @property
    def awaits_dial(self) -> bool:
        """Whether the call has left for a phone, and what came of that is not yet known here."""
        return self.phase in (Phase.CONNECT, Phase.DIAL, Phase.SUMMON)

    @_taking(Facts)
    def with_facts(self, **facts: Any) -> "State":
        """The same, with these facts."""
        return replace(self, facts=replace(self.facts, **facts))

    def about(self, other: int) -> Self:
        """The same call, speaking of that one of the others; what was spoken of takes its place."""
        then = self.others[other]
        left = OtherMatter(self.facts.matter, self.ticket, self.ticket_number)
        others = (*self.others[:other], left, *self.others[other + 1 :])
        facts = self.facts.about(then.facts)
        return replace(self, facts=facts, ticket=then.ticket, ticket_number=then.ticket_number, others=others)

    def at(self, phase: Where, tries: int | None = None) -> Self:
        return replace(self, phase=phase, tries=self.tries if tries is None else tries)

    def saying(self, prompt: Prompt) -> Self:
        return replace(self, said=tuple((line.key, tuple(sorted(line.variables.items()))) for line in prompt))

    def to_json(self) -> dict[str, Any]:
        return {
            **vars(self),
            "phase": phases.to_json(self.phase),
            "facts": self.facts.to_json(),
            "others": [other.to_json() for other in self.others],
            "number_phase": phases.to_json(self.number_phase),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Also of a state that was saved while facts and phases were text."""
        facts: Mapping[str, Any] = data.get("facts", {})
        read = {
            "phase": phases.from_json(data.get("phase", ""), facts),
            "facts": Facts.from_json(facts),
            "others": tuple(OtherMatter.from_json(other) for other in data.get("others", ())),
            "number_phase": phases.from_json(data.get("number_phase", ""), facts),
            "said": tuple((key, tuple((name, value) for name, value in pairs)) for key, pairs in data.get("said", ())),
        }
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in {**data, **read}.items() if name in known})
