"""One press is one key, however many ways tell of it, in whatever order."""

import itertools
from collections.abc import Iterable

import pytest

from telephony.press_counter import PressCounter

Told = tuple[float, str]


def presses(told: Iterable[Told], key: str = "1") -> int:
    """How many presses of one key `told` makes: at which second, and by which way."""
    counted, ours = 0, PressCounter()
    for now_s, way in sorted(told):
        match way:
            case "key":
                counted += ours.key(key, now_s)
            case "tone":
                counted += ours.tone(key, now_s)
            case "info":
                ours.info(key, now_s)
    return counted


def by_event(at_s: float, held_s: float) -> list[Told]:
    return [(at_s + held_s, "key")]


def by_tone(at_s: float, held_s: float) -> list[Told]:
    return [(at_s + 0.05, "tone")]


def by_info(at_s: float, held_s: float) -> list[Told]:
    """Asterisk plays it, after whatever it plays already."""
    return [(at_s + 0.01, "info"), (at_s + held_s + 0.3, "key")]


WAYS = [
    ways
    for count in (1, 2, 3)
    for ways in itertools.combinations((by_event, by_tone, by_info), count)
    if ways != (by_tone, by_info)
]


@pytest.mark.parametrize("ways", WAYS, ids=lambda ways: "+".join(way.__name__ for way in ways))
@pytest.mark.parametrize("held_s", [0.08, 0.2, 0.6])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_press_is_one_key(ways: tuple[type, ...], held_s: float, count: int) -> None:
    told = [each for n in range(count) for way in ways for each in way(10 + n * (held_s + 0.5), held_s)]
    assert presses(told) == count


def test_a_key_that_comes_late_twice_is_one_press() -> None:
    """Asterisk plays one key after the other: at the end of a long number they are seconds late."""
    assert presses([(0, "info"), (4.0, "key"), (4.6, "key"), (20, "key")]) == 2


def test_two_presses_whose_keys_come_after_both_infos_are_two() -> None:
    assert presses([(0.0, "info"), (0.4, "info"), (0.5, "key"), (1.05, "key"), (1.6, "key"), (2.1, "key")]) == 2


def test_a_key_pressed_much_later_is_new() -> None:
    assert presses([(0, "tone"), (0.1, "key"), (30, "key"), (60, "tone")]) == 3


def test_keys_do_not_hide_each_other() -> None:
    ours = PressCounter()
    assert ours.key("1", 0.0)
    assert ours.key("2", 0.1)
    assert ours.tone("3", 0.2)
