"""A whole call over fakes: scripted caller and ears, words for a voice, records in memory, virtual time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivr import fake_ears, outcome_json
from ivr.actions import HangUp, Heard, Resumed, Started, Summon
from ivr.agent_ring import AgentRing
from ivr.facts import Facts
from ivr.fake import (
    Act,
    CallerHangsUp,
    CallerListens,
    CallerPresses,
    CallerSays,
    CallerSends,
    CallerWaits,
    ScriptedLeg,
    spoken,
)
from ivr.fake_phones import ScriptedPhones
from ivr.fake_voice import WordsVoice
from ivr.interpreter import advance
from ivr.keypad import DigitMap
from ivr.notebook import Notebook
from ivr.performing import Performer
from ivr.ports import FRAME_BYTES, HungUp, Key, LegLost, Recognizer
from ivr.recording import TONE_MS
from ivr.replaying import replay
from ivr.script import EMERGENCY_STEP
from ivr.session import Departure, Session, SpeechServices
from ivr.state import State
from ivr.wording import PromptRenderer, Wording
from routing.event_types import EventType
from routing.fake import MemoryNews, MemoryRecords
from routing.fake_calls import MemoryCalls
from routing.fake_state import MemoryState
from routing.identity import new_id
from routing.model import Call, CallerId
from routing.news_waiter import NewsWaiter
from tests.services import services_over
from tests.unit.ivr.site import GivenUnderstander, edition, script, understand

pytestmark = pytest.mark.virtual_time
START = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)  # a Monday
FACTS = Facts(caller_number="204", identified=True, callable=True)


def clock() -> datetime:
    """The virtual clock, so that waits have an end."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())


class CallScene:
    """One call, from the greeting to its departure."""

    def __init__(
        self, tmp_path: Path, caller: Sequence[Act] = (), ears: Sequence[fake_ears.ScriptLine] | None = (), **flow: Any
    ) -> None:
        self.script = script(**flow)
        self.leg = ScriptedLeg(caller)
        self.records = MemoryRecords()
        self.call = Call(new_id(), "demo", "100", CallerId("204", "204"), START, {})
        self.notebook = Notebook(self.call.id, "leg-1", clock)
        recognizer = None if ears is None else fake_ears.ScriptedRecognizer(ears, real_time=True)
        self.voice = WordsVoice()
        renderer = PromptRenderer(Wording(edition()), self.voice)
        self.speech_services = SpeechServices(lambda language: recognizer, understand, renderer, spoken("music", 5_000))
        news = MemoryNews()
        services = services_over(self.records, news, clock)
        self.services, self.news_waiter, self.phones = services, NewsWaiter(news), ScriptedPhones()
        ring = AgentRing(self.call, services.offers, self.phones, self.news_waiter)
        self.performer = Performer(self.call, edition(), self.notebook, services, tmp_path, ring)

    async def run(self) -> Departure:
        state = State(flow="main", facts=FACTS)
        await self.records.calls.open(replace(self.call, dialogue=state.to_json()))
        try:
            async with self.leg:
                calls = self.records.calls
                session = Session(
                    self.leg, self.script, self.speech_services, self.performer, calls, self.notebook, clock
                )
                return await session.run(state, Started())
        finally:
            await self.runs_again()

    async def runs_again(self) -> None:
        """What came of the call's actions leads to where it was saved last, however it ended."""
        history = await self.records.calls.history(self.call.id)
        outcomes = [outcome_json.from_json(told) for told in history.outcomes]
        run = replay(self.script, State.from_json(history.begun), outcomes)
        assert outcomes[0] == Started()
        assert run.end == State.from_json((await self.records.calls.load(self.call.id)).dialogue)

    async def events(self) -> list[str]:
        await self.records.calls.append(self.notebook.take())
        return [event.type for event in await self.records.calls.timeline(self.call.id)]


async def test_a_report_becomes_a_ticket_whose_number_and_promise_are_spoken(tmp_path: Path) -> None:
    scene = CallScene(
        tmp_path,
        ears=[
            "drain on ward four",
            fake_ears.ScriptedSilence(),
            fake_ears.ScriptedWait(),
            fake_ears.ScriptedWait(),
            "yes",
        ],
    )
    departure = await scene.run()
    assert departure == Departure(HangUp("served"))
    (ticket,) = await scene.records.tickets.of_call(scene.call.id)
    assert (ticket.draft.topic, ticket.draft.place) == ("plumbing", "ward-4")
    said = " ".join(text for text, _ in scene.voice.said)
    assert "I understood: a plumbing problem, at ward 4." in said
    assert "Someone will see to it" in said
    events = await scene.events()
    told = {event.type: event.actor for event in await scene.records.calls.timeline(scene.call.id)}
    assert told[EventType.UNDERSTOOD] == "line"
    kept = ["ticket.opened", "promise.made", "queue.entered", "callback.stored"]
    assert [type for type in events if type in kept] == kept


