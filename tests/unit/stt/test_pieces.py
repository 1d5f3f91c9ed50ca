"""Long speech in pieces: cut where it is quiet, joined so that nothing is lost or said twice."""

import numpy as np

from ivr.ports import Final, Word
from stt.pieces import BYTES_PER_MS, PIECE_MS, PieceReading, cut, joined, text_of


def sound(*runs: tuple[float, int]) -> bytes:
    """Noise of that amplitude for so many ms."""
    rng = np.random.default_rng(1)
    return b"".join(rng.normal(0, amplitude, ms * 8).astype("<i2").tobytes() for amplitude, ms in runs)


def test_short_speech_is_not_cut() -> None:
    assert cut(sound((3_000, PIECE_MS - 20))) is None


def test_it_is_cut_at_the_quietest_place() -> None:
    found = cut(sound((3_000, 5_000), (10, 300), (3_000, 5_000), (300, 300), (3_000, 6_000)))
    assert found is not None
    assert 10_300 <= found.at // BYTES_PER_MS <= 10_600  # the other pause is too near the beginning
    assert not found.pause


def test_a_pause_is_told_from_a_soft_syllable() -> None:
    found = cut(sound((3_000, 10_000), (30, 400), (3_000, 6_000)))
    assert found is not None
    assert found.pause


def test_a_sentence_that_was_cut_goes_on() -> None:
    assert text_of([("The drain on ward.", False), ("Four is blocked.", True), ("Come soon.", True)]) == (
        "The drain on ward four is blocked. Come soon."
    )
    assert text_of([("", False), ("Fire!", True)]) == "Fire!"


def test_words_keep_their_order_and_their_times() -> None:
    first = Final("ward", 0.9, (Word("ward", 0.9, 100, 400),), engine="e")
    second = Final("four please", 0.6, (Word("four", 0.6, 50, 300), Word("please", 0.6, 300, 600)))
    whole = joined([PieceReading(first, 0, pause=False), PieceReading(second, 12_000)])
    assert whole.text == "ward four please"
    assert [(word.text, word.start_ms) for word in whole.words] == [("ward", 100), ("four", 12_050), ("please", 12_300)]
    assert whole.confidence == 0.7


def test_silence_at_the_end_takes_nothing_away() -> None:
    assert joined([PieceReading(Final("help", 0.9)), PieceReading(Final("", 0.0), 15_000)]).text == "help"
