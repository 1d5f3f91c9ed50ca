"""Barge-in, keys, noise, echo and deafness, in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ivr import fake_ears
from ivr.actions import (
    AgentAnswered,
    Barge,
    Deaf,
    Heard,
    NoWords,
    OfferReady,
    Outcome,
    Pressed,
    QueueStanding,
    Silence,
    Spoken,
)
from ivr.fake import Act, CallerHangsUp, CallerPresses, CallerWaits, ScriptedLeg, spoken
from ivr.filling import PATIENCE_S
from ivr.keypad import LONG_MS, DigitMap
from ivr.ports import FRAME_BYTES, FRAME_MS, HungUp, ListenSpec
from ivr.turn import CUT_IN_MS, Conversation
from ivr.turn_spec import TurnSpec, Wait
from tests.unit.ivr.site import understand

pytestmark = pytest.mark.virtual_time
MUSIC = b"\x05\x00" * (FRAME_BYTES // 2)
PROMPT = spoken("tell me in your own words what you need", 3_000)
ASK = TurnSpec(PROMPT, "tell me in your own words what you need", listen=ListenSpec())


class Scene:
    """One turn between a scripted caller and scripted ears."""

    def __init__(self, caller: Sequence[Act] = (), ears: Sequence[fake_ears.ScriptLine] | None = ()) -> None:
        self.leg = ScriptedLeg(caller)
        self.ears = None if ears is None else fake_ears.ScriptedRecognizer(ears, real_time=True)
        self.notes: list[str] = []

    async def turn(self, spec: TurnSpec, music: bytes = b"") -> Outcome:
        async with self.leg:
            conversation = Conversation(self.leg, self.ears, understand, self._note, music=music)
            outcome = await conversation.turn(spec)
            self.at_ms = self.leg.at_ms
            return outcome

    def _note(self, type: str, payload: Mapping[str, Any], private: Mapping[str, Any]) -> None:
        self.notes.append(type)

    @property
    def prompt_ms(self) -> int:
        return self.leg.said[0].spoken_ms


def later(text: str, after_ms: int = 0) -> fake_ears.ScriptedWords:
    return fake_ears.ScriptedWords(text, after_ms=after_ms)


async def test_an_answer_after_the_prompt_is_heard_whole() -> None:
    scene = Scene(ears=[later("drain on ward four", 3_500)])
    outcome = await scene.turn(ASK)
    assert isinstance(outcome, Heard)
    assert outcome.understanding.text == "drain on ward four"
    assert scene.prompt_ms == 3_000


async def test_sustained_speech_stops_the_prompt_at_once() -> None:
    scene = Scene(ears=[later("drain on ward four", 500)])
    assert isinstance(await scene.turn(ASK), Heard)
    assert 780 <= scene.prompt_ms <= 860  # thinking time and sustained_ms


async def test_noise_only_pauses_the_prompt() -> None:
    scene = Scene(ears=[fake_ears.ScriptedNoise(), later("drain on ward four", 8_000)])
    assert isinstance(await scene.turn(ASK), Heard)
    assert scene.prompt_ms == 3_000


async def test_the_prompts_own_echo_only_pauses_it() -> None:
    scene = Scene(ears=[later("in your own words what you need"), later("drain on ward four", 8_000)])
    outcome = await scene.turn(ASK)
    assert isinstance(outcome, Heard)
    assert outcome.understanding.text == "drain on ward four"
    assert scene.prompt_ms == 3_000


async def test_whose_words_take_long_to_be_read_hears_music_meanwhile() -> None:
    slow = fake_ears.ScriptedWords("drain on ward four", after_ms=3_500, read_ms=4_000)
    scene = Scene(ears=[slow])
    assert isinstance(await scene.turn(ASK, music=MUSIC), Heard)
    (began_ms,) = scene.leg.filled_ms
    assert scene.at_ms - began_ms == pytest.approx(4_000 - PATIENCE_S * 1_000, abs=100)


async def test_what_is_read_soon_is_waited_for_in_silence() -> None:
    quick = fake_ears.ScriptedWords("drain on ward four", after_ms=3_500, read_ms=900)
    scene = Scene(ears=[quick])
    assert isinstance(await scene.turn(ASK, music=MUSIC), Heard)
    assert scene.leg.filled_ms == []


async def test_a_key_wins_over_speech() -> None:
    scene = Scene([CallerWaits(600), CallerPresses("0")], [later("drain on ward four", 100)])
    assert await scene.turn(ASK) == Pressed("0")


async def test_digits_are_gathered_until_the_hash_a_pause_or_enough() -> None:
    number = TurnSpec(PROMPT, "", number=DigitMap(4), keys_do=True)
    assert await Scene([CallerWaits(500), CallerPresses("04#")]).turn(number) == Pressed("04#")
    assert await Scene([CallerWaits(500), CallerPresses("0412345")]).turn(number) == Pressed("0412")
    scene = Scene([CallerWaits(500), CallerPresses("04")])
    assert await scene.turn(number) == Pressed("04")
    assert 700 + LONG_MS <= scene.at_ms <= 800 + LONG_MS


async def test_the_hash_after_a_complete_number_is_not_the_next_turns_key() -> None:
    scene = Scene([CallerWaits(500), CallerPresses("0412#"), CallerWaits(3_000), CallerPresses("#")])
    async with scene.leg:
        conversation = Conversation(scene.leg, None, understand, scene._note)
        assert await conversation.turn(TurnSpec(PROMPT, "", number=DigitMap(4), keys_do=True)) == Pressed("0412")
        assert await conversation.turn(TurnSpec(PROMPT, "", keys_do=True)) == Pressed("#")
    assert 2_500 <= scene.leg.said[-1].spoken_ms <= 3_000


async def heard_in(ears: Sequence[fake_ears.ScriptLine]) -> Heard | None:
    """What is meant for us in a message of ten seconds."""

    async def message() -> AsyncIterator[bytes]:
        for _ in range(500):
            await asyncio.sleep(FRAME_MS / 1000)
            yield bytes(FRAME_BYTES)

    scene = Scene(ears=ears)
    conversation = Conversation(scene.leg, scene.ears, understand, scene._note)
    return await conversation.overhear(message(), ListenSpec(), lambda meant: meant.emergency is not None)


async def test_a_message_is_overheard_until_something_in_it_is_meant_for_us() -> None:
    heard = await heard_in([later("drain on ward four"), fake_ears.ScriptedOutage(), later("fire")])
    assert heard is not None
    assert heard.understanding.text == "fire"


async def test_silence_is_measured_from_the_end_of_the_prompt() -> None:
    scene = Scene(ears=None)
    assert await scene.turn(TurnSpec(PROMPT, "", keys_do=True)) == Silence()
    assert 8_900 <= scene.at_ms <= 9_200


async def test_sound_without_words_after_the_prompt_is_no_answer() -> None:
    scene = Scene(ears=[fake_ears.ScriptedNoise()])
    assert await scene.turn(TurnSpec(b"", "", listen=ListenSpec())) == NoWords()


@pytest.mark.parametrize("ears", [None, [fake_ears.ScriptedOutage()], [fake_ears.ScriptedOutage(speaking=True)]])
async def test_without_ears_the_turn_ends_within_its_prompt(ears: list[fake_ears.ScriptLine] | None) -> None:
    scene = Scene(ears=ears)
    assert await scene.turn(ASK) == Deaf()
    assert scene.at_ms <= 3_000


async def test_where_keys_answer_deafness_is_no_reason_to_leave() -> None:
    scene = Scene([CallerWaits(4_000), CallerPresses("1")], [fake_ears.ScriptedOutage()])
    assert await scene.turn(TurnSpec(PROMPT, "", listen=ListenSpec(), keys_do=True)) == Pressed("1")


async def test_a_statement_ends_with_its_last_word() -> None:
    scene = Scene(ears=[fake_ears.ScriptedWait()])
    assert await scene.turn(TurnSpec(PROMPT, "", listen=ListenSpec(), answer=False)) == Spoken()
    assert 2_980 <= scene.at_ms <= 3_100


async def test_an_emergency_instruction_is_not_stopped_by_speech() -> None:
    scene = Scene(ears=[fake_ears.ScriptedNoise(), fake_ears.ScriptedWait()])
    assert await scene.turn(TurnSpec(PROMPT, "", Barge.KEYS, ListenSpec(), answer=False)) == Spoken()
    assert 2_980 <= scene.at_ms <= 3_100


async def test_a_statement_waits_for_the_end_of_what_the_caller_says() -> None:
    scene = Scene(ears=[later("no, ward five", 2_600)])
    assert isinstance(await scene.turn(TurnSpec(PROMPT, "", listen=ListenSpec(), answer=False)), Heard)


async def test_waiting_plays_music_until_an_offer_or_the_time_is_over() -> None:
    async def ready() -> Outcome:
        return OfferReady("o1", "agent1")

    async def never() -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    async def over() -> Outcome:
        return QueueStanding(1, 23, True)

    music = spoken("music", 1_000)
    scene = Scene(ears=[fake_ears.ScriptedWait()])
    assert await scene.turn(TurnSpec(PROMPT, "", wait=Wait(music, 20, over), until=ready)) == OfferReady("o1", "agent1")
    scene = Scene(ears=[fake_ears.ScriptedWait()])
    assert await scene.turn(TurnSpec(PROMPT, "", wait=Wait(music, 20, over), until=never)) == QueueStanding(1, 23, True)
    assert scene.leg.said[1].spoken_ms >= 19_900


@pytest.mark.parametrize(("after_s", "spoken_ms"), [(0.3, 1_000), (1.2, 3_000), (3.5, 3_000)])
async def test_what_happens_outside_ends_the_turn_at_the_end_of_a_sentence(after_s: float, spoken_ms: int) -> None:
    async def taken() -> Outcome:
        await asyncio.sleep(after_s)
        return AgentAnswered("o1", "PJSIP/agent1-1")

    scene = Scene(ears=[fake_ears.ScriptedWait()])
    spec = replace(ASK, until=taken, ends_ms=(1_000, 3_000))
    assert await scene.turn(spec) == AgentAnswered("o1", "PJSIP/agent1-1")
    assert abs(scene.prompt_ms - spoken_ms) <= 40


async def test_nobody_who_has_taken_the_phone_waits_for_a_long_sentence() -> None:
    async def taken() -> Outcome:
        await asyncio.sleep(0.5)
        return AgentAnswered("o1", "PJSIP/agent1-1")

    scene = Scene(ears=[fake_ears.ScriptedWait()])
    await scene.turn(TurnSpec(spoken("a long sentence", 9_000), "", until=taken, ends_ms=(9_000,)))
    assert scene.prompt_ms <= 500 + CUT_IN_MS + 40


async def test_an_emergency_key_goes_before_whoever_has_taken_the_phone() -> None:
    async def taken() -> Outcome:
        await asyncio.sleep(0.5)
        return AgentAnswered("o1", "PJSIP/agent1-1")

    scene = Scene([CallerWaits(900), CallerPresses("9")], [fake_ears.ScriptedWait()])
    assert await scene.turn(replace(ASK, until=taken, ends_ms=(3_000,))) == Pressed("9")


async def test_hang_up_ends_the_turn() -> None:
    with pytest.raises(HungUp):
        await Scene([CallerWaits(500), CallerHangsUp()], [fake_ears.ScriptedWait()]).turn(ASK)


EMERGENCY = "fire"


async def test_an_emergency_is_acted_on_while_its_caller_goes_on_speaking() -> None:
    scene = Scene(ears=[fake_ears.ScriptedMonologue(("hello", EMERGENCY, EMERGENCY, EMERGENCY))])
    outcome = await scene.turn(TurnSpec(b"", "", listen=ListenSpec()))
    assert isinstance(outcome, Heard)
    assert outcome.understanding.emergency
    assert scene.at_ms <= 6_500  # the second reading in which it stands
    assert "heard" in scene.notes


async def test_a_message_is_acted_on_while_its_caller_goes_on_speaking() -> None:
    heard = await heard_in([fake_ears.ScriptedMonologue((EMERGENCY, EMERGENCY))])
    assert heard is not None
    assert heard.understanding.emergency


async def test_a_voice_that_says_nothing_to_the_line_only_holds_the_prompt_for_a_while() -> None:
    scene = Scene(ears=[fake_ears.ScriptedMonologue(("the minister said", "the minister said that"))])
    assert await scene.turn(ASK) in (Silence(), NoWords())
    assert scene.prompt_ms == 3_000
    assert scene.at_ms <= 3_000 + 3_300 + 25_000
    assert "prompt.resumed" in scene.notes


async def test_a_far_voice_holds_it_for_a_moment_only_and_ends_like_silence() -> None:
    scene = Scene(ears=[fake_ears.ScriptedMonologue(level_dbfs=-40.0)])
    assert await scene.turn(ASK) == Silence()
    assert scene.prompt_ms == 3_000
    assert scene.at_ms <= 3_000 + 1_600 + 8_200


async def test_a_prompt_waits_for_words_that_are_meant_for_the_line() -> None:
    scene = Scene(ears=[fake_ears.ScriptedMonologue(("drain on ward four", "drain on ward four"))])
    async with scene.leg:
        conversation = Conversation(scene.leg, scene.ears, understand, scene._note)
        turn = asyncio.create_task(conversation.turn(ASK))
        await asyncio.sleep(20)
        assert not turn.done()
        assert scene.prompt_ms < 1_000
        turn.cancel()


async def test_unclear_words_over_the_prompt_do_not_end_it() -> None:
    scene = Scene(ears=["and the minister said", fake_ears.ScriptedSilence()])
    outcome = await scene.turn(ASK)
    assert isinstance(outcome, Heard)  # once nothing better was said
    assert scene.prompt_ms == 3_000


async def test_what_is_said_further_away_is_no_answer() -> None:
    news = "and in sport the home team won again by three to one"
    scene = Scene(
        ears=[
            fake_ears.ScriptedAside(news),
            fake_ears.ScriptedAside("no, ward five"),
            later("drain on ward four", 4_000),
        ]
    )
    outcome = await scene.turn(ASK)
    assert isinstance(outcome, Heard)
    assert outcome.understanding.text == "drain on ward four"


async def test_an_emergency_further_away_is_obeyed() -> None:
    outcome = await Scene(ears=[fake_ears.ScriptedAside(EMERGENCY)]).turn(ASK)
    assert isinstance(outcome, Heard)
    assert outcome.understanding.emergency


async def test_talk_in_the_room_does_not_interrupt_the_music() -> None:
    async def over() -> Outcome:
        return QueueStanding(1, 23, True)

    scene = Scene(ears=["drain on ward four", "and the minister said", "yes", fake_ears.ScriptedWait()])
    waiting = TurnSpec(b"", "", listen=ListenSpec(), wait=Wait(spoken("music", 1_000), 20, over))
    assert await scene.turn(waiting) == QueueStanding(1, 23, True)
    assert len(scene.leg.said) == 2  # the empty prompt, and the music once


async def test_somebody_who_talks_on_and_on_does_not_hold_up_the_place_in_line() -> None:
    async def over() -> Outcome:
        return QueueStanding(1, 23, True)

    scene = Scene(ears=[fake_ears.ScriptedMonologue(("and the minister said",))])
    waiting = TurnSpec(b"", "", listen=ListenSpec(), wait=Wait(spoken("music", 1_000), 20, over))
    assert await scene.turn(waiting) == QueueStanding(1, 23, True)
    assert scene.at_ms <= 20_500
