"""Short cries for help and short answers, by natural voices and robots, through the line's own ears."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from config.settings import Settings
from ivr.ports import Understander, Understanding
from stt import choose
from stt.listening import Listener
from tests.spoken import hearing
from tests.spoken.measure import understander
from tests.spoken.render import Sentence, rendered
from tests.spoken.speakers import HELD_OUT, NATURAL, SPEAKERS
from tts.voices import piper_models

pytestmark = [pytest.mark.speech, pytest.mark.asyncio(loop_scope="module")]

CRIES = ("Help!", "Help! Help!", "Help me!")
ANSWERS = ("Hello?", "Yes.", "Health insurance.", "Okay.")
MORE_CRIES = ("Emergency!", "Fire!", "Please help!")  # robots say these as something else


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears() -> AsyncIterator[Listener]:
    made = choose.build(Settings().speech, "en")
    if made is None or not await made.start(120.0):
        pytest.skip("no recogniser is installed")
    yield made
    await made.close()


@pytest.fixture(scope="module")
def mind() -> Understander:
    return understander(Settings())


async def understood(
    ears: Listener, mind: Understander, speaker: str, texts: tuple[str, ...], cache: Path
) -> dict[str, Understanding]:
    if speaker == "joe" and not piper_models(Settings().voices):
        pytest.skip("no such voice is installed")
    calls = rendered([Sentence(text, text, "") for text in texts], speaker, cache)
    heard = [(sentence.text, final) async for sentence, final in hearing.hear(ears, calls)]
    print(heard)  # shown where it fails
    return {text: mind.understand(final.text, "en", final.confidence) for text, final in heard}


@pytest.mark.parametrize("speaker", SPEAKERS)
async def test_a_cry_for_help_is_heard_and_an_answer_is_none(
    ears: Listener, mind: Understander, speaker: str, tmp_path: Path
) -> None:
    cries = CRIES + MORE_CRIES if speaker in NATURAL | HELD_OUT else CRIES
    found = await understood(ears, mind, speaker, (*cries, *ANSWERS), tmp_path)
    assert [text for text in cries if not found[text].emergency] == []
    assert [text for text in ANSWERS if found[text].emergency] == []
