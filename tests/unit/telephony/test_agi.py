import shlex
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.agi import (
    AgiReader,
    ChannelGone,
    Environment,
    MalformedAgi,
    Reply,
    Said,
    UnsafeValue,
    command,
    joined_variables,
    quoted,
    separated_values,
)

ENVIRONMENT = (
    b"agi_network: yes\nagi_network_script: call?try=2\nagi_request: agi://127.0.0.1:4573/call?try=2\n"
    b"agi_channel: PJSIP/trunk-00000001\nagi_uniqueid: 1700000000.1\nagi_callerid: 2041\n"
    b"agi_calleridname: Ward 4: front desk\nagi_dnid: unknown\nagi_extension: 100\nagi_arg_1: x\n\n"
)


def read(*pieces: bytes, past_environment: bool = True) -> list[Said]:
    reader = AgiReader()
    if past_environment:
        list(reader.feed(ENVIRONMENT))
    return [said for piece in pieces for said in reader.feed(piece)]


def test_environment() -> None:
    [call] = read(ENVIRONMENT, past_environment=False)
    assert isinstance(call, Environment)
    assert call.script == "call"
    assert (call.channel, call.uniqueid) == ("PJSIP/trunk-00000001", "1700000000.1")
    assert (call.caller_number, call.caller_name) == ("2041", "Ward 4: front desk")
    assert (call["extension"], call["nothing"]) == ("100", "")


def test_a_line_break_in_the_callers_name_changes_nothing_else() -> None:
    hostile = b"x\nagi_channel: PJSIP/other-1\nagi_extension: 999\nagi_callerid: 112"
    [call] = read(ENVIRONMENT.replace(b"Ward 4: front desk", hostile), past_environment=False)
    assert isinstance(call, Environment)
    assert (call.channel, call["extension"], call.caller_number) == ("PJSIP/trunk-00000001", "100", "2041")


@pytest.mark.parametrize("script", ["", "/", "call", "/call", "/call/more", "call?x=1&x=2", "%63all"])
def test_script_names(script: str) -> None:
    assert Environment({"network_script": script}).script in ("", "call")


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        (b"200 result=0", Reply(200, 0, None, "result=0")),
        (b"200 result=-1\r", Reply(200, -1, None, "result=-1")),
        (b"200 result=1 (a (b) c)", Reply(200, 1, "a (b) c", "result=1 (a (b) c)")),
        (b"200 result=1 ()", Reply(200, 1, "", "result=1 ()")),
        (b"200 result=", Reply(200, None, None, "result=")),
        (b"200 result=1 (speech) endpos=9", Reply(200, 1, "speech", "result=1 (speech) endpos=9")),
        (b"510 Invalid or unknown command", Reply(510, None, None, "Invalid or unknown command")),
        (b"511 Command Not Permitted on a dead channel or intercept routine",
         Reply(511, None, None, "Command Not Permitted on a dead channel or intercept routine")),
        (b"520-Invalid command syntax.\n Usage: ANSWER\n520 End of proper usage.",
         Reply(520, None, None, "Invalid command syntax.\n Usage: ANSWER")),
    ],
)  # fmt: skip
def test_replies(line: bytes, reply: Reply) -> None:
    assert read(line + b"\n") == [reply]


def test_hang_up_may_come_between_any_two_lines() -> None:
    assert read(b"HANGUP\n200 result=-1\n") == [ChannelGone(), Reply(200, -1, None, "result=-1")]


@pytest.mark.parametrize(
    "junk", [b"GET / HTTP/1.1\n", b"200 ok\n", b"HANGUP now\n", b"x" * 9_000, b"x" * 9_000 + b"\n"]
)
def test_what_is_no_agi_is_refused(junk: bytes) -> None:
    with pytest.raises(MalformedAgi):
        read(junk)
    with pytest.raises(MalformedAgi):
        read(junk, past_environment=False)


def test_an_endless_environment_is_refused() -> None:
    with pytest.raises(MalformedAgi):
        read(*(b"agi_%d: x\n" % number for number in range(100)), past_environment=False)


def test_an_endless_usage_is_refused() -> None:
    with pytest.raises(MalformedAgi):
        read(b"520-Invalid\n", *(b"more\n" for _ in range(300)))


@given(st.lists(st.integers(0, 400)), st.data())
def test_pieces_do_not_matter(cuts: list[int], data: st.DataObject) -> None:
    stream = ENVIRONMENT + b"200 result=1 (x)\nHANGUP\n520-a\nb\n520 c\n"
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    pieces = [stream[begin:end] for begin, end in pairwise(edges)]
    assert read(*pieces, past_environment=False) == read(stream, past_environment=False)


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_or_refused(junk: bytes) -> None:
    for past_environment in (True, False):
        try:
            read(junk, past_environment=past_environment)
        except MalformedAgi:
            continue


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=80), max_size=8)
)
def test_arguments_arrive_as_they_were(arguments: list[str]) -> None:
    line = command("SET VARIABLE", *arguments).decode()
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert as_asterisk_reads(line[:-1]) == ["SET", "VARIABLE", *arguments]


def as_asterisk_reads(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters, lexer.quotes = " ", True, "", '"'
    return list(lexer)


@pytest.mark.parametrize("value", ["a\nHANGUP", "a\rb", "a\0b"])
def test_no_value_becomes_a_command(value: str) -> None:
    with pytest.raises(UnsafeValue):
        quoted(value)
    with pytest.raises(UnsafeValue):
        command("SET VARIABLE", "X", value)


@pytest.mark.parametrize("words", ["", "SET\nHANGUP", 'SET "', "EXEC  X", "HANGUP "])
def test_no_command_is_made_of_anything_but_words(words: str) -> None:
    with pytest.raises(UnsafeValue):
        command(words)


def test_a_command_longer_than_asterisk_reads_is_refused() -> None:
    with pytest.raises(UnsafeValue):
        command("SET VARIABLE", "X", "y" * 3_000)


NAMES = ("ON_FROM", "ON_PHONE", "ON_PRIVACY")
VALUES = st.lists(st.text(st.characters() | st.sampled_from("\x1f${}()")), min_size=3, max_size=3)


@given(VALUES)
def test_values_read_together_are_the_values_or_known_not_to_be(values: list[str]) -> None:
    """Whatever a value holds, it never becomes a part of another."""
    sent = "".join(f"{value}\x1f" for value in values)
    read_together = separated_values(NAMES, sent)
    if any("\x1f" in value for value in values):
        assert read_together is None
    else:
        assert read_together == dict(zip(NAMES, values, strict=True))


@given(VALUES.filter(lambda values: "\x1f" not in "".join(values)), st.integers(1, 20))
def test_a_reply_that_was_cut_is_known_not_to_be_whole(values: list[str], cut: int) -> None:
    sent = "".join(f"{value}\x1f" for value in values)
    assert separated_values(NAMES, sent[:-cut]) is None


@pytest.mark.parametrize("name", ["", "SHELL(id)", "ON_CALL}${GLOBAL(x)", "ON_CALL:1", "call", "ON CALL", "ON_CALL\n"])
def test_only_plain_names_are_read_together(name: str) -> None:
    with pytest.raises(UnsafeValue):
        joined_variables(["ON_CALL", name])
