"""Asterisk's end of one call, over real sockets: AGI and AudioSocket as seen from 22.10."""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from uuid import UUID

from telephony import audiosocket
from telephony.audiosocket import AUDIO, TERMINATE, FrameReader

ENVIRONMENT = {
    "network": "yes",
    "network_script": "call",
    "channel": "PJSIP/trunk-00000001",
    "uniqueid": "1700000000.1",
    "callerid": "2041",
    "calleridname": "Ward 4",
    "extension": "100",
}


def substituted(expression: str, variables: Mapping[str, str]) -> str:
    """What Asterisk makes of `${NAME}` in an expression: the value as it is, and nothing where there is none."""
    return re.sub(r"\$\{(\w+)\}", lambda found: variables.get(found[1], ""), expression)


class FakeAsterisk:
    """Answers the commands of one AGI connection; `EXEC AudioSocket` connects and waits for its end."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.variables: dict[str, str] = {}
        self.heard: list[bytes] = []  # frames the caller was sent
        self.replies: dict[str, str] = {}  # a command's first word → what is answered instead; "" is silence
        self.connects_audio = True
        self.evaluate: Callable[[str], str] = lambda expression: substituted(expression, self.variables)
        self.audio: asyncio.StreamWriter | None = None
        self.audio_open = asyncio.Event()
        self.executions = 0
        self._agi: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def call(self, port: int, script: str = "call", **environment: str) -> None:
        reader, self._agi = await asyncio.open_connection("127.0.0.1", port)
        lines = {**ENVIRONMENT, "network_script": script, **environment}
        self._write("".join(f"agi_{name}: {value}\n" for name, value in lines.items()) + "\n")
        self._task = asyncio.create_task(self._answer(reader))

    async def over(self) -> None:
        """Until the controller gave the call back, or it ended."""
        if self._task:
            await self._task
        for writer in (self._agi, self.audio):
            if writer:
                with suppress(ConnectionError):
                    await writer.wait_closed()

    async def told(self, beginning: str) -> None:
        """Until a command that begins so has come."""
        async with asyncio.timeout(30):
            while not any(command.startswith(beginning) for command in self.commands):
                self._news.clear()
                await self._news.wait()

    def reply(self, text: str) -> None:
        """Late, where `replies` was silent."""
        self._write(text)

    def hang_up(self) -> None:
        """As the caller does, with AGIEXITONHANGUP=yes."""
        if self.audio:
            self.audio.close()
            self._write("200 result=-1\n")
        self._write("HANGUP\n")
        self._close()

    def vanish(self) -> None:
        """As a killed Asterisk does."""
        if self.audio:
            self.audio.transport.abort()
        if self._agi:
            self._agi.transport.abort()

    def break_audio(self) -> None:
        """The audio connection breaks, the channel lives."""
        assert self.audio is not None
        self.audio.transport.abort()

    def send(self, pcm: bytes) -> None:
        assert self.audio is not None
        self.audio.write(audiosocket.audio(pcm))

    def press(self, key: str) -> None:
        assert self.audio is not None
        self.audio.write(audiosocket.key(key))

    async def _answer(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            while line := await reader.readline():
                command = line.decode().removesuffix("\n")
                self.commands.append(command)
                self._news.set()
                await self._obey(command)
        self._close()

    async def _obey(self, command: str) -> None:
        words = [word.replace('\\"', '"') for word in re.findall(r'"((?:[^"\\]|\\.)*)"', command)]
        first = command.split()[0]
        if first in self.replies:
            self._write(self.replies[first])
        elif command.startswith("GET FULL VARIABLE"):
            self._write(f"200 result=1 ({self.evaluate(words[0])})\n")
        elif command.startswith("GET VARIABLE"):
            value = self.variables.get(words[0])
            self._write("200 result=0\n" if value is None else f"200 result=1 ({value})\n")
        elif command.startswith("SET VARIABLE"):
            self.variables[words[0]] = words[1]
            self._write("200 result=1\n")
        elif command.startswith("EXEC"):
            await self._run_audio(words[1])
        else:
            self._write("200 result=0\n")

    async def _run_audio(self, arguments: str) -> None:
        uuid, _, address = arguments.partition(",")
        host, _, port = address.rpartition(":")
        self.executions += 1
        if not self.connects_audio:
            self._write("200 result=-1\n")
            return
        reader, self.audio = await asyncio.open_connection(host, int(port))
        self.audio.write(audiosocket.identity(UUID(uuid)))
        self.audio_open.set()
        result = await self._listen(reader)
        self.audio_open.clear()
        self.audio.close()
        if self._agi and not self._agi.is_closing():
            self._write(f"200 result={result}\n")

    async def _listen(self, reader: asyncio.StreamReader) -> int:
        frames = FrameReader()
        with suppress(ConnectionError):
            while data := await reader.read(4_096):
                for frame in frames.feed(data):
                    if frame.kind == TERMINATE:
                        return 0
                    assert frame.kind == AUDIO
                    self.heard.append(frame.payload)
        return -1

    def _write(self, text: str) -> None:
        if self._agi and not self._agi.is_closing():
            self._agi.write(text.encode())

    def _close(self) -> None:
        if self._agi:
            self._agi.close()
