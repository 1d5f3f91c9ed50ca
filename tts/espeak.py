"""espeak-ng: robotic, small, quick, in every language."""

import asyncio
import os
import subprocess

from ivr.pcm import Samples
from ivr.ports import VoiceDown
from tts.audio import read_wav

VOICE_NAMES = {"en": "en-gb", "zh": "cmn"}  # where espeak-ng's name is not the language's
WORDS_PER_MINUTE = 150
KEPT_ENVIRONMENT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
LIMIT_S = 10.0  # a program that takes this long hangs


class Espeak:
    program = "espeak-ng"

    def __init__(self) -> None:
        self.name = _version()

    async def render(self, text: str, language: str) -> tuple[Samples, int]:
        """Samples and their rate.

        Raises: VoiceDown.
        """
        voice = VOICE_NAMES.get(language, language)
        command = (self.program, "-v", voice, "-s", str(WORDS_PER_MINUTE), "--stdin", "--stdout")
        try:
            wav = await _output_of(command, text.encode())
            return read_wav(wav)
        except (OSError, ValueError, TimeoutError, RuntimeError) as error:  # RuntimeError: uvloop, of a closed pipe
            raise VoiceDown(f"espeak-ng: {error}") from error

    async def close(self) -> None:
        """Nothing stays open between sentences."""


def environment(**more: str) -> dict[str, str]:
    """What a voice program needs to know of ours: no secrets."""
    return {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ} | more


def _version() -> str:
    """Name and version, as `espeak-ng --version` says them."""
    try:
        said = subprocess.run(
            [Espeak.program, "--version"],
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
            env=environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return Espeak.program
    return said.stdout.partition("Data at")[0].strip()


async def _output_of(command: tuple[str, ...], text: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            output, _ = await process.communicate(text)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output
