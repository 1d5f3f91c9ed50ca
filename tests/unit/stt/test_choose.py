"""Which engine hears a language here."""

import json
from pathlib import Path

import pytest

from config.settings import SpeechSettings
from stt import choose

SMALL, LARGE = "vosk-model-small-nl-0.22", "vosk-model-nl-spraakherkenning-0.6"


def settings(models: Path, engine: str = "auto") -> SpeechSettings:
    return SpeechSettings(models=models, engine=engine)


def put(models: Path, language: str, name: str) -> None:
    (models / language / name).mkdir(parents=True)
    (models / language / f"{name}.json").write_text("{}")


def test_english_has_the_packaged_model_and_its_measured_figure(tmp_path: Path) -> None:
    engine = choose.best(settings(tmp_path), "en")
    assert engine is not None
    assert engine.name == "whisper tiny.en"
    assert engine.word_error_rate is not None
    assert engine.says.endswith("of words wrong on the spoken set)")


def test_a_language_without_an_engine_has_no_ears(tmp_path: Path) -> None:
    assert choose.best(settings(tmp_path), "nl") is None
    assert choose.build(settings(tmp_path), "nl") is None


def test_what_was_measured_better_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "nl", SMALL)
    put(tmp_path, "nl", LARGE)
    figures = tmp_path / "measured.json"
    figures.write_text(json.dumps({"word_error_rate": {"nl": {SMALL: 0.1, LARGE: 0.2}}}))
    monkeypatch.setattr(choose, "MEASURED", figures)
    engine = choose.best(settings(tmp_path), "nl")
    assert engine is not None
    assert engine.name == SMALL


def test_of_those_nobody_measured_the_larger_is_taken(tmp_path: Path) -> None:
    put(tmp_path, "nl", SMALL)
    put(tmp_path, "nl", LARGE)
    engine = choose.best(settings(tmp_path), "nl")
    assert engine is not None
    assert engine.name == LARGE
    assert "not measured" in engine.says


@pytest.mark.parametrize(("wanted", "name"), [("vosk", "vosk-model-en-x"), ("whisper", "whisper tiny.en")])
def test_the_settings_can_ask_for_an_engine(tmp_path: Path, wanted: str, name: str) -> None:
    put(tmp_path, "en", "vosk-model-en-x")
    engine = choose.best(settings(tmp_path, wanted), "en")
    assert engine is not None
    assert engine.name == name


def test_a_model_that_was_never_unpacked_whole_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "nl" / SMALL).mkdir(parents=True)
    assert choose.best(settings(tmp_path), "nl") is None
