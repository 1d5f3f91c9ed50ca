"""Where a call is in its flow: small, serialisable, saved before the next prompt."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from ivr.actions import Prompt


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

    def at(self, phase: str, tries: int | None = None) -> Self:
        return replace(self, phase=phase, tries=self.tries if tries is None else tries)

    def saying(self, prompt: Prompt) -> Self:
        return replace(self, said=tuple((line.key, tuple(sorted(line.variables.items()))) for line in prompt))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        said = tuple((key, tuple((name, value) for name, value in pairs)) for key, pairs in data.get("said", ()))
        return cls(**{**data, "said": said})
