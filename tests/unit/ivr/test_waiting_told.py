"""What a caller hears while they wait: place, expected wait, once that it is busy; and never that it is full."""

from dataclasses import replace

from ivr import speaking
from ivr.actions import Hold, QueueStanding, Sentence
from ivr.interpreter import advance
from ivr.phases import Phase
from ivr.script import Script
from ivr.state import State
from ivr.verbs.queueing import NEW
from ivr.wording import Wording
from tests.unit.ivr.site import begin, edition, read, script
from tests.unit.ivr.test_wording import NOW

QUEUE = replace(begin(), step="queue", phase=Phase.QUEUE)


def said(action: object) -> list[str]:
    assert isinstance(action, Hold), action
    return [" ".join((line.key, *line.variables.values())) for line in action.prompt]


def tell(state: State, position: int, waited_s: int, wait_s: float | None) -> tuple[State, list[str]]:
    state, action = advance(script(), state, QueueStanding(position, waited_s, True, wait_s))
    return state, said(action)


def test_the_wait_is_told_with_the_place_and_never_stands_still() -> None:
    told, state = [], QUEUE
    for position, waited_s, wait_s in ((4, 0, 290), (4, 20, 280), (3, 50, 170), (3, 80, 170), (3, 110, 170)):
        state, lines = tell(state, position, waited_s, wait_s)
        told.append([line for line in lines if line.startswith(("position", "wait"))])
    assert told == [
        ["position 4", "wait_about 5"], ["position 4"], ["position 3", "wait_about 3"], ["position 3"],
        ["position 3", "wait_longer 3"],
    ]  # fmt: skip


def test_where_nothing_is_known_the_place_is_told_alone() -> None:
    assert tell(QUEUE, 2, 0, None)[1] == ["connecting", "position 2"]
    assert tell(QUEUE, 1, 0, 3.0)[1] == ["connecting", "position 1"]
    assert tell(QUEUE, 9, 0, 99_000.0)[1] == ["connecting", "position 9", "wait_long"]


def test_a_surge_is_told_once_with_the_way_out_and_nobody_is_refused() -> None:
    state, first = tell(QUEUE, 10_001, 0, None)
    assert first == ["connecting", "position 10001", "surge", "callback_possible"]
    state, second = tell(state, 10_000, 20, None)
    assert second == ["position 10000", "callback_possible"]
    limit = script().edition.site.waiting.surge_ahead
    assert "surge" not in tell(QUEUE, limit, 0, None)[1]


def test_documents_without_these_sentences_tell_the_place_alone() -> None:
    prompts = {key: text for key, text in edition().prompts["en"].items() if key not in NEW}
    bare = Script(script().flow, edition().model_copy(update={"prompts": {"en": prompts}}))
    _, action = advance(bare, QUEUE, QueueStanding(99, 0, True, 290))
    assert said(action) == ["connecting", "position 99", "callback_possible"]


def test_what_was_told_survives_a_resumption() -> None:
    state, _ = tell(QUEUE, 4, 0, 290)
    again = State.from_json(state.to_json())
    assert (again.told_minutes, again.told_at_s, again.surge_told) == (5, 0, False)
    assert tell(again, 4, 20, 290)[1][0] == "position 4"


def spoken(key: str, language: str, **values: str) -> str:
    prompts = edition().prompts | {"nl": read("prompts/nl.yaml")}
    wording = Wording(edition().model_copy(update={"prompts": prompts}))
    return speaking.sentence(prompts, key, wording.values(Sentence(key, values), language, NOW), language)[0]


def test_the_sentences_of_both_languages() -> None:
    assert spoken("wait_about", "en", wait="5") == "It will take about five minutes."
    assert spoken("wait_about", "en", wait="1") == "It will take about a minute."
    assert spoken("wait_about", "nl", wait="15") == "Het duurt nog ongeveer een kwartier."
    assert spoken("wait_longer", "nl", wait="1").endswith("nog ongeveer een minuut.")
    assert spoken("position", "nl", position="2") == "U bent de tweede in de rij."
