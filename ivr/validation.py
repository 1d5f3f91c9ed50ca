"""What makes a flow publishable: checked before it is stored, so that no caller finds out."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from config.documents import Edition
from config.problem import Problem
from ivr.flow import Branch, Enqueue, Flow, Hangup, Listen, Menu, RingAhead, SetLanguage, Step, StepId
from ivr.flow_facts import fault_of
from routing.model import Stage

SILENT = ("branch", "ring_ahead", "set_language")  # verbs that say nothing


class Code(StrEnum):
    """What can be wrong with a flow."""

    UNKNOWN_TARGET = "unknown_target"
    NOBODY_REACHED = "nobody_reached"
    KEYS_NEED_SPEECH = "keys_need_speech"
    RESERVED_KEY = "reserved_key"
    HANGS_UP = "hangs_up"
    MISSING_PROMPT = "missing_prompt"
    UNKNOWN_CREW = "unknown_crew"
    UNKNOWN_TOPIC = "unknown_topic"
    TOPIC_WITHOUT_KEY = "topic_without_key"
    WRONG_CASE = "wrong_case"
    UNKNOWN_LANGUAGE = "unknown_language"
    LANGUAGE_WITHOUT_PROMPTS = "language_without_prompts"
    LANGUAGE_WITHOUT_WORDS = "language_without_words"
    UNREACHABLE = "unreachable"
    ENDLESS = "endless"
    SILENT_LOOP = "silent_loop"


PLACED = {"did_you_mean", "understood"}  # prompts that also need their `_place` wording
BUILT_IN = (
    "emergency_instruction", "emergency_stay", "emergency_wait", "line_full", "line_crowded", "line_busy",
    "resumed", "taking_over", "danger", "either",
    "what_is_different", "callback_possible", "did_you_mean", "did_you_mean_place",
    "place_unknown", "which_of_places", "place_choice", "also", "also_place",
    "which_is_different", "ticket_also",
    "understood", "understood_place", "promise_attend", "promise_answer", "own_ticket",
    *(f"stage_{stage}" for stage in Stage), *(f"matter_{matter}" for matter in ("person", "emergency", "message")),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """A problem, before it is said in which flow."""

    code: Code
    text: str
    step: StepId | None = None
    field: str | None = None


def problems(flow: Flow, edition: Edition) -> list[Problem]:
    """Everything wrong with a flow; empty when it may be published."""
    document = f"flows/{flow.id}.yaml"
    return [Problem(each.code, document, each.step, each.field, each.text) for each in _found(flow, edition)]


def _found(flow: Flow, edition: Edition) -> list[Found]:
    found = [
        *_unknown_targets(flow),
        *_wrong_invariants(flow, edition.site.emergency.key),
        *_missing_prompts(flow, edition),
        *_unknown_ids(flow, edition),
        *_unknown_languages(flow, edition),
        *_wrong_cases(flow, edition),
    ]
    if any(each.code is Code.UNKNOWN_TARGET for each in found):
        return found
    return [*found, *_unreachable(flow), *_endless(flow)]


def targets(step: Step) -> dict[str, StepId]:
    """Where a step can go, by the name of the way."""
    ways = {
        name: getattr(step, name, None)
        for name in (
            "next",
            "otherwise",
            "status",
            "silence",
            "callback",
            "overflow",
            "queue",
            "understood",
            "wrong",
            "done",
        )
    }
    ways |= {f"key {key}": target for key, target in getattr(step, "keys", {}).items()}
    ways |= {f"case {n}": case.goto for n, case in enumerate(getattr(step, "cases", ()), 1)}
    return {name: target for name, target in ways.items() if target is not None}


def _unknown_targets(flow: Flow) -> Iterator[Found]:
    unknown = Code.UNKNOWN_TARGET
    for name, step_id in {"start": flow.start, "person": flow.person, "keys": flow.keys}.items():
        if step_id not in flow.steps:
            yield Found(unknown, f"`{name}` leads to “{step_id}”, which does not exist", None, name)
    for id, step in flow.steps.items():
        for way, target in targets(step).items():
            if target not in flow.steps:
                yield Found(unknown, f"step “{id}”: {way} leads to “{target}”, which does not exist", id, way)


def _wrong_invariants(flow: Flow, emergency_key: str) -> Iterator[Found]:
    if not isinstance(flow.steps.get(flow.person), Enqueue):
        text = f"`person` must be an enqueue step: “{flow.person}” is not, so nobody would be reached"
        yield Found(Code.NOBODY_REACHED, text, None, "person")
    keys = flow.steps.get(flow.keys)
    if keys is not None and not isinstance(keys, Menu | Enqueue):
        text = f"`keys` must be a menu or an enqueue step: “{flow.keys}” needs to be understood"
        yield Found(Code.KEYS_NEED_SPEECH, text, None, "keys")
    for id, step in flow.steps.items():
        if isinstance(step, RingAhead) and not isinstance(flow.steps.get(step.queue, step), Enqueue):
            text = f"step “{id}”: `queue` must be an enqueue step: “{step.queue}” is not, so nobody would be reached"
            yield Found(Code.NOBODY_REACHED, text, id, "queue")
        if isinstance(step, Menu) and (taken := step.keys.keys() & {emergency_key, "0", "*"}):
            means = "means the same everywhere and is no choice of a menu"
            yield Found(Code.RESERVED_KEY, f"step “{id}”: key {' and '.join(sorted(taken))} {means}", id, "keys")
        if isinstance(step, Listen) and isinstance(flow.steps.get(step.otherwise), Hangup):
            text = "otherwise hangs up on a caller who was not understood; `silence` may lead there"
            yield Found(Code.HANGS_UP, f"step “{id}”: {text}", id, "otherwise")


def _missing_prompts(flow: Flow, edition: Edition) -> Iterator[Found]:
    for language in edition.site.languages:
        prompts = edition.prompts.get(language, {})
        for step, field, key in [*_prompts(flow), *((None, None, key) for key in BUILT_IN)]:
            if key not in prompts:
                where = f"step “{step}”" if step else "every flow"
                text = f"{where}: prompt “{key}” does not exist in language “{language}”"
                yield Found(Code.MISSING_PROMPT, text, step, field)


def _prompts(flow: Flow) -> Iterator[tuple[StepId, str, str]]:
    """Step, field and key of each prompt."""
    for id, step in flow.steps.items():
        for name in type(step).model_fields:
            key = getattr(step, name)
            if not (name == "prompt" or name.endswith("_prompt")) or key is None:
                continue
            if name == "join_prompt":
                yield id, name, f"{key}_place"
                continue
            yield id, name, key
            if key in PLACED:
                yield id, name, f"{key}_place"


def _unknown_ids(flow: Flow, edition: Edition) -> Iterator[Found]:
    crews = {crew.id for crew in edition.site.crews}
    for id, step in flow.steps.items():
        if isinstance(step, Enqueue) and step.crew and step.crew not in crews:
            yield Found(Code.UNKNOWN_CREW, f"step “{id}”: crew “{step.crew}” does not exist", id, "crew")
        if isinstance(step, Menu):
            yield from _unknown_topics(id, step, edition)


def _unknown_languages(flow: Flow, edition: Edition) -> Iterator[Found]:
    """A language that a step changes to is one of the site's, with something to say and something to hear."""
    offered = ", ".join(f"“{language}”" for language in edition.site.languages)
    for id, step in flow.steps.items():
        if not isinstance(step, SetLanguage):
            continue
        named = f"step “{id}”: language “{step.language}”"
        if step.language not in edition.site.languages:
            text = f"{named} is none of the site's, which are {offered}"
            yield Found(Code.UNKNOWN_LANGUAGE, text, id, "language")
        if not edition.prompts.get(step.language):
            text = f"{named} has no prompts, so nothing would be said in it"
            yield Found(Code.LANGUAGE_WITHOUT_PROMPTS, text, id, "language")
        if step.language not in edition.languages:
            text = f"{named} has no words, so nothing would be understood in it"
            yield Found(Code.LANGUAGE_WITHOUT_WORDS, text, id, "language")


