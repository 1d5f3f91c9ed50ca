"""The controller: everything that serves calls, in one process, of which any number may run."""

import asyncio
import contextlib
import gc
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from config.documents import Edition, digest
from config.in_force import EditionInForce
from config.settings import Settings
from controller import vitals
from controller.agent_phones import AgentPhones
from controller.dialplan_calls import DialplanCalls
from controller.emergency_calls import EmergencyCalls
from controller.emergency_reports import EmergencyReports
from controller.endings import CallEndings
from controller.forgetting import Forgetting, forgetting
from controller.loaded_edition import LoadedEdition
from controller.messages import MessageImport
from controller.overload import CallLimit, Measured, Overload, watch
from controller.reception import Reception
from controller.switchboard import AmiDialler, Switchboard
from controller.talk_calls import TalkCalls
from ivr.session import SpeechServices
from ivr.understanding.apart import UnderstandingThread
from ivr.understanding.understander import build
from ivr.wording import PromptRenderer, Wording
from routing.clocks import Clocks
from routing.model import Offer, OfferState
from routing.news_waiter import NewsWaiter, Watch
from routing.outbound_desk import OutboundDesk
from routing.ports import News
from routing.promise import is_open
from routing.services.line import LineServices
from runtime import clock, health
from runtime.clock import now, wall_now
from runtime.editions import in_force, remember
from runtime.encoders import senses
from runtime.following import Following
from store import SqlRecords, editions, open_records
from store.news import RedisNews
from stt import choose
from stt.listening import Listener
from telephony.agi_proof import AgiProof
from telephony.agi_server import AgiServer
from telephony.ami_client import AmiClient
from telephony.audio_server import AudioServer
from telephony.call_audio import CallAudio, LeaseTerms
from telephony.hold_music import hold_music
from telephony.sip_watch import SipWatch
from tts import preparing

log = structlog.get_logger()

GIVE_WAY_S = 0.0005  # a thread that works on the database gives way to callers' sound this soon
QUIET = 4  # times as seldom is looked where nothing is being offered: news wakes it, and Redis being away costs 2 s
LEAST_REST_S = 0.04  # what many calls tell in that time is looked at once
TICK_REST = 3.0  # times a tick's own length until the next one, whatever happens meanwhile
SPOKEN_KEPT_S = 3_600.0
LOAD_S = 300.0  # until an edition is ready, where its examples are learned here on a busy machine
RENDER_S = 120.0  # then new documents serve all the same; what is missing is said from parts, or a little late
EDITIONS_KEPT = 4  # editions that are ready
EARS_WARM_S = 30.0  # no call is answered earlier, unless loading the models takes longer


async def serve(settings: Settings) -> None:
    """Until SIGTERM or SIGINT. Calls in the dialogue go back to the dialplan; talks go on."""
    sys.setswitchinterval(GIVE_WAY_S)
    clock.share(settings.paths.clock)
    documents = await asyncio.to_thread(in_force, settings)
    if documents.refused:
        log.error("documents refused; the earlier ones stay in force", faults=documents.refused)
    edition = documents.edition
    async with contextlib.AsyncExitStack() as stack:
        words_kept = timedelta(days=settings.retention.words_days)
        audit_key = settings.audit_secret.get_secret_value()
        records = await stack.enter_async_context(
            open_records(settings.database, edition.site.id, words_kept, audit_key)
        )
        news = await stack.enter_async_context(RedisNews(settings.redis_url))
        await editions.keep(records, edition)
        controller = Controller(settings, EditionInForce(edition, load=partial(editions.load, records)), records, news)
        await controller.open(stack)
        _settle_memory()
        log.info("controller ready", agi=settings.controller.agi_port)
        await _until_stopped(
            controller, controller.following(stack), forgetting(records, settings.paths, settings.retention)
        )


