from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.audiosocket import (
    AUDIO,
    ERROR,
    HANG_UP,
    KEY,
    PAYLOAD_LIMIT,
    TERMINATE,
    Frame,
    FrameReader,
    MalformedAudio,
    audio,
    identity,
    key,
)

FRAMES = st.builds(Frame, st.integers(0, 255), st.binary(max_size=400))
NAME = UUID("0190a0b0-0000-7000-8000-000000000001")


def packed(frame: Frame) -> bytes:
    return bytes((frame.kind,)) + len(frame.payload).to_bytes(2) + frame.payload


def test_a_conversation() -> None:
    stream = identity(NAME) + audio(b"\1\0" * 160) + key("5") + HANG_UP + packed(Frame(ERROR, b"\1"))
    first, second, third, fourth, fifth = FrameReader().feed(stream)
    assert first.uuid == NAME
    assert second == Frame(AUDIO, b"\1\0" * 160)
    assert (third.kind, third.key) == (KEY, "5")
    assert fourth == Frame(TERMINATE, b"")
    assert fifth.kind == ERROR


@given(st.lists(FRAMES, max_size=20), st.lists(st.integers(0, 8_000)))
def test_pieces_do_not_matter(frames: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(map(packed, frames))
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    reader = FrameReader()
    assert [frame for begin, end in pairwise(edges) for frame in reader.feed(stream[begin:end])] == frames


@given(st.binary(max_size=4_000))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    try:
        frames = list(FrameReader().feed(junk))
    except MalformedAudio:
        return
    assert sum(3 + len(frame.payload) for frame in frames) <= len(junk)


@given(st.binary(min_size=1, max_size=PAYLOAD_LIMIT))
def test_audio_is_read_as_it_was_written(pcm: bytes) -> None:
    assert list(FrameReader().feed(audio(pcm))) == [Frame(AUDIO, pcm)]


def test_what_no_phone_sends_is_refused() -> None:
    with pytest.raises(MalformedAudio):
        list(FrameReader().feed(b"GET / HTTP/1.1\r\n"))
    with pytest.raises(MalformedAudio):
        _ = Frame(AUDIO, bytes(16)).uuid
    with pytest.raises(ValueError, match="length"):
        audio(b"")


def test_a_key_that_is_no_key_is_no_crash() -> None:
    assert Frame(KEY, b"").key == ""
    assert Frame(KEY, b"\xff").key == "\ufffd"
