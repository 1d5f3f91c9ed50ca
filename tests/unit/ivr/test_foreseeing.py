"""What would be said next is known, and rendered, before the caller has finished."""

from pathlib import Path

import pytest

from ivr import fake_ears
from ivr.actions import Sentence, Started
from ivr.fake import CallerHangsUp, CallerWaits
from ivr.foreseeing import foreseen
from ivr.interpreter import advance
from ivr.ports import HungUp
from tests.unit.ivr.site import CALLER, KNOWN, begin, edition, script
from tests.unit.ivr.test_session import CallScene


def test_a_matter_will_be_said_back() -> None:
    state, _ = advance(script(), begin(**CALLER), Started())
    said_back = Sentence("understood_place", {"topic": "plumbing", "place": "ward-4"})
    assert foreseen(script(), state, KNOWN["drain on ward four"]) == ((said_back,), "en")


def test_what_is_said_in_another_language_is_foreseen_in_that() -> None:
    steps = edition().flows["main"]["steps"]
    dutch = {"dutch": {"verb": "set_language", "language": "nl", "next": "said_back"}}
    line = script(steps={**steps, **dutch, "welcome": {**steps["welcome"], "next": "dutch"}})
    state, _ = advance(line, begin(**CALLER), Started())
    assert foreseen(line, state, KNOWN["drain on ward four"])[1] == "nl"


@pytest.mark.parametrize("words", ["fire", "a person please"])
def test_what_depends_on_more_is_not_foreseen(words: str) -> None:
    state, _ = advance(script(), begin(**CALLER), Started())
    assert foreseen(script(), state, KNOWN[words])[0] == ()


@pytest.mark.virtual_time
@pytest.mark.parametrize(("idle", "times"), [(True, 1), (False, 1)])
async def test_it_is_rendered_once_whether_it_was_foreseen_or_not(tmp_path: Path, idle: bool, times: int) -> None:
    scene = CallScene(
        tmp_path, [CallerWaits(14_000), CallerHangsUp()], ["drain on ward four", fake_ears.ScriptedWait()]
    )
    scene.voice.idle = idle
    with pytest.raises(HungUp):
        await scene.run()
    said_back = [text for text, _ in scene.voice.said if text.startswith("I understood")]
    assert len(said_back) == times
