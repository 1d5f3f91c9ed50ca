"""Where a call is in its flow: small, serialisable, saved before the next prompt."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from ivr.actions import Prompt

OF_MATTER = ("topic", "confidence", "why", "place", "place_text", "asset", "key", "join", "join_number", "promise",
             "promise_by")  # fmt: skip
"""Names of the facts that belong to one matter; all others belong to the call."""


@dataclass(frozen=True)
class OtherMatter:
    """A matter of this call that is not the one just spoken about."""

    facts: Mapping[str, str]
    ticket: str | None = None
    ticket_number: str | None = None


@dataclass(frozen=True)
class State:
    flow: str
    step: str = ""
    phase: str = ""  # where inside the step; each verb names its own
    tries: int = 0  # in this step
    steps: int = 0  # in this call; capped
    language: str = "en"
    deaf: bool = False  # recognition failed once: keys from now on
    facts: Mapping[str, str] = field(default_factory=dict)
    ticket: str | None = None
    ticket_number: str | None = None
    others: tuple[OtherMatter, ...] = ()  # told in the same breath as the matter that the facts and the ticket are of
    said: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()  # the last prompt, for *
    number_step: str = ""  # where a number was asked for last, and in which phase
    number_phase: str = ""

    @property
    def awaits_dial(self) -> bool:
        """Whether the call has left for a phone, and what came of that is not yet known here."""
        return self.phase in ("connect", "dial", "summon")

    def with_facts(self, **facts: str | None) -> Self:
        """Facts set (or, with None, removed)."""
        merged = {**self.facts, **{name: value for name, value in facts.items() if value is not None}}
        return replace(self, facts={k: v for k, v in merged.items() if facts.get(k, "") is not None})

    def about(self, other: int) -> Self:
        """The same call, speaking of that one of the others; what was spoken of takes its place."""
        then = self.others[other]
        mine = {name: value for name, value in self.facts.items() if name in OF_MATTER}
        facts = {name: value for name, value in self.facts.items() if name not in OF_MATTER} | dict(then.facts)
        left = OtherMatter(mine, self.ticket, self.ticket_number)
        others = (*self.others[:other], left, *self.others[other + 1 :])
        return replace(self, facts=facts, ticket=then.ticket, ticket_number=then.ticket_number, others=others)

    def at(self, phase: str, tries: int | None = None) -> Self:
        return replace(self, phase=phase, tries=self.tries if tries is None else tries)

    def saying(self, prompt: Prompt) -> Self:
        return replace(self, said=tuple((line.key, tuple(sorted(line.variables.items()))) for line in prompt))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        said = tuple((key, tuple((name, value) for name, value in pairs)) for key, pairs in data.get("said", ()))
        others = tuple(OtherMatter(**other) for other in data.get("others", ()))
        return cls(**{**data, "said": said, "others": others})
