"""What happened in a call, told to people: every code by its words, every time in the site's zone, and no ids."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from routing.corrections import Correction
from routing.model import Event
from web.display_names import DisplayNames
from web.texts import Texts
from web.times import Times
from web.untrusted import visible

# Which parts of an event are told, and how; a part that is not here is for programs (see the API).
CODED = {  # key of a payload → enumeration in the texts
    "act": "act", "disposition": "disposition", "ending": "ending", "outcome": "outcome", "urgency": "urgency",
    "what": "promise", "result": "attemptresult", "direction": "call", "kind": "leg", "reason": "left",
    "when": "when", "remedy": "remedy",
}  # fmt: skip
CODED_BY_EVENT = {  # where the same key means something else
    ("offer.lapsed", "why"): "reason",
    ("recognition.down", "reason"): None,
    ("call.lost", "reason"): None,
    ("message.lost", "why"): None,
    ("message.owed", "why"): None,
    ("talk.ended", "why"): None,  # it says what the event says
    ("prompt.ended", "by"): None,
}
CORRECTED = {
    "topic": "ticket.topic", "place": "ticket.place", "callback_number": "ticket.callback_number",
    "urgency": "urgency.label",
}  # fmt: skip
Pair = tuple[str | None, str | None]  # before, and after
NEITHER: Pair = (None, None)
OF_ATTEMPTS = ("callback.attempt", "callback.failed", "outbound.attempt", "outbound.failed")  # `number` counts them
WORDS = frozenset({"text", "note", "dnis"})
NO_TOPIC = "oos"


@dataclass(frozen=True)
class Fact:
    """One part of an event: the key of its label, and what is shown."""

    label: str
    value: Markup


@dataclass(frozen=True)
class CorrectedField:
    """One field that a person corrected: the key of its label, and both values."""

    label: str
    before: Markup
    after: Markup


@dataclass(frozen=True)
class DeskWording:
    texts: Texts
    naming: DisplayNames
    times: Times

    def code(self, language: str, kind: str, code: str) -> Markup:
        """A code in words; what is not known is never shown as it is."""
        known = f"{kind}.{code}"
        return self.texts.marked_up(language, known if self.texts.has(known) else f"{kind}.other")

    def corrected(self, language: str, made: Sequence[Correction]) -> list[CorrectedField]:
        """What a person corrected; of a place, the site's and the one in other words are one."""
        pairs = {each.field: (each.before, each.after) for each in made}
        pairs["place"] = self._places(pairs.get("place"), pairs.get("place_text"))
        return [
            CorrectedField(
                label, self._said(language, name, pairs[name][0]), self._said(language, name, pairs[name][1])
            )
            for name, label in CORRECTED.items()
            if any(pairs.get(name, ()))
        ]

    def _places(self, place: Pair | None, text: Pair | None) -> Pair:
        before, after = place or NEITHER
        text_before, text_after = text or NEITHER
        return self.naming.place(before) or text_before, self.naming.place(after) or text_after

    def _said(self, language: str, field: str, value: str | None) -> Markup:
        if not value:
            return self.texts.marked_up(language, "correct.nothing")
        if field == "urgency":
            return self.code(language, "urgency", value)
        return _outside(self.naming.topic(value) if field == "topic" else value)

    def event(self, language: str, type: str) -> Markup:
        return self.code(language, "event", type)

    def facts(self, language: str, event: Event, now: datetime) -> list[Fact]:
        """What a person wants to know of it, private things first."""
        pairs = [(key, value) for part in (event.private, event.payload) for key, value in sorted(part.items())]
        facts = (self._fact(language, event.type, key, value, now) for key, value in pairs)
        return [fact for fact in facts if fact]

    def _fact(self, language: str, type: str, key: str, value: Any, now: datetime) -> Fact | None:
        if value is None or value == "" or ((type, key) in CODED_BY_EVENT and CODED_BY_EVENT[type, key] is None):
            return None
        kind = CODED_BY_EVENT.get((type, key)) or CODED.get(key)
        if kind:
            return Fact(f"fact.{key}", self.code(language, kind, str(value)))
        if key in WORDS:
            return Fact(f"fact.{key}", _outside(value))
        shown = self._named(type, key, value) or self._measured(key, value)
        return Fact(*shown) if shown else self._timed(key, value, now)

    def _named(self, type: str, key: str, value: Any) -> tuple[str, Markup] | None:
        """Names, numbers and what was pressed."""
        name: Mapping[str, Callable[[str], str]] = {
            "topic": self.naming.topic, "place": self.naming.place, "crew": self.naming.crew, "asset": self.naming.asset
        }  # fmt: skip
        if key in name:
            return None if value == NO_TOPIC else (f"fact.{key}", _outside(name[key](str(value))))
        if key == "confidence" and isinstance(value, int | float):
            return ("fact.confidence_words" if type == "heard" else "fact.confidence_topic"), _share(value)
        if key == "number":
            return ("fact.attempt" if type in OF_ATTEMPTS else "fact.number"), _outside(value)
        if key == "keys" and type == "key":
            return "fact.keys", _outside(value)
        return None

    def _measured(self, key: str, value: Any) -> tuple[str, Markup] | None:
        """Durations, places in line, and the reasons of a topic."""
        if key in ("seconds", "waited_s", "told_s") and isinstance(value, int | float):
            return f"fact.{key}", _outside(self.times.span(round(value)))
        if key == "position" or (key == "ticket" and str(value).isdigit()):
            return f"fact.{key}", _outside(value)
        if key == "why" and isinstance(value, list | tuple):
            return "fact.why", _outside(", ".join(map(str, value)))
        return None

    def _timed(self, key: str, value: Any, now: datetime) -> Fact | None:
        at = _time(value) if key in ("by", "at") else None
        return Fact(f"fact.{key}", self.times.moment(at, now)) if at else None


def _share(value: float) -> Markup:
    return _outside(f"{round(value * 100)} %")


def _outside(text: object) -> Markup:
    """Whatever came from a caller stands by itself."""
    return Markup('<bdi class="outside">{}</bdi>').format(visible(text, lines=True))


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return at if at.tzinfo else None
