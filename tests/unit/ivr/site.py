"""A small hospital for tests of the dialogue, and an understander whose answers are given."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from config.documents import Edition, Place, Site, Topic, TopicLimits
from config.yaml_once import load_once
from ivr.facts import Facts
from ivr.flow import Flow
from ivr.ports import DangerHeard, EmergencyHeard, Intent, PlaceHeard, Understanding
from ivr.script import Script
from ivr.simulator import Simulation, World, simulate
from ivr.state import State

CONFIG = Path(__file__).parents[3] / "config"
LIMITS = TopicLimits(accepted=30, completed=240)


def read(name: str) -> Any:
    return load_once((CONFIG / name).read_text())


def topic(id: str, **fields: Any) -> Topic:
    fields = {"crew": "technical", "urgency": "high", "limits": LIMITS, "phrases": {"en": ()}, **fields}
    return Topic(id=id, name={"en": f"a {id} problem"}, **fields)


@cache
def edition() -> Edition:
    ids = {target for step in read("flows/main.yaml")["steps"].values() for target in step.get("topics", {}).values()}
    topics = {id: topic(id, needs_place=id in ("plumbing", "printer")) for id in ids}
    topics["billing"] = topic("billing", crew="patient-services", facility=False)
    places = (
        Place(id="ward-4", name={"en": "ward 4"}, code="04"),
        Place(id="ward-5", name={"en": "ward 5"}, code="05"),
    )
    return Edition(
        site=Site.model_validate(read("site.yaml")), topics=topics, places=places, assets=(),
        prompts={"en": read("prompts/en.yaml")}, languages={},
        flows={name: read(f"flows/{name}.yaml") for name in ("main", "callback")},
    )  # fmt: skip


def script(flow: str = "main", **changes: Any) -> Script:
    documents = edition()
    return Script(Flow.model_validate({**documents.flows[flow], **changes}), documents)


def begin(**facts: Any) -> State:
    return State(flow="main", facts=Facts(**facts))


WARD_4 = PlaceHeard("ward-4", "ward 4", "ward four", 0.95)
WARD_5 = PlaceHeard("ward-5", "ward 5", "ward five", 0.95)
KNOWN: Mapping[str, Understanding] = {
    "drain on ward four": Understanding("", intent=Intent("plumbing", 0.93, ("drain",)), place=WARD_4),
    "drain": Understanding("", intent=Intent("plumbing", 0.93, ("drain",))),
    "maybe printer": Understanding("", intent=Intent("printer", 0.4)),
    "paper or water": Understanding("", either=("printer", "plumbing"), place=WARD_4),
    "something with ink": Understanding("", intent=Intent("oos", 0.7, (), (("printer", 0.3), ("plumbing", 0.1)))),
    "well": Understanding("", intent=Intent("oos", 0.9, (), (("printer", 0.05), ("plumbing", 0.05)))),
    "he looks odd by the drain": Understanding(
        "", intent=Intent("plumbing", 0.93), place=WARD_4, danger=DangerHeard(("odd",))
    ),
    "the arrest phone": Understanding(
        "", intent=Intent("plumbing", 0.9), place=WARD_4, danger=DangerHeard(("arrest",), by_rule=True)
    ),
    "he lies by the drain": Understanding("", intent=Intent("plumbing", 0.9), perhaps_danger=True),
    "no, he can not talk": Understanding("", act="no", perhaps_danger=True),
    "no, just the drain": Understanding("", act="no", intent=Intent("plumbing", 0.93)),
    "bill": Understanding("", intent=Intent("billing", 0.9)),
    "ward four": Understanding("", place=WARD_4),
    "no, ward five": Understanding("", act="no", place=WARD_5, correction=True),
    "no, the printer": Understanding("", act="no", intent=Intent("printer", 0.9), correction=True),
    "fire": Understanding("", emergency=EmergencyHeard(("fire",))),
    "a person please": Understanding("", act="person"),
    "yes": Understanding("", act="yes"),
    "no": Understanding("", act="no"),
    "again": Understanding("", act="repeat"),
    "my ticket": Understanding("", act="status"),
    "call me back": Understanding("", act="callback"),
    "nine": Understanding("", digits="9"),
    "zero": Understanding("", digits="0"),
    "one": Understanding("", digits="1"),
    "there are nine of us": Understanding("", digits="9"),
    "four seven two one": Understanding("", digits="4721"),
    "drain on ward four, and the printer": Understanding(
        "", intent=Intent("plumbing", 0.93), place=WARD_4, others=(Understanding("", intent=Intent("printer", 0.9)),)
    ),
    "no, the printer is on ward five": Understanding(
        "", act="no", intent=Intent("printer", 0.9), place=WARD_5, correction=True
    ),
}


class GivenUnderstander:
    """Understands just the sentences above; anything else is out of scope."""

    def understand(self, text: str, language: str, confidence: float = 1.0) -> Understanding:
        return replace(KNOWN.get(text, Understanding("")), text=text)


async def understand(text: str, language: str, confidence: float = 1.0) -> Understanding:
    """As `ivr.ports.Understand`, at once."""
    return GivenUnderstander().understand(text, language, confidence)


CALLER = {"caller_number": "204", "identified": True, "callable": True}
NOBODY = World(staffed=False)


def play(*caller: str, world: World | None = None, facts: dict[str, Any] | None = None, **flow: Any) -> Simulation:
    state = begin(**(CALLER if facts is None else facts))
    return simulate(script(**flow), GivenUnderstander(), state, caller, world or World())
