"""A call as one coroutine: action → leg → outcome → `advance`, the state saved before the next prompt."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from config.documents import Language
from ivr.actions import (
    LEAVES,
    Action,
    Ask,
    Connect,
    HangUp,
    Hold,
    Join,
    Outcome,
    Prompt,
    Silence,
    Speak,
    Summon,
    TakeMessage,
    Transfer,
)
from ivr.barge_in import Voices
from ivr.filling import Filling
from ivr.foreseeing import foreseen
from ivr.interpreter import advance
from ivr.keypad import Keypad
from ivr.locales.registry import FALLBACK
from ivr.notebook import Notebook
from ivr.patience import patience_ms
from ivr.performing import Performer
from ivr.phases import DangerAsked
from ivr.ports import HungUp, Leg, LegLost, ListenSpec, Recognizer, Understand, Understanding
from ivr.recording import record_message, urgent
from ivr.script import Script
from ivr.state import State
from ivr.turn import Conversation
from ivr.turn_spec import TurnSpec, Wait
from ivr.wording import PromptRenderer, RenderedPrompt
from routing.event_types import EventType
from routing.overdue import BECAME_EMERGENCY, CALLER_LEFT
from routing.ports import Calls

log = structlog.get_logger()
RECORDS_S = 6.0  # no caller waits longer in silence for the records; a dead controller's callers wait no less
EMERGENCY_SAVE_S = 0.3
DANGER_S = 20.0  # from when the question begins: whoever has not answered it by then is not waited for
Told = tuple[EventType, Mapping[str, Any], Mapping[str, Any]]  # payload, private part


@dataclass(frozen=True)
class Departure:
    """How the call leaves our hands: what the dialplan shall do next."""

    action: Connect | Join | Summon | Transfer | HangUp
    language: Language = FALLBACK  # of the call, for what the dialplan says in it


@dataclass(frozen=True)
class SpeechServices:
    """What every call of a controller shares."""

    ears: Callable[[str], Recognizer | None]  # by language; None: no recogniser is installed
    understand: Understand
    renderer: PromptRenderer
    music: bytes


class Session:
    """Runs one call from an outcome until it leaves."""

    def __init__(
        self, leg: Leg, script: Script, speech_services: SpeechServices, performer: Performer, calls: Calls,
        notebook: Notebook, clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self.leg, self.script, self.speech_services = leg, script, speech_services
        self.performer, self.calls, self.notebook, self.clock = performer, calls, notebook, clock
        self.keypad = Keypad(script.edition.site.emergency.key)
        self.voices = Voices()
        self.filling = Filling(leg, speech_services.music)
        self._ahead: tuple[tuple[Prompt, Language], asyncio.Task[RenderedPrompt]] | None = None  # before it is needed

    async def run(self, state: State, outcome: Outcome) -> Departure:
        """Raises: HungUp, LegLost. No agent's phone goes on ringing for a call that has gone elsewhere."""
        ring = self.performer.ring
        try:
            departure = await self._until_it_leaves(state, outcome)
            if isinstance(departure.action, Join | Connect):
                ring.handed_over()
            elif isinstance(departure.action, Summon):  # which waits for nothing
                ring.stop_meanwhile(BECAME_EMERGENCY)
            return departure
        except HungUp:
            await ring.stop(CALLER_LEFT)
            raise
        finally:
            self._drop_ahead()
            await ring.stop()

    async def _until_it_leaves(self, state: State, outcome: Outcome) -> Departure:
        while True:
            before = state
            state, action = advance(self.script, state, outcome)
            self._note_step(before, state, outcome)
            if isinstance(action, Summon):
                await self._try_to_save(state, outcome)
                return Departure(action, state.language)
            if state.waits_at:
                self.performer.ring_agents()
            with self.filling.during():
                speech = await self._rendered(state, action)
                async with self._records_answer():
                    await self._save(state, outcome)
                if not state.waits_at and not isinstance(action, Join | Connect):
                    await self.performer.ring.stop()
            if isinstance(action, (*LEAVES, HangUp)):
                return Departure(action, state.language)
            outcome = await self._do(state, action, speech)

    async def _rendered(self, state: State, action: Action) -> RenderedPrompt:
        """What will be spoken now; that it begins is saved with the state, before it does."""
        if not isinstance(action, Speak | Ask | Hold | TakeMessage):
            return RenderedPrompt("", b"")
        if self._ahead and self._ahead[0] == (action.prompt, state.language):
            speech = await self._ahead[1]
        else:
            speech = await self.speech_services.renderer.speech(action.prompt, state.language, self.clock())
        self._drop_ahead()
        self.notebook.note(EventType.PROMPT_STARTED, {"keys": [line.key for line in action.prompt]})
        for line in action.prompt:
            if "wait" in line.variables:
                self.notebook.note(EventType.WAIT_TOLD, {"told_s": 60 * int(line.variables["wait"])})
        return speech

    def _render_ahead(self, state: State, said: Understanding) -> None:
        """Of what the caller has said so far; a voice that others need is left alone."""
        coming, renderer = foreseen(self.script, state, said), self.speech_services.renderer
        prompt, language = coming
        if not prompt or not renderer.idle or (self._ahead and self._ahead[0] == coming):
            return
        self._drop_ahead()
        self._ahead = coming, asyncio.create_task(renderer.speech(prompt, language, self.clock()))

    def _drop_ahead(self) -> None:
        if self._ahead:
            self._ahead[1].cancel()
            self._ahead = None

    async def _save(self, state: State, outcome: Outcome) -> None:
        """The state, what happened since the one before, and what led to it: all or nothing."""
        events, came_of_it = self.notebook.take(), self.notebook.outcome(outcome)
        await self.calls.save(self.notebook.call_id, state.to_json(), events, outcome=came_of_it)

    async def _try_to_save(self, state: State, outcome: Outcome) -> None:
        """An emergency is written down where that takes no time; no fault of the records holds it up."""
        try:
            async with asyncio.timeout(EMERGENCY_SAVE_S):
                await self._save(state, outcome)
        except Exception as error:
            log.error("emergency not saved; it goes on", call=self.notebook.call_id, why=type(error).__name__)

    @asynccontextmanager
    async def _records_answer(self) -> AsyncIterator[None]:
        """Raises: LegLost when they do not in time: another controller, or the dialplan, serves the caller better."""
        try:
            async with asyncio.timeout(RECORDS_S):
                yield
        except TimeoutError:
            raise LegLost("the records do not answer") from None

    async def _do(self, state: State, action: Action, speech: RenderedPrompt) -> Outcome:
        spoken = TurnSpec(speech.pcm, speech.text, ends_ms=speech.ends_ms)
        match action:
            case Speak(barge=barge):
                return await self._turn(state, replace(spoken, barge=barge, answer=False))
            case Ask():
                return await self._ask(state, action, spoken)
            case Hold():
                return await self._hold(state, action, spoken)
            case TakeMessage():
                return await self._message(state, action, speech)
        with self.filling.during():
            async with self._records_answer():
                return await self.performer.perform(state, action)

    async def _ask(self, state: State, action: Ask, spoken: TurnSpec) -> Outcome:
        question = None if action.number else (state.step, state.phase, state.said)  # a number begins anew
        spec = replace(
            spoken, barge=action.barge, number=action.number, keys_do=action.keys_do, ahead=action.ahead,
            question=question,
        )  # fmt: skip
        listen = ListenSpec(language=state.language, no_speech_ms=action.no_speech_ms, phrases=action.phrases)
        asking = self._turn(state, spec, listen if action.listen else None)
        return await (self._soon(asking) if isinstance(state.phase, DangerAsked) else asking)

    async def _soon(self, asking: Awaitable[Outcome]) -> Outcome:
        """What comes of the question about danger: no talk in the room, and no number keyed before, keeps help away."""
        self.keypad.forget_number()
        try:
            async with asyncio.timeout(DANGER_S):
                return await asking
        except TimeoutError:
            return Silence()

    async def _hold(self, state: State, action: Hold, spoken: TurnSpec) -> Outcome:
        wait = Wait(self.speech_services.music, action.seconds, over=lambda: self.performer.waiting(state))
        return await self._turn(state, replace(spoken, keys_do=True, wait=wait, question=state.step))

    async def _turn(self, state: State, spec: TurnSpec, listen: ListenSpec | None = None) -> Outcome:
        """Statements and waiting are listened to as well: an emergency or a correction may come at any moment."""
        if listen is None and not state.deaf and (spec.wait or not spec.answer):
            listen = ListenSpec(language=state.language)
        listen = replace(listen, names=self.script.names(state.language)) if listen else None
        answered = self.performer.answered if state.waits_at and not isinstance(state.phase, DangerAsked) else None
        patience = partial(patience_ms, self.script, state.language)
        ahead = partial(self._render_ahead, state) if spec.answer and not spec.wait else None
        spec = replace(spec, listen=listen, until=answered, patience=patience, so_far=ahead)
        return await self._conversation(state).turn(spec)

    async def _message(self, state: State, action: TakeMessage, speech: RenderedPrompt) -> Outcome:
        leading_away = f"0*{self.script.edition.site.emergency.key}"
        listen = ListenSpec(language=state.language, names=self.script.names(state.language))
        conversation = self._conversation(state)
        recording = await record_message(
            self.leg, speech.pcm, action.limit_s, leading_away,
            overhear=lambda pcm: conversation.overhear(pcm, listen, urgent),
        )  # fmt: skip
        return await self.performer.keep_message(state, recording)

    def _conversation(self, state: State) -> Conversation:
        ears = None if state.deaf else self.speech_services.ears(state.language)
        return Conversation(
            self.leg,
            ears,
            self.speech_services.understand,
            self.notebook.note,
            self.keypad,
            self.voices,
            self.speech_services.music,
        )

    def _note_step(self, before: State, state: State, outcome: Outcome) -> None:
        if state.step != before.step:
            facts = {"from": before.step, "to": state.step, "after": type(outcome).__name__}
            self.notebook.note(EventType.STEP, facts)
        if state.facts.callback_declined and not before.facts.callback_declined:
            self.notebook.note(EventType.CALLBACK_DECLINED)
        if state.language != before.language:
            self.notebook.note(EventType.CALL_LANGUAGE, {"language": state.language})
        for type_, payload, private in told(outcome):
            self.notebook.note(type_, payload, private)


def told(outcome: Outcome) -> list[Told]:
    """What an outcome tells about the caller's matter, for the timeline: the why of every branch."""
    understanding = getattr(outcome, "understanding", None)
    if understanding is None:
        return []
    intent = understanding.intent
    payload = {
        "topic": intent.topic,
        "confidence": round(intent.confidence, 3),
        "act": understanding.act,
        "place": understanding.place.id if understanding.place else None,
        "asset": understanding.asset.id if understanding.asset else None,
        "correction": understanding.correction,
        "danger": understanding.danger is not None,
        "either": list(understanding.either or ()),
        "others": [other.intent.topic for other in understanding.others],
    }
    events: list[Told] = [(EventType.UNDERSTOOD, payload, {"why": list(intent.why)})]
    if understanding.emergency:
        events.append((EventType.EMERGENCY, {}, {"words": list(understanding.emergency.words)}))
    return events
