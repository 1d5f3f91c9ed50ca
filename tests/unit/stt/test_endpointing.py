"""Where utterances start and end, as data: runs of speech and silence in ms, and the cues they give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ports import FRAME_MS, ListenSpec
from stt.endpointing import Cue, Endpointing, Segmenter

RULES = Endpointing()
Run = tuple[float, int]  # speech probability, for how many ms


def feed(segmenter: Segmenter, runs: list[Run], waiting: bool = True) -> list[tuple[Cue, int]]:
    """Every cue with the time at which it came."""
    return [
        (cue, segmenter.at_ms)
        for probability, duration_ms in runs
        for _ in range(duration_ms // FRAME_MS)
        for cue in segmenter.feed(probability, waiting)
    ]


@pytest.mark.parametrize(
    ("runs", "cues"),
    [
        ([(0.0, 1_000)], []),
        ([(0.9, 280)], []),
        ([(0.9, 300)], [(Cue.STARTED, 300)]),
        ([(0.0, 1_000), (0.9, 600)], [(Cue.STARTED, 1_300)]),
        ([(0.9, 160), (0.0, 100), (0.9, 140)], [(Cue.STARTED, 400)]),  # a word with a stop in it
        ([(0.9, 80), (0.0, 1_000)] * 4, []),  # clicks, however many
        ([(0.45, 2_000)], []),  # murmur
        ([(0.9, 300), (0.4, 500)], [(Cue.STARTED, 300)]),  # hysteresis: it goes on more quietly
        ([(0.9, 500), (0.0, 680)], [(Cue.STARTED, 300), (Cue.PAUSED, 800)]),
        ([(0.9, 500), (0.0, 700)], [(Cue.STARTED, 300), (Cue.PAUSED, 800), (Cue.ENDED, 1_200)]),
        (
            [(0.9, 500), (0.0, 400), (0.9, 300), (0.0, 700)],
            [(Cue.STARTED, 300), (Cue.PAUSED, 800), (Cue.RESUMED, 920), (Cue.PAUSED, 1_500), (Cue.ENDED, 1_900)],
        ),
        ([(0.9, 160), (0.0, 700)], [(Cue.PAUSED, 460), (Cue.ENDED, 860)]),  # "no": read, though never announced
    ],
)
def test_cues(runs: list[Run], cues: list[tuple[Cue, int]]) -> None:
    assert feed(Segmenter(RULES), runs) == cues


def test_the_utterance_keeps_its_first_syllable() -> None:
    segmenter = Segmenter(RULES)
    feed(segmenter, [(0.0, 1_000), (0.9, 500), (0.0, 700)])
    utterance = segmenter.utterance
    assert utterance is not None
    assert utterance.from_ms == 1_000 - RULES.preroll_ms
    assert (utterance.speech_ms, utterance.end_ms, utterance.sustained) == (1_000, 1_500, True)


def test_the_pre_roll_does_not_begin_before_listening_did() -> None:
    segmenter = Segmenter(RULES)
    feed(segmenter, [(0.9, 500)])
    assert segmenter.utterance is not None
    assert segmenter.utterance.from_ms == 0


def test_no_utterance_is_longer_than_the_limit() -> None:
    cues = feed(Segmenter(Endpointing(limit_ms=2_000)), [(0.0, 500), (0.9, 2_500)])
    assert (Cue.LIMIT, 2_500) in cues


def test_nobody_speaks() -> None:
    assert feed(Segmenter(Endpointing(no_speech_ms=500)), [(0.0, 500)]) == [(Cue.NO_SPEECH, 500)]


def test_the_no_speech_clock_stands_still_while_the_prompt_plays() -> None:
    segmenter = Segmenter(Endpointing(no_speech_ms=500))
    assert feed(segmenter, [(0.0, 5_000)], waiting=False) == []
    assert feed(segmenter, [(0.0, 500)]) == [(Cue.NO_SPEECH, 5_500)]


def test_a_second_utterance_is_found_after_the_first() -> None:
    segmenter = Segmenter(RULES)
    feed(segmenter, [(0.9, 500), (0.0, 1_500)])
    cues = feed(segmenter, [(0.9, 400), (0.0, 700)])
    assert [cue for cue, _ in cues] == [Cue.STARTED, Cue.PAUSED, Cue.ENDED]
    assert segmenter.utterance is not None
    assert segmenter.utterance.speech_ms == 2_000


def test_rules_follow_what_the_listening_asks_for() -> None:
    rules = Endpointing.of(ListenSpec(silence_ms=400, sustained_ms=500, no_speech_ms=1, limit_ms=2))
    assert (rules.silence_ms, rules.sustained_ms, rules.no_speech_ms, rules.limit_ms) == (400, 500, 1, 2)
    assert rules.pause_ms < rules.silence_ms
    assert rules.window_ms > rules.sustained_ms


@given(st.lists(st.floats(0, 1), max_size=600))
def test_cues_always_come_in_order(probabilities: list[float]) -> None:
    segmenter = Segmenter(Endpointing(silence_ms=200, pause_ms=100, limit_ms=2_000, no_speech_ms=10**9))
    open_, paused = False, False
    for probability in probabilities:
        for cue in segmenter.feed(probability):
            assert segmenter.utterance is not None
            assert segmenter.utterance.from_ms <= segmenter.utterance.speech_ms <= segmenter.utterance.end_ms
            assert segmenter.utterance.end_ms <= segmenter.at_ms
            match cue:
                case Cue.STARTED:
                    assert not open_
                    open_ = True
                case Cue.PAUSED:
                    assert not paused
                    paused = True
                case Cue.RESUMED:
                    assert paused
                    paused = False
                case Cue.ENDED | Cue.LIMIT:
                    open_ = paused = False


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 5)), max_size=100))
def test_bursts_too_short_to_be_speech_never_start_it(bursts: list[tuple[float, int]]) -> None:
    segmenter = Segmenter(RULES)
    runs = [run for probability, frames in bursts for run in ((probability, frames * FRAME_MS), (0.0, 500))]
    assert Cue.STARTED not in [cue for cue, _ in feed(segmenter, runs, waiting=False)]


def hear(segmenter: Segmenter, *runs: tuple[bool, int]) -> list[Cue]:
    """Speech all the time, near or not, for so many ms each."""
    return [
        cue for near, ms in runs for _ in range(ms // FRAME_MS) for cue in segmenter.feed(0.9, near=near)
    ]  # fmt: skip


def test_far_speech_starts_nothing_and_does_not_stop_the_clock() -> None:
    cues = hear(Segmenter(Endpointing(no_speech_ms=2_000)), (False, 3_000))
    assert cues[0] == Cue.NO_SPEECH


def test_the_caller_over_far_speech_is_an_utterance_of_its_own() -> None:
    segmenter = Segmenter(RULES)
    assert hear(segmenter, (False, 3_000), (True, 1_000)) == [Cue.NEARER, Cue.STARTED]
    assert segmenter.before is not None
    assert segmenter.before.aside
    assert segmenter.utterance is not None
    assert segmenter.before.end_ms == segmenter.utterance.speech_ms
    assert not segmenter.utterance.aside


def test_far_speech_is_silence_once_the_caller_has_spoken() -> None:
    assert hear(Segmenter(RULES), (True, 1_000), (False, 800)) == [Cue.STARTED, Cue.PAUSED, Cue.ENDED]


def test_a_word_that_begins_softly_is_the_callers() -> None:
    segmenter = Segmenter(RULES)
    assert hear(segmenter, (False, 120), (True, 600)) == [Cue.STARTED]
    assert segmenter.utterance is not None
    assert segmenter.utterance.speech_ms == 0


def test_long_speech_does_not_end_where_the_network_becomes_unsure() -> None:
    cues = feed(Segmenter(RULES), [(0.9, 2_000), (0.1, 100), (0.4, 3_000), (0.0, 700)])
    assert cues == [(Cue.STARTED, 300), (Cue.PAUSED, 5_400), (Cue.ENDED, 5_800)]


@pytest.mark.parametrize(
    ("weighed_ms", "patience_ms", "ends_ms"), [(320, 360, 960), (320, 1_400, 2_000), (620, 360, 1_240)]
)
def test_a_pause_lasts_as_long_as_what_was_said_deserves(weighed_ms: int, patience_ms: int, ends_ms: int) -> None:
    """Also where that is known only when it has lasted longer already."""
    segmenter = Segmenter(RULES)
    feed(segmenter, [(0.9, 600), (0.0, weighed_ms)])
    assert segmenter.paused
    segmenter.waits_for(patience_ms)
    assert feed(segmenter, [(0.0, 2_000)])[0] == (Cue.ENDED, ends_ms)


def test_the_next_pause_is_weighed_anew() -> None:
    segmenter = Segmenter(RULES)
    feed(segmenter, [(0.9, 600), (0.0, 320)])
    segmenter.waits_for(1_400)
    cues = feed(segmenter, [(0.0, 600), (0.9, 400), (0.0, 1_000)])
    assert [cue for cue, _ in cues] == [Cue.RESUMED, Cue.PAUSED, Cue.ENDED]
    assert cues[-1][1] == 920 + 600 + 400 + RULES.silence_ms