def _unknown_topics(id: StepId, menu: Menu, edition: Edition) -> Iterator[Found]:
    for topic in menu.topics.values():
        if topic not in edition.topics:
            yield Found(Code.UNKNOWN_TOPIC, f"step “{id}”: topic “{topic}” does not exist", id, "topics")
    for key in menu.topics:
        if key not in menu.keys:
            text = f"step “{id}”: key {key} names a topic but leads nowhere"
            yield Found(Code.TOPIC_WITHOUT_KEY, text, id, "topics")


def _wrong_cases(flow: Flow, edition: Edition) -> Iterator[Found]:
    """Cases that can never hold: a fact that there is not, a value that it never has."""
    for id, step in flow.steps.items():
        for n, case in enumerate(step.cases if isinstance(step, Branch) else (), 1):
            if fault := fault_of(case, edition):
                field, why = fault
                yield Found(Code.WRONG_CASE, f"step “{id}”: case {n}: {why}", id, f"cases.{n - 1}.{field}")


def _unreachable(flow: Flow) -> Iterator[Found]:
    seen: set[StepId] = set()
    open_ends = [flow.start, flow.person, flow.keys]
    while open_ends:
        id = open_ends.pop()
        if id not in seen:
            seen.add(id)
            open_ends += targets(flow.steps[id]).values()
    lost = (id for id in flow.steps if id not in seen)
    yield from (Found(Code.UNREACHABLE, f"step “{id}” is never reached", id) for id in lost)


def _endless(flow: Flow) -> Iterator[Found]:
    """Each step must have some way to an ending: a hangup, or a talk with a person."""
    ending = {id for id, step in flow.steps.items() if isinstance(step, Hangup)}
    while True:
        more = {id for id, step in flow.steps.items() if ending & set(targets(step).values())} - ending
        if not more:
            break
        ending |= more
    endless = (id for id in flow.steps if id not in ending)
    yield from (Found(Code.ENDLESS, f"step “{id}” never reaches an ending", id) for id in endless)
    yield from _silent_loops(flow)


def _silent_loops(flow: Flow) -> Iterator[Found]:
    """Silent steps alone must not lead back to themselves: nothing would ever be said."""
    silent = {id: set(targets(step).values()) for id, step in flow.steps.items() if step.verb in SILENT}
    for start in silent:
        seen: set[StepId] = set()
        open_ends = set(silent[start])
        while open_ends:
            id = open_ends.pop()
            if id == start:
                text = f"{flow.steps[start].verb} “{start}” can lead back to itself without a word to the caller"
                yield Found(Code.SILENT_LOOP, text, start)
                break
            if id in silent and id not in seen:
                seen.add(id)
                open_ends |= silent[id]
