"""What `onenumber call` makes of a call's records."""

from pathlib import Path
from typing import Any

import pytest

from testcall.call_report import Report


def event(name: str, at_ms: int = 0, private: Any = None, **payload: Any) -> dict[str, Any]:
    return {"event": name, "at_ms": at_ms, "actor": "line", "payload": payload, "private": private or {}}


def call(*timeline: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "0190", "timeline": list(timeline), "tickets": [], "ending": None, **more}


@pytest.mark.parametrize(
    ("timeline", "ending", "outcome"),
    [
        ((event("call.started"),), None, "nothing"),
        ((event("queue.entered"),), "caller_hung_up", "waiting"),
        ((event("queue.entered"), event("callback.stored")), "served", "callback_stored"),
        ((event("queue.entered"), event("agent.answered")), "talked", "talked"),
        ((event("emergency"),), "caller_hung_up", "emergency"),
        ((event("heard"),), "served", "served"),
        ((event("heard"),), "lost", "lost"),
    ],
)
def test_the_strongest_thing_that_happened_is_the_outcome(
    timeline: tuple[dict[str, Any], ...], ending: str | None, outcome: str
) -> None:
    assert Report(call(*timeline, ending=ending)).outcome == outcome


def test_a_call_without_a_record_did_not_go_well() -> None:
    assert Report().outcome == "no_call"
    assert not Report().well


def test_a_talk_is_well_only_when_both_heard_each_other() -> None:
    talked = call(event("agent.answered"), ending="talked")
    assert Report(talked, {"caller_heard_agent": True, "agent_heard_caller": True}).well
    assert not Report(talked, {"caller_heard_agent": True, "agent_heard_caller": False}).well
    assert not Report(talked, error="hung up on").well


def test_the_report_says_what_was_understood() -> None:
    promise = {"what": "promise_attend", "by": "2026-11-22T12:00:00Z"}
    ticket = {
        "id": "0190-t", "number": "417", "topic": "plumbing", "place": "ward-4", "urgency": "normal",
        "crew": "technical", "stage": "recorded", "promise": promise,
    }  # fmt: skip
    report = Report(
        call(
            event("heard", 900, {"text": "the drain on ward four is blocked"}),
            event("understood", 950, topic="plumbing", confidence=0.97, place="ward-4"),
            event("heard", 2000, {"text": "yes"}),
            event("understood", 2010, topic="oos", confidence=0.99, place=None),
            tickets=[{**ticket, "words": "…"}],
        )
    )
    shown = report.to_json(Path("/folder"))
    assert shown["ticket"] == ticket
    assert (shown["topic"], shown["confidence"]) == ("plumbing", 0.97)
    assert shown["transcript"] == "the drain on ward four is blocked / yes"
    assert shown["timeline"][0]["event"] == "heard"
    assert shown["recording"] == "/folder/heard.wav"