class Controller:
    """The parts of a controller and how they hang together."""

    def __init__(self, settings: Settings, in_force: EditionInForce, records: SqlRecords, news: News) -> None:
        self.settings, self.in_force, self.records, self.news = settings, in_force, records, news
        self.news_waiter = NewsWaiter(news)
        self.voice = preparing.build(settings.voices, settings.paths.voice_cache, settings.line.config_dir)
        self.ami = AmiClient(
            settings.asterisk.host, settings.asterisk.ami_port, settings.ami_user,
            settings.ami_secret.get_secret_value(),
        )  # fmt: skip
        self.audio = AudioServer(settings.controller.host, settings.controller.audiosocket_port)
        self.sip = SipWatch(settings.controller.host, settings.controller.agi_port)
        self.services = LineServices.over(
            records, news, in_force.waiting, Clocks(now, wall_now), site=lambda: in_force.site
        )
        dialler = AmiDialler(self.ami, settings.line.number, in_force)
        node = settings.node.name
        self.outbound = OutboundDesk(self.services, dialler, in_force.callback, node)
        reports = EmergencyReports(self.services, in_force)
        self.emergencies = EmergencyCalls(self.ami, reports, DialplanCalls(self.services, in_force, node), node)
        self.talks = TalkCalls(self.ami, self.services.talks, node)
        endings = CallEndings(self.services, in_force)
        self.phones = AgentPhones(self.ami)
        self.switchboard = Switchboard(
            self.ami, self.services, self.outbound, dialler, self.emergencies, self.talks, endings, self.phones,
            node=node, silent_s=settings.node.silent_s,
        )  # fmt: skip
        self.loaded_editions: dict[str, asyncio.Task[LoadedEdition]] = {}  # by their edition
        self.ears: dict[str, Listener | None] = {}
        self.limit = CallLimit()
        self.overload = Overload(self._measured)

    async def open(self, stack: contextlib.AsyncExitStack) -> None:
        """Start all parts; calls are answered only when ears and voice are warm."""
        await self._switch(self.in_force.edition, stack)
        paths, node = self.settings.paths, self.settings.node.name
        self.messages = MessageImport(paths.spooled, paths.recordings, self.services, self.in_force, node)
        await stack.enter_async_context(self.ami)
        await stack.enter_async_context(self.audio)
        await stack.enter_async_context(self.sip)
        terms = LeaseTerms(watched_s=float(self.settings.asterisk.dead_controller_s))
        call_audio = CallAudio(self.audio, self.ami, terms, self.sip)
        reception = Reception(
            self.settings,
            self.services,
            self.news_waiter,
            call_audio,
            self.in_force,
            lambda pins: self._pinned(pins, stack),
            self.phones,
            self.limit,
        )
        handlers = {"call": reception.call, "hangup": reception.hangup}
        host, port = self.settings.controller.host, self.settings.controller.agi_port
        proof = AgiProof(self.settings.agi_secret.get_secret_value())
        self.agi = await stack.enter_async_context(AgiServer(handlers, host, port, proof=proof))

    def following(self, stack: contextlib.AsyncExitStack) -> Following:
        """Its calls begin with what is in force, whoever publishes it."""

        async def switch(edition: Edition) -> None:
            await self._render(edition)
            async with asyncio.timeout(LOAD_S):
                await self._switch(edition, stack)
            await asyncio.to_thread(remember, self.settings.paths, edition)
            gc.freeze()  # what was loaded stays, as at the start; looking through it would hold up callers' sound

        return Following(self.records, self.news_waiter, switch, editions.name_of(self.in_force.edition))

    async def _render(self, edition: Edition) -> None:
        """What is said without variables, before anybody hears it; whoever published has done most of it."""
        sentences = await asyncio.to_thread(lambda: list(preparing.fixed_sentences(edition)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(RENDER_S):
                await self.voice.prepare(sentences)

    async def _switch(self, edition: Edition, stack: contextlib.AsyncExitStack) -> None:
        """Make an edition ready, then begin calls with it; those under way keep what they pinned."""
        await asyncio.to_thread(is_open, wall_now(), edition.site)  # loads the holidays: seconds
        hashes = await asyncio.to_thread(edition.hashes)
        loaded = await self._ready(_key(hashes), lambda: self._load_edition(edition, stack))
        self.in_force.switch(edition, loaded.pins)
        for key in list(self.loaded_editions)[:-EDITIONS_KEPT]:
            if key != _key(hashes):
                del self.loaded_editions[key]  # its calls hold it; whoever comes back with it has it made again

    async def _load_edition(self, edition: Edition, stack: contextlib.AsyncExitStack) -> LoadedEdition:
        """Ears, understanding and voice for an edition."""
        shelf = self.settings.paths.understanding
        understander, ears, _ = await asyncio.gather(  # each works mostly in a process or library of its own
            asyncio.to_thread(lambda: build(edition, shelf, senses(self.settings))),
            self._all_ears(edition, stack),
            self._warm_voices(edition),
        )
        beside = {"classifier": understander.classifiers(), "settings": self.settings.telling()}
        kept = await editions.keep(
            self.records, edition
        )  # what an earlier version published is another one as we read it
        pins = kept | await editions.keep_beside(self.records, edition.site.id, beside)
        renderer = PromptRenderer(Wording(edition), self.voice)
        understand = UnderstandingThread(understander).understand
        return LoadedEdition(edition, SpeechServices(ears.get, understand, renderer, hold_music()), pins)

    async def _warm_voices(self, edition: Edition) -> None:
        """Of every language that a call may be spoken in."""
        languages = dict.fromkeys((self.settings.line.language, *edition.site.languages))
        await asyncio.gather(*map(self.voice.warm, languages))

    async def _all_ears(self, edition: Edition, stack: contextlib.AsyncExitStack) -> dict[str, Listener | None]:
        return {language: await self._ears(language, stack) for language in edition.site.languages}

    async def _ears(self, language: str, stack: contextlib.AsyncExitStack) -> Listener | None:
        """One recogniser per language, shared by all editions."""
        if language not in self.ears:
            self.ears[language] = await self._warm_ears(language, stack)
        return self.ears[language]

    async def _warm_ears(self, language: str, stack: contextlib.AsyncExitStack) -> Listener | None:
        recognizer = await asyncio.to_thread(choose.build, self.settings.speech, language)
        if recognizer is None:
            log.error("no recogniser is installed: callers use keys", language=language)
            return None
        stack.push_async_callback(recognizer.close)
        if not await recognizer.start(EARS_WARM_S):
            log.error("recognition is not ready: callers use keys until it is", language=language)
        return recognizer

    async def _pinned(self, pins: Mapping[str, str], stack: contextlib.AsyncExitStack) -> LoadedEdition:
        """The edition that a call began with, also when another one is in force by now."""
        return await self._ready(_key(editions.of_edition(pins)), lambda: self._load_older(pins, stack))

    async def _ready(self, key: str, make: Callable[[], Coroutine[Any, Any, LoadedEdition]]) -> LoadedEdition:
        if key not in self.loaded_editions:
            self.loaded_editions[key] = asyncio.create_task(make())
            self.loaded_editions[key].add_done_callback(partial(self._made, key))
        return await asyncio.shield(
            self.loaded_editions[key]
        )  # one for all its calls, also when the first gives up waiting

    def _made(self, key: str, loaded: asyncio.Task[LoadedEdition]) -> None:
        if (loaded.cancelled() or loaded.exception()) and self.loaded_editions.get(key) is loaded:
            del self.loaded_editions[key]  # the next call tries anew

    async def _load_older(self, pins: Mapping[str, str], stack: contextlib.AsyncExitStack) -> LoadedEdition:
        return await self._load_edition(await editions.load(self.records, pins), stack)

    async def tick(self) -> None:
        """The dispatcher's clock; news makes it tick soon, and so seldom that calls keep most of the time."""
        with self.news_waiter.watch(("queue", "agent", "outbound")) as news:
            while True:
                await self._tick(news)

    async def _tick(self, news: Watch) -> None:
        """Once, and until there is reason for the next; what comes meanwhile is one."""
        loop, tick_s = asyncio.get_running_loop(), self.settings.controller.tick_ms / 1000
        began_s = loop.time()
        pause_s = tick_s
        try:
            offers = await self.services.dispatcher.tick()
            self._ring(offers)
            pause_s = tick_s if offers else tick_s * QUIET
            if not self.switchboard.other_node:  # else another node would dial
                await self.outbound.tick(now())
        except Exception:
            log.exception("a dispatcher's tick failed")
        await asyncio.sleep(max(LEAST_REST_S, (loop.time() - began_s) * TICK_REST))
        await news.wait(pause_s)

    async def help(self, topic: str, tick: Callable[[], Awaitable[None]], pause_s: float) -> None:
        """What agents ask of the switchboard, on a clock of its own: the dispatcher's work must not hold it up."""
        with self.news_waiter.watch((topic,)) as news:
            while True:
                try:
                    if not self.switchboard.other_node:
                        await tick()
                except Exception:
                    log.exception("what was asked of the switchboard failed", about=topic)
                await news.wait(pause_s)

    def _ring(self, offers: Sequence[Offer]) -> None:
        """Whose desk shows their call, and the news of it was lost."""
        for offer in offers:
            if offer.state is OfferState.SEEN and offer.call_id:
                self.news_waiter.ring("offer", offer.call_id)

    async def forget_spoken(self) -> None:
        """Sentences with names and numbers stay in memory for so long at most; less when somebody was erased."""
        while True:
            await self.news_waiter.wait(("erased",), SPOKEN_KEPT_S)
            self.voice.forget()

    async def vitals(self) -> None:
        """Health and metrics over HTTP."""
        where = self.settings.controller
        parts = health.of_controller(self.settings, self.records, self.voice, self.ears, self._asterisk, self.overload)
        await vitals.serve(
            where.host, where.metrics_port, parts, lambda: self.audio.legs, self.refused, lambda: self.audio.late_s
        )

    def _asterisk(self) -> str | None:
        """What is wrong with it."""
        if other := self.switchboard.other_node:
            return f"this Asterisk is the node {other}, not {self.settings.node.name}: see node.name"
        return None if self.ami.up else "no connection to Asterisk's manager"

    def _measured(self) -> Measured:
        workers = [ears.workers for ears in self.ears.values() if ears is not None]
        return Measured(
            lost_s=self.audio.late_s,
            late_s=self.audio.take_latest(),
            reading_s=max((each.longest_s for each in workers), default=0.0),
            unread=sum(each.refused for each in workers),
            unrecorded=self.limit.unrecorded,
        )

    def refused(self) -> dict[str, int]:
        """How many were not let in, by what refused them."""
        by_code = {f"sip-{code}": count for code, count in self.sip.refused.items()}
        ours = {"agi": self.agi.refused, "audio": self.audio.refused}
        return {**self.switchboard.refusals.counts, **by_code, **ours}


def _settle_memory() -> None:
    """What was loaded stays: looking through all of it again and again would hold up every caller's sound."""
    gc.collect()
    gc.freeze()


def _key(pins: Mapping[str, str]) -> str:
    return digest(dict(pins))


async def _until_stopped(controller: Controller, following: Following, private: Forgetting) -> None:
    stopped, tick_s = asyncio.Event(), controller.settings.controller.tick_ms / 1000
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(work)
            for work in (
                controller.news_waiter.run(),
                controller.tick(),
                controller.help("emergency", controller.emergencies.tick, tick_s),
                controller.help("talk", controller.talks.tick, tick_s * QUIET),
                controller.switchboard.run(),
                controller.messages.run(),
                controller.vitals(),
                watch(controller.overload, controller.limit),
                controller.forget_spoken(),
                private.run(),
                following.run(),
            )
        ]
        await stopped.wait()
        for task in tasks:
            task.cancel()
