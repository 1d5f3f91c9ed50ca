"""SIP of browsers' phones: nothing leaves as another's, and the page's answer to a challenge counts for nothing."""

import re
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.phones import NotThisPhone, derived_password
from telephony.browser_sip import BrowserPhone

NAME = "agent1-browser"
PHONE = BrowserPhone(NAME, derived_password("a-secret", NAME))
REGISTER = (
    "REGISTER sip:onenumber.invalid SIP/2.0\r\n"
    "Via: SIP/2.0/WSS abc.invalid;branch=z9hG4bK1\r\n"
    "To: <sip:agent1-browser@onenumber.invalid>\r\n"
    "From: <sip:agent1-browser@onenumber.invalid>;tag=1\r\n"
    "{extra}"
    "CSeq: 2 REGISTER\r\n"
    "Content-Length: 0\r\n\r\n"
)
AUTHORIZATION = (
    'Authorization: Digest algorithm=MD5, username="agent1-browser", realm="asterisk", nonce="17/8a", '
    'uri="sip:onenumber.invalid", response="0123456789abcdef0123456789abcdef", opaque="5c", qop=auth, '
    'cnonce="q1", nc=00000001\r\n'
)


def hashed(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def test_a_challenge_is_answered_with_the_phones_password() -> None:
    signed = PHONE.signed(REGISTER.format(extra=AUTHORIZATION))
    (response,) = re.findall(r'response="([0-9a-f]{32})"', signed)
    who = hashed(f"{NAME}:asterisk:{PHONE.password}")
    assert response == hashed(f"{who}:17/8a:00000001:q1:auth:{hashed('REGISTER:sip:onenumber.invalid')}")
    assert signed.replace(response, "0123456789abcdef0123456789abcdef") == REGISTER.format(extra=AUTHORIZATION)
    assert PHONE.password not in signed


def test_a_challenge_without_quality_is_answered_as_of_old() -> None:
    """RFC 2069."""
    plain = AUTHORIZATION.replace(', qop=auth, cnonce="q1", nc=00000001', "")
    (response,) = re.findall(r'response="([0-9a-f]{32})"', PHONE.signed(REGISTER.format(extra=plain)))
    who = hashed(f"{NAME}:asterisk:{PHONE.password}")
    assert response == hashed(f"{who}:17/8a:{hashed('REGISTER:sip:onenumber.invalid')}")


@pytest.mark.parametrize(
    "sender",
    [
        "From: <sip:agent2-browser@onenumber.invalid>;tag=1",
        'From: "agent1-browser" <sip:100@onenumber.invalid>;tag=1',
        "From: sip:agent1-browser@onenumber.invalid;tag=1",  # what follows would be the URI's, or the header's
        "f: <sip:trunk@onenumber.invalid>",
        "From : <sip:trunk@onenumber.invalid>",
        "From: <tel:+31201234567>",
        "From: <sip:agent1-browser%00@onenumber.invalid>",
        "From: <sip:agent1-browser@onenumber.invalid>\r\nf: <sip:agent2-browser@onenumber.invalid>",
        "X: y",
    ],
)
def test_no_phone_says_to_be_another(sender: str) -> None:
    message = REGISTER.format(extra="").replace("From: <sip:agent1-browser@onenumber.invalid>;tag=1", sender)
    with pytest.raises(NotThisPhone):
        PHONE.signed(message)


def test_no_phone_answers_with_anothers_name() -> None:
    with pytest.raises(NotThisPhone):
        PHONE.signed(REGISTER.format(extra=AUTHORIZATION.replace("agent1-browser", "agent2-browser")))


@pytest.mark.parametrize(
    "broken",
    [
        "REGISTER sip:x SIP/2.0",
        REGISTER.format(extra=" folded\r\n"),
        REGISTER.format(extra="X: a\nFrom: <sip:agent2@x>\r\n"),
        REGISTER.format(extra="X: a\rFrom: <sip:agent2@x>\r\n"),
    ],
)
def test_what_two_readers_could_read_differently_is_refused(broken: str) -> None:
    with pytest.raises(NotThisPhone):
        PHONE.signed(broken)


FOREIGN = REGISTER.format(extra="").replace("agent1", "agent2")


@pytest.mark.parametrize(
    "first",
    [
        "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nl: 0\r\n\r\n",
        "SIP/2.0 200 OK\r\nX: y\r\n\r\n",
        f"SIP/2.0 200 OK\r\nContent-Length: 0\r\nContent-Length: {len(FOREIGN)}\r\n\r\n",
        REGISTER.format(extra=""),
    ],
)
def test_no_second_message_hides_behind_the_first(first: str) -> None:
    """Asterisk reads a WebSocket's messages as a stream: what is beyond the length is the next one."""
    with pytest.raises(NotThisPhone):
        PHONE.signed(first + FOREIGN)


def test_a_body_is_as_long_as_its_bytes() -> None:
    answer = "SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\né=0\n"
    assert PHONE.signed(answer) == answer


def test_answers_and_signs_of_life_go_on_as_they_are() -> None:
    answer = "SIP/2.0 200 OK\r\nFrom: <sip:204@127.0.0.1>;tag=2\r\nContent-Length: 4\r\n\r\nv=0\n"
    assert PHONE.signed(answer) == answer
    assert PHONE.signed("\r\n\r\n") == "\r\n\r\n"
    named = REGISTER.format(extra="").replace("From: <", 'From: "Anna \\"de\\" Vries" <')
    assert PHONE.signed(named) == named


@given(st.text())
def test_hostile_text_is_refused_or_goes_as_it_is(text: str) -> None:
    try:
        assert PHONE.signed(text) == text
    except NotThisPhone:
        pass
