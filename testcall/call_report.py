"""What became of a test call, read from the records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DONE = ("talked", "waiting", "callback_stored", "emergency", "message", "served")
TICKET = ("id", "number", "topic", "place", "urgency", "crew", "stage", "promise")


@dataclass
class Report:
    """What became of it; `call` is the API's answer."""

    call: Mapping[str, Any] = field(default_factory=dict)
    talk: Mapping[str, Any] | None = None
    sip_code: int | None = None
    error: str | None = None

    @property
    def events(self) -> list[Mapping[str, Any]]:
        return list(self.call.get("timeline", ()))

    def first(self, *names: str) -> Mapping[str, Any] | None:
        return next((event for event in self.events if event["event"] in names), None)

    @property
    def over(self) -> bool:
        """Nothing is left to be written: the call has its ending, and its hang-up a cause."""
        return self.call.get("ended_at") is not None and self.first("leg.ended") is not None

    @property
    def outcome(self) -> str:
        """How far the call came: the strongest thing that happened."""
        ladder = {
            "agent.answered": "talked", "emergency": "emergency", "emergency.summoned": "emergency",
            "callback.stored": "callback_stored", "message.recorded": "message", "queue.entered": "waiting",
        }  # fmt: skip
        for event, outcome in ladder.items():
            if self.first(event):
                return outcome
        if not self.call:
            return "no_call"
        return (
            "served" if self.call.get("ending") in ("served", "talked") else str(self.call.get("ending") or "nothing")
        )

    @property
    def well(self) -> bool:
        """Whether the line did its job: it is known what the caller needs, or a person has it."""
        talked = self.talk is None or bool(self.talk["caller_heard_agent"] and self.talk["agent_heard_caller"])
        return self.error is None and self.outcome in DONE and talked

    def to_json(self, folder: Path) -> dict[str, Any]:
        tickets = self.call.get("tickets") or [None]
        ticket = tickets[0]
        understood = [event["payload"] for event in self.events if event["event"] == "understood"]
        best: Mapping[str, Any] = max(understood, key=lambda payload: payload["confidence"], default={})
        topic = ticket["topic"] if ticket else best.get("topic")
        return {
            "call_id": self.call.get("id"),
            "ticket": {name: ticket[name] for name in TICKET} if ticket else None,
            "topic": topic,
            "confidence": next((p["confidence"] for p in understood if p["topic"] == topic), best.get("confidence")),
            "transcript": " / ".join(e["private"].get("text", "") for e in self.events if e["event"] == "heard"),
            "outcome": self.outcome,
            "ending": self.call.get("ending"),
            "sip_code": self.sip_code,
            "talk": self.talk,
            "error": self.error,
            "recording": str(folder / "heard.wav"),
            "timeline": [{"at_ms": event["at_ms"], "event": event["event"], **_more(event)} for event in self.events],
        }


def _more(event: Mapping[str, Any]) -> dict[str, Any]:
    return {key: event[key] for key in ("actor", "payload", "private") if event.get(key)}
