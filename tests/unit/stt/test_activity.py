"""What the network is asked, and what it may remember of a call."""

from stt.activity import ActivityPool, Memory, VoiceActivity

LOUD, QUIET = (b"\x00\x20\x00\xe0" * 80), bytes(320)  # -12 dBFS, and nothing


async def probabilities(*runs: tuple[bytes, int]) -> list[float]:
    """Of frames of 20 ms, from a network that believes in speech more with every chunk it remembers."""

    def network(pcm: bytes, memory: Memory) -> float:
        memory.hidden = memory.hidden + 0.1
        return min(1.0, float(memory.hidden.max()))

    attention = ActivityPool(network)
    activity = VoiceActivity(attention)
    heard = [await activity.feed(frame) for frame, duration_ms in runs for _ in range(duration_ms // 20)]
    attention.close()
    return heard


async def test_what_is_not_loud_is_not_asked_about() -> None:
    assert set(await probabilities((QUIET, 1_000))) == {0.0}


async def test_after_a_pause_the_network_still_knows_the_voice() -> None:
    heard = await probabilities((LOUD, 600), (QUIET, 600), (LOUD, 200))
    before, pause, after = heard[:30], heard[30:60], heard[60:]
    assert pause[-1] == 0.0
    assert after[0] > before[0]
    assert after[-1] == 1.0
