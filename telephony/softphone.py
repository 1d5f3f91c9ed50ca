"""A SIP phone for tests and for `onenumber call`; pjsua2 lives in a process of its own."""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
KEY_GAP_S = 0.25
PAUSE_S = 1.0  # a comma among keys
START_S = 60.0  # limits, for a busy machine
REGISTER_S = 30.0
CLOSE_S = 15.0  # it unregisters, and waits a while for the registrar's answer
LAST_WORDS = 2_000


class PhoneFailed(Exception):
    """The phone's process ended, refused a command, or what was waited for did not come."""


@dataclass(frozen=True)
class PhoneEvent:
    """What the phone saw: `ready`, `registered`, `invite`, `ringing`, `answered`, `media`, `sound`,
    `quiet`, `key`, `played`, `ended`, `error`; `at_ms` is milliseconds since the epoch.
    """

    name: str
    at_ms: int
    fields: Mapping[str, Any] = field(default_factory=dict)


def _settled(event: PhoneEvent) -> bool:
    """Whether a registration succeeded, or was refused for good; other failures are tried again."""
    return event.name == "registered" or event.fields["code"] in (401, 403, 404)


class SoftPhone:
    """`async with SoftPhone(...) as phone`; all of it can be awaited from one event loop.

    `domain` is host:port of the Asterisk. Without a password the phone is an anonymous caller.
    """

    def __init__(self, domain: str, user: str, password: str = "", name: str = "", register: bool = False) -> None:
        self.domain = domain
        self.user = user
        self.events: list[PhoneEvent] = []
        self._account = {"user": user, "name": name, "domain": domain, "password": password, "register": register}
        self._happened = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._complaints = b""  # the end of what the process wrote on stderr, once it has ended

    async def __aenter__(self) -> "SoftPhone":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "telephony.softphone_process", cwd=PROJECT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            await self._begin()
        except BaseException:  # nobody else would end the process
            await self.close()
            raise
        return self

    async def _begin(self) -> None:
        await self.wait("ready", START_S)
        self._send("account", **self._account)
        if self._account["register"]:
            settled = await self.wait(("registered", "unregistered"), REGISTER_S, where=_settled)
            if settled.name == "unregistered":
                raise PhoneFailed(f"{self.user}: not registered, {settled.fields['code']}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Hang up, unregister, end the process."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), CLOSE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader is not None:
            await self._reader

    async def kill(self) -> None:
        """End the phone without a word to anyone, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    def call(self, number: str, trace: str = "", headers: Mapping[str, str] | None = None) -> None:
        """Dial; wait for `answered` or `ended`."""
        more = dict(headers or {}) | ({"X-OneNumber-Trace": trace} if trace else {})
        self._send("call", uri=f"sip:{number}@{self.domain}", headers=more)

    def answer_after(self, ms: int | None) -> None:
        """Answer what rings, now or later, after so long; None: let it ring."""
        self._send("answer_after", ms=ms)

    def answer(self, code: int = 200) -> None:
        self._send("answer", code=code)

    def hang_up(self) -> None:
        self._send("hangup")

    def play(self, wav: Path) -> None:
        """Say a 16-bit mono WAV once; `played` follows."""
        self._send("play", wav=str(wav))

    def tone(self, hz: int) -> None:
        """A steady tone until told otherwise."""
        self._send("tone", hz=hz)

    def silence(self) -> None:
        self._send("silence")

    def record(self, wav: Path) -> None:
        """Record what is heard from now on, until the call ends."""
        self._send("record", wav=str(wav))

    async def keys(self, keys: str) -> None:
        """Press keys (RFC 4733): 0-9 * # A-D; a comma waits a second, a space half of one."""
        for key in keys:
            if key in ", ":
                await asyncio.sleep(PAUSE_S if key == "," else PAUSE_S / 2)
            else:
                self._send("keys", keys=key)
                await asyncio.sleep(KEY_GAP_S)

    async def wait(
        self,
        names: str | tuple[str, ...],
        timeout_s: float,
        after: int = 0,
        where: Callable[[PhoneEvent], bool] = lambda _: True,
    ) -> PhoneEvent:
        """The first event of that name (or of those names) from position `after` of `events` on.

        Raises: PhoneFailed when it does not come.
        """
        wanted = (names,) if isinstance(names, str) else names

        def found() -> PhoneEvent | None:
            matching = (event for event in self.events[after:] if event.name in wanted and where(event))
            return next(matching, None)

        try:
            async with asyncio.timeout(timeout_s), self._happened:
                while (event := found()) is None:
                    if self._reader is None or self._reader.done():
                        raise PhoneFailed(f"the phone {self.user} ended before {wanted[0]}: {self._last_words()}")
                    await self._happened.wait()
                return event
        except TimeoutError:
            seen = ", ".join(event.name for event in self.events[after:])
            raise PhoneFailed(f"{self.user}: no {wanted[0]} within {timeout_s} s; saw {seen or 'nothing'}") from None

    def has(self, name: str, after: int = 0) -> bool:
        return any(event.name == name for event in self.events[after:])

    @property
    def mark(self) -> int:
        """Position in `events` from which to wait for what comes next."""
        return len(self.events)

    async def quiet(self, for_s: float, timeout_s: float) -> None:
        """Until the other side has been silent for so long. Raises: PhoneFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    if not self._sounding():
                        mark = self.mark
                        await asyncio.sleep(for_s)
                        if not self.has("sound", mark):
                            return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise PhoneFailed(f"{self.user}: never quiet for {for_s} s") from None

    def _sounding(self) -> bool:
        last = next((event.name for event in reversed(self.events) if event.name in ("sound", "quiet")), "quiet")
        return last == "sound"

    def _send(self, do: str, **fields: Any) -> None:
        if self._process is None or self._process.stdin is None:
            raise PhoneFailed(f"the phone {self.user} is not running")
        try:
            self._process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
        except (OSError, RuntimeError) as error:  # RuntimeError: uvloop, of a closed pipe
            raise PhoneFailed(f"the phone {self.user} has died") from error

    def _last_words(self) -> str:
        code = self._process.returncode if self._process else None
        return f"exit {code}, {self._complaints.decode(errors='replace').strip()}"

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """All that it tells, until it has ended."""
        assert process.stdout is not None
        assert process.stderr is not None
        await asyncio.gather(self._read_events(process.stdout), self._read_complaints(process.stderr))
        await process.wait()
        async with self._happened:
            self._happened.notify_all()

    async def _read_events(self, stdout: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            async for line in stdout:
                fields = json.loads(line)
                async with self._happened:
                    self.events.append(PhoneEvent(fields.pop("event"), fields.pop("at_ms"), fields))
                    self._happened.notify_all()

    async def _read_complaints(self, stderr: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while complaint := await stderr.read(65_536):
                self._complaints = (self._complaints + complaint)[-LAST_WORDS:]
