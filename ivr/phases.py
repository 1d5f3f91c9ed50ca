"""Where inside a step a call is, and how a correction interrupts that."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.facts import Facts


class Phase(StrEnum):
    """Verbs name theirs; the same word may stand for the same thing in several."""

    BEGIN = ""
    CONFIRM = "confirm"  # listen: was that it? offer_callback: is it that number?
    EITHER = "either"  # listen: which of two topics is it?
    CORRECT = "correct"  # confirm: what is different?
    WHICH = "which"  # confirm: in which matter? gather: which of these places?
    KEYS = "keys"  # gather: by keys alone
    UNKNOWN = "unknown"  # gather: no place has that number
    FIND = "find"  # looked up: what a report could join, how a matter stands
    JOIN = "join"  # asked whether it is the same
    JOINING = "joining"
    JOINED = "joined"
    OPEN = "open"  # a ticket is being opened
    SAID = "said"  # its number and promise are told
    TOLD = "told"  # how a matter stands is told
    QUEUE = "queue"  # entering the queue
    HOLD = "hold"
    CONNECT = "connect"  # left for an agent's phone
    OVERFLOW = "overflow"  # leaving the queue
    ASIDE = "aside"  # whoever chooses a callback is offered to nobody
    NUMBER = "number"  # asked for
    TIMES = "times"  # to choose from are looked up
    TIME = "time"  # asked for
    CANCELLING = "cancelling"
    STORING = "storing"
    STORED = "stored"
    RECALL = "recall"  # what the ticket says is looked up
    ASK = "ask"  # for a key, which shows that a person is there
    CONFIRMED = "confirmed"
    SAY = "say"  # before a dial, before the tone
    DIAL = "dial"  # left for a configured number
    RECORD = "record"
    THANKS = "thanks"
    NOTHING = "nothing"  # was recorded
    LOST = "lost"  # a message that could not be kept
    SUMMON = "summon"  # left for the urgent group


class Correcting(StrEnum):
    """How far a correction has come that interrupted a step."""

    ASIDE = "aside"  # overheard: nobody is offered the call while its caller is asked
    ASKED = "asked"  # whether it was meant
    AMENDING = "amend"  # being made, and told


@dataclass(frozen=True)
class Interrupted:
    """A step that a correction has interrupted; it goes on in its phase."""

    phase: Phase
    by: Correcting
    proposed: Facts | None = None  # what it would make of the facts, until its caller says so
    changed: frozenset[str] = frozenset()  # names of the facts that it changed

    def to_json(self) -> dict[str, Any]:
        proposed = None if self.proposed is None else self.proposed.to_json()
        return {"phase": self.phase, "by": self.by, "proposed": proposed, "changed": sorted(self.changed)}


@dataclass(frozen=True)
class DangerAsked:
    """A step at which words were heard that may be an emergency's; their caller is asked, and it goes on with them."""

    phase: Phase | Interrupted
    heard: str  # the outcome, as JSON

    def to_json(self) -> dict[str, Any]:
        return {"danger": to_json(self.phase), "heard": self.heard}


Where = Phase | Interrupted | DangerAsked
CORRECTION = "amend/"  # while phases were text, it stood before the interrupted one


def to_json(where: Where) -> Any:
    return where.value if isinstance(where, Phase) else where.to_json()


def from_json(data: Any, facts: Mapping[str, Any]) -> Where:
    """Also of a phase that was kept as text, what the correction was about standing among the facts."""
    if not isinstance(data, str) and "danger" in data:
        phase = from_json(data["danger"], facts)
        return DangerAsked(Phase.BEGIN if isinstance(phase, DangerAsked) else phase, data["heard"])
    if not isinstance(data, str):
        proposed = None if data["proposed"] is None else Facts.from_json(data["proposed"])
        return Interrupted(Phase(data["phase"]), Correcting(data["by"]), proposed, frozenset(data["changed"]))
    if not data.startswith(CORRECTION):
        return Phase(data)
    return _of_text(data, facts)


def _of_text(data: str, facts: Mapping[str, Any]) -> Interrupted:
    *_, by, phase = data.split("/")
    if by == Correcting.AMENDING:
        return Interrupted(Phase(phase), Correcting.AMENDING, changed=frozenset(facts.get("amended", "").split()))
    proposed = {**facts, **json.loads(facts.get("proposed", "{}"))}
    known = {name: value for name, value in proposed.items() if value is not None}
    return Interrupted(Phase(phase), Correcting(by), Facts.from_json(known))
