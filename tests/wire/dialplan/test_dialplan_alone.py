"""No controller: callers are spoken to, tried again, rung through, and asked for a message."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from telephony.recordings import heard, tone_share
from telephony.softphone import SoftPhone
from telephony.spool import pending
from tests.phones import TestLine, recorded, speak
from tests.silences import longest_silence_s

pytestmark = pytest.mark.wire


async def test_the_caller_hears_a_person_is_coming_then_leaves_a_message(
    line: TestLine, caller: SoftPhone, tmp_path: Path
) -> None:
    caller.call(line.settings.line.number, trace="abc123")
    await caller.wait("answered", 30)
    speech = speak("The drain on ward four is blocked.", tmp_path / "speech.wav")
    await recorded(tmp_path / "heard.wav", longest_prompts_s(line))
    await caller.quiet(0.8, 30)
    caller.play(speech)
    await caller.wait("played", 30)
    await caller.keys("#")
    await caller.wait("ended", 20)
    (message,) = pending(line.spool)
    assert message.outcome == "message"
    assert (message.number, message.dnis, message.trace, message.call_id) == ("0612345678", "100", "abc123", None)
    assert message.recording is not None
    assert 2.0 < len(heard(message.recording)) / 8000 < 12


def longest_prompts_s(line: TestLine) -> float:
    """Until the prompt that asks for a message has begun: two tries, and the pauses between."""
    wait = len(heard(line.folder / "sounds/en/standalone-wait.wav")) / 8000
    return 2 * wait + 2 * line.settings.asterisk.refused_retry_s + 1.0


async def test_the_fallback_phone_is_rung_and_both_hear_each_other(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack, tmp_path: Path
) -> None:
    porter = await phones.enter_async_context(line.phone("fallback1"))
    porter.record(tmp_path / "porter.wav")
    porter.tone(440)
    porter.answer_after(500)
    caller.tone(1300)
    caller.call("100")
    await porter.wait("answered", 30)
    await recorded(tmp_path / "porter.wav", 2.5)
    porter.hang_up()
    await caller.wait("ended", 30)
    assert tone_share(heard(tmp_path / "porter.wav"), 1300) > 0.8
    assert tone_share(heard(tmp_path / "heard.wav")[-16000:], 440) > 0.8
    line.await_no_channels()
    assert [message.outcome for message in pending(line.spool)] == ["talked"]


async def test_a_talk_with_the_fallback_phone_is_one_whoever_ends_it(
    line: TestLine, caller: SoftPhone, phones: AsyncExitStack
) -> None:
    porter = await phones.enter_async_context(line.phone("fallback1"))
    porter.answer_after(100)
    caller.call("100")
    await porter.wait("media", 30)
    await porter.wait("answered", 30)
    caller.hang_up()
    await porter.wait("ended", 30)
    line.await_no_channels()
    assert [(message.outcome, message.answered) for message in pending(line.spool)] == [("talked", True)]


async def test_a_caller_who_gives_up_is_remembered(line: TestLine, caller: SoftPhone) -> None:
    caller.call("100")
    await caller.wait("sound", 30)
    caller.hang_up()
    await caller.wait("ended", 30)
    line.await_no_channels()
    (message,) = pending(line.spool)
    assert (message.outcome, message.recording, message.number) == ("left", None, "0612345678")
    assert message.key.startswith(f"{line.settings.node.name}-")  # which no other node's has


async def test_no_silence_is_long(line: TestLine, caller: SoftPhone, tmp_path: Path) -> None:
    caller.call("100")
    await caller.wait("answered", 30)
    await recorded(tmp_path / "heard.wav", longest_prompts_s(line))
    caller.hang_up()
    await caller.wait("ended", 30)
    limit_s = line.settings.asterisk.refused_retry_s + 2.5  # a busy machine
    assert longest_silence_s(heard(tmp_path / "heard.wav")) < limit_s


@pytest.mark.parametrize("key", ["5", "*", "0"])
async def test_another_key_changes_nothing(line: TestLine, caller: SoftPhone, tmp_path: Path, key: str) -> None:
    caller.call("100")
    await caller.wait("answered", 30)
    await caller.keys(key)
    await recorded(tmp_path / "heard.wav", 1)
    assert not caller.has("ended")
