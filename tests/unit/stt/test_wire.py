"""Messages between the controller and its recognition workers."""

import asyncio
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stt.wire import LENGTHS, Garbled, pack, receive, receive_from

heads = st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=30), st.integers(), st.booleans()), max_size=4)


@given(st.lists(st.tuples(heads, st.binary(max_size=2_000)), max_size=4))
def test_what_is_packed_is_received_in_order(messages: list[tuple[dict[str, object], bytes]]) -> None:
    stream = io.BytesIO(b"".join(pack(head, pcm) for head, pcm in messages))
    assert [receive(stream) for _ in messages] == messages
    assert receive(stream) is None


@given(st.binary(max_size=60))
def test_a_cut_message_is_the_end(garbage: bytes) -> None:
    whole = pack({"text": "x"}, garbage)
    assert receive(io.BytesIO(whole[:-1])) is None


def test_absurd_lengths_are_refused_before_anything_is_read() -> None:
    with pytest.raises(Garbled):
        receive(io.BytesIO(LENGTHS.pack(1 << 30, 0)))


async def test_the_controller_reads_the_same_messages() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(pack({"text": "ward four"}))
    assert await receive_from(reader) == {"text": "ward four"}
