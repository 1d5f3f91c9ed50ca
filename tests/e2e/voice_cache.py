"""What every line of the tests says and has learned, made once for all of them, by all processors together.

`python -m tests.e2e.voice_cache` fills it ahead; a line that finds it empty fills it, and the others wait for that.
"""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path

from config.documents import digest, load_edition
from config.settings import PROJECT, Settings, VoiceSettings
from tests import learned
from tts.preparing import fixed_sentences
from tts.rendering import RenderedVoice
from tts.voices import engines

VOICES = Path(os.environ.get("ONENUMBER_TEST_VOICE_CACHE", PROJECT / "var/test-voice-cache"))
RUN = PROJECT / "var/voice-cache"  # of `make run`, which names each rendering alike
COMMAND = (sys.executable, "-m", "tests.e2e.voice_cache")
PARTS = os.cpu_count() or 1
LEARN = "learn"


def filled() -> None:
    """Until it is, of these documents; who comes first does it. A line renders what its own say beside that."""
    done = VOICES.with_suffix(f".{digest(load_edition(PROJECT / 'config').hashes())[:16]}.filled")
    if done.exists():
        return
    VOICES.mkdir(parents=True, exist_ok=True)
    with VOICES.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _fill()
            done.touch()


def _fill() -> None:
    take_over(RUN, VOICES)
    renderings = [[*COMMAND, str(part)] for part in range(PARTS)]  # Piper steps back by itself
    parts = [subprocess.Popen(command, cwd=PROJECT) for command in (*renderings, ["nice", "-n5", *COMMAND, LEARN])]
    failed = [part.args for part in parts if part.wait()]
    if failed:
        raise RuntimeError(f"not made: {failed}")


def take_over(known: Path, cache: Path) -> None:
    """What `make run` has rendered need not be rendered again."""
    for path in known.glob("*/*.wav"):
        target = cache / path.relative_to(known)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy2(path, target)


def render(part: int) -> None:
    """One of PARTS shares of the sentences."""
    sentences = islice(fixed_sentences(load_edition(PROJECT / "config")), part, None, PARTS)
    asyncio.run(_render(list(sentences)))


async def _render(sentences: list[tuple[str, str]]) -> None:
    settings = Settings()
    voice = RenderedVoice(
        engines=lambda language: engines(settings.voices, language),
        cache=VOICES,
        recordings=settings.line.config_dir / "recordings",
        settings=VoiceSettings(),
    )
    try:
        await voice.prepare(sentences)
    finally:
        await voice.close()


def main(asked: list[str]) -> None:
    if not asked:
        filled()
    elif asked == [LEARN]:
        learned.for_lines()
    else:
        render(int(asked[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
