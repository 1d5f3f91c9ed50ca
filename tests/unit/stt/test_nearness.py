"""Whose voice it is, by how loud it is: levels in dBFS as data."""

from stt.nearness import Nearness


def hear(near: Nearness, level_dbfs: float, ms: int) -> tuple[bool, bool]:
    """Whether the last frame was near, and whether somebody came nearer meanwhile."""
    came, last = False, True
    for _ in range(ms // 20):
        last = near.feed(level_dbfs, speaking=True)
        came = near.comes_nearer(speaking=True) or came
    return last, came


def test_a_lone_voice_is_near_however_soft_it_is() -> None:
    assert hear(Nearness(), -45.0, 5_000) == (True, False)


def test_who_speaks_over_a_television_is_nearer_and_the_television_far_from_then_on() -> None:
    near = Nearness()
    assert hear(near, -35.0, 4_000) == (True, False)
    assert hear(near, -21.0, 1_000) == (True, True)
    assert hear(near, -35.0, 2_000) == (False, False)


def test_a_caller_who_becomes_louder_stays_the_caller() -> None:
    near = Nearness()
    assert [hear(near, level, 400)[1] for level in (-30.0, -27.0, -24.0, -24.0, -26.0)] == [False] * 5


def test_who_is_known_may_lower_their_voice_a_little() -> None:
    near = Nearness(-20.0)
    assert hear(near, -27.0, 10_000) == (True, False)
    assert hear(near, -35.0, 2_000)[0]
    assert not hear(Nearness(-20.0), -35.0, 2_000)[0]


def test_a_television_does_not_become_the_caller_by_patience() -> None:
    near = Nearness(-20.0)
    hear(near, -29.0, 60_000)
    assert near.caller_dbfs is not None
    assert near.caller_dbfs >= -26.0


def test_a_pause_between_words_is_not_somebody_else() -> None:
    near = Nearness(-20.0)
    hear(near, -20.0, 1_000)
    assert near.feed(-60.0, speaking=False)