async def test_who_takes_no_callback_is_told_of_once(tmp_path: Path) -> None:
    """Nobody is at work, so a callback is offered; the caller says nothing to it, and waits."""
    told: list[fake_ears.ScriptLine] = ["drain on ward four", *[fake_ears.ScriptedWait()] * 9]
    scene = CallScene(tmp_path, [CallerWaits(180_000), CallerHangsUp()], told)
    with pytest.raises(HungUp):
        await scene.run()
    events = await scene.events()
    assert events.count(EventType.CALLBACK_DECLINED) == 1
    assert events.index(EventType.QUEUE_ENTERED) < events.index(EventType.CALLBACK_DECLINED)


async def test_while_the_records_are_slow_the_caller_hears_music(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, [CallerWaits(500), CallerPresses("9")], [fake_ears.ScriptedWait()])
    save = scene.records.calls.save

    async def slow(*told: Any, **more: Any) -> None:
        await asyncio.sleep(4.0)
        await save(*told, **more)

    scene.records.calls.save = slow  # type: ignore[method-assign]
    await scene.run()
    assert scene.leg.filled_ms[0] < scene.leg.said[0].at_ms  # before the line could speak


async def test_an_emergency_by_key_leaves_at_once(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, [CallerWaits(500), CallerPresses("9")], [fake_ears.ScriptedWait()])
    assert isinstance((await scene.run()).action, Summon)
    assert (await scene.records.calls.load(scene.call.id)).dialogue["step"] == EMERGENCY_STEP


async def test_a_key_at_the_question_about_danger_goes_on_with_no_number(tmp_path: Path) -> None:
    """Nine after a number that ended by a pause is no digit of it, and nobody waits for more digits."""
    scene = CallScene(tmp_path, [CallerWaits(500), CallerPresses("9"), CallerWaits(20_000)], [fake_ears.ScriptedWait()])
    odd = Heard(GivenUnderstander().understand("he looks odd by the drain", "en"))
    welcomed, _ = advance(scene.script, State(flow="main", facts=FACTS), Started())
    state, _ = advance(scene.script, replace(welcomed, number_step="place"), odd)
    await scene.records.calls.open(replace(scene.call, dialogue=state.to_json()))
    calls = scene.records.calls
    async with scene.leg:
        session = Session(
            scene.leg, scene.script, scene.speech_services, scene.performer, calls, scene.notebook, clock
        )  # fmt: skip
        session.keypad.note(Key("0", 0))
        session.keypad.number_ended("20", DigitMap(10))
        departure = await session.run(state, Resumed())
    assert isinstance(departure.action, Summon)
    assert scene.leg.at_ms < 2_000


async def test_talk_in_the_room_does_not_keep_help_from_who_was_asked_about_danger(tmp_path: Path) -> None:
    talk = fake_ears.ScriptedWords("and so on " * 100)
    scene = CallScene(tmp_path, [CallerWaits(90_000)], ["he looks odd by the drain", talk])
    assert isinstance((await scene.run()).action, Summon)
    asked = next(event for event in await scene.records.calls.timeline(scene.call.id) if event.type == "understood")
    assert clock() - asked.at < timedelta(seconds=21)


class BrokenCalls(MemoryCalls):
    """Records that fail, or never answer, from the second save on."""

    def __init__(self, state: MemoryState, hangs: bool) -> None:
        super().__init__(state)
        self.hangs, self.saves = hangs, 0

    async def save(self, *arguments: Any, **named: Any) -> None:
        self.saves += 1
        if self.saves == 1:
            await super().save(*arguments, **named)
        elif self.hangs:
            await asyncio.Event().wait()
        else:
            raise OSError("disk full")


@pytest.mark.parametrize("hangs", [True, False], ids=["hung", "failing"])
async def test_no_fault_of_the_records_holds_up_an_emergency(tmp_path: Path, hangs: bool) -> None:
    scene = CallScene(tmp_path, [CallerWaits(500), CallerPresses("9")], [fake_ears.ScriptedWait()])
    scene.records.calls = BrokenCalls(scene.records.state, hangs)
    began = asyncio.get_running_loop().time()
    assert isinstance((await scene.run()).action, Summon)
    assert asyncio.get_running_loop().time() - began < 2


async def test_records_that_do_not_answer_give_the_caller_to_the_dialplan(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, [CallerWaits(500), CallerPresses("5"), CallerWaits(60_000)], [fake_ears.ScriptedWait()])
    scene.records.calls = BrokenCalls(scene.records.state, hangs=True)
    with pytest.raises(LegLost):
        await scene.run()


async def test_what_was_said_is_private_in_the_timeline(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, [CallerWaits(9_000), CallerHangsUp()], ["drain on ward four", fake_ears.ScriptedWait()])
    with pytest.raises(HungUp):
        await scene.run()
    await scene.events()
    heard = next(e for e in await scene.records.calls.timeline(scene.call.id) if e.type == "heard")
    assert "drain" not in str(heard.payload)
    assert heard.private["text"] == "drain on ward four"


