"""What Asterisk says by itself, written before the start."""

import wave
from pathlib import Path
from stat import S_IMODE

from config.settings import Settings
from ivr.fake import words_of
from ivr.fake_voice import WordsVoice
from supervisor.preparing import announce_learning, write_beside, write_sounds
from telephony.asterisk_config import STANDALONE_PROMPTS
from tests.unit.ivr.site import edition

DUTCH = {"emergency_instruction": "Blijf aan de lijn, of bel {number}.", "line_full": "Alle lijnen zijn bezet."}


def said(path: Path) -> str | None:
    with wave.open(str(path)) as file:
        return words_of(file.readframes(file.getnframes()))


async def test_every_sentence_is_there_in_the_lines_language_and_beside_it_in_the_sites_others(tmp_path: Path) -> None:
    site = edition().site.model_copy(update={"languages": ("en", "nl")})
    both = edition().model_copy(update={"site": site, "prompts": {**edition().prompts, "nl": DUTCH}})
    assert await write_sounds(WordsVoice(), both, "en", tmp_path) == []
    assert {path.stem for path in tmp_path.glob("*.wav")} == STANDALONE_PROMPTS.keys()
    assert {path.stem for path in (tmp_path / "nl").glob("*.wav")} == STANDALONE_PROMPTS.keys()
    assert said(tmp_path / "nl/emergency-instruction.wav") == "Blijf aan de lijn, of bel één één twee."
    assert said(tmp_path / "nl/line-crowded.wav") == said(tmp_path / "line-crowded.wav")


async def test_what_cannot_be_said_in_the_lines_language_is_told(tmp_path: Path) -> None:
    voice = WordsVoice()
    voice.down = True
    assert await write_sounds(voice, edition(), "en", tmp_path) == list(STANDALONE_PROMPTS)


async def test_a_new_language_is_readable_to_an_asterisk_that_runs(tmp_path: Path) -> None:
    await write_sounds(WordsVoice(), edition(), "en", tmp_path)
    known = tmp_path / "line-full.wav"
    known.chmod(0o640)  # as the start of Asterisk leaves it
    tmp_path.chmod(0o750)
    prompts = {**edition().prompts, "nl": DUTCH}
    await write_beside(WordsVoice(), "line_full", edition().model_copy(update={"prompts": prompts}), "nl", known)
    assert S_IMODE((tmp_path / "nl").stat().st_mode) == 0o750
    assert S_IMODE((tmp_path / "nl/line-full.wav").stat().st_mode) == 0o640


def test_who_waits_for_the_first_start_knows_what_for(tmp_path: Path) -> None:
    settings, said = Settings(data_dir=tmp_path), list[str]()
    announce_learning(settings, said.append)
    assert "learns the examples" in said[0]
    settings.paths.understanding.mkdir()
    (settings.paths.understanding / "learned.npz").touch()
    announce_learning(settings, said.append)
    assert len(said) == 1
