"""The test phone outlives what goes wrong beside it; where it does end, it says why."""

import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from config.settings import PROJECT
from telephony.softphone import PhoneFailed, SoftPhone

pj = pytest.importorskip("pjsua2")

# Nobody else gets Python while the sound ends; the library's thread waits with the news as the player is put away.
ENDS_MEANWHILE = """
import os, sys, time
from telephony.softphone_audio import player
from telephony.softphone_process import Phone
phone = Phone()
playing = player(sys.argv[1])
playing.startTransmit(phone.voice.loudspeaker)
sys.setswitchinterval(60)
until = time.monotonic() + 1
while time.monotonic() < until:
    pass
phone.voice.source = playing
del playing
phone.voice.finish()
for _ in range(300):
    phone.tick()
phone.close()
os._exit(0)
"""


def test_a_player_that_is_put_away_as_its_sound_ends_does_not_end_the_phone(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "short.wav"), "wb") as wav:
        wav.setparams((1, 2, 8_000, 0, "NONE", ""))
        wav.writeframes(bytes(1_600))
    command = [sys.executable, "-X", "faulthandler", "-c", ENDS_MEANWHILE, str(tmp_path / "short.wav")]
    ran = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert '"played"' in ran.stdout


class Gone:
    """Audio of a call that the library has taken away."""

    def getTxLevel(self) -> int:
        raise pj.Error()

    def stopTransmit(self, sink: object) -> None:
        raise pj.Error()


def test_audio_that_goes_before_its_call_is_silence() -> None:
    from telephony.softphone_audio import Voice

    voice = Voice(None)
    voice.call = Gone()
    voice.recorder = object()
    voice.finish()
    assert voice.recorder is None
    assert voice.level() == 0.0
    assert voice.call is None


async def test_a_phone_that_dies_says_what_it_died_of() -> None:
    async with SoftPhone("127.0.0.1:9", "nobody") as phone:
        assert phone._process is not None
        phone._process.send_signal(signal.SIGSEGV)
        with pytest.raises(PhoneFailed, match=r"exit -11, .*Segmentation fault"):
            await phone.wait("ended", 60)


async def test_what_the_phone_cannot_do_is_told_and_it_lives_on() -> None:
    async with SoftPhone("127.0.0.1:9", "nobody") as phone:
        for what in ("fly", "swim"):
            mark = phone.mark
            phone._send(what)
            assert f"do_{what}" in (await phone.wait("error", 60, after=mark)).fields["text"]
