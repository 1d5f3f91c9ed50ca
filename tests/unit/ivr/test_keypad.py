"""Which key answers which question, and how a number is keyed: fast, slowly, too early, in panic."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr import fake_ears
from ivr.actions import Summon
from ivr.fake import Act, CallerHangsUp, CallerPresses, CallerWaits, run_virtual
from ivr.keypad import EAR_MS, LONG_MS, OPEN_MS, ROLL_MS, RUN_MS, SHORT_MS, DigitMap, Keypad, KeyRole
from ivr.ports import HungUp, Key
from routing.ticket_numbers import is_ticket_number
from tests.unit.ivr.test_session import CallScene

WARDS = DigitMap(4, frozenset({"04", "4", "05", "5", "09", "9", "40", "7213", "213", "21"}))
ANY = DigitMap(14)


def weighed(keypad: Keypad, presses: Sequence[tuple[str, int]], ahead: bool = False) -> list[KeyRole]:
    return [keypad.weigh(Key(key, at_ms), ahead) for key, at_ms in presses]


# how long a number waits


@pytest.mark.parametrize(
    ("keys", "wait_ms"),
    [
        ("04", 0), ("4#", 0), ("9#", 0), ("7213", 0), ("8888", 0),
        ("4", SHORT_MS), ("21", SHORT_MS), ("88", SHORT_MS),
        ("7", LONG_MS), ("72", LONG_MS), ("0", LONG_MS), ("2*1", SHORT_MS),
        ("9", SHORT_MS), ("99", 0), ("00", 0), ("*", 0),
    ],
)  # fmt: skip
def test_a_place_waits_for_what_may_still_come(keys: str, wait_ms: int) -> None:
    assert WARDS.wait_ms(keys) == wait_ms


@pytest.mark.parametrize(
    ("keys", "wait_ms"), [("0", LONG_MS), ("06", LONG_MS), ("9", SHORT_MS), ("99", SHORT_MS), ("999", 0), ("061#", 0)]
)
def test_any_number_waits_for_its_hash(keys: str, wait_ms: int) -> None:
    assert ANY.wait_ms(keys) == wait_ms


def test_a_number_that_may_be_complete_waits_less() -> None:
    tickets = DigitMap(12, complete=is_ticket_number)
    complete = next(str(number) for number in range(10_000, 10_100) if is_ticket_number(str(number)))
    assert tickets.wait_ms(complete) == SHORT_MS
    assert tickets.wait_ms(complete[:-1]) == LONG_MS
    assert not tickets.stays_open(complete)


# which key is too old


def test_a_key_pressed_before_the_question_could_be_heard_is_no_answer() -> None:
    keypad = Keypad()
    keypad.asks("agree?", 1_000)
    assert weighed(keypad, [("1", 900), ("1", 1_000 + EAR_MS + RUN_MS)]) == [KeyRole.EARLY, KeyRole.ANSWERS]
    assert weighed(keypad, [("1", 900)], ahead=True) == [KeyRole.ANSWERS]


def test_keys_that_follow_too_old_ones_quickly_are_too_old_as_well() -> None:
    keypad = Keypad()
    keypad.asks("agree?", 1_000)
    assert weighed(keypad, [("3", at_ms) for at_ms in range(900, 2_200, 200)]) == [KeyRole.EARLY] * 7


def test_a_question_asked_again_is_as_old_as_its_first_asking() -> None:
    keypad = Keypad()
    keypad.asks("agree?", 1_000)
    keypad.asks("agree?", 9_000)
    assert weighed(keypad, [("1", 8_990)]) == [KeyRole.ANSWERS]
    keypad.asks("another?", 12_000)
    assert weighed(keypad, [("1", 11_000)]) == [KeyRole.EARLY]


@pytest.mark.parametrize("key", ["9", "0", "*"])
@pytest.mark.parametrize("ahead", [True, False])
def test_a_command_counts_whenever_it_is_pressed_and_again_and_again(key: str, ahead: bool) -> None:
    keypad = Keypad()
    keypad.asks("agree?", 1_000)
    assert weighed(keypad, [(key, 950), (key, 1_000), (key, 1_050)], ahead) == [KeyRole.ANSWERS] * 3


@pytest.mark.parametrize("key", ["9", "0", "*"])
def test_a_command_among_rolled_keys_is_none(key: str) -> None:
    rolled = [("4", 0), (key, ROLL_MS - 10), ("3", 2 * ROLL_MS - 20)]
    assert weighed(Keypad(), rolled, ahead=True) == [KeyRole.ANSWERS, KeyRole.EARLY, KeyRole.ANSWERS]
    assert weighed(Keypad(), [("4", 0), (key, ROLL_MS + 10)], ahead=True) == [KeyRole.ANSWERS] * 2


# the number that ended by a pause


def opened(keys: str, expected: DigitMap = ANY) -> Keypad:
    keypad = Keypad()
    for at, key in enumerate(keys):
        keypad.note(Key(key, at * 1_000))
    keypad.number_ended(keys, expected)
    return keypad


def test_a_digit_soon_after_a_number_ended_by_a_pause_belongs_to_it() -> None:
    keypad = opened("0612")
    keypad.asks("agree?", 9_050)
    assert weighed(keypad, [("1", 9_100)]) == [KeyRole.CONTINUES]
    keypad = opened("0612")
    keypad.asks("agree?", 9_050)
    assert weighed(keypad, [("1", 3_000 + OPEN_MS)]) == [KeyRole.ANSWERS]


@pytest.mark.parametrize("keys", ["04", "7213", "05#"])
def test_a_complete_number_is_not_gone_on_with_and_a_late_hash_only_ends_it(keys: str) -> None:
    keypad = opened(keys, WARDS)
    keypad.asks("agree?", 9_050)
    late = KeyRole.ANSWERS if keys.endswith("#") else KeyRole.ENDS
    assert weighed(keypad, [("#", 9_300)]) == [late]
    assert weighed(keypad, [("1", 9_900)]) == [KeyRole.ANSWERS]


# whole calls

pocketed = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def call(tmp_path: Path, *caller: Act, ears: Sequence[fake_ears.ScriptLine] | None = None) -> CallScene:
    """A call by keys, given up after them; its scene afterwards. Nobody is at work."""
    scene = CallScene(tmp_path, [*caller, CallerHangsUp()], [fake_ears.ScriptedWait()] * 20 if ears is None else ears)

    async def given_up() -> None:
        with suppress(HungUp):
            await scene.run()

    run_virtual(given_up())
    return scene


async def _facts(scene: CallScene) -> dict[str, str]:
    facts: dict[str, str] = (await scene.records.calls.load(scene.call.id)).dialogue["facts"]
    return facts


def facts(scene: CallScene) -> dict[str, str]:
    return run_virtual(_facts(scene))


def asked(scene: CallScene) -> list[str]:
    return [text for text, _ in scene.voice.said]


@pytest.mark.parametrize("apart_ms", [40, 60, 140])
@pytest.mark.parametrize("keys", ["1234567812", "1123456711", "4938271605", "1234567890", "11041", "1104#111"])
def test_keys_all_at_once_agree_to_nothing_and_store_nothing(tmp_path: Path, keys: str, apart_ms: int) -> None:
    scene = call(tmp_path, CallerWaits(500), CallerPresses(keys, apart_ms), CallerWaits(2_000))
    assert run_virtual(scene.records.tickets.of_call(scene.call.id)) == []
    assert run_virtual(scene.records.callbacks.open()) == []
    assert "key.early" in run_virtual(scene.events())


@pocketed
@given(keys=st.text("0123456789*#", min_size=8, max_size=14), apart_ms=st.sampled_from([20, 40, 80, 120]))
def test_no_burst_of_keys_names_a_place_or_agrees_to_a_callback(tmp_path: Path, keys: str, apart_ms: int) -> None:
    scene = call(tmp_path, CallerWaits(500), CallerPresses(keys, apart_ms), CallerWaits(2_000))
    tickets = run_virtual(scene.records.tickets.of_call(scene.call.id))
    assert not any(ticket.draft.place or ticket.draft.place_text for ticket in tickets)
    assert run_virtual(scene.records.callbacks.open()) == []


TO_PLACE = (CallerWaits(500), CallerPresses("11", 1_000), CallerWaits(500))  # building, water and drains


@pytest.mark.parametrize(
    ("keys", "apart_ms"),
    [("04", 200), ("04#", 200), ("4#", 200), ("4", 200), ("04", 3_000), ("04#", 5_000), ("4#", 3_000)],
)
def test_a_ward_keyed_in_any_way_and_at_any_pace_is_that_ward(tmp_path: Path, keys: str, apart_ms: int) -> None:
    scene = call(tmp_path, *TO_PLACE, CallerPresses(keys, apart_ms), CallerWaits(1_000 + SHORT_MS))
    assert facts(scene)["place"] == "ward-4"
    assert "I understood: a plumbing problem, at ward 4." in asked(scene)


def test_who_knows_the_number_waits_for_nothing(tmp_path: Path) -> None:
    scene = call(tmp_path, *TO_PLACE, CallerPresses("04", 200), CallerWaits(300))
    assert "I understood: a plumbing problem, at ward 4." in asked(scene)


@pytest.mark.parametrize("apart_ms", [3_000, 5_000, LONG_MS + 1_500, OPEN_MS - 1_000])
def test_a_telephone_number_keyed_slowly_stays_one_number(tmp_path: Path, apart_ms: int) -> None:
    number = "0612345101"
    to_number = (CallerWaits(500), CallerPresses("0"), CallerWaits(2_000), CallerPresses("2"), CallerWaits(1_000))
    scene = call(tmp_path, *to_number, CallerPresses(number + "#", apart_ms), CallerWaits(500))
    assert facts(scene)["callback_number"] == number
    assert run_virtual(scene.records.callbacks.open()) == []
    assert "queue.left" not in run_virtual(scene.events())


def test_consent_to_a_slow_number_is_a_key_of_its_own(tmp_path: Path) -> None:
    to_number = (CallerWaits(500), CallerPresses("0"), CallerWaits(2_000), CallerPresses("2"), CallerWaits(1_000))
    scene = call(
        tmp_path,
        *to_number,
        CallerPresses("0612345101", 3_000),
        CallerWaits(OPEN_MS),
        CallerPresses("1"),
        CallerWaits(1_000),
    )
    (callback,) = run_virtual(scene.records.callbacks.open())
    assert callback.number == "+31612345101"


@pytest.mark.parametrize("keys", ["9", "99", "999"])
def test_an_emergency_is_one_where_a_number_is_asked_for(tmp_path: Path, keys: str) -> None:
    scene = CallScene(
        tmp_path,
        [*TO_PLACE, CallerPresses(keys), CallerWaits(10_000), CallerHangsUp()],
        [fake_ears.ScriptedWait()] * 20,
    )
    assert isinstance(run_virtual(scene.run()).action, Summon)


def test_an_emergency_after_an_open_number_is_one_when_pressed_again(tmp_path: Path) -> None:
    caller: list[Act] = [
        *TO_PLACE,
        CallerPresses("7"),
        CallerWaits(LONG_MS + 500),
        CallerPresses("99"),
        CallerWaits(9_000),
        CallerHangsUp(),
    ]
    scene = CallScene(tmp_path, caller, [fake_ears.ScriptedWait()] * 20)
    assert isinstance(run_virtual(scene.run()).action, Summon)
