"""What `/readyz` asks: each part returns None when it is well, else one sentence about what is wrong.

Whether a process lives is another question (`/healthz`), which no disk and no database answers: a process is not ended
for what it needs.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
from redis.asyncio import Redis
from redis.exceptions import RedisError

from config.settings import Settings
from ivr.ports import VoiceDown
from ivr.sound_files import write_whole
from routing.model import RecordsUnavailable
from routing.nodes import alive, heard, named
from runtime.addresses import connectable
from runtime.clock import now
from runtime.reserve import FULL_BYTES, MB, ROOMY_BYTES, Reserve, free_bytes
from store import SqlRecords
from store.database import write_nothing
from stt.listening import Listener
from telephony.sip_options import sip_answers
from tts.rendering import RenderedVoice
from web.ports import SERVES_STILL, Health

ANSWER_S = 3.0
FRESH_S = 2.0
VOICE_FRESH_S = 30.0  # a sentence is rendered for it


class CachedCheck:
    """A part's answer within its limit, asked for once at a time however many want to know."""

    def __init__(self, part: Health, fresh_s: float = FRESH_S, limit_s: float = ANSWER_S) -> None:
        self._part, self._fresh_s, self._limit_s = part, fresh_s, limit_s
        self._asked: asyncio.Task[str | None] | None = None
        self._asked_at_s = 0.0

    async def __call__(self) -> str | None:
        loop = asyncio.get_running_loop()
        if self._asked is None or (self._asked.done() and loop.time() - self._asked_at_s > self._fresh_s):
            self._asked, self._asked_at_s = asyncio.create_task(self._ask()), loop.time()
        await asyncio.wait({self._asked}, timeout=self._limit_s)
        return self._asked.result() if self._asked.done() else f"no answer within {self._limit_s:.0f} s"

    async def _ask(self) -> str | None:
        try:
            return await self._part()
        except Exception as error:  # whatever it is, the part is not well
            return f"cannot be asked: {type(error).__name__}"


def of_line(settings: Settings, records: SqlRecords) -> dict[str, Health]:
    """Every part that a line needs to take calls, by name: for the desk."""
    controller = f"http://{connectable(settings.controller.host)}:{settings.controller.metrics_port}"
    return {
        "database": CachedCheck(DatabaseHealth(records)),
        "disk": CachedCheck(DiskHealth(settings.data_dir)),
        "nodes": CachedCheck(NodesHealth(records)),
        "redis": CachedCheck(RedisHealth(settings.redis_url)),
        "asterisk": CachedCheck(AsteriskHealth(connectable(settings.asterisk.host), settings.asterisk.ami_port)),
        "sip": CachedCheck(SipHealth(settings)),
        "controller": CachedCheck(ReadyHealth("the controller", f"{controller}/readyz")),
    }


def of_controller(
    settings: Settings, records: SqlRecords, voice: RenderedVoice, ears: Mapping[str, Listener | None],
    asterisk_fault: Callable[[], str | None], load: Health,
) -> dict[str, Health]:  # fmt: skip
    """Every part that a controller needs to serve calls whole; news it does without."""

    async def asterisk() -> str | None:
        return asterisk_fault()

    return {
        "asterisk": asterisk,
        "database": CachedCheck(DatabaseHealth(records)),
        "disk": CachedCheck(DiskHealth(settings.data_dir)),
        "voice": CachedCheck(VoiceHealth(voice, settings.line.language), VOICE_FRESH_S),
        **{f"ears-{language}": EarsHealth(ears, language) for language in ears},
        "load": load,
    }


class DatabaseHealth:
    """By a write, which a lock, a full disk and a read-only server refuse."""

    def __init__(self, records: SqlRecords) -> None:
        self._records = records

    async def __call__(self) -> str | None:
        try:
            await self._records.database.write(write_nothing)
        except RecordsUnavailable as error:
            return str(error) or "the database does not answer in time"
        except Exception as error:  # a driver's own, which may tell values
            return f"the database does not answer: {type(error).__name__}"
        return None


