"""What makes a flow publishable: checked before it is stored, so that no caller finds out."""

from collections.abc import Iterator

from config.documents import Edition
from ivr.flow import Enqueue, Flow, Hangup, Listen, Menu, SetLanguage, Step, StepId
from routing.model import Stage

SILENT = ("branch", "set_language")  # verbs that say nothing
PLACED = {"did_you_mean", "understood"}  # prompts that also need their `_place` wording
BUILT_IN = (
    "emergency_instruction", "emergency_stay", "emergency_wait", "line_full", "line_crowded",
    "resumed", "taking_over", "what_is_different", "callback_possible", "did_you_mean", "did_you_mean_place",
    "place_unknown", "which_of_places", "place_choice", "also", "also_place",
    "which_is_different", "ticket_also",
    "understood", "understood_place", "promise_attend", "promise_answer", "own_ticket",
    *(f"stage_{stage}" for stage in Stage), *(f"matter_{matter}" for matter in ("person", "emergency", "message")),
)  # fmt: skip


def problems(flow: Flow, edition: Edition) -> list[str]:
    """Everything wrong with a flow, as sentences; empty when it may be published."""
    found = [
        *_unknown_targets(flow),
        *_wrong_invariants(flow, edition.site.emergency.key),
        *_missing_prompts(flow, edition),
        *_unknown_ids(flow, edition),
        *_unknown_languages(flow, edition),
    ]
    if any("leads to" in problem for problem in found):
        return found
    return [*found, *_unreachable(flow), *_endless(flow)]


def targets(step: Step) -> dict[str, StepId]:
    """Where a step can go, by the name of the way."""
    ways = {
        name: getattr(step, name, None)
        for name in ("next", "otherwise", "status", "silence", "callback", "overflow", "understood")
    }
    ways |= {f"key {key}": target for key, target in getattr(step, "keys", {}).items()}
    ways |= {f"case {n}": case.goto for n, case in enumerate(getattr(step, "cases", ()), 1)}
    return {name: target for name, target in ways.items() if target is not None}


def _unknown_targets(flow: Flow) -> Iterator[str]:
    entries = {"start": flow.start, "person": flow.person, "keys": flow.keys}
    yield from (
        f"`{name}` leads to “{step}”, which does not exist" for name, step in entries.items() if step not in flow.steps
    )
    for id, step in flow.steps.items():
        for way, target in targets(step).items():
            if target not in flow.steps:
                yield f"step “{id}”: {way} leads to “{target}”, which does not exist"


def _wrong_invariants(flow: Flow, emergency_key: str) -> Iterator[str]:
    if not isinstance(flow.steps.get(flow.person), Enqueue):
        yield f"`person` must be an enqueue step: “{flow.person}” is not, so nobody would be reached"
    keys = flow.steps.get(flow.keys)
    if keys is not None and not isinstance(keys, Menu | Enqueue):
        yield f"`keys` must be a menu or an enqueue step: “{flow.keys}” needs to be understood"
    for id, step in flow.steps.items():
        if isinstance(step, Menu) and (taken := step.keys.keys() & {emergency_key, "0", "*"}):
            yield f"step “{id}”: key {' and '.join(sorted(taken))} means the same everywhere and is no choice of a menu"
        if isinstance(step, Listen) and isinstance(flow.steps.get(step.otherwise), Hangup):
            yield f"step “{id}”: otherwise hangs up on a caller who was not understood; `silence` may lead there"


def _missing_prompts(flow: Flow, edition: Edition) -> Iterator[str]:
    for language in edition.site.languages:
        prompts = edition.prompts.get(language, {})
        for where, key in [*_prompts(flow), *(("every flow", key) for key in BUILT_IN)]:
            if key not in prompts:
                yield f"{where}: prompt “{key}” does not exist in language “{language}”"


def _prompts(flow: Flow) -> Iterator[tuple[str, str]]:
    for id, step in flow.steps.items():
        for name in type(step).model_fields:
            key = getattr(step, name)
            if not (name == "prompt" or name.endswith("_prompt")) or key is None:
                continue
            if name == "join_prompt":
                yield f"step “{id}”", f"{key}_place"
                continue
            yield f"step “{id}”", key
            if key in PLACED:
                yield f"step “{id}”", f"{key}_place"


def _unknown_ids(flow: Flow, edition: Edition) -> Iterator[str]:
    crews = {crew.id for crew in edition.site.crews}
    for id, step in flow.steps.items():
        if isinstance(step, Enqueue) and step.crew and step.crew not in crews:
            yield f"step “{id}”: crew “{step.crew}” does not exist"
        if isinstance(step, Menu):
            yield from (
                f"step “{id}”: topic “{t}” does not exist" for t in step.topics.values() if t not in edition.topics
            )
            yield from (
                f"step “{id}”: key {key} names a topic but leads nowhere" for key in step.topics if key not in step.keys
            )


def _unknown_languages(flow: Flow, edition: Edition) -> Iterator[str]:
    """A language that a step changes to is one of the site's, with something to say and something to hear."""
    offered = ", ".join(f"“{language}”" for language in edition.site.languages)
    for id, step in flow.steps.items():
        if not isinstance(step, SetLanguage):
            continue
        if step.language not in edition.site.languages:
            yield f"step “{id}”: language “{step.language}” is none of the site's, which are {offered}"
        if not edition.prompts.get(step.language):
            yield f"step “{id}”: language “{step.language}” has no prompts, so nothing would be said in it"
        if step.language not in edition.languages:
            yield f"step “{id}”: language “{step.language}” has no words, so nothing would be understood in it"


def _unreachable(flow: Flow) -> Iterator[str]:
    seen: set[StepId] = set()
    open_ends = [flow.start, flow.person, flow.keys]
    while open_ends:
        id = open_ends.pop()
        if id not in seen:
            seen.add(id)
            open_ends += targets(flow.steps[id]).values()
    yield from (f"step “{id}” is never reached" for id in flow.steps if id not in seen)


def _endless(flow: Flow) -> Iterator[str]:
    """Each step must have some way to an ending: a hangup, or a talk with a person."""
    ending = {id for id, step in flow.steps.items() if isinstance(step, Hangup)}
    while True:
        more = {id for id, step in flow.steps.items() if ending & set(targets(step).values())} - ending
        if not more:
            break
        ending |= more
    yield from (f"step “{id}” never reaches an ending" for id in flow.steps if id not in ending)
    yield from _silent_loops(flow)


def _silent_loops(flow: Flow) -> Iterator[str]:
    """Silent steps alone must not lead back to themselves: nothing would ever be said."""
    silent = {id: set(targets(step).values()) for id, step in flow.steps.items() if step.verb in SILENT}
    for start in silent:
        seen: set[StepId] = set()
        open_ends = set(silent[start])
        while open_ends:
            id = open_ends.pop()
            if id == start:
                yield f"{flow.steps[start].verb} “{start}” can lead back to itself without a word to the caller"
                break
            if id in silent and id not in seen:
                seen.add(id)
                open_ends |= silent[id]