@pytest.mark.parametrize("recording", [False, True])
async def test_a_key_in_a_message_or_its_prompt_reaches_a_person(tmp_path: Path, recording: bool) -> None:
    before: list[Act] = [CallerListens(), CallerWaits(TONE_MS + 500)] if recording else [CallerWaits(300)]
    scene = CallScene(
        tmp_path, [*before, CallerPresses("0"), CallerWaits(2_000), CallerHangsUp()], None, start="message"
    )
    with pytest.raises(HungUp):
        await scene.run()
    assert "queue.entered" in await scene.events()


async def test_who_says_nothing_is_asked_once_more_and_told_the_truth(tmp_path: Path) -> None:
    again: list[Act] = [CallerListens(), CallerWaits(TONE_MS + 500), CallerPresses("#")]
    scene = CallScene(tmp_path, [*again, CallerWaits(200), *again], None, start="message")
    assert await scene.run() == Departure(HangUp("served"))
    said = " ".join(text for text, _ in scene.voice.said)
    assert "No message was recorded." in said
    assert "Your message is on ticket" not in said


@pytest.mark.parametrize(
    "answer", [[], [CallerSends(bytes(FRAME_BYTES) * 400)]], ids=["nothing comes", "silence comes"]
)
async def test_silence_after_the_tone_is_no_message(tmp_path: Path, answer: list[Act]) -> None:
    again: list[Act] = [CallerListens(), CallerWaits(TONE_MS + 200), *answer, CallerWaits(8_000 if not answer else 200)]
    scene = CallScene(tmp_path, [*again, *again], None, start="message")
    assert await scene.run() == Departure(HangUp("served"))
    assert "message.recorded" not in await scene.events()
    assert any("I did not hear a message." in text for text, _ in scene.voice.said)
    assert any("No message was recorded." in text for text, _ in scene.voice.said)


TO_THE_TONE = fake_ears.ScriptedWait()  # the prompt is listened to first


@pytest.mark.parametrize(
    ("words", "left"),
    [("fire", Summon), ("a person please", None), ("it drips", HangUp)],
)
async def test_urgent_words_in_a_message_are_obeyed_and_the_message_is_kept(
    tmp_path: Path, words: str, left: type | None
) -> None:
    said = fake_ears.ScriptedWords(words, after_ms=2_000)
    caller: list[Act] = [
        CallerListens(),
        CallerWaits(TONE_MS),
        CallerSays(words, 3_000),
        CallerWaits(20_000),
        CallerHangsUp(),
    ]
    scene = CallScene(tmp_path, caller, ears=[TO_THE_TONE, said], start="message")
    if left:
        assert isinstance((await scene.run()).action, left)
    else:
        with pytest.raises(HungUp):
            await scene.run()
    events = await scene.events()
    assert "heard" in events
    assert "message.recorded" in events
    assert ("queue.entered" in events) == (words == "a person please")


async def test_an_emergency_is_heard_in_the_prompt_of_a_message(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, ears=["fire"], start="message")
    assert isinstance((await scene.run()).action, Summon)


async def test_what_is_said_is_on_the_timeline_while_it_is_said(tmp_path: Path) -> None:
    scene = CallScene(tmp_path, [CallerWaits(30_000), CallerHangsUp()], ears=[fake_ears.ScriptedWait()])
    calling = asyncio.create_task(scene.run())
    await asyncio.sleep(0.5)
    told = [event.type for event in await scene.records.calls.timeline(scene.call.id)]
    assert told[-1] == "prompt.started"
    calling.cancel()
    await asyncio.wait([calling])


async def test_a_call_that_changes_its_language_is_spoken_heard_and_saved_in_it(tmp_path: Path) -> None:
    change = {"verb": "set_language", "language": "nl", "next": "welcome"}
    steps = {**edition().flows["main"]["steps"], "change": change}
    scene = CallScene(
        tmp_path, [CallerWaits(500), CallerPresses("9")], [fake_ears.ScriptedWait()], start="change", steps=steps
    )
    dutch = edition().model_copy(update={"prompts": {**edition().prompts, "nl": {"welcome": "Welkom."}}})
    listened, ears = list[str](), scene.speech_services.ears

    def ears_of(language: str) -> Recognizer | None:
        listened.append(language)
        return ears(language)

    scene.speech_services = replace(
        scene.speech_services, renderer=PromptRenderer(Wording(dutch), scene.voice), ears=ears_of
    )
    assert isinstance((await scene.run()).action, Summon)
    assert scene.voice.said == [("Welkom.", "nl")]
    assert set(listened) == {"nl"}
    saved = (await scene.records.calls.load(scene.call.id)).dialogue
    assert (saved["language"], State.from_json(saved).language, saved["facts"]["caller_number"]) == ("nl", "nl", "204")
    assert (await scene.events()).count("call.language") == 1