class NodesHealth:
    """By when each was last heard of; this one serves on where another one is silent."""

    def __init__(self, records: SqlRecords) -> None:
        self._records = records

    async def __call__(self) -> str | None:
        at, nodes = now(), named(await self._records.nodes.all())
        silent = "; ".join(heard(node, at) for node in nodes if not alive(node, at))
        return f"{SERVES_STILL}{silent}" if silent else None


class DiskHealth:
    """By writing a file, and by what is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __call__(self) -> str | None:
        return await asyncio.to_thread(self.look)

    def look(self) -> str | None:
        free = free_bytes(self._folder)
        if free < FULL_BYTES:
            return f"the disk is full: {free // MB} MB are left for {self._folder}"
        if not Reserve(self._folder).held and free < ROOMY_BYTES:
            return f"the disk is nearly full: the last {free // MB} MB are left for {self._folder}"
        probe = self._folder / "write-probe"
        try:
            write_whole(probe, b"written", durable=True)
        except OSError as error:
            return f"{self._folder} cannot be written: {error.strerror}"
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
        return None


class VoiceHealth:
    """By a word spoken by the voice that callers are to hear."""

    def __init__(self, voice: RenderedVoice, language: str) -> None:
        self._voice, self._language = voice, language

    async def __call__(self) -> str | None:
        try:
            await self._voice.speak_up(self._language)
        except VoiceDown as error:
            return f"the voice does not speak: {error}"
        return None


class EarsHealth:
    def __init__(self, ears: Mapping[str, Listener | None], language: str) -> None:
        self._ears, self._language = ears, language

    async def __call__(self) -> str | None:
        ears = self._ears.get(self._language)
        if ears is None:
            return "no recogniser is installed: callers use keys"
        return None if ears.ready else "no recognition worker is alive: callers use keys"


class SipHealth:
    """By an answer to OPTIONS."""

    def __init__(self, settings: Settings) -> None:
        asterisk = settings.asterisk
        self._address = (settings.line.number, connectable(asterisk.sip_bind), asterisk.sip_port)

    async def __call__(self) -> str | None:
        answers = await asyncio.to_thread(sip_answers, *self._address, limit_s=ANSWER_S)
        return None if answers else "Asterisk does not answer SIP requests"


class RedisHealth:
    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S)

    async def __call__(self) -> str | None:
        try:
            await self._redis.ping()
        except (RedisError, OSError) as error:
            return f"Redis does not answer: {type(error).__name__}"
        return None


class AsteriskHealth:
    """By the greeting of its manager: a connection alone would also be made to a hung process."""

    def __init__(self, host: str, ami_port: int) -> None:
        self._address = (host, ami_port)

    async def __call__(self) -> str | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_connection(*self._address)
                greeting = await reader.readline()
                writer.close()
        except (OSError, TimeoutError, ValueError) as error:
            return f"Asterisk's manager does not answer: {type(error).__name__}"
        return None if greeting.startswith(b"Asterisk Call Manager") else "what answers is not Asterisk's manager"


class ReadyHealth:
    """By what another process says of its own parts."""

    def __init__(self, who: str, url: str) -> None:
        self._who, self._url = who, url

    async def __call__(self) -> str | None:
        try:
            async with httpx.AsyncClient(timeout=ANSWER_S) as client:
                answer = await client.get(self._url)
            said = unwell(answer.json()) if answer.status_code in (200, 503) else ""
        except (httpx.HTTPError, ValueError) as error:
            return f"{self._who} does not answer: {type(error).__name__}"
        if answer.status_code == 503:
            return f"{self._who} is not ready: {said}"
        return f"{SERVES_STILL}{self._who}, {said}" if said else None


def unwell(ready: Mapping[str, Mapping[str, str]]) -> str:
    """The parts that are not ok, of the body of a `/readyz`."""
    return "; ".join(
        f"{name}: {state.removeprefix(SERVES_STILL)}" for name, state in ready["parts"].items() if state != "ok"
    )
