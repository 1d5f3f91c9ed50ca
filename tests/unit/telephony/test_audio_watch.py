"""Lost hearing is noticed, once, and so is its end."""

from telephony.audio_watch import LOST_STEPS, AudioWatch, HearingChange, HearingState


def test_audio_that_comes_says_nothing() -> None:
    watch = AudioWatch()
    told = [one for _ in range(10 * LOST_STEPS) for one in (watch.heard(), watch.step()) if one]
    assert told == []


def test_a_gap_is_told_once_and_its_end_with_its_length() -> None:
    watch = AudioWatch()
    watch.heard()
    told = [one for _ in range(3 * LOST_STEPS) if (one := watch.step())]
    assert told == [HearingChange(HearingState.LOST, LOST_STEPS * 20, True)]
    assert told[0].curable
    assert watch.heard() == HearingChange(HearingState.BACK, 3 * LOST_STEPS * 20, True)
    assert watch.heard() is None


def test_a_caller_who_was_never_heard_is_told_too_and_not_cured_again_and_again() -> None:
    watch = AudioWatch()
    told = [one for _ in range(3 * LOST_STEPS) if (one := watch.step())]
    assert [(one.heard_before, one.curable) for one in told] == [(False, False)]


def test_it_is_noticed_within_two_seconds() -> None:
    assert LOST_STEPS * 20 < 2_000
