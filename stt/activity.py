"""Is somebody speaking? The gate first, then a small neural network (Silero) on what passes.

The network runs in a bounded pool of threads (it releases the interpreter's lock), 0.2 ms for
32 ms of sound; where the pool is behind, the gate alone decides. See docs/adr/0040.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ivr.pcm import Samples, doubled, from_pcm
from stt.energy import EnergyGate

CHUNK = 256  # samples at 8 kHz: the network takes 512 at 16 kHz
CONTEXT = 64  # samples at 16 kHz that it wants to see again
KEPT_FRAMES = 5  # fed to the network when the gate opens: the onset of the word
GATE_ALONE = 0.55  # probability of an open gate where the network cannot be asked
TAPS = np.hamming(15) * np.sinc((np.arange(15) - 7) / 2)
HALF_BAND = (TAPS * 2 / TAPS.sum()).astype(np.float32)


@dataclass
class Memory:
    """What the network remembers of one listening."""

    hidden: Samples = field(default_factory=lambda: np.zeros((1, 1, 128), np.float32))
    cell: Samples = field(default_factory=lambda: np.zeros((1, 1, 128), np.float32))
    context: Samples = field(default_factory=lambda: np.zeros(CONTEXT, np.float32))
    tail: Samples = field(default_factory=lambda: np.zeros(7, np.float32))  # for the up-sampling filter


Network = Callable[[bytes, Memory], float]
"""256 samples of 8 kHz PCM → speech probability 0..1; changes the memory."""


def silero() -> Network:
    """The network as carried by faster-whisper.

    Raises: ModuleNotFoundError.
    """
    import onnxruntime

    found = find_spec("faster_whisper")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("faster_whisper")
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    path = Path(found.origin).parent / "assets/silero_vad_v6.onnx"
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def speech(pcm: bytes, memory: Memory) -> float:
        wide = _double(pcm, memory)
        heard = np.concatenate([memory.context, wide])[None, :]
        memory.context = wide[-CONTEXT:]
        feed = {"input": heard, "h": memory.hidden, "c": memory.cell}
        probability, memory.hidden, memory.cell = session.run(None, feed)
        return float(probability.reshape(-1)[0])

    return speech


def deaf_network(pcm: bytes, memory: Memory) -> float:
    """Where no network is installed: believe the gate."""
    return GATE_ALONE


def _double(pcm: bytes, memory: Memory) -> Samples:
    """8 kHz PCM → 16 kHz floats, through a short half-band filter that runs on over the chunks."""
    samples = from_pcm(pcm)
    joined = np.concatenate([memory.tail, samples])
    memory.tail = samples[-7:]
    return doubled(joined, HALF_BAND, "valid")[-2 * samples.size :]


class ActivityPool:
    """The process's share of the processor for voice activity: one pool for all callers."""

    def __init__(self, network: Network, threads: int = 1, most_waiting: int = 32) -> None:
        self._network = network
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="voice-activity")
        self._most = most_waiting
        self._waiting = 0
        self.shed = 0  # chunks that the gate alone decided

    async def probability(self, pcm: bytes, memory: Memory) -> float | None:
        """None: too many are waiting."""
        if self._waiting >= self._most:
            self.shed += 1
            return None
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._network, pcm, memory)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


class VoiceActivity:
    """Speech probability of each frame of one call."""

    def __init__(self, pool: ActivityPool, gate: EnergyGate | None = None) -> None:
        self._shared = pool
        self._gate = gate or EnergyGate()
        self._memory = Memory()
        self._kept: deque[bytes] = deque(maxlen=KEPT_FRAMES)
        self._pending = b""
        self._open = False
        self._last = 0.0

    async def feed(self, frame: bytes, playing_dbfs: float | None = None) -> float:
        """One 20 ms frame → probability 0..1 that somebody is speaking now."""
        if not self._gate.feed(frame, playing_dbfs):
            self._kept.append(frame)
            self._open, self._last, self._pending = False, 0.0, b""
            return 0.0
        if not self._open:
            self._open = True  # what the network remembers stays: from scratch it takes a caller's next words for noise
            self._pending = b"".join(self._kept)
            self._kept.clear()
        self._pending += frame
        while len(self._pending) >= CHUNK * 2:
            chunk, self._pending = self._pending[: CHUNK * 2], self._pending[CHUNK * 2 :]
            asked = await self._shared.probability(chunk, self._memory)
            self._last = GATE_ALONE if asked is None else asked
        return self._last
